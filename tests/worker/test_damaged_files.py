"""Files that are not what they say: thousands of damaged ones, each read or refused in one line, in little memory."""
import resource

import mrcfile
import numpy as np
import pytest
import tifffile
from PIL import Image
from worker.exchange.errors import InputError
from worker.exchange.micrograph_reader import MOST_COMPRESSED, read_micrograph
from worker.exchange.model_header import read_header
from worker.network.model_file import load_model

RAMP = np.arange(24 * 40).reshape(24, 40) % 97
TIFFS = ({}, {'tile': (16, 16)}, {'bigtiff': True}, {'compression': 'lzw'}, {'compression': 'zlib', 'predictor': True},
         {'compression': 'zstd', 'tile': (16, 32)}, {'compression': 'packbits'}, {'rowsperstrip': 5})
TELLING = (0, 1, 2 ** 15, 2 ** 16 - 1, 2 ** 24, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1)
MOST_MEMORY = 300 * 2 ** 10      # kB more than before


def _mrcs(folder):
    for dtype in ('i1', 'f4', '>i2', 'f2'):
        path = folder / f'{dtype[-2:]}.mrc'
        with mrcfile.new(path) as mrc:
            mrc.set_data(RAMP.astype(dtype))
            mrc.set_extended_header(np.zeros(64, 'V1'))
        yield path


def _tiffs(folder):
    for number, options in enumerate(TIFFS):
        tifffile.imwrite(folder / f'{number}.tif', RAMP.astype('u2'), **options)
        yield folder / f'{number}.tif'


def _bitmaps(folder):
    for dtype in ('u1', 'u2'):
        Image.fromarray(RAMP.astype(dtype)).save(folder / f'{dtype}.png')
        yield folder / f'{dtype}.png'
    Image.fromarray(RAMP.astype('u1')).convert('RGB').save(folder / 'c.jpg')
    yield folder / 'c.jpg'


def _damaged(content, rng, head):
    """The content with some bytes changed, cut off, left out or doubled, most of them in its first `head` bytes."""
    content, head = bytearray(content), min(head, len(content))
    kind, at = rng.integers(5), int(rng.integers(head))
    if kind == 0:
        content[at] = int(rng.integers(256))
    elif kind == 1:
        for place in rng.integers(0, head, 12):
            content[place] = int(rng.integers(256))
    elif kind == 2:
        content[at:at + 4] = int(rng.choice(TELLING)).to_bytes(4, rng.choice(('little', 'big')))
    elif kind == 3:
        del content[int(rng.integers(len(content))):]
    else:
        end = int(rng.integers(at, len(content)))
        content[at:end] = content[at:end] * int(rng.choice((0, 2)))
    return bytes(content)


@pytest.mark.parametrize('make, number', [(_mrcs, 1000), (_tiffs, 1500), (_bitmaps, 500)])
def test_damaged_micrographs(make, number, tmp_path, capfd):
    whole = [(path.suffix, path.read_bytes()) for path in make(tmp_path)]
    before, read = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, 0
    rng = np.random.default_rng(0)
    for _ in range(number):
        suffix, content = whole[rng.integers(len(whole))]
        path = tmp_path / f'damaged{suffix}'
        path.write_bytes(_damaged(content, rng, int(rng.choice((256, 2048)))))
        try:
            assert np.isfinite(read_micrograph(path)).all()
            read += 1
        except InputError as error:
            assert str(error).startswith(str(path)) and '\n' not in str(error)
    assert 0.02 * number < read < 0.9 * number
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < MOST_MEMORY
    assert capfd.readouterr() == ('', '')


def test_damaged_models(model, tmp_path):
    content, path = model[0].read_bytes(), tmp_path / 'm.safetensors'
    length = 8 + int.from_bytes(content[:8], 'little')
    before, sound = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, 0
    rng = np.random.default_rng(0)
    path.write_bytes(content)
    for number in range(400):
        head = _damaged(content[:length], rng, length)
        with open(path, 'r+b') as stream:      # the tensors, 20 MB, stay where they are
            stream.write(head.ljust(length)[:length])
        try:
            read_header(path)
            sound += 1
            if sound < 12:
                load_model(path)
        except InputError as error:
            assert str(error).startswith(str(path)) and '\n' not in str(error), number
    assert sound > 12
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 2 * MOST_MEMORY


@pytest.mark.parametrize('change, says', [
    ({'references': 65536}, 'do not fit'), ({'head': 'multi-loss', 'branches': float('inf')}, 'do not fit')])
def test_a_description_takes_no_memory_before_it_is_checked(model, tmp_path, change, says):
    import json

    from safetensors.torch import load_file, save_file
    from worker.exchange.model_header import METADATA_KEY
    path = tmp_path / 'm.safetensors'
    save_file(load_file(model[0]), path, metadata={METADATA_KEY: json.dumps({**read_header(model[0]), **change})})
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(InputError, match=says):
        load_model(path)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < MOST_MEMORY


def test_a_model_with_numbers_that_are_none(model, tmp_path):
    path = tmp_path / 'm.safetensors'
    content = bytearray(model[0].read_bytes())
    content[-400:] = b'\xff' * 400
    path.write_bytes(content)
    with pytest.raises(InputError, match='damaged .it holds numbers that are not finite'):
        load_model(path)


def test_a_small_file_that_announces_a_large_image(tmp_path):
    tifffile.imwrite(tmp_path / 'a.tif', np.zeros((20000, 20000), 'u1'), compression='zstd')
    Image.new('L', (20000, 20000)).save(tmp_path / 'a.png')
    assert all(path.stat().st_size * MOST_COMPRESSED < 4e8 for path in tmp_path.iterdir() if path.suffix == '.tif')
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(InputError, match='much too short'):
        read_micrograph(tmp_path / 'a.tif')
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < MOST_MEMORY


@pytest.mark.parametrize('value, says', [(3e38, 'which nothing measures'), (1e300, 'NaN or infinite')])
def test_values_beyond_measure(tmp_path, value, says):
    tifffile.imwrite(tmp_path / 'a.tif', np.where(RAMP == 5, value, RAMP).astype('f4' if value < 1e39 else 'f8'))
    with pytest.raises(InputError, match=says):
        read_micrograph(tmp_path / 'a.tif')
