"""Flips and rotations of boxes: at random for training, all eight for a box that is described once."""
from typing import List

import torch
import torch.nn.functional as F
from torch import Tensor


def augment(pixels: Tensor, size: int) -> Tensor:
    """Flip and turn each box (n, c, side, side) at random and keep its central `size` px; side >= sqrt(2) size."""
    n, side = len(pixels), pixels.shape[-1]
    angle = torch.rand(n) * 2 * torch.pi
    flip = torch.randint(0, 2, (n,)) * 2.0 - 1
    cos, sin = torch.cos(angle) * size / side, torch.sin(angle) * size / side
    zero = torch.zeros(n)
    turn = torch.stack((torch.stack((cos * flip, -sin, zero), 1), torch.stack((sin * flip, cos, zero), 1)), 1)
    grid = F.affine_grid(turn, (n, pixels.shape[1], size, size), align_corners=False)
    return F.grid_sample(pixels, grid, align_corners=False, padding_mode='reflection')


def central(pixels: Tensor, size: int) -> Tensor:
    """Return the central `size` px of boxes (n, c, side, side), sampled as `augment` samples them."""
    turn = torch.eye(2, 3).mul(size / pixels.shape[-1]).expand(len(pixels), 2, 3)
    grid = F.affine_grid(turn, (len(pixels), pixels.shape[1], size, size), align_corners=False)
    return F.grid_sample(pixels, grid, align_corners=False, padding_mode='reflection')


def orientations(pixels: Tensor) -> List[Tensor]:
    """Return the eight flips and quarter turns of square boxes; the first is the box as it is."""
    return [torch.rot90(mirrored, k, (2, 3)) for mirrored in (pixels, pixels.flip(3)) for k in range(4)]
