"""Sources of picks: tables, whose rows are judged in groups, those of one micrograph that stand together."""
from typing import Iterable, Iterator, List, NamedTuple, Optional, Protocol, Sequence, Tuple, Union

import numpy as np

from ..exchange.errors import InputError
from ..exchange.files import PathLike
from ..exchange.tables import CoordinateTable, MicrographRow, PickColumns, read_micrographs

PickArrays = Tuple[np.ndarray, np.ndarray, np.ndarray]      # ids (n), ids of the micrographs (n), centres (n, 2)


class MicrographPicks(NamedTuple):
    """Picks on one micrograph: their ids (n) and centres (n, 2) in px, float64."""
    micrograph: MicrographRow
    ids: np.ndarray
    xy: np.ndarray

    def some(self, which: Union[slice, Sequence[int], np.ndarray]) -> 'MicrographPicks':
        """Only some of the picks: a slice, or their indices."""
        return self._replace(ids=self.ids[which], xy=self.xy[which])


class PickSource(Protocol):
    """Where picks to be judged come from; iterating gives each group once.

    None among the groups stands for a moment in which there is nothing to do.
    """

    @property
    def picks(self) -> int:
        """How many picks there are, as far as is known."""

    def __iter__(self) -> Iterator[Optional[MicrographPicks]]:
        """Yield the groups, in the order in which their scores are to be written."""


class WholeTables:
    """The groups of tables that are whole from the start, by the first appearance of their micrographs.

    A PickSource. picks, groups: how many there are; micrographs: {mic_id: MicrographRow}.
    """

    def __init__(self, micrographs: PathLike, coordinates: PathLike):
        """Read two tables. Raises InputError if one is wrong, has no rows, or lacks a pick's micrograph."""
        self.micrographs = read_micrographs(micrographs)
        self._columns = by_appearance(columns(CoordinateTable(coordinates).read()))
        ids, mic_ids, _ = self._columns
        if not len(ids):
            raise InputError(f'{coordinates}: no coordinates; there is nothing to look at.')
        self._runs = runs(mic_ids)
        for run in self._runs:
            if int(mic_ids[run.start]) not in self.micrographs:
                raise unknown_micrograph(coordinates, mic_ids[run.start], ids[run.start])
        self.picks, self.groups = len(ids), len(self._runs)

    def __iter__(self) -> Iterator[MicrographPicks]:
        """Yield each group once."""
        ids, mic_ids, xy = self._columns
        for run in self._runs:
            yield MicrographPicks(self.micrographs[int(mic_ids[run.start])], ids[run], xy[run])


def some_rows(groups: Iterable[Optional[MicrographPicks]], rows: range) -> Iterator[Optional[MicrographPicks]]:
    """Yield of the groups the picks in these rows, counted over all groups; end when these have been given."""
    first = 0
    for group in groups:
        if group is None:
            yield None
            continue
        start, stop = max(rows.start - first, 0), min(rows.stop - first, len(group.ids))
        if start < stop:
            yield group.some(slice(start, stop))
        first += len(group.ids)
        if first >= rows.stop:
            return


def columns(picks: PickColumns) -> PickArrays:
    """Convert columns of a table to arrays: ids (n), ids of the micrographs (n), centres (n, 2)."""
    return (np.array(picks.ids, dtype=np.int64), np.array(picks.mic_ids, dtype=np.int64),
            np.stack((picks.x, picks.y), axis=1))


def by_appearance(picks: PickArrays) -> PickArrays:
    """Sort columns (see there) into the order in which their micrographs appear first; within one, as they were."""
    mic_ids = picks[1]
    _, first, which = np.unique(mic_ids, return_index=True, return_inverse=True)
    order = np.argsort(first[which], kind='stable')
    ids, mic_ids, xy = picks
    return ids[order], mic_ids[order], xy[order]


def runs(mic_ids: np.ndarray) -> List[slice]:
    """Return the slices in which neighbours (n) are equal."""
    if not len(mic_ids):
        return []
    cuts = [0, *(np.flatnonzero(np.diff(mic_ids)) + 1).tolist(), len(mic_ids)]
    return [slice(start, end) for start, end in zip(cuts, cuts[1:])]


def unknown_micrograph(path: PathLike, mic_id: int, coord_id: int) -> InputError:
    """Return the error for a pick whose micrograph is in no table."""
    return InputError(f'{path}: no micrograph has the id {mic_id} of the coordinate {coord_id}.')
