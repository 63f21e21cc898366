"""A feature extractor prepared for looking only: the same calculation in fewer and larger steps."""
import copy
from itertools import product
from typing import List

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from ..networks import FeatureExtractor

# On maps of up to so many pixels, in and out, a convolution is quicker as one matrix (measured, docs/speed.md).
MOST_IN, MOST_OUT = 9, 4


class FusedExtractor(nn.Module):
    """A FeatureExtractor for boxes of one size: (n, 1, s, s) -> the feature maps of its stages, in `precision`.

    The normalisations are folded into the convolutions before them. On maps of a few pixels most of a 3x3 kernel lies
    on the padding; there a convolution becomes a matrix of what is left.
    """

    def __init__(self, extractor: FeatureExtractor, size: int, precision: torch.dtype):
        super().__init__()
        self.channels = extractor.channels
        self.stem, self.stages = copy.deepcopy(extractor.stem).eval(), copy.deepcopy(extractor.stages).eval()
        self.stem[0], self.stem[1] = fuse_conv_bn_eval(self.stem[0], self.stem[1]), nn.Identity()
        # The largest of rectified values is the rectified largest, of which there are fewer.
        self.stem[2], self.stem[3] = self.stem[3], self.stem[2]
        blocks = [block for stage in self.stages for block in stage]
        for block in blocks:
            _fold(block)
        with torch.no_grad():
            for block, name, rows, columns in self._small_maps(blocks, size):
                setattr(block, name, MatrixConvolution(getattr(block, name), rows, columns))
        self.to(precision)
        self._precision = precision

    def forward(self, boxes: Tensor) -> List[Tensor]:
        """Boxes (n, 1, s, s) -> the maps of the four stages."""
        maps, x = [], self.stem(boxes.to(self._precision, memory_format=torch.channels_last))
        for stage in self.stages:
            x = stage(x)
            maps.append(x)
        return maps

    def _small_maps(self, blocks, size):
        """[(block, name of a convolution in it, rows, columns of its input)] where a matrix is quicker."""
        found, hooks = [], []
        for block in blocks:
            for name, layer in block.named_children():
                if isinstance(layer, nn.Conv2d) and layer.kernel_size != (1, 1):
                    def note(_, inputs, output, block=block, name=name):
                        rows, columns = inputs[0].shape[2:]
                        if rows * columns <= MOST_IN and output.shape[2] * output.shape[3] <= MOST_OUT:
                            found.append((block, name, rows, columns))
                    hooks.append(layer.register_forward_hook(note))
        x = self.stem(torch.zeros(1, 1, size, size))
        for stage in self.stages:
            x = stage(x)
        for hook in hooks:
            hook.remove()
        return found


class MatrixConvolution(nn.Module):
    """A convolution on maps of one size, as a matrix from all their pixels and channels to all of the result's."""

    def __init__(self, convolution: nn.Conv2d, rows: int, columns: int):
        super().__init__()
        kernel, (down, right), (above, left) = convolution.weight, convolution.stride, convolution.padding
        outputs, inputs, height, width = kernel.shape
        self.shape = ((rows + 2 * above - height) // down + 1, (columns + 2 * left - width) // right + 1, outputs)
        matrix = torch.zeros(*self.shape, rows, columns, inputs)
        for y, x, row, column in product(*map(range, (*self.shape[:2], rows, columns))):
            at = row - y * down + above, column - x * right + left
            if 0 <= at[0] < height and 0 <= at[1] < width:
                matrix[y, x, :, row, column] = kernel[:, :, at[0], at[1]]
        self.register_buffer('weight', matrix.reshape(-1, rows * columns * inputs))
        self.register_buffer('bias', convolution.bias.repeat(self.shape[0] * self.shape[1]))

    def forward(self, maps: Tensor) -> Tensor:
        """Maps (n, channels, rows, columns) -> those of the convolution."""
        # Channels come last in memory: neither reshape copies anything.
        values = F.linear(maps.permute(0, 2, 3, 1).reshape(len(maps), -1), self.weight, self.bias)
        return values.reshape(-1, *self.shape).permute(0, 3, 1, 2)


def _fold(block):
    for number in (1, 2, 3):
        if hasattr(block, f'conv{number}'):
            setattr(block, f'conv{number}', fuse_conv_bn_eval(getattr(block, f'conv{number}'),
                                                              getattr(block, f'bn{number}')))
            setattr(block, f'bn{number}', nn.Identity())
    if block.downsample is not None:
        block.downsample = fuse_conv_bn_eval(*block.downsample)
