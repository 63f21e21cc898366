"""A recogniser prepared for looking only, in the way that is fastest on its device."""
import copy

import torch

from .device import Device
from .folded import FoldedExtractor
from .network import Recogniser


def frozen(recogniser: Recogniser, size: int, device: Device) -> Recogniser:
    """A copy of a recogniser on its device, for boxes of `size` px, that cannot be trained any more.

    The results differ from the original's by what the precision of the device makes of them.
    """
    ready = copy.deepcopy(recogniser).eval()
    if device.eight_bit and ready.extractor.ranges:
        from .eightbit import EightBitExtractor      # it needs parts of torch that others than this one may not have
        ready.extractor = EightBitExtractor(ready.extractor, size)
    else:
        ready.extractor = FoldedExtractor(ready.extractor, size, device.precision)
    return ready.to(device.torch_device, memory_format=torch.channels_last)
