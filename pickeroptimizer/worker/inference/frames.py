"""Frames: whether picks fit their micrographs better if their positions mean something else.

Programs count px of another binning, or Å; from the bottom; columns first; or name the corner of a box.
"""
from typing import Callable, Dict, List, NamedTuple, Optional, Sequence

import numpy as np

from ..boxes import cropping
from ..exchange.errors import InputError
from ..exchange.micrograph_reader import read_micrograph
from .predictors import Scorer
from .sources import MicrographPicks

MICROGRAPHS, PICKS = 3, 20      # that are looked at, and picks on each
DOUBTFUL_OUTSIDE = 0.1          # share of the picks off their micrograph from which on other frames are tried
DOUBTFUL_PARTICLES = 0.6        # mean particle probability below which they are
CLEARLY = 0.25                  # by how much the mean particle probability has to rise


class Place(NamedTuple):
    """Where picks lie: rows and columns of the micrograph, its pixel size in Å/px, and the box in px."""
    rows: int
    columns: int
    pixel_size: float
    box: float


# Positions (n, 2) and where they are -> positions if they mean what the key says.
FRAMES: Dict[str, Callable[[np.ndarray, Place], np.ndarray]] = {
    'as they are': lambda xy, at: xy,
    'in px of micrographs twice as large (divide them by 2)': lambda xy, at: xy / 2,
    'in px of micrographs four times as large (divide them by 4)': lambda xy, at: xy / 4,
    'in px of micrographs half as large (multiply them by 2)': lambda xy, at: xy * 2,
    'in px of micrographs a quarter as large (multiply them by 4)': lambda xy, at: xy * 4,
    'in Å (divide them by the pixel size)': lambda xy, at: xy / at.pixel_size,
    'upside down (row 0 at the bottom)': lambda xy, at: np.stack((xy[:, 0], at.rows - 1 - xy[:, 1]), axis=1),
    'mirrored (column 0 at the right)': lambda xy, at: np.stack((at.columns - 1 - xy[:, 0], xy[:, 1]), axis=1),
    'turned by 180°': lambda xy, at: np.array((at.columns - 1, at.rows - 1)) - xy,
    'transposed (x and y exchanged)': lambda xy, at: xy[:, ::-1],
    'the upper left corners of boxes (add half a box)': lambda xy, at: xy + at.box / 2}
AS_THEY_ARE = next(iter(FRAMES))


class FrameSample:
    """Keeps some of the picks of a run, from its first micrographs, for `better_frame`."""

    def __init__(self) -> None:
        self.groups: List[MicrographPicks] = []

    def see(self, group: MicrographPicks) -> None:
        """Take some picks of a group, if there is room."""
        if len(self.groups) < MICROGRAPHS and len(group.ids):
            step = max(1, len(group.ids) // PICKS)
            self.groups.append(group.some(slice(0, step * PICKS, step)))


def better_frame(groups: Sequence[MicrographPicks], scorer: Scorer) -> Optional[str]:
    """Return the key of FRAMES under which the picks are clearly more probably particles; None if there is none."""
    totals = dict.fromkeys(FRAMES, 0.0)
    picks = 0
    for group in groups:
        try:
            image = read_micrograph(group.micrograph.path)
            found = {name: _particles(scorer, image, group, frame) for name, frame in FRAMES.items()}
        except InputError:      # it was told when the micrograph was scored
            continue
        picks += len(group.ids)
        for name, total in found.items():
            totals[name] += total
    best = max(totals, key=lambda name: totals[name])
    clearly = picks > 0 and totals[best] - totals[AS_THEY_ARE] > CLEARLY * picks
    return best if clearly else None


def _particles(scorer: Scorer, image: np.ndarray, group: MicrographPicks,
               frame: Callable[[np.ndarray, Place], np.ndarray]) -> float:
    """The sum of the particle probabilities; a pick off the micrograph has none."""
    rows, columns = image.shape
    pixel_size = group.micrograph.pixel_size
    xy = frame(group.xy, Place(rows, columns, pixel_size, scorer.box_angstrom / pixel_size))
    xy = xy[cropping.inside(xy, rows, columns)]
    return float(scorer(image, pixel_size, xy)[:, 0].sum()) if len(xy) else 0.0
