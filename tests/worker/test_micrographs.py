"""Reading micrographs: every format and mode, and one clear line for everything that is no micrograph."""
import mrcfile
import numpy as np
import pytest
import tifffile
from PIL import Image
from worker.exchange.errors import InputError
from worker.exchange.micrograph_reader import read_micrograph

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
