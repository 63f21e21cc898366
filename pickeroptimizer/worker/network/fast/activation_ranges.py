"""The ranges of the maps in a feature extractor: what it takes to round them to 8 bits."""
from typing import List, Tuple

import torch
from torch import Tensor

from ..networks import FeatureExtractor
from .folded import FoldedExtractor, blocks_of, convolutions

Range = Tuple[float, float]

HEADROOM = 1.25      # other boxes go beyond what a few dozen showed; what goes beyond this is cut off


def observe_ranges(extractor: FeatureExtractor, boxes: Tensor) -> List[Range]:
    """Return the ranges of all maps, in the order of openvino_graph, that boxes (n, 1, s, s) lead to."""
    whole = FoldedExtractor(extractor, torch.float32)
    ranges = [_range(boxes)]

    def note(_, inputs, output):
        ranges.append(_range(output))
    whole.stem[0].register_forward_hook(note)
    for block in blocks_of(whole):
        for layer in (*convolutions(block), block.downsample, block):
            if layer is not None:
                layer.register_forward_hook(note)
    with torch.no_grad():
        whole(boxes)
    return ranges


def count_ranges(extractor: FeatureExtractor) -> int:
    """Return how many ranges a graph in 8 bits needs."""
    return 2 + sum(len(convolutions(block)) + (block.downsample is not None) + 1 for block in blocks_of(extractor))


def _range(values: Tensor) -> Range:
    return HEADROOM * min(0.0, float(values.min())), HEADROOM * max(0.0, float(values.max()))
