"""A feature extractor as a graph of OpenVINO, in float32 or ready for 8 bits.

Weights are rounded to 8 bits channel by channel, maps to fixed ranges that a few dozen boxes showed before (static
quantisation: Jacob et al., CVPR 2018, doi:10.1109/CVPR.2018.00286). The graph says where to round, by FakeQuantize;
OpenVINO makes integers of what lies between, as suits the processor.
"""
from typing import Optional, Sequence

import numpy as np
import openvino as ov
import torch
from openvino import Output
from openvino import opset13 as ops
from torch import nn

from ..networks import FeatureExtractor
from .activation_ranges import Range
from .folded import FoldedExtractor, convolutions

LEVELS = 256              # of maps
WEIGHT_LEVELS = 255       # of weights: as many below 0 as above
LEAST_RANGE = 1e-9        # what is divided by


def graph(extractor: FeatureExtractor, ranges: Optional[Sequence[Range]], size: int, pooled: bool) -> ov.Model:
    """Return the graph of an extractor: boxes (n, 1, size, size) float32 -> the maps of the four stages.

    ranges: of the maps (see activation_ranges) where 8 bits are wanted, else None. pooled: instead of the maps, the
    mean of every channel of every stage: (n, sum of channels).
    """
    whole, layers = FoldedExtractor(extractor, torch.float32), _Layers(ranges)
    boxes = ops.parameter([-1, 1, size, size], np.float32, name='boxes')
    x = layers.rectified(layers.convolved(layers.rounded(boxes), whole.stem[0]))
    pool = whole.stem[2]
    x = ops.max_pool(x, [pool.stride] * 2, [1, 1], [pool.padding] * 2, [pool.padding] * 2,
                     [pool.kernel_size] * 2).output(0)
    maps = []
    for stage in whole.stages:
        for block in stage:
            x = layers.block(x, block)
        maps.append(x)
    if pooled:
        maps = [ops.concat([ops.reduce_mean(found, ops.constant(np.array([2, 3]))) for found in maps], 1)]
    return ov.Model(maps, [boxes], 'extractor')


class _Layers:
    """Makes the layers of a graph, one after the other in the order in which the ranges were observed."""

    def __init__(self, ranges: Optional[Sequence[Range]]):
        self._ranges = iter(ranges) if ranges else None

    def block(self, x: Output, block: nn.Module) -> Output:
        """Return what a residual block makes of a map."""
        *before, last = convolutions(block)
        y = x
        for layer in before:
            y = self.rectified(self.convolved(y, layer))
        y = self.convolved(y, last)
        self._range()      # of the last map: it is rounded when the other has been added
        if block.downsample is not None:
            x = self.rounded(self.convolved(x, block.downsample))
        return self.rectified(ops.add(y, x))

    def convolved(self, x: Output, layer: nn.Module) -> Output:
        """Return what a convolution makes of a map; its weights are rounded for each of its outputs."""
        values = layer.weight.detach().numpy()
        weight = ops.constant(values)
        if self._ranges:
            top = np.abs(values).max(axis=(1, 2, 3), keepdims=True).clip(LEAST_RANGE)
            weight = _rounded(weight, -top, top, WEIGHT_LEVELS)
        padding, bias = list(layer.padding), layer.bias.detach().numpy().reshape(1, -1, 1, 1)
        return ops.add(ops.convolution(x, weight, list(layer.stride), padding, padding, [1, 1]), ops.constant(bias))

    def rectified(self, x: Output) -> Output:
        """Return a map rectified, and rounded."""
        x, found = ops.relu(x), self._range()
        return _rounded(x, np.zeros(1), np.array([max(found[1], LEAST_RANGE)]), LEVELS) if found else x

    def rounded(self, x: Output) -> Output:
        """Return a map rounded so that 0 stays 0."""
        found = self._range()
        if not found:
            return x
        step = max(found[1] - found[0], LEAST_RANGE) / (LEVELS - 1)
        zero = round(-found[0] / step)
        return _rounded(x, np.array([-zero * step]), np.array([(LEVELS - 1 - zero) * step]), LEVELS)

    def _range(self) -> Optional[Range]:
        return next(self._ranges) if self._ranges else None


def _rounded(x: Output, low: np.ndarray, high: np.ndarray, levels: int) -> Output:
    ends = [ops.constant(end.astype(np.float32).reshape(-1, 1, 1, 1)) for end in (low, high)]
    return ops.fake_quantize(x, *ends, *ends, levels)
