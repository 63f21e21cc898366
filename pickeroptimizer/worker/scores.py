"""The table of scores while it grows: micrograph by micrograph, whole at every moment, continued after a kill.

Until it is complete the table lives under a name that carries a digest of everything that the scores depend on. A
later run with the same inputs finds it, keeps its whole micrographs and goes on; one with other inputs starts anew.
"""
import csv
import hashlib
import io
import os
from pathlib import Path
from typing import Iterable, List, Sequence

from .tables import SCORE_COLUMNS as COLUMNS
from .tables import CoordinateRow


class GrowingScores:
    """Appends the rows of one micrograph after the other to a partial table, and renames it when it is complete."""

    def __init__(self, output, inputs: Iterable):
        self.output = Path(output)
        self.partial = self.output.with_name(f'{self.output.name}.{_digest(inputs)}.part')
        for stale in self.output.parent.glob(f'{self.output.name}.*.part'):
            if stale != self.partial:
                stale.unlink()
        self._stream = None

    def resume(self, picks: Sequence[Sequence[CoordinateRow]]) -> List[dict]:
        """Open the table; return the rows (dicts of text) that an earlier run left of the first whole micrographs.

        `picks`: the picks of each micrograph, in the order in which they will be appended. What follows the last
        whole micrograph is cut off.
        """
        kept, length = [], len(_line(COLUMNS))
        if self.partial.exists():
            kept, length = self._whole_micrographs(picks, length)
        self._stream = open(self.partial, 'r+b' if kept else 'wb')
        if not kept:
            self._stream.write(_line(COLUMNS))
        self._stream.truncate(length)
        self._stream.seek(length)
        return kept

    def append(self, rows: Iterable[Sequence]):
        """Add all rows of one micrograph."""
        self._stream.write(b''.join(_line(row) for row in rows))
        self._stream.flush()

    def complete(self):
        """Give the table its final name."""
        os.fsync(self._stream.fileno())
        self.close()
        os.replace(self.partial, self.output)

    def discard(self):
        """Remove the partial table: nothing in it is worth continuing."""
        self.close()
        self.partial.unlink()

    def close(self):
        """Close the file; what is in it stays for a later run."""
        if self._stream:
            self._stream.close()

    def _whole_micrographs(self, picks, length):
        kept = []
        with open(self.partial, 'rb') as stream:
            if stream.readline() != _line(COLUMNS):
                return [], length
            for micrograph in picks:
                rows, size = [], 0
                for pick in micrograph:
                    line = stream.readline()
                    row = next(csv.reader([line.decode('utf-8', 'replace')]), [])
                    if not line.endswith(b'\n') or len(row) != len(COLUMNS) or row[0] != str(pick.coord_id):
                        return kept, length
                    rows.append(dict(zip(COLUMNS, row)))
                    size += len(line)
                kept += rows
                length += size
        return kept, length


def _line(values) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator='\n').writerow(values)
    return text.getvalue().encode('utf-8')


def _digest(paths) -> str:
    total = hashlib.sha256()
    for path in paths:
        with open(path, 'rb') as stream:
            for block in iter(lambda: stream.read(2 ** 20), b''):
                total.update(block)
        total.update(b'\0')
    return total.hexdigest()[:16]
