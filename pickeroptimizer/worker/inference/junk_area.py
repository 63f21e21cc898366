"""Where junk covers an area of a micrograph: what boxes on a grid all over it are, for masks and for distances."""
import math
from typing import NamedTuple, Sequence, Tuple

import numpy as np
import torch
import torch.nn.functional as F

from ..exchange.classes import EMPTY, PARTICLE

BAD_FROM = 0.7      # of the probability of all junk that covers an area together; chosen in docs/masks.md
STEP = 0.5          # boxes between the places of a grid, if nothing else is said


class Grid(NamedTuple):
    """The middles, px, of the equal cells that a micrograph is divided into: of their rows (n) and columns (m)."""
    y: np.ndarray
    x: np.ndarray

    @classmethod
    def over(cls, shape: Tuple[int, int], step: float) -> 'Grid':
        """Return the grid of a micrograph of `shape` (rows, columns) px, of cells of at most `step` px."""
        rows, columns = shape
        return cls(grid_axis(rows, step), grid_axis(columns, step))

    @property
    def xy(self) -> np.ndarray:
        """The middles (n * m, 2), row by row."""
        return np.stack(np.meshgrid(self.x, self.y), axis=-1).reshape(-1, 2)

    def probabilities(self, outside: np.ndarray, numbers: np.ndarray, classes: Sequence[str]) -> np.ndarray:
        """Return the probabilities of the classes in the cells (n, m, classes), float32; 0 where there is no image.

        outside, numbers: of the places `xy`, as prefetch_and_predict gives them.
        """
        found = np.zeros((len(outside), len(classes)), np.float32)
        if len(numbers):
            found[outside == ''] = numbers[:, :len(classes)]
        return found.reshape(len(self.y), len(self.x), len(classes))


def grid_axis(size: int, step: float) -> np.ndarray:
    """Return the middles, px, of the equal cells of at most `step` px that a side of `size` px is divided into."""
    number = math.ceil(size / step)
    return (np.arange(number) + 0.5) * size / number - 0.5


def bad_share(probabilities: np.ndarray, classes: Sequence[str]) -> np.ndarray:
    """Return the probability (...) of junk that covers an area, from those of the classes (..., classes).

    Such junk is all but what is EMPTY, where only nothing is there. Where there is no image, all classes have 0, and
    it is 1.
    """
    good = [number for number, name in enumerate(classes) if name in (PARTICLE, EMPTY)]
    return 1 - probabilities[..., good].sum(axis=-1)


def likeliest_junk(probabilities: np.ndarray, classes: Sequence[str]) -> np.ndarray:
    """Return the number of the likeliest class of junk that covers an area (...), from the probabilities of all."""
    junk = [number for number, name in enumerate(classes) if name not in (PARTICLE, EMPTY)] or [0]
    return np.array(junk)[probabilities[..., junk].argmax(axis=-1)]


def per_pixel(bad: np.ndarray, shape: Tuple[int, int]) -> np.ndarray:
    """Return values (rows, columns) of the cells that an image of `shape` is divided into, interpolated to its px."""
    cells = torch.from_numpy(bad.astype(np.float32))[None, None]
    return F.interpolate(cells, shape, mode='bilinear')[0, 0].numpy()
