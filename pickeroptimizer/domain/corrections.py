"""Corrections of a prune run: picks that a user has given another class. Stored at once, whole or not at all.

A correction is a tables.CoordinateRow with the id of its pick.
"""
import os
from typing import Dict, List, Optional, Sequence

from ..worker.exchange.files import PathLike
from ..worker.exchange.tables import CoordinateRow, read_labels, write_labels

CORRECTIONS = 'corrections.csv'


class Corrections:
    """The corrections in a folder. Several windows may show them: each change is made to what the file holds now."""

    def __init__(self, folder: PathLike):
        self._path = os.path.join(folder, CORRECTIONS)

    def read(self) -> Dict[int, CoordinateRow]:
        """Return {coord_id: CoordinateRow}. Raises InputError if the file cannot be read."""
        if not os.path.exists(self._path):
            return {}
        return {row.coord_id: row for row in read_labels(self._path) if row.coord_id is not None}

    def change(self, coordId: int, row: Optional[CoordinateRow]) -> Dict[int, CoordinateRow]:
        """Set the correction of a pick, or take it back (row None); return all of them, as `read` does.

        Raises InputError if the file cannot be read.
        """
        rows = self.read()
        if row is None:
            rows.pop(coordId, None)
        else:
            rows[coordId] = row
        write_labels(self._path, rows.values())
        return rows


def corrected(labels: Sequence[CoordinateRow], corrections: Sequence[CoordinateRow], near: float
              ) -> List[CoordinateRow]:
    """Return the labels with the corrections behind them, less those labels that a correction takes the place of.

    Both are in px of the same micrographs. near: px in x and in y, below which they are of the same box.
    """
    return [row for row in labels if not any(_isAt(row, other, near) for other in corrections)] + list(corrections)


def _isAt(row: CoordinateRow, other: CoordinateRow, near: float) -> bool:
    return row.mic_id == other.mic_id and abs(row.x - other.x) < near and abs(row.y - other.y) < near
