"""Picks in the groups in which they are judged: those of one micrograph that stand together in their table."""
import time
from typing import Iterator, List, NamedTuple, Optional

import numpy as np

from .errors import InputError
from .tables import CoordinateTable, MicrographRow, Picks, read_micrographs

POLL = 1.0      # seconds between two looks at what another process may have changed


class Group(NamedTuple):
    """Picks on one micrograph: their ids (n) and centres (n, 2) in px, float64."""
    micrograph: MicrographRow
    ids: np.ndarray
    xy: np.ndarray

    def some(self, which) -> 'Group':
        """Some of its picks: a slice, or their indices."""
        return self._replace(ids=self.ids[which], xy=self.xy[which])


class WholeTables:
    """The groups of tables that are whole from the start, by the first appearance of their micrographs.

    picks, groups: how many there are; micrographs: {mic_id: MicrographRow}. Iterating gives each Group once.
    """

    def __init__(self, micrographs, coordinates):
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

    def __iter__(self) -> Iterator[Optional[Group]]:
        ids, mic_ids, xy = self._columns
        for run in self._runs:
            yield Group(self.micrographs[int(mic_ids[run.start])], ids[run], xy[run])

    @staticmethod
    def pause():
        """Let some time pass before the next look at something."""
        time.sleep(POLL)


def columns(picks: Picks):
    """As arrays: ids (n), ids of the micrographs (n), centres (n, 2)."""
    return (np.array(picks.ids, dtype=np.int64), np.array(picks.mic_ids, dtype=np.int64),
            np.stack((picks.x, picks.y), axis=1))


def by_appearance(picks):
    """Columns (see there) in the order in which their micrographs appear first; within one, as they were."""
    mic_ids = picks[1]
    _, first, which = np.unique(mic_ids, return_index=True, return_inverse=True)
    order = np.argsort(first[which], kind='stable')
    return tuple(column[order] for column in picks)


def runs(mic_ids: np.ndarray) -> List[slice]:
    """Where neighbours (n) are equal."""
    if not len(mic_ids):
        return []
    cuts = [0, *(np.flatnonzero(np.diff(mic_ids)) + 1).tolist(), len(mic_ids)]
    return [slice(start, end) for start, end in zip(cuts, cuts[1:])]


def unknown_micrograph(path, mic_id, coord_id) -> InputError:
    """The error for a pick whose micrograph is in no table."""
    return InputError(f'{path}: no micrograph has the id {mic_id} of the coordinate {coord_id}.')
