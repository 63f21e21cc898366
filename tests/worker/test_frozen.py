"""The recogniser prepared for looking gives what the trained one gives, whatever boxes are beside it."""
from dataclasses import replace

import pytest
import torch
from torch import nn

from worker.device import choose_device
from worker.frozen import FrozenExtractor, MatrixConvolution, frozen
from worker.initial import initial_extractor
from worker.looking import LEAST_BATCH
from worker.network import FeatureExtractor, LinearRecogniser


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
        quick = FrozenExtractor(extractor, size, torch.float32)
        for expected, got in zip(extractor(boxes), quick(boxes)):
            torch.testing.assert_close(got, expected, atol=1e-4 * float(expected.abs().max()), rtol=0)
    assert any(isinstance(layer, MatrixConvolution) for layer in quick.modules()) == (size < 80)


@pytest.mark.parametrize('rows, columns, stride', [(2, 2, 1), (3, 3, 2), (4, 2, 2), (1, 3, 1)])
def test_a_convolution_as_a_matrix(rows, columns, stride):
    convolution = nn.Conv2d(5, 4, 3, stride, 1)
    maps = torch.randn(6, 5, rows, columns)
    with torch.no_grad():
        torch.testing.assert_close(MatrixConvolution(convolution, rows, columns)(maps), convolution(maps))


@pytest.mark.parametrize('precision', [torch.bfloat16, torch.float32])
def test_what_is_said_of_a_box_does_not_depend_on_the_others(precision):
    """To the last bit, on the CPU: how the arrivals were cut, or where a run was broken off, must not show."""
    torch.manual_seed(0)
    device = replace(choose_device('cpu'), precision=precision)
    recogniser = LinearRecogniser(initial_extractor('default'), 3, 2, 60)
    nn.init.normal_(recogniser.linear.weight)
    boxes = torch.randn(120, 2, 32, 32)
    with torch.no_grad(), device.autocast():
        recogniser.remember(recogniser.features(boxes))
        quick = frozen(recogniser, 32, device)
        together = quick.judge(boxes)
        for start, end in ((0, 64), (64, 120), (10, 10 + LEAST_BATCH), (3, 50), (0, 97)):
            for expected, got in zip(together, quick.judge(boxes[start:end])):
                assert torch.equal(got, expected[start:end])
