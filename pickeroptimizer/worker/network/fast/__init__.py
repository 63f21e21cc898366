"""Fast inference: a recogniser prepared for prediction alone, in the way that is fastest on its device.

fused: normalisations folded into convolutions. quantised: 8-bit integers, where the processor has instructions for
them; activation_ranges: what that takes.
"""
import copy

import torch

from ..device import Device
from ..networks import Recogniser
from .fused import FusedExtractor


def for_inference(recogniser: Recogniser, size: int, device: Device) -> Recogniser:
    """Return a copy of a recogniser on its device, for boxes of `size` px, that cannot be trained any more.

    The results differ from the original's by what the precision of the device makes of them.
    """
    ready = copy.deepcopy(recogniser).eval()
    if device.eight_bit and ready.extractor.ranges:
        from .quantised import QuantisedExtractor  # it needs parts of torch that others than this one may not have
        ready.extractor = QuantisedExtractor(ready.extractor, size)
    else:
        ready.extractor = FusedExtractor(ready.extractor, size, device.precision)
    return ready.to(device.torch_device, memory_format=torch.channels_last)
