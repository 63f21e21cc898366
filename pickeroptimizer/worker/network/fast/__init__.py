"""Fast inference: a recogniser prepared for prediction alone, in the way that is fastest on its device.

On a CPU OpenVINO runs the extractor (compiled, openvino_graph), in 8-bit integers where the ranges of its maps are
known (activation_ranges). On a GPU torch does, with the normalisations folded into the convolutions (folded).
"""
import copy

import torch

from ..device import Device
from ..networks import Recogniser
from .folded import FoldedExtractor


def for_inference(recogniser: Recogniser, size: int, device: Device) -> Recogniser:
    """Return a copy of a recogniser on its device, for boxes of `size` px, that cannot be trained any more.

    The results differ from the original's by what the precision of the device makes of them.
    """
    ready = copy.deepcopy(recogniser).eval()
    if device.compiled:
        from .compiled import CompiledExtractor  # not everybody has OpenVINO
        ready.extractor = CompiledExtractor(ready.extractor, size, device.precision)
    else:
        ready.extractor = FoldedExtractor(ready.extractor, device.precision)
    return ready.to(device.torch_device, memory_format=torch.channels_last)
