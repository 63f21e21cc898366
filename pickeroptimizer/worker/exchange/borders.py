"""Finds what is no image at the border of a micrograph: bands that are blank, or that repeat the line beside them.

Motion correction, padding and filtering leave them along whole sides. Neighbouring lines differ little or not at all
there; lines of an image never do, however few grey values it has, as its noise is in all of them.
"""
from typing import NamedTuple, Tuple

import numpy as np

from .tables import IN_BORDER, OFF_MICROGRAPH

REPEATED = 0.1       # of the median change from line to line: less is no image; lossy compression leaves a little
RISEN = 0.5          # of it: where a border ends that a filter has blurred
NARROW = 1 / 8       # of a box: narrower bands leave its middle half, where the particle is, mostly image
GROUPS, GROUP = 16, 8      # groups of neighbouring pixels, spread over a line, and pixels of each that are looked at


class Borders(NamedTuple):
    """Widths in px of the bands along the four sides that are no image, in a micrograph of `rows` x `columns` px."""
    rows: int
    columns: int
    left: int
    right: int
    top: int
    bottom: int

    def hold(self, xy: np.ndarray, box: float) -> np.ndarray:
        """Return whether the middle of boxes of `box` px around centres (n, 2) lies mostly in a band: bool (n,).

        That is where the centre does, but for bands that are NARROW for the box.
        """
        left, right, top, bottom = (width if width > NARROW * box else 0 for width in self[2:])
        return ((xy[:, 0] < left - 0.5) | (xy[:, 0] > self.columns - right - 0.5)
                | (xy[:, 1] < top - 0.5) | (xy[:, 1] > self.rows - bottom - 0.5))


def why_outside(image: np.ndarray, xy: np.ndarray, box: float) -> np.ndarray:
    """Return why boxes of `box` px around centres (n, 2) show nothing of a micrograph (rows, columns): str (n,).

    OFF_MICROGRAPH or IN_BORDER; '' for those that can be judged.
    """
    return np.where(inside(xy, *image.shape), np.where(find_borders(image).hold(xy, box), IN_BORDER, ''),
                    OFF_MICROGRAPH)


def inside(xy: np.ndarray, rows: int, columns: int) -> np.ndarray:
    """Return whether centres (n, 2) in px lie on the micrograph: bool (n,)."""
    return (xy[:, 0] > -0.5) & (xy[:, 0] < columns - 0.5) & (xy[:, 1] > -0.5) & (xy[:, 1] < rows - 0.5)


def find_borders(image: np.ndarray) -> Borders:
    """Find the bands of a micrograph (rows, columns) that are blank or repeat a line."""
    rows, columns = image.shape
    left, right = _widths(image.T)
    top, bottom = _widths(image)
    return Borders(rows, columns, left, right, top, bottom)


def _widths(image: np.ndarray) -> Tuple[int, int]:
    """Widths of the bands of rows at the top and at the bottom."""
    columns = image.shape[1]
    starts = np.linspace(0, columns - GROUP, GROUPS).astype(int) if columns > GROUPS * GROUP else [0]
    width = GROUP if len(starts) > 1 else columns
    lines = np.concatenate([image[:, start:start + width] for start in starts], axis=1)
    change = np.abs(np.diff(lines, axis=0)).mean(axis=1)
    return _width(change), _width(change[::-1])


def _width(change: np.ndarray) -> int:
    """How many of the first lines are no image, given the mean change (n - 1,) from each to the next."""
    changes = change[change > 0]      # more than half of the lines may be blank
    if not len(changes):
        return 0
    typical = np.median(changes)
    steps = np.diff((change < REPEATED * typical).astype(np.int8), prepend=0, append=0)
    starts, ends = np.flatnonzero(steps == 1), np.flatnonzero(steps == -1)
    # Filters wrap around: outside the band, at the very border, they may leave a strip of what is opposite.
    # A band that lies nearer to the other side is of that one, however wide it is: what is on this side of it is image.
    ends = ends[(starts <= ends - starts) & (starts + ends <= len(change))]
    if not len(ends):
        return 0
    width = int(ends[-1])
    while width < len(change) and change[width - 1] < change[width] < RISEN * typical:
        width += 1
    return width
