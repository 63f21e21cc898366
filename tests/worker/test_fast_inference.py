"""The recogniser prepared for looking gives what the trained one gives, whatever boxes are beside it."""
from dataclasses import replace

import pytest
import torch
from torch import nn
from worker.inference.predictors import LEAST_BATCH
from worker.network.device import EIGHT_BIT_ENGINE, choose_device
from worker.network.fast import for_inference
from worker.network.fast.activation_ranges import count_ranges, observe_ranges
from worker.network.fast.fused import FusedExtractor, MatrixConvolution
from worker.network.fast.quantised import QuantisedExtractor, QuantisedMatrix
from worker.network.initial_weights import initial_extractor
from worker.network.networks import FeatureExtractor, LinearRecogniser

eight_bit = pytest.mark.skipif(EIGHT_BIT_ENGINE not in torch.backends.quantized.supported_engines,
                                reason='no 8 bits on this CPU')


@pytest.mark.parametrize('architecture, size', [('resnet18', 32), ('resnet18', 48), ('resnet18', 64), ('resnet18', 80),
                                                ('resnet34', 64), ('resnet50', 48)])
def test_maps_are_those_of_the_extractor(architecture, size):
    torch.manual_seed(0)
    extractor = FeatureExtractor(architecture)
    with torch.no_grad():
        for _ in range(2):      # normalisations that do something
            extractor(3 * torch.randn(4, 1, size, size) + 1)
        extractor.eval()
        boxes = torch.randn(3, 1, size, size)
        quick = FusedExtractor(extractor, size, torch.float32)
        for expected, got in zip(extractor(boxes), quick(boxes)):
            torch.testing.assert_close(got, expected, atol=1e-4 * float(expected.abs().max()), rtol=0)
    assert any(isinstance(layer, MatrixConvolution) for layer in quick.modules()) == (size < 80)


@pytest.mark.parametrize('rows, columns, stride', [(2, 2, 1), (3, 3, 2), (4, 2, 2), (1, 3, 1)])
def test_a_convolution_as_a_matrix(rows, columns, stride):
    convolution = nn.Conv2d(5, 4, 3, stride, 1)
    maps = torch.randn(6, 5, rows, columns)
    with torch.no_grad():
        torch.testing.assert_close(MatrixConvolution(convolution, rows, columns)(maps), convolution(maps))


@eight_bit
@pytest.mark.parametrize('architecture, size', [('resnet18', 48), ('resnet18', 64), ('resnet34', 80), ('resnet50', 48)])
def test_maps_in_eight_bits_are_nearly_those_of_the_extractor(architecture, size):
    torch.manual_seed(0)
    extractor = FeatureExtractor(architecture)
    with torch.no_grad():
        for _ in range(2):
            extractor(3 * torch.randn(8, 1, size, size) + 1)
        extractor.eval()
        boxes = torch.randn(8, 1, size, size)
        extractor.ranges = observe_ranges(extractor, boxes)
        quick = QuantisedExtractor(extractor, size)
        for expected, got in zip(extractor(boxes), quick(boxes)):
            assert got.shape == expected.shape
            assert (got - expected).pow(2).mean() < 0.05 * expected.var()
    assert len(extractor.ranges) == count_ranges(extractor)
    assert any(isinstance(layer, QuantisedMatrix) for layer in quick.modules()) == (size < 80)


@eight_bit
def test_what_is_far_beyond_the_ranges_is_cut_off():
    torch.manual_seed(0)
    extractor = initial_extractor('default').eval()
    with torch.no_grad():
        extractor.ranges = observe_ranges(extractor, torch.randn(8, 1, 32, 32))
        quick = QuantisedExtractor(extractor, 32)
        far, beyond = (quick(torch.full((1, 1, 32, 32), value)) for value in (1e3, 1e30))
    for map_of_far, map_of_beyond in zip(far, beyond):
        assert torch.isfinite(map_of_far).all() and torch.equal(map_of_far, map_of_beyond)


@pytest.mark.parametrize('precision', [torch.bfloat16, torch.float32, pytest.param(None, marks=eight_bit)])
def test_what_is_said_of_a_box_does_not_depend_on_the_others(precision):
    """To the last bit, on the CPU: how the arrivals were cut, or where a run was broken off, must not show."""
    torch.manual_seed(0)
    device = replace(choose_device('cpu'), precision=precision or torch.float32, eight_bit=precision is None)
    recogniser = LinearRecogniser(initial_extractor('default').eval(), 3, 2, 60)
    nn.init.normal_(recogniser.linear.weight)
    boxes = torch.randn(66, 2, 32, 32)
    recogniser.extractor.ranges = observe_ranges(recogniser.extractor, boxes[:20].reshape(-1, 1, 32, 32))
    with torch.no_grad(), device.autocast():
        recogniser.remember(recogniser.features(boxes))
        quick = for_inference(recogniser, 32, device)
        assert isinstance(quick.extractor, FusedExtractor if precision else QuantisedExtractor)
        together = quick.judge(boxes)
        for start, end in ((0, 64), (10, 10 + LEAST_BATCH), (3, 50)):
            for expected, got in zip(together, quick.judge(boxes[start:end])):
                assert torch.equal(got, expected[start:end])
