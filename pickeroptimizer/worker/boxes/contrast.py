"""What the grey values of boxes tell: whether their middle is darker or brighter than the rest, and how plain it is."""
import torch
import torch.nn.functional as F
from torch import Tensor

INNER = 0.25      # radius, as a share of the box: within it is the middle of a particle
OUTER = 0.42      # radius beyond which is what surrounds it
CELLS = 16        # across a box, each the mean of its pixels, in which its relief is seen; the noise is not


def contrast(pixels: Tensor, margin: float = 1.0) -> Tensor:
    """Return the mean of the middle less that of the surroundings, of boxes (n, side, side): (n) float32.

    margin: how much wider than a box the pixels are. In robust s.d. of the micrograph, as the pixels are; negative
    where the middle is darker.
    """
    side = pixels.shape[-1]
    offsets = ((torch.arange(side, device=pixels.device) + 0.5) / side - 0.5) * margin
    radius = torch.hypot(offsets[:, None], offsets[None, :])
    inner = (radius < INNER).float()
    outer = ((radius > OUTER) & (offsets.abs()[:, None] < 0.5) & (offsets.abs()[None, :] < 0.5)).float()
    weights = inner / inner.sum() - outer / outer.sum()
    return (pixels.float() * weights).sum(dim=(1, 2))


def relief(pixels: Tensor) -> Tensor:
    """Return how much the middle of boxes (n, side, side) varies: (n) float32, in robust s.d. of the micrograph.

    It is least where nothing is in the box.
    """
    cells = F.adaptive_avg_pool2d(pixels.float(), CELLS)[:, CELLS // 4:-CELLS // 4, CELLS // 4:-CELLS // 4]
    return cells.std(dim=(1, 2))
