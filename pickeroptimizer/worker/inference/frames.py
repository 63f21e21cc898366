"""Frames: whether picks fit their micrographs better if their positions mean something else.

Programs count px of another binning, or Å; from the bottom; columns first; or name the corner of a box.
"""
from typing import Callable, Dict, List, NamedTuple, Optional, Sequence

import numpy as np

from ..exchange.borders import inside
from ..exchange.errors import InputError
from ..exchange.micrograph_reader import read_micrograph
from .predictors import Scorer
from .sources import MicrographPicks

MICROGRAPHS, PICKS = 3, 20      # that are looked at, and picks on each
DOUBTFUL_OUTSIDE = 0.1          # share of the picks off their micrograph from which on other frames are tried
DOUBTFUL_PARTICLES = 0.6        # mean particle probability below which they are
CLEARLY = 0.2                   # by how much the mean particle probability has to rise
BESIDE = ((1, 0), (-1, 0), (0, 1), (0, -1))      # boxes from a pick, where what fits should not be


class Place(NamedTuple):
    """Where picks lie: rows and columns of the micrograph, its pixel size in Å/px, and the box in px."""
    rows: int
    columns: int
    pixel_size: float
    box: float


# Positions (n, 2) and where they are -> positions.
Frame = Callable[[np.ndarray, Place], np.ndarray]

# What positions may mean -> where they are then.
FRAMES: Dict[str, Frame] = {
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
    'on micrographs turned clockwise by 90°': lambda xy, at: np.stack((xy[:, 1], at.rows - 1 - xy[:, 0]), axis=1),
    'on micrographs turned anticlockwise by 90°':
        lambda xy, at: np.stack((at.columns - 1 - xy[:, 1], xy[:, 0]), axis=1),
    'the upper left corners of boxes (add half a box)': lambda xy, at: xy + at.box / 2,
    'the lower left corners of boxes, row 0 at the bottom (as EMAN has them)':
        lambda xy, at: np.stack((xy[:, 0] + at.box / 2, at.rows - 1 - at.box / 2 - xy[:, 1]), axis=1)}
AS_THEY_ARE = next(iter(FRAMES))


class FrameSample:
    """Keeps some of the picks of a run, from its first micrographs, for `better_frame`."""

    def __init__(self) -> None:
        self._picks: Dict[int, MicrographPicks] = {}

    @property
    def groups(self) -> List[MicrographPicks]:
        """The picks, micrograph by micrograph."""
        return list(self._picks.values())

    def see(self, group: MicrographPicks) -> None:
        """Take some picks of a group, if there is room."""
        mic_id = group.micrograph.mic_id
        if not len(group.ids) or (mic_id not in self._picks and len(self._picks) == MICROGRAPHS):
            return
        held = self._picks.get(mic_id, group.some(slice(0)))
        room = PICKS - len(held.ids)
        if room:
            some = group.some(slice(None, None, max(1, len(group.ids) // room))).some(slice(room))
            self._picks[mic_id] = some._replace(ids=np.concatenate((held.ids, some.ids)),
                                                xy=np.concatenate((held.xy, some.xy)))


def better_frame(groups: Sequence[MicrographPicks], scorer: Scorer) -> Optional[str]:
    """Return the key of FRAMES under which the picks are clearly more probably particles; None if there is none.

    They must be so than as they are, for that is doubted; and than what lies beside them then, for whole regions have
    more particles than others, and picks of junk leave it whatever their positions mean.
    """
    means = dict(zip(FRAMES, _particles(groups, scorer, list(FRAMES.values()))))
    best = max(means, key=lambda name: means[name])
    if means[best] - means[AS_THEY_ARE] < CLEARLY:
        return None
    beside = _particles(groups, scorer, [_beside(FRAMES[best], *offset) for offset in BESIDE])
    return best if means[best] - beside.mean() >= CLEARLY else None


def _beside(frame: Frame, x: float, y: float) -> Frame:
    return lambda xy, at: frame(xy, at) + at.box * np.array((x, y))


def _particles(groups: Sequence[MicrographPicks], scorer: Scorer, frames: Sequence[Frame]) -> np.ndarray:
    """The mean particle probability of the picks in each of the frames; off the micrograph it is 0."""
    totals, picks = np.zeros(len(frames)), 0
    for group in groups:
        pixel_size = group.micrograph.pixel_size
        try:
            image = read_micrograph(group.micrograph.path)
            rows, columns = image.shape
            at = Place(rows, columns, pixel_size, scorer.box_angstrom / pixel_size)
            xy = np.stack([frame(group.xy, at) for frame in frames])
            on_it = inside(xy.reshape(-1, 2), rows, columns)
            found = np.zeros(on_it.shape)
            found[on_it] = scorer(image, pixel_size, xy.reshape(-1, 2)[on_it])[:, 0] if on_it.any() else 0
        except InputError:      # it was told when the micrograph was scored
            continue
        totals += found.reshape(len(frames), -1).sum(axis=1)
        picks += len(group.ids)
    return totals / max(picks, 1)
