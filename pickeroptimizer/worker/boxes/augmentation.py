"""Changes of boxes: flips and rotations at random, and what cameras and publishers do, for training.

And all eight flips and quarter turns, for a box that is described once.
"""
from typing import List

import torch
import torch.nn.functional as F
from torch import Tensor

SHIFT, ZOOM = 0.05, 0.15      # s.d. of a misplaced centre, in boxes, and of the logarithm of a misjudged size
GROUPS = 8                    # of a batch that are blurred alike
BLURRED, MOST_BLUR = 0.4, 3.0      # share of the groups; px, s.d. of the Gaussian
NOISY, MOST_NOISE = 0.4, 1.2       # share of the boxes; s.d. of noise, in those of the micrograph
COARSE, LEVELS = 0.2, (8, 64)      # share of the boxes; grey values between -4 and 4 s.d.


def augment(pixels: Tensor, size: int, shift: float = 0.0, zoom: float = 0.0) -> Tensor:
    """Flip and turn each box (n, c, side, side) at random and keep its central `size` px; side >= sqrt(2) size.

    shift, zoom: s.d. of the centre, in boxes, and of the logarithm of the size.
    """
    n, side = len(pixels), pixels.shape[-1]
    angle = torch.rand(n) * 2 * torch.pi
    flip = torch.randint(0, 2, (n,)) * 2.0 - 1
    scale = size / side * (torch.exp(zoom * torch.randn(n)) if zoom else torch.ones(n))
    cos, sin = torch.cos(angle) * scale, torch.sin(angle) * scale
    dx, dy = 2 * shift * size / side * torch.randn(2, n) if shift else torch.zeros(2, n)
    turn = torch.stack((torch.stack((cos * flip, -sin, dx), 1), torch.stack((sin * flip, cos, dy), 1)), 1)
    grid = F.affine_grid(turn, (n, pixels.shape[1], size, size), align_corners=False)
    return F.grid_sample(pixels, grid, align_corners=False, padding_mode='reflection')


def degrade(pixels: Tensor) -> Tensor:
    """Blur some of the boxes (n, 1, s, s), add noise to some, and round the grey values of some, at random.

    Their micrograph's s.d. stays about 1, as its normalisation makes it.
    """
    parts = []
    for part in pixels.chunk(GROUPS):
        sigma = float(torch.rand(()) * MOST_BLUR)
        parts.append(_blurred(part, sigma) if torch.rand(()) < BLURRED and sigma > 0.3 else part)
    pixels = torch.cat(parts)
    some = torch.rand(len(pixels), 1, 1, 1)
    strength = torch.rand(len(pixels), 1, 1, 1) * MOST_NOISE * (some < NOISY)
    pixels = (pixels + strength * torch.randn_like(pixels)) / (1 + strength ** 2).sqrt()
    levels = torch.randint(*LEVELS, (len(pixels), 1, 1, 1)) / 8
    return torch.where(torch.rand(len(pixels), 1, 1, 1) < COARSE, (pixels * levels).round() / levels, pixels)


def _blurred(pixels, sigma):
    """Low-passed by a Gaussian of s.d. `sigma` px, and scaled up by some of what that takes from all of them."""
    reach = int(3 * sigma + 0.5)
    kernel = torch.exp(-0.5 * (torch.arange(-reach, reach + 1) / sigma) ** 2)
    kernel = kernel / kernel.sum()
    padded = F.pad(pixels, (reach,) * 4, mode='reflect')
    blurred = F.conv2d(F.conv2d(padded, kernel[None, None, :, None]), kernel[None, None, None, :])
    return blurred * (pixels.std() / blurred.std().clamp(min=1e-3)) ** torch.rand(())


def central(pixels: Tensor, size: int) -> Tensor:
    """Return the central `size` px of boxes (n, c, side, side), sampled as `augment` samples them."""
    turn = torch.eye(2, 3).mul(size / pixels.shape[-1]).expand(len(pixels), 2, 3)
    grid = F.affine_grid(turn, (len(pixels), pixels.shape[1], size, size), align_corners=False)
    return F.grid_sample(pixels, grid, align_corners=False, padding_mode='reflection')


def orientations(pixels: Tensor) -> List[Tensor]:
    """Return the eight flips and quarter turns of square boxes; the first is the box as it is."""
    return [torch.rot90(mirrored, k, (2, 3)) for mirrored in (pixels, pixels.flip(3)) for k in range(4)]
