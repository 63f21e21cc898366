"""A feature extractor in 8-bit integers, for processors with instructions for them (VNNI, AMX): half the time.

Weights are rounded to 8 bits, channel by channel; so are all maps, to fixed ranges that a few dozen boxes showed
before (static quantisation: Jacob et al., CVPR 2018, doi:10.1109/CVPR.2018.00286). Sums of integers have no rounding:
the same box gives the same numbers whatever is beside it.
"""
from typing import Iterator, List, Sequence

import torch
from torch import Tensor, nn
from torch.ao.nn.intrinsic.quantized import ConvAddReLU2d, ConvReLU2d, LinearReLU
from torch.ao.nn.quantized import Conv2d, Linear, QFunctional

from ..device import EIGHT_BIT_ENGINE
from ..networks import FeatureExtractor
from .activation_ranges import Range, convolutions
from .fused import FusedExtractor, MatrixConvolution

LEVELS = 255
LEAST_STEP = 1e-12


class QuantisedExtractor(nn.Module):
    """A FeatureExtractor with known ranges, for boxes of one size.

    (n, 1, s, s) -> the feature maps of its stages, float32.
    """

    def __init__(self, extractor: FeatureExtractor, size: int):
        super().__init__()
        whole = FusedExtractor(extractor, size, torch.float32)
        ranges = iter(extractor.ranges or ())
        self.channels = extractor.channels
        self._step, self._zero = _step_and_zero(next(ranges))
        torch.backends.quantized.engine = EIGHT_BIT_ENGINE      # torch asks for it whenever a layer is made or called
        self.stem = nn.Sequential(_rectified(whole.stem[0], next(ranges)), whole.stem[2])
        self.stages = nn.ModuleList(nn.Sequential(*(QuantisedBlock(block, ranges) for block in stage))
                                    for stage in whole.stages)

    def forward(self, boxes: Tensor) -> List[Tensor]:
        """Boxes (n, 1, s, s) -> the maps of the four stages."""
        boxes = boxes.float().contiguous(memory_format=torch.channels_last)
        x = self.stem(torch.quantize_per_tensor(boxes, self._step, self._zero, torch.quint8))
        maps = []
        for stage in self.stages:
            x = stage(x)
            maps.append(x.dequantize())
        return maps


class QuantisedBlock(nn.Module):
    """A residual block of quantised maps; `ranges` gives those of its convolutions, its shortcut and its sum."""

    def __init__(self, block: nn.Module, ranges: Iterator[Range]):
        super().__init__()
        *before, last = convolutions(block)
        self.layers = nn.Sequential(*(_rectified(layer, next(ranges)) for layer in before))
        last_range = next(ranges)
        self.shortcut = nn.Identity() if block.downsample is None else _linear(block.downsample, next(ranges))
        sum_range = _positive(next(ranges))
        if isinstance(last, MatrixConvolution):
            self.last = SummedMatrix(_linear(last, last_range), sum_range)
        else:      # adds before it rounds
            self.last = _quantised(last, ConvAddReLU2d, None, sum_range)

    def forward(self, x: Tensor) -> Tensor:
        """Quantised maps -> those of the block."""
        return self.last(self.layers(x), self.shortcut(x))


class QuantisedMatrix(nn.Module):
    """A MatrixConvolution of quantised maps."""

    def __init__(self, matrix: MatrixConvolution, kind: type, step: float, zero: int):
        super().__init__()
        outputs, inputs = matrix.weight.shape
        self.shape, self.product = matrix.shape, kind(inputs, outputs)
        _fill(self.product, matrix, step, zero)

    def forward(self, maps: Tensor) -> Tensor:
        """Quantised maps -> those of the convolution."""
        # Channels come last in memory: neither reshape copies anything.
        values = self.product(maps.permute(0, 2, 3, 1).reshape(len(maps), -1))
        return values.reshape(-1, *self.shape).permute(0, 3, 1, 2)


class SummedMatrix(nn.Module):
    """An QuantisedMatrix whose result is added to other maps, and the sum rectified: as ConvAddReLU2d."""

    def __init__(self, matrix: QuantisedMatrix, its_range: Range):
        super().__init__()
        self.matrix, self.sum = matrix, QFunctional()
        self.sum.scale, self.sum.zero_point = _step_and_zero(its_range)

    def forward(self, maps: Tensor, others: Tensor) -> Tensor:
        """Quantised maps, and those to add to the result -> the rectified sum."""
        return self.sum.add_relu(self.matrix(maps), others)


def _rectified(layer, its_range):
    return _quantised(layer, ConvReLU2d, LinearReLU, _positive(its_range))


def _linear(layer, its_range):
    return _quantised(layer, Conv2d, Linear, its_range)


def _quantised(layer, convolution, product, its_range):
    step, zero = _step_and_zero(its_range)
    if isinstance(layer, MatrixConvolution):
        return QuantisedMatrix(layer, product, step, zero)
    ready = convolution(layer.in_channels, layer.out_channels, layer.kernel_size, layer.stride, layer.padding)
    _fill(ready, layer, step, zero)
    return ready


def _fill(ready, layer, step, zero):
    """Give a quantised layer the rounded weights of a layer, and the step and the zero of what it gives."""
    weight = layer.weight.detach()
    steps = (weight.abs().flatten(1).amax(dim=1).double() / (LEVELS // 2)).clamp(min=LEAST_STEP)
    rounded = torch.quantize_per_channel(weight, steps, torch.zeros(len(steps), dtype=torch.long), 0, torch.qint8)
    ready.set_weight_bias(rounded, layer.bias.detach())
    ready.scale, ready.zero_point = step, zero


def _positive(its_range: Sequence[float]) -> Range:
    return 0.0, its_range[1]


def _step_and_zero(its_range):
    low, high = its_range
    step = max((high - low) / LEVELS, LEAST_STEP)
    return step, round(-low / step)
