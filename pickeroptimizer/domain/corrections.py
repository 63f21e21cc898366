"""Corrections of a prune run: picks that a user has given another class. Stored at once, whole or not at all.

A correction is a tables.CoordinateRow with the id of its pick.
"""
import os
import time
from contextlib import contextmanager
from typing import IO, Dict, Iterator, List, Mapping, Optional, Sequence

import numpy as np

from ..worker.exchange.errors import InputError
from ..worker.exchange.files import PathLike
from ..worker.exchange.locks import LocksUnavailable, try_lock
from ..worker.exchange.tables import CoordinateRow, read_labels, write_labels

CORRECTIONS = 'corrections.csv'

PATIENCE_S, POLL_S = 5.0, 0.01      # a change by another window takes some milliseconds


class Corrections:
    """The corrections in a folder.

    Several windows, and programs, may show them: each change is made to what the file holds then, one after another.
    """

    def __init__(self, folder: PathLike):
        self._path = os.path.join(folder, CORRECTIONS)

    def read(self) -> Dict[int, CoordinateRow]:
        """Return {coord_id: CoordinateRow}. Raises InputError if the file cannot be read."""
        if not os.path.exists(self._path):
            return {}
        return {row.coord_id: row for row in read_labels(self._path) if row.coord_id is not None}

    def change(self, changes: Mapping[int, Optional[CoordinateRow]]) -> Dict[int, CoordinateRow]:
        """Set corrections of picks, {coord_id: CoordinateRow, or None to take it back}, all of them or none.

        Returns all that there are then, as `read` does.

        Raises InputError if the file cannot be read, or others do not let go of it.
        """
        with self._alone():
            rows = self.read()
            rows.update({coordId: row for coordId, row in changes.items() if row is not None})
            for coordId in [coordId for coordId, row in changes.items() if row is None]:
                rows.pop(coordId, None)
            write_labels(self._path, rows.values())
        return rows

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Hold the lock of the file; where there are no locks, work as if alone."""
        end = time.monotonic() + PATIENCE_S
        with open(f'{self._path}.lock', 'a', encoding='utf-8') as lock:
            while not _locked(lock):
                if time.monotonic() > end:
                    raise InputError(f'{self._path}: another program holds the corrections: try again when it is done.')
                time.sleep(POLL_S)
            yield


def _locked(lock: IO) -> bool:
    try:
        return try_lock(lock)
    except LocksUnavailable:
        return True


def onPicks(corrections: Dict[int, CoordinateRow], ids: np.ndarray, micIds: np.ndarray, x: np.ndarray, y: np.ndarray
            ) -> Dict[int, CoordinateRow]:
    """Return those corrections, {coord_id: CoordinateRow}, whose picks are still there, and at their places.

    ids, micIds, x, y: of the picks, (n,), by growing id.
    """
    found = {}
    for coordId, row in corrections.items():
        place = int(np.searchsorted(ids, coordId))
        if place < len(ids) and ids[place] == coordId and \
                (micIds[place], x[place], y[place]) == (row.mic_id, row.x, row.y):
            found[coordId] = row
    return found


def corrected(labels: Sequence[CoordinateRow], corrections: Sequence[CoordinateRow], near: float
              ) -> List[CoordinateRow]:
    """Return the labels with the corrections behind them, less those labels that a correction takes the place of.

    Both are in px of the same micrographs. near: px in x and in y, below which they are of the same box.
    """
    return [row for row in labels if not any(_isAt(row, other, near) for other in corrections)] + list(corrections)


def _isAt(row: CoordinateRow, other: CoordinateRow, near: float) -> bool:
    return row.mic_id == other.mic_id and abs(row.x - other.x) < near and abs(row.y - other.y) < near
