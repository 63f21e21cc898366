"""How far picks are from junk that covers an area: the whole micrograph is looked at in the same pass as they are."""
from collections import deque
from concurrent.futures import Future
from pathlib import Path
from typing import Callable, Deque, Iterable, Iterator, NamedTuple, Optional, Sequence, Tuple

import numpy as np
from scipy import ndimage

from ..exchange.errors import InputError
from ..exchange.masks import junk_map, write_mrc
from ..exchange.micrograph_reader import read_size
from ..exchange.model_header import ModelHeader
from .junk_area import BAD_FROM, STEP, Grid, bad_share, likeliest_junk, per_pixel
from .predictors import Scorer
from .prefetching import prefetch_and_predict
from .sources import MicrographPicks

MAP = 15      # px of the map of distances across a cell, 1/30 of a box each; odd: the middle of a cell is that of one
KEPT_MAP = 5   # px across a cell of the map that is kept for windows


class Judged(NamedTuple):
    """What was found of the picks of a micrograph.

    outside: why each is, '' where it is not: str (n,); numbers: what a Scorer gives for those that are not (m, classes
    + 2); distances: of these to the nearest junk, Å (m,), inf where there is none.
    """
    outside: np.ndarray
    numbers: np.ndarray
    distances: np.ndarray


class NearJunk:
    """Judges picks, and where it is asked for their distances, a grid all over their micrographs with them."""

    def __init__(self, header: ModelHeader, within: float, folder: Optional[Path] = None):
        """within: the distance, Å, up to which a pick is near junk; 0: no distances are asked for, all are inf.

        folder: for maps of what counts as junk (masks.junk_map), one a micrograph; None: none are kept.
        """
        self.within, self._folder = within, folder
        if folder is not None:
            folder.mkdir(exist_ok=True)
        self._classes, self._box_angstrom = header['classes'], header['box_angstrom']

    def judge(self, groups: Iterable[Optional[MicrographPicks]], scorers: Sequence[Scorer],
              warn: Callable[[str], None]) -> Iterator[Tuple[MicrographPicks, Callable[[], Judged]]]:
        """Yield each group with a function that waits for what was found of it, or raises what that raised.

        groups, warn: as prefetch_and_predict takes them.
        """
        waiting: Deque[Tuple[MicrographPicks, Optional[Grid]]] = deque()

        def places() -> Iterator[Optional[MicrographPicks]]:
            for group in groups:
                if group is None:
                    yield None
                    continue
                grid = self._grid(group)
                waiting.append((group, grid))
                yield group if grid is None else _with_places(group, grid)

        for _, predicted in prefetch_and_predict(places(), scorers, warn):
            group, grid = waiting.popleft()
            yield group, lambda: self._judged(group, grid, predicted)      # noqa: B023 (before the next)

    def is_near(self, distances: np.ndarray) -> np.ndarray:
        """Return which distances (n), Å, are near junk: bool (n)."""
        return distances <= self.within

    def _grid(self, group: MicrographPicks) -> Optional[Grid]:
        if not self.within:
            return None
        row = group.micrograph
        try:
            return Grid.over(read_size(row.path), STEP * self._box_angstrom / row.pixel_size)
        except InputError:      # it is told when the micrograph is read
            return None

    def _judged(self, group: MicrographPicks, grid: Optional[Grid], predicted: Future) -> Judged:
        outside, numbers = predicted.result()
        if grid is None:
            if self.within:
                raise InputError('its size could not be read before, but can be now')
            return Judged(outside, numbers, np.full(len(numbers), np.inf))
        n = len(group.ids)
        of_picks, of_cells = outside[:n], outside[n:]
        m = int((of_picks == '').sum())
        cells = grid.probabilities(of_cells, numbers[m:], self._classes)
        share = np.where(cells.any(axis=-1), bad_share(cells, self._classes), 0)      # a blank border is no junk
        bad, pixel_size = bad_map(share), group.micrograph.pixel_size
        if self._folder is not None:
            _keep(junk_map(self._folder, group.micrograph.mic_id), bad, likeliest_junk(cells, self._classes), grid,
                  pixel_size)
        return Judged(of_picks, numbers[:m], distances(bad, grid, pixel_size, group.xy[of_picks == '']))


def bad_map(share: np.ndarray) -> np.ndarray:
    """Return where junk covers an area, bool (MAP * n, MAP * m), from its probability in the cells (n, m) of a grid.

    Bad is, as in masks, what is interpolated between the cells to BAD_FROM or more.
    """
    return per_pixel(share, (MAP * share.shape[0], MAP * share.shape[1])) >= BAD_FROM


def distances(bad: np.ndarray, grid: Grid, pixel_size: float, xy: np.ndarray) -> np.ndarray:
    """Return how far places (n, 2), px, are from the nearest px of a bad_map, Å (n,): 0 in it, inf where there is none.

    Euclidean distances between the middles of its px.
    """
    shape = bad.shape
    if not bad.any():
        return np.full(len(xy), np.inf)
    steps = [2 * (axis[0] + 0.5) / MAP for axis in grid]      # px of the micrograph for one of the map: y, x
    far = ndimage.distance_transform_edt(~bad, sampling=[pixel_size * step for step in steps])
    row, column = (((xy[:, axis] + 0.5) / step).astype(int).clip(0, size - 1)
                   for axis, step, size in zip((1, 0), steps, shape))
    return far[row, column]


def _keep(path: Path, bad: np.ndarray, kinds: np.ndarray, grid: Grid, pixel_size: float) -> None:
    """Write what is bad, a bad_map, with the kinds of junk (rows, columns) of the cells."""
    every = MAP // KEPT_MAP
    kept = bad[every // 2::every, every // 2::every] * kinds.repeat(KEPT_MAP, axis=0).repeat(KEPT_MAP, axis=1)
    y, x = (2 * (axis[0] + 0.5) / KEPT_MAP * pixel_size for axis in grid)
    write_mrc(path, kept.astype(np.int8), (x, y))


def _with_places(group: MicrographPicks, grid: Grid) -> MicrographPicks:
    """The picks, and the places of a grid after them; ids mean nothing then."""
    xy = np.concatenate((group.xy, grid.xy))
    return MicrographPicks(group.micrograph, np.arange(len(xy)), xy)
