"""Cuts boxes out of a micrograph: antialiased, normalised, reflected at the border, at any pixel size.

The micrograph is resized once, so that a box is about `size` px wide, and normalised with its own robust statistics
at that resolution: the contrast between a box and its micrograph is what tells ice from protein, and the
resolution of the box, not of the camera, is where it has to be measured.
"""
from dataclasses import dataclass
from typing import Iterator, List, Optional, Sequence, Union

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from ..exchange.errors import InputError

INPUT_SIZE = 64                  # px of a box in the network, unless a model says otherwise
FIELDS_OF_VIEW = (1.0, 2.0)      # boxes: what the recipe `default` looks at, and what pretraining learns from
IQR_OF_NORMAL = 1.349      # interquartile range of a normal distribution of s.d. 1
CLIP = 10.0                # in robust s.d.; hot pixels and gold say no more than that
LEAST_BOX = 8.0            # px; a smaller one comes of a wrong pixel size
MAX_SAMPLED_PIXELS = 2 ** 18      # the quartiles of so many are known to a fraction of a per cent


@dataclass(frozen=True)
class Level:
    """A micrograph resized for one field of view: normalised pixels (1, 1, h, w); px of the file per pixel."""
    pixels: Tensor
    step_x: float
    step_y: float


def levels(image: Tensor, box: float, size: int, fields: Sequence[float]) -> List[Level]:
    """Resize and normalise a micrograph (rows, columns) for boxes of `box` px that are to become `size` px.

    One level for each of `fields`, the widths of the field of view in boxes (1: the box alone; 2: twice the box).
    Raises InputError if the box is larger than the micrograph or less than LEAST_BOX.
    """
    rows, columns = image.shape
    if box < LEAST_BOX:
        raise InputError(f'the box of {box:.2g} px is too small to show anything; is the pixel size right?')
    if box > min(rows, columns):
        raise InputError(f'the box of {box:.0f} px is larger than the micrograph of {columns} x {rows} px.')
    return [_level(image, box * field / size) for field in fields]


def crop(level: Level, xy: Tensor, width: float, size: int, angles: Optional[Tensor] = None) -> Tensor:
    """Sample square boxes: (n, 1, size, size) around centres `xy` (n, 2), `width` px wide, both in px of the file.

    `angles` (n,), in radians, turn the sampling grid. Beyond the border the micrograph is reflected.
    """
    offsets = ((torch.arange(size, dtype=torch.float32, device=xy.device) + 0.5) / size - 0.5) * width
    x, y = xy[:, 0, None, None], xy[:, 1, None, None]
    dx, dy = offsets[None, None, :], offsets[None, :, None]
    if angles is None:
        x, y = x + dx, y + dy
    else:
        cos, sin = torch.cos(angles)[:, None, None], torch.sin(angles)[:, None, None]
        x, y = x + cos * dx - sin * dy, y + sin * dx + cos * dy
    h, w = level.pixels.shape[-2:]
    # grid_sample without align_corners: -1 and 1 are the outer edges of the first and last pixel.
    x, y = (x + 0.5) / (level.step_x * w) * 2 - 1, (y + 0.5) / (level.step_y * h) * 2 - 1
    grid = torch.empty(len(xy), size, size, 2, device=xy.device)
    grid[..., 0], grid[..., 1] = x, y
    # As many views of the micrograph as boxes, for the threads of the CPU share the work by views.
    return F.grid_sample(level.pixels.expand(len(xy), -1, -1, -1), grid, mode='bilinear', padding_mode='reflection',
                         align_corners=False)


def batches(image: Union[np.ndarray, Tensor], xy: np.ndarray, box: float, size: int, fields: Sequence[float], most: int,
            device: torch.device) -> Iterator[Tensor]:
    """Yield the boxes (n, fields, size, size) of `box` px around the centres `xy` (all, 2), at most `most` at a time.

    image: an array or a Tensor (rows, columns), float32. The work is done on `device`. Raises InputError if the box
    is larger than the micrograph or less than LEAST_BOX.
    """
    pyramid = levels(torch.as_tensor(image).to(device, non_blocking=True), box, size, fields)
    for centres in torch.from_numpy(xy).to(device).split(most):
        if len(centres):
            yield torch.cat([crop(level, centres, box * field, size) for level, field in zip(pyramid, fields)], dim=1)


def _level(image, step):
    rows, columns = image.shape
    pixels = image[None, None]
    if step > 1:
        shape = max(1, round(rows / step)), max(1, round(columns / step))
        pixels = F.interpolate(pixels, shape, mode='bilinear', antialias=True, align_corners=False)
    h, w = pixels.shape[-2:]
    return Level(_normalise(pixels), columns / w, rows / h)


def _normalise(pixels):
    """Median 0, interquartile range that of a normal distribution of s.d. 1."""
    stride = int(np.ceil(np.sqrt(pixels.numel() / MAX_SAMPLED_PIXELS)))
    sample = pixels[..., ::stride, ::stride].flatten()
    low, median, high = _sorted(sample)[[int(q * (len(sample) - 1)) for q in (0.25, 0.5, 0.75)]]
    spread = (high - low) / IQR_OF_NORMAL
    # It is 0 if more than half of the pixels are equal (a blank border, few grey values).
    spread = torch.where(spread == 0, sample.std(), spread).clamp(min=torch.finfo(torch.float32).tiny)
    return (pixels - median).div_(spread).clamp_(-CLIP, CLIP)


def _sorted(values):
    if values.device.type == 'cpu':      # numpy sorts with the processor's vector instructions, 30 times as fast
        return torch.from_numpy(np.sort(values.numpy()))
    return values.sort().values
