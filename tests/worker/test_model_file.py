"""The model file: one file, refused in one line when it is none, never executed."""
import gzip
import json
import struct
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from worker.exchange.errors import InputError
from worker.exchange.model_header import FORMAT_VERSION, METADATA_KEY, read_header
from worker.network.fast.activation_ranges import observe_ranges
from worker.network.fast.compiled import CompiledExtractor
from worker.network.model_file import load_model, save_model
from worker.network.networks import FeatureExtractor, LinearRecogniser, MultiLossRecogniser

MODELS = Path(__file__).parent / 'models'
HEADER = {'architecture': 'resnet18', 'classes': ['particle', 'ice', 'carbon'], 'box_angstrom': 200.0,
          'input_size': 64, 'fields': [1.0, 2.0], 'head': 'linear', 'recipe': 'default', 'references': 5}


def _linear():
    torch.manual_seed(0)
    return _remembering(LinearRecogniser(FeatureExtractor('resnet18'), 3, 2, references=5))


def _remembering(recogniser):
    torch.manual_seed(1)
    recogniser.remember(torch.rand(9, recogniser.references.shape[1]))
    return recogniser.eval()


@pytest.fixture
def path(tmp_path):
    save_model(tmp_path / 'model.safetensors', _linear(), HEADER)
    return tmp_path / 'model.safetensors'


@pytest.mark.parametrize('recogniser, extra', [
    (_linear(), {}),
    (_remembering(MultiLossRecogniser(FeatureExtractor('resnet34'), 2, 3, references=5)),
     {'architecture': 'resnet34', 'classes': ['particle', 'carbon'], 'fields': [1.0], 'head': 'multi-loss',
      'branches': 3})])
def test_a_model_comes_back_as_it_was(tmp_path, recogniser, extra):
    save_model(tmp_path / 'm.safetensors', recogniser, {**HEADER, **extra})
    again, header = load_model(tmp_path / 'm.safetensors')
    assert {**HEADER, **extra}.items() <= header.items() and header['format_version'] == FORMAT_VERSION
    boxes = torch.rand(2, len(header['fields']), 64, 64)
    with torch.no_grad():
        for before, after in zip(recogniser.judge(boxes), again.judge(boxes)):
            assert torch.equal(before, after) and before.std() > 0
    assert (tmp_path / 'm.safetensors').stat().st_mode & 0o044, 'others can read it, as the umask allows'
    assert list(tmp_path.iterdir()) == [tmp_path / 'm.safetensors']


def test_models_of_earlier_versions_are_read(tmp_path):
    """Format 1 as 0.1.0 first wrote it, without `ranges`. The weights repeat themselves, so that the file is small."""
    path = tmp_path / 'm.safetensors'
    path.write_bytes(gzip.decompress((MODELS / 'format-1.safetensors.gz').read_bytes()))
    recogniser, header = load_model(path)
    assert header['format_version'] == 1 and recogniser.extractor.ranges is None
    boxes = torch.sin(torch.arange(3 * 2 * 64 * 64, dtype=torch.float32).reshape(3, 2, 64, 64) * 0.37)
    with torch.no_grad():
        probabilities, novelty = recogniser.judge(boxes)
    expected = [[0.95248, 0.00000, 0.04752], [0.87493, 0.00005, 0.12502], [0.86063, 0.00001, 0.13936]]
    torch.testing.assert_close(probabilities, torch.tensor(expected), atol=1e-3, rtol=0)
    torch.testing.assert_close(novelty, torch.tensor([1.6960, 1.6115, 1.6550]), atol=1e-2, rtol=0)


def test_the_ranges_of_the_maps_come_back(tmp_path):
    recogniser = _linear()
    boxes = torch.rand(2, 1, 64, 64)
    recogniser.extractor.ranges = observe_ranges(recogniser.extractor.eval(), boxes)
    save_model(tmp_path / 'm.safetensors', recogniser, {**HEADER, 'ranges': recogniser.extractor.ranges})
    again, _ = load_model(tmp_path / 'm.safetensors')
    with torch.no_grad():
        for before, after in zip(*(CompiledExtractor(r.extractor, 64, torch.float32)(boxes)
                                   for r in (recogniser, again))):
            assert torch.equal(before, after)


def _with_header(path, change):
    tensors = load_file(path)
    header = {**read_header(path), **change}
    save_file(tensors, path, metadata={METADATA_KEY: json.dumps(header)})


@pytest.mark.parametrize('change, says', [
    ({'format_version': FORMAT_VERSION + 1}, 'Update scipion-em-pickeroptimizer'),
    ({'format_version': 'x'}, 'damaged'), ({'classes': ['particle', 'a/b']}, 'impossible classes'),
    ({'classes': ['ice', 'carbon']}, 'impossible classes'), ({'classes': ['ice', 'particle']}, 'impossible classes'),
    ({'box_angstrom': -5}, 'impossible box size'), ({'box_angstrom': float('nan')}, 'impossible box size'),
    ({'input_size': 10 ** 9}, 'impossible input size'), ({'fields': [1e400]}, 'impossible fields'),
    ({'fields': []}, 'impossible fields'), ({'references': 10 ** 12}, 'impossible number'),
    ({'references': '5'}, 'impossible number'), ({'ranges': [[0.0, float('inf')]]}, 'impossible ranges'),
    ({'ranges': [[1.0, 2.0]]}, 'impossible ranges'), ({'ranges': [[0.0, 1e300]]}, 'impossible ranges'),
    ({'ranges': 7}, 'impossible ranges')])
def test_an_impossible_description_is_refused(path, change, says):
    _with_header(path, change)
    with pytest.raises(InputError, match=says):
        read_header(path)


@pytest.mark.parametrize('change', [{'architecture': 'resnet34'}, {'architecture': '__init__'}, {'fields': [1.0]},
                                    {'head': 'multi-loss', 'branches': 2}, {'head': 'multi-loss'},
                                    {'classes': ['particle', 'ice']}, {'ranges': [[0.0, 1.0]]}])
def test_tensors_that_do_not_fit_are_refused(path, change):
    _with_header(path, change)
    with pytest.raises(InputError, match='do not fit'):
        load_model(path)


def test_a_file_cut_anywhere_is_refused(path):
    whole = path.read_bytes()
    length = struct.unpack('<Q', whole[:8])[0]
    for end in (0, 1, 7, 8, 9, 8 + length // 2, 8 + length, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:end])
        with pytest.raises(InputError) as caught:
            load_model(path)
        assert '\n' not in str(caught.value)


@pytest.mark.parametrize('content', [b'', b'\x80\x04\x95 a pickle', b'PK\x03\x04 a zip of torch.save' * 10,
                                     struct.pack('<Q', 2 ** 63) + b'{}', struct.pack('<Q', 2) + b'[]',
                                     struct.pack('<Q', 4) + b'nope', struct.pack('<Q', 18) + b'{"a":{"b":[1,2]}} ',
                                     struct.pack('<Q', 5000) + b'[' * 5000])
def test_other_files_are_refused(tmp_path, content):
    path = tmp_path / 'model.safetensors'
    path.write_bytes(content)
    with pytest.raises(InputError, match='no PickerOptimizer model'):
        read_header(path)


def test_another_safetensors_file_is_refused(tmp_path):
    save_file({'a': torch.zeros(3)}, tmp_path / 'a.safetensors')
    with pytest.raises(InputError, match='a safetensors file, but no PickerOptimizer model'):
        read_header(tmp_path / 'a.safetensors')
    with pytest.raises(InputError, match='no such model file'):
        read_header(tmp_path / 'b.safetensors')
