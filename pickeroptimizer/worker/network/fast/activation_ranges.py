"""The ranges of the maps in a feature extractor: what it takes to round them to 8 bits."""
from typing import List, Tuple

import torch
from torch import Tensor, nn

from ..networks import FeatureExtractor
from .fused import FusedExtractor

Range = Tuple[float, float]

HEADROOM = 1.25      # other boxes go beyond what a few dozen showed; what goes beyond this is cut off


def observe_ranges(extractor: FeatureExtractor, boxes: Tensor) -> List[Range]:
    """Return the ranges of all maps, in the order of QuantisedExtractor, that boxes (n, 1, s, s) lead to."""
    whole = FusedExtractor(extractor, boxes.shape[-1], torch.float32)
    ranges = [_range(boxes)]

    def note(_, inputs, output):
        ranges.append(_range(output))
    whole.stem[0].register_forward_hook(note)
    for block in (block for stage in whole.stages for block in stage):
        for layer in (*convolutions(block), block.downsample, block):
            if layer is not None:
                layer.register_forward_hook(note)
    with torch.no_grad():
        whole(boxes)
    return ranges


def count_ranges(extractor: FeatureExtractor) -> int:
    """Return how many ranges QuantisedExtractor needs."""
    return 2 + sum(len(convolutions(block)) + (block.downsample is not None) + 1
                   for stage in extractor.stages for block in stage)


def convolutions(block: nn.Module) -> List[nn.Module]:
    """Return the convolutions of a torchvision block, in their order, without that of its shortcut."""
    return [layer for name, layer in block.named_children() if name.startswith('conv')]


def _range(values: Tensor) -> Range:
    return HEADROOM * min(0.0, float(values.min())), HEADROOM * max(0.0, float(values.max()))
