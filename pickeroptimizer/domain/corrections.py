"""Corrections of a prune run: boxes that a user has given another class. Stored at once, whole or not at all.

Knows nothing of Scipion's protocols. A correction is a worker.tables.CoordinateRow with the id of its pick.
"""
import os

from ..worker.exchange.tables import read_labels, write_labels

CORRECTIONS = 'corrections.csv'


class Corrections:
    """The corrections in a folder. Several windows may show them: each change is made to what the file holds now."""

    def __init__(self, folder):
        self._folder = folder

    def read(self):
        """{coord_id: CoordinateRow}. Raises InputError if the file cannot be read."""
        path = os.path.join(self._folder, CORRECTIONS)
        if not os.path.exists(path):
            return {}
        return {row.coord_id: row for row in read_labels(path) if row.coord_id is not None}

    def change(self, coordId, row):
        """Set the correction of a pick, or take it back (row None); return all of them, as `read` does."""
        rows = self.read()
        if row is None:
            rows.pop(coordId, None)
        else:
            rows[coordId] = row
        write_labels(os.path.join(self._folder, CORRECTIONS), rows.values())
        return rows
