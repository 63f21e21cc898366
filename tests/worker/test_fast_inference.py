"""The recogniser prepared for looking gives what the trained one gives, whatever boxes are beside it."""
import os
import subprocess
import sys
from dataclasses import replace

import openvino as ov
import pytest
import torch
from torch import nn
from worker.inference.predictors import LEAST_BATCH
from worker.network.device import choose_device
from worker.network.fast import for_inference
from worker.network.fast.activation_ranges import count_ranges, observe_ranges
from worker.network.fast.compiled import CompiledExtractor
from worker.network.fast.folded import FoldedExtractor
from worker.network.fast.openvino_graph import graph
from worker.network.initial_weights import initial_extractor
from worker.network.networks import FeatureExtractor, LinearRecogniser, pooled_features

CASES = [('resnet18', 32), ('resnet18', 48), ('resnet18', 64), ('resnet34', 80), ('resnet50', 48)]


def extractor_of(architecture, size):
    """An extractor whose normalisations do something, in evaluation mode, and boxes for it."""
    torch.manual_seed(0)
    extractor = FeatureExtractor(architecture)
    with torch.no_grad():
        for _ in range(2):
            extractor(3 * torch.randn(8, 1, size, size) + 1)
    return extractor.eval(), torch.randn(8, 1, size, size)


@pytest.mark.parametrize('architecture, size', CASES)
@pytest.mark.parametrize('compiled', [False, True])
def test_maps_are_those_of_the_extractor(architecture, size, compiled):
    extractor, boxes = extractor_of(architecture, size)
    quick = CompiledExtractor(extractor, size, torch.float32) if compiled else FoldedExtractor(extractor, torch.float32)
    with torch.no_grad():
        pooled = pooled_features(extractor(boxes))
        for expected, got in zip((*extractor(boxes), pooled), (*quick(boxes), quick.pooled(boxes))):
            torch.testing.assert_close(got, expected, atol=1e-4 * float(expected.abs().max()), rtol=0)


@pytest.mark.parametrize('architecture, size', CASES)
def test_maps_in_eight_bits_are_nearly_those_of_the_extractor(architecture, size):
    extractor, boxes = extractor_of(architecture, size)
    with torch.no_grad():
        extractor.ranges = observe_ranges(extractor, boxes)
        quick = CompiledExtractor(extractor, size, torch.float32)
        for expected, got in zip(extractor(boxes), quick(boxes)):
            assert got.shape == expected.shape
            assert 0 < (got - expected).pow(2).mean() < 0.05 * expected.var()
        pooled = pooled_features(extractor(boxes))
        assert (quick.pooled(boxes) - pooled).pow(2).mean() < 0.05 * pooled.var()
    assert len(extractor.ranges) == count_ranges(extractor)


def test_the_graph_in_eight_bits_runs_in_integers():
    """OpenVINO has to recognise where it may: otherwise it is as slow as without, and nobody is told."""
    extractor, boxes = extractor_of('resnet18', 64)
    extractor.ranges = observe_ranges(extractor, boxes)
    running = ov.Core().compile_model(graph(extractor, extractor.ranges, 64, pooled=True), 'CPU').get_runtime_model()
    kinds = [node.get_rt_info()['runtimePrecision'].astype(str) for node in running.get_ops()
             if node.get_rt_info()['layerType'].astype(str) == 'Convolution']
    assert len(kinds) == 20 and kinds.count('f32') <= 1, kinds


def test_what_is_far_beyond_the_ranges_is_cut_off():
    torch.manual_seed(0)
    extractor = initial_extractor('default').eval()
    with torch.no_grad():
        extractor.ranges = observe_ranges(extractor, torch.randn(8, 1, 32, 32))
        quick = CompiledExtractor(extractor, 32, torch.float32)
        far, beyond = (quick(torch.full((1, 1, 32, 32), value)) for value in (1e3, 1e30))
    for map_of_far, map_of_beyond in zip(far, beyond):
        assert torch.isfinite(map_of_far).all() and torch.equal(map_of_far, map_of_beyond)


@pytest.mark.parametrize('precision', [torch.bfloat16, torch.float32])
@pytest.mark.parametrize('compiled, ranges', [(True, True), (True, False), (False, False)])
def test_what_is_said_of_a_box_does_not_depend_on_the_others(precision, compiled, ranges):
    """To the last bit, on the CPU: how the arrivals were cut, or where a run was broken off, must not show."""
    torch.manual_seed(0)
    device = replace(choose_device('cpu'), precision=precision, compiled=compiled)
    recogniser = LinearRecogniser(initial_extractor('default').eval(), 3, 2, 60)
    nn.init.normal_(recogniser.linear.weight)
    boxes = torch.randn(66, 2, 32, 32)
    recogniser.extractor.ranges = observe_ranges(recogniser.extractor, boxes[:20].reshape(-1, 1, 32, 32)) \
        if ranges else None
    with torch.no_grad(), device.autocast():
        recogniser.remember(recogniser.features(boxes))
        quick = for_inference(recogniser, 32, device)
        assert isinstance(quick.extractor, CompiledExtractor if compiled else FoldedExtractor)
        together = quick.judge(boxes)
        for start, end in ((0, 64), (10, 10 + LEAST_BATCH), (3, 50)):
            for expected, got in zip(together, quick.judge(boxes[start:end])):
                assert torch.equal(got, expected[start:end])


PRIMITIVES = '''
import openvino as ov, torch
from test_fast_inference import extractor_of, graph, observe_ranges
extractor, boxes = extractor_of('resnet18', 64)
ranges = observe_ranges(extractor, boxes)
model = ov.Core().compile_model(graph(extractor, ranges, 64, pooled=True), 'CPU')
for node in model.get_runtime_model().get_ops():
    info = node.get_rt_info()
    if info['layerType'].astype(str) == 'Convolution':
        print(info['primitiveType'].astype(str), info['runtimePrecision'].astype(str))
'''


def test_a_processor_with_avx2_alone():
    """The way of a processor without VNNI, on whatever processor this is: OpenVINO heeds oneDNN's variable."""
    environ = {**os.environ, 'ONEDNN_MAX_CPU_ISA': 'AVX2', 'PYTHONPATH': os.pathsep.join(sys.path)}
    done = subprocess.run([sys.executable, '-c', PRIMITIVES], env=environ, capture_output=True, text=True, check=True)
    kinds = done.stdout.splitlines()
    assert len(kinds) == 20 and not any('avx512' in kind or 'amx' in kind or 'vnni' in kind for kind in kinds), kinds
    assert sum(not kind.endswith('f32') for kind in kinds) >= 19, kinds
