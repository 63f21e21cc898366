"""Reading micrographs: every format and mode, and one clear line for everything that is no micrograph."""
import struct
import time

import mrcfile
import numpy as np
import pytest
import tifffile
from PIL import Image
from worker.exchange.errors import InputError
from worker.exchange.micrograph_reader import read_micrograph, read_size

RAMP = np.arange(12 * 20).reshape(12, 20) % 100


@pytest.mark.parametrize('dtype', ['i1', 'i2', 'u2', 'f2', 'f4'])
@pytest.mark.parametrize('suffix', ['.mrc', '.mrcs'])
def test_mrc_of_every_numeric_mode(tmp_path, dtype, suffix):
    path = tmp_path / f'a b{suffix}'
    with mrcfile.new(path) as mrc:
        mrc.set_data(RAMP.astype(dtype))
    image = read_micrograph(path)
    assert image.dtype == np.float32
    np.testing.assert_array_equal(image, RAMP)


def test_big_endian_mrc_with_an_extended_header_and_a_single_section(tmp_path):
    path = tmp_path / 'big.mrc'
    with mrcfile.new(path) as mrc:
        mrc.set_data(RAMP[None].astype('>i2'))
        mrc.set_extended_header(np.zeros(256, dtype='V1'))
    np.testing.assert_array_equal(read_micrograph(path), RAMP)


def _header(shape, mode, order='<', stamp=None, imod=None, ends=(0, 0, 0), axes=(1, 2, 3), sections=1, extended=0):
    """A header of MRC, byte by byte. imod: the flags behind IMOD's stamp; ends: min, max and mean; extended: bytes."""
    header = bytearray(1024)
    struct.pack_into(f'{order}4i', header, 0, shape[1], shape[0], sections, mode)
    struct.pack_into(f'{order}3i3f', header, 64, *axes, *ends)
    struct.pack_into(f'{order}i', header, 92, extended)
    if imod is not None:
        struct.pack_into(f'{order}2i', header, 152, 1146047817, imod)
    header[212:216] = {'<': b'\x44\x44\0\0', '>': b'\x11\x11\0\0'}[order] if stamp is None else stamp
    return bytes(header)


NOISE = np.random.default_rng(0).standard_normal((120, 150))
SMOOTH = np.cumsum(np.cumsum(NOISE, axis=0) / 11, axis=1) / 11
RANKS = SMOOTH.ravel().argsort().argsort().reshape(SMOOTH.shape)
# Images with grey values from 0 to 255, of which all but two have some on either side of the middle.
BYTES = {'usual': 128 + 25 * NOISE, 'narrow': 127.6 + 0.8 * NOISE, 'wide': 128 + 60 * NOISE,
         'clipped at both ends': 128 + 100 * NOISE, 'dark': 35 + 30 * NOISE, 'dark, clipped': 50 + 60 * NOISE,
         'bright': 215 + 30 * NOISE, 'bright, clipped': 190 + 90 * NOISE, 'below the middle': 60 + 10 * NOISE,
         'above the middle': 190 + 10 * NOISE, 'all values alike often': RANKS * 256 // RANKS.size,
         'a ramp': np.broadcast_to(np.linspace(0, 255, 150), (120, 150)),
         'constant rows': np.broadcast_to(128 + 25 * NOISE[:, :1], (120, 150)),
         'a border of zeros': np.pad(128 + 25 * NOISE[:20, :20], ((90, 10), (10, 120))),
         'sixteen values': 16 * np.round(8 + 2 * NOISE), 'tiny': 128 + 25 * NOISE[:3, :4],
         'a row': 128 + 25 * NOISE[:1], 'a column': 128 + 25 * NOISE[:, :1]}


@pytest.mark.parametrize('order', '<>')
@pytest.mark.parametrize('kind', BYTES)
def test_mrc_of_eight_bits(tmp_path, kind, order):
    """Whether they have a sign is told by IMOD's flag, or by nothing; the image is the same but for an offset."""
    unsigned = np.clip(np.round(BYTES[kind]), 0, 255).astype('u1')
    signed = (unsigned.astype('i2') - 128).astype('i1')
    for data, flag, ends in ((unsigned, 0, (0, 255, 128)), (signed, 1, (-128, 127, 0))):
        for told in ({}, {'imod': flag}, {'imod': flag + 6}, {'ends': ends}, {'ends': (0, -1, -2)},
                     {'ends': (-3.5, 4.5, 0)}, {'ends': (float('nan'),) * 3}, {'extended': 96}):
            (tmp_path / 'a.mrc').write_bytes(_header(data.shape, 0, order, **told) + bytes(told.get('extended', 0))
                                             + data.tobytes())
            offset = read_micrograph(tmp_path / 'a.mrc') - data
            assert np.ptp(offset) == 0, told
            assert offset.any() == 0 or kind in ('below the middle', 'above the middle'), told


def test_bytes_whose_pixels_do_not_tell_are_those_of_the_header(tmp_path):
    """Two kinds of places, far apart, as a carbon film beside ice without much noise."""
    pixels = np.clip(np.where(np.arange(150) < 75, 40, 220) + 10 * NOISE, 0, 255).astype('u1')
    for data in (pixels, pixels.view('i1')):
        (tmp_path / 'a.mrc').write_bytes(_header(data.shape, 0, ends=(data.min(), data.max(), 0)) + data.tobytes())
        np.testing.assert_array_equal(read_micrograph(tmp_path / 'a.mrc'), data)


@pytest.mark.parametrize('told', [
    {'stamp': b'\0\0\0\0'}, {'stamp': b'D   '}, {'stamp': b'DA\0\0'}, {'stamp': b'\xff\xff\xff\xff'},
    {'order': '>', 'stamp': b'\x44\x44\0\0'}, {'order': '<', 'stamp': b'\x11\x11\0\0'},
    {'order': '>', 'stamp': b'\0\0\0\0'}, {'axes': (2, 1, 3)}, {'axes': (0, 0, 0)}, {'sections': 0},
    {'extended': 768}, {'extended': -5}])
@pytest.mark.parametrize('mode, dtype', [(0, 'i1'), (1, 'i2'), (2, 'f4')])
def test_odd_headers(tmp_path, told, mode, dtype):
    order = told.get('order', '<')
    (tmp_path / 'a.mrc').write_bytes(_header(RAMP.shape, mode, **told) + b'\x55' * max(0, told.get('extended', 0))
                                     + RAMP.astype(f'{order}{dtype}').tobytes())
    np.testing.assert_array_equal(read_micrograph(tmp_path / 'a.mrc'), RAMP)
    assert read_size(tmp_path / 'a.mrc') == RAMP.shape


def test_bytes_of_a_large_micrograph_are_read_quickly(tmp_path):
    """As quickly as two bytes a pixel; it is told from few of the pixels."""
    seconds = {}
    for mode, dtype in ((1, 'i2'), (0, 'u1')):
        data = np.resize(np.clip(np.round(BYTES['usual']), 0, 255).astype(dtype), (4096, 4096))
        (tmp_path / f'{mode}.mrc').write_bytes(_header(data.shape, mode) + data.tobytes())
        times = []
        for _ in range(3):
            start = time.perf_counter()
            assert read_micrograph(tmp_path / f'{mode}.mrc').max() > 127
            times.append(time.perf_counter() - start)
        seconds[mode] = min(times)
    assert seconds[0] < 2 * seconds[1] + 0.2


def test_slices_of_stacks(tmp_path):
    stack = np.stack([RAMP, RAMP[::-1], 99 - RAMP]).astype('i1')
    _mrc(tmp_path / 'a b.mrcs', stack)
    tifffile.imwrite(tmp_path / 's.tif', stack.astype('u1'), photometric='minisblack')
    for name in ('a b.mrcs', 's.tif'):
        for number in (1, 2, 3):
            np.testing.assert_array_equal(read_micrograph(f'{number:06d}@{tmp_path / name}'), stack[number - 1])
        assert read_size(f'2@{tmp_path / name}') == RAMP.shape
        for number in (0, 4):
            with pytest.raises(InputError, match=f'{number}@.*: there is no slice {number}; the file has 3.'):
                read_micrograph(f'{number}@{tmp_path / name}')
        with pytest.raises(InputError, match='a slice of a stack of micrographs is named n@'):
            read_micrograph(tmp_path / name)
    cut = tmp_path / 'cut.mrcs'
    cut.write_bytes((tmp_path / 'a b.mrcs').read_bytes()[:-3])
    np.testing.assert_array_equal(read_micrograph(f'2@{cut}'), stack[1])
    with pytest.raises(InputError, match='cut short'):
        read_micrograph(f'3@{cut}')
    _mrc(tmp_path / '2@b.mrc', RAMP.astype('i2'))      # a file that is called so
    np.testing.assert_array_equal(read_micrograph(tmp_path / '2@b.mrc'), RAMP)


def test_slices_of_unsigned_bytes(tmp_path):
    data = np.stack([np.clip(np.round(BYTES[kind]), 0, 255) for kind in ('usual', 'dark', 'bright')]).astype('u1')
    (tmp_path / 'a.mrcs').write_bytes(_header(data.shape[1:], 0, sections=3) + data.tobytes())
    for number in (1, 2, 3):
        assert np.ptp(read_micrograph(f'{number}@{tmp_path / "a.mrcs"}') - data[number - 1]) == 0


@pytest.mark.parametrize('write', [
    lambda tiff: (tiff.write(RAMP.astype('u2')), tiff.write(RAMP[::4, ::4].astype('u2'), subfiletype=1)),
    lambda tiff: (tiff.write(RAMP[::4, ::4].astype('u2'), subfiletype=1), tiff.write(RAMP.astype('u2'))),
    lambda tiff: (tiff.write(RAMP.astype('u2')), tiff.write(np.zeros((3, 5, 3), 'u1'), photometric='rgb')),
    lambda tiff: (tiff.write(RAMP.astype('u2'), subifds=1), tiff.write(RAMP[::2, ::2].astype('u2'), subfiletype=1)),
    lambda tiff: [tiff.write(RAMP[::step, ::step].astype('u2')) for step in (1, 2, 4)]])
def test_tiff_with_a_smaller_picture_of_itself(tmp_path, write):
    with tifffile.TiffWriter(tmp_path / 'a.tif') as tiff:
        write(tiff)
    np.testing.assert_array_equal(read_micrograph(tmp_path / 'a.tif'), RAMP)
    np.testing.assert_array_equal(read_micrograph(f'1@{tmp_path / "a.tif"}'), RAMP)
    assert read_size(tmp_path / 'a.tif') == RAMP.shape


@pytest.mark.parametrize('dtype', ['u1', 'u2', 'f4'])
def test_tiff_whose_least_value_is_white(tmp_path, dtype):
    tifffile.imwrite(tmp_path / 'a.tif', (200 - RAMP).astype(dtype), photometric='miniswhite')
    np.testing.assert_array_equal(read_micrograph(tmp_path / 'a.tif') + 200, RAMP)


@pytest.mark.parametrize('orientation, told', [(1, False), (4, True), (6, True)])
def test_tiff_that_is_mirrored_or_turned_by_its_tag(tmp_path, orientation, told):
    tifffile.imwrite(tmp_path / 'a.tif', RAMP.astype('u2'), extratags=[(274, 3, 1, orientation, True)])
    lines = []
    np.testing.assert_array_equal(read_micrograph(tmp_path / 'a.tif', warn=lines.append), RAMP)
    assert [f'orientation {orientation}' in line and 'a.tif' in line for line in lines] == [True] * told


@pytest.mark.parametrize('value', [np.nan, np.inf, -np.inf, 3e38])
@pytest.mark.parametrize('name', ['a.mrc', 'a.tif'])
def test_a_few_pixels_without_a_value_are_filled_in(tmp_path, value, name):
    image = (100 + 9 * NOISE).astype('f4')
    image[[3, 50, 119], [0, 70, 149]] = value
    if name == 'a.mrc':
        (tmp_path / name).write_bytes(_header(image.shape, 2) + image.tobytes())
    else:
        tifffile.imwrite(tmp_path / name, image)
    lines = []
    found = read_micrograph(tmp_path / name, warn=lines.append)
    filled = np.abs(image) < 1e30
    np.testing.assert_array_equal(found[filled], image[filled])
    assert np.abs(found[~(np.abs(image) < 1e30)] - 100).max() < 0.5
    assert lines == [f'{tmp_path / name}: 3 pixels without a value (NaN, infinite or beyond all measure) were given '
                     f'the median.']


@pytest.mark.parametrize('share, says', [(0.009, ''), (0.02, 'in 2.0 % of its pixels'), (1, 'in 100.0 % of its')])
def test_many_pixels_without_a_value_are_too_many(tmp_path, share, says):
    image = (100 + 9 * NOISE).astype('f4')
    image.ravel()[:int(share * image.size)] = np.nan
    (tmp_path / 'a.mrc').write_bytes(_header(image.shape, 2) + image.tobytes())
    if says:
        with pytest.raises(InputError, match=f'a.mrc: holds NaN or infinite values.*{says}'):
            read_micrograph(tmp_path / 'a.mrc')
    else:
        assert np.isfinite(read_micrograph(tmp_path / 'a.mrc')).all()


@pytest.mark.parametrize('name, says', [
    ('a.eer', 'align and sum them .RELION, MotionCor3., and use the average'), ('a.mrc.gz', 'unpack it .gunzip.'),
    ('a.tif.bz2', 'bunzip2'), ('a.MRC.GZ', 'gunzip'), ('a.mrc.zst', 'unpack it'), ('a.dm4', 'IMOD: dm2mrc'),
    ('a.hdf', 'EMAN2: e2proc2d.py')])
def test_other_files_name_the_program_that_makes_micrographs_of_them(tmp_path, name, says):
    (tmp_path / name).write_bytes(b'something')
    for read in (read_micrograph, read_size):
        with pytest.raises(InputError, match=f'{name}: this file .*{says}'):
            read(tmp_path / name)


@pytest.mark.parametrize('dtype', ['u1', 'u2', 'f4'])
@pytest.mark.parametrize('compression', [None, 'lzw', 'zlib'])
def test_tiff(tmp_path, dtype, compression):
    path = tmp_path / 'a.tif'
    tifffile.imwrite(path, RAMP.astype(dtype), compression=compression)
    np.testing.assert_array_equal(read_micrograph(path), RAMP)


def test_png_of_8_and_16_bits_and_colour(tmp_path):
    for dtype in ('u1', 'u2'):
        Image.fromarray((RAMP * 2).astype(dtype)).save(tmp_path / f'{dtype}.png')
        np.testing.assert_array_equal(read_micrograph(tmp_path / f'{dtype}.png'), RAMP * 2)
    Image.fromarray(np.repeat(RAMP[..., None], 3, axis=2).astype('u1')).save(tmp_path / 'colour.png')
    np.testing.assert_array_equal(read_micrograph(tmp_path / 'colour.png'), RAMP)


def test_jpeg(tmp_path):
    Image.fromarray(RAMP.astype('u1')).save(tmp_path / 'a.JPG', quality=95)
    assert np.abs(read_micrograph(tmp_path / 'a.JPG') - RAMP).mean() < 5


def _mrc(path, data):
    with mrcfile.new(path) as mrc:
        mrc.set_data(data)


def _bad_files(folder):
    """(file, what its error must say)"""
    _mrc(folder / 'complex.mrc', RAMP.astype('c8'))
    _mrc(folder / 'stack.mrcs', np.stack([RAMP, RAMP]).astype('f4'))
    _mrc(folder / 'flat.mrc', np.full((8, 8), 3, 'f4'))
    _mrc(folder / 'nan.mrc', np.where(RAMP == 5, np.nan, RAMP).astype('f4'))
    _mrc(folder / 'inf.mrc', np.where(RAMP == 5, np.inf, RAMP).astype('f4'))
    _mrc(folder / 'cut.mrc', RAMP.astype('f4'))
    (folder / 'cut.mrc').write_bytes((folder / 'cut.mrc').read_bytes()[:-7])
    (folder / 'cut header.mrc').write_bytes((folder / 'cut.mrc').read_bytes()[:700])
    (folder / 'empty.mrc').write_bytes(b'')
    (folder / 'text.mrc').write_bytes(b'this is no picture' * 100)
    huge = bytearray((folder / 'cut.mrc').read_bytes())
    huge[0:8] = np.array([2 ** 31 - 1, 2 ** 31 - 1], '<i4').tobytes()
    (folder / 'huge.mrc').write_bytes(huge)
    negative = bytearray((folder / 'cut.mrc').read_bytes())
    negative[0:4] = np.array([-20], '<i4').tobytes()
    (folder / 'negative.mrc').write_bytes(negative)
    mode = bytearray((folder / 'cut.mrc').read_bytes())
    mode[12:16] = np.array([77], '<i4').tobytes()
    (folder / 'mode.mrc').write_bytes(mode)
    tifffile.imwrite(folder / 'stack.tif', np.zeros((3, 8, 8), 'f4'), photometric='minisblack')
    tifffile.imwrite(folder / 'complex.tif', RAMP.astype('c8'))
    tifffile.imwrite(folder / 'good.tif', RAMP.astype('f4'))
    (folder / 'cut.tif').write_bytes((folder / 'good.tif').read_bytes()[:300])
    (folder / 'text.tif').write_bytes(b'II*\0 nothing')
    (folder / 'text.png').write_bytes(b'nothing')
    Image.fromarray(np.random.default_rng(0).integers(0, 255, (64, 64), 'u1')).save(folder / 'good.png')
    (folder / 'cut.png').write_bytes((folder / 'good.png').read_bytes()[:2000])
    (folder / 'a.xyz').write_bytes(b'nothing')
    return {'complex.mrc': 'complex', 'stack.mrcs': 'stack of 2', 'flat.mrc': 'all pixels have the value 3',
            'nan.mrc': 'NaN or infinite', 'inf.mrc': 'NaN or infinite', 'cut.mrc': 'cut short',
            'cut header.mrc': 'no MRC file', 'empty.mrc': 'the file is empty', 'text.mrc': '', 'huge.mrc': 'impossible',
            'negative.mrc': 'impossible size', 'mode.mrc': 'mode 77', 'stack.tif': '', 'complex.tif': 'complex',
            'cut.tif': 'cut short', 'text.tif': '', 'text.png': 'no readable image', 'cut.png': '',
            'a.xyz': 'no known micrograph format', 'missing.mrc': 'no such file'}


def test_one_clear_line_for_every_bad_file(tmp_path):
    for name, text in _bad_files(tmp_path).items():
        try:
            read_micrograph(tmp_path / name)
            message = 'no error'
        except InputError as error:
            message = str(error)
        assert name in message and text in message and '\n' not in message, (name, message)
