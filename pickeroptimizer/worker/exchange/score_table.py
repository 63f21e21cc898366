"""The table of scores while it grows: whole rows at every moment, continued after a kill.

Until it is complete the table lives under a name that carries a digest of what the scores depend on, and the run that
writes it holds a lock on it. A later run with the same digest finds it, keeps its rows and goes on; one with another
digest removes it and starts anew.
"""
import csv
import hashlib
import io
import math
import os
from pathlib import Path
from types import MappingProxyType
from typing import IO, Callable, Dict, Iterable, List, Mapping, Optional, Sequence, Tuple, Union

from .files import PathLike, replacing
from .locks import LocksUnavailable, wait_for_lock
from .signals import AS_IS
from .tables import NEAR_JUNK, OUTSIDE, SCORED, UNREADABLE, score_columns


class GrowingScores:
    """Appends rows to a partial table, and renames it when it is complete."""

    def __init__(self, output: PathLike, inputs: Iterable[PathLike], log: Callable[[str], None],
                 still_wanted: Callable[[], None] = lambda: None, contrast: str = AS_IS,
                 box_angstrom: Optional[float] = None, rows: Optional[range] = None, junk_distance: float = 0.0):
        """output: the path of the complete table.

        inputs: the files on which the scores depend, as far as they are whole from the start. still_wanted: called
        again and again while another run writes the table and is waited for; it may raise to give up. contrast: one of
        signals.CONTRASTS, on which the scores depend, too; so do they on the box in Å that a general model is given.
        rows: of the picks, where not all are scored. junk_distance: Å, within which of junk picks are rejected.
        """
        self.output, self._log, self._still_wanted = Path(output), log, still_wanted
        key = digest(inputs, contrast, box_angstrom, rows, junk_distance)
        self.partial = self.output.with_name(f'{self.output.name}.{key}.part')
        self._stream: IO[bytes] = io.BytesIO()      # until `open`
        self._columns: Tuple[str, ...] = ()         # until then, too
        self._length = 0           # of what is known to be whole
        self._resuming = True      # as long as the rows of an earlier run have not come to their end

    def open(self, classes: Sequence[str]) -> None:
        """Take the table, when no other run writes it any more. Raises what `still_wanted` raises.

        classes: of which there are probabilities.
        """
        self._columns = score_columns(classes)
        for other in self.output.parent.glob(f'{self.output.name}.*.part'):
            if other != self.partial:
                self._remove(other)
        earlier = _identity(self.output)
        while True:
            # Somebody else's link in its place is not followed.
            self._stream = open(os.open(self.partial, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o666), 'r+b')
            self._lock()
            if self._is_at(self.partial):
                break
            self._stream.close()
            if _identity(self.output) not in (None, earlier):      # the run that was waited for has completed it
                os.replace(self.output, self.partial)
        header = _line(self._columns)
        if self._stream.readline() != header:
            self._stream.seek(0)
            self._stream.truncate()
            self._stream.write(header)
            self._stream.flush()
        self._length = len(header)

    def take(self, ids: Sequence[int]) -> List[Dict[str, str]]:
        """Return the rows, as text, that an earlier run has left of the next picks: of `ids`, or the first of them.

        Where they end, or are of other picks, or damaged, the table is cut off, and there are none from then on.
        """
        kept: List[Dict[str, str]] = []
        while self._resuming and len(kept) < len(ids):
            line = self._stream.readline()
            row = _whole_row(line, ids[len(kept)], self._columns)
            if row is None:
                self._cut()
                break
            kept.append(row)
            self._length += len(line)
        return kept

    def append(self, rows: Iterable[Sequence]) -> None:
        """Add the rows of the next picks."""
        self._stream.write(b''.join(_line(row) for row in rows))
        self._stream.flush()

    def complete(self, amended: Mapping[int, Sequence] = MappingProxyType({})) -> None:
        """Give the table its final name. amended: {coord_id: row} of rows that take the place of earlier ones."""
        if self._resuming:
            self._cut()
        if amended:
            self._write_amended(amended)
            self.partial.unlink()
        else:
            os.fsync(self._stream.fileno())
            os.replace(self.partial, self.output)
        self.close()

    def discard(self) -> None:
        """Remove the partial table: nothing in it is worth continuing."""
        self.partial.unlink()
        self.close()

    def close(self) -> None:
        """Close the file, which gives the lock back; what is in it stays for a later run."""
        self._stream.close()

    def _write_amended(self, rows: Mapping[int, Sequence]) -> None:
        self._stream.seek(0)
        with replacing(self.output, 'wb') as stream:
            stream.write(self._stream.readline())
            for line in self._stream:
                row = rows.get(int(line.partition(b',')[0]))
                stream.write(line if row is None else _line(row))
            stream.flush()
            os.fsync(stream.fileno())

    def _cut(self) -> None:
        self._resuming = False
        self._stream.seek(self._length)
        self._stream.truncate()

    def _remove(self, other: Path) -> None:
        """Remove a partial table of other inputs, when no run writes it any more."""
        try:
            self._stream = open(other, 'r+b')
        except FileNotFoundError:
            return
        with self._stream:
            self._lock()
            other.unlink(missing_ok=True)

    def _lock(self) -> None:
        try:
            wait_for_lock(self._stream, lambda: self._log(f'waiting for the end of another run that writes '
                                                          f'{self.output}'), self._still_wanted)
        except LocksUnavailable as error:
            self._log(f'warning: {self.output.parent} cannot be locked ({error}); take care that no two runs write '
                      f'{self.output.name} at once')

    def _is_at(self, path: Path) -> bool:
        return _identity(path) == _identity(self._stream.fileno())


def _identity(file: Union[Path, int]) -> Optional[Tuple[int, int]]:
    """What tells an open file, or one at a path, from all others that are there; None if it is not there."""
    try:
        status = os.stat(file)
    except FileNotFoundError:
        return None
    return status.st_dev, status.st_ino


def _line(values: Sequence) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator='\n').writerow(values)
    return text.getvalue().encode('utf-8')


def _whole_row(line: bytes, coord_id: int, columns: Sequence[str]) -> Optional[Dict[str, str]]:
    """A line of the table as a dict of text, None if it is not the whole row of this pick."""
    if not line.endswith(b'\n') or b'\0' in line:
        return None
    values = next(csv.reader([line.decode('utf-8', 'replace')]), [])
    row = dict(zip(columns, values))
    if len(values) != len(columns) or values[0] != str(coord_id) or not _is_whole(row['status'], values[1:-2]):
        return None
    return row


def _is_whole(status: str, numbers: Sequence[str]) -> bool:
    if status not in (SCORED, NEAR_JUNK):
        return status in (OUTSIDE, UNREADABLE) and not any(numbers)
    try:
        return all(math.isfinite(float(number)) for number in numbers)
    except ValueError:
        return False


def digest(paths: Iterable[PathLike], contrast: str, box_angstrom: Optional[float],
           rows: Optional[range] = None, junk_distance: float = 0.0) -> str:
    """Return what tells files, one of signals.CONTRASTS, a box in Å, rows and a distance in Å from others."""
    total = hashlib.sha256(b'' if contrast == AS_IS else contrast.encode('utf-8'))
    if box_angstrom is not None:
        total.update(f'{box_angstrom!r} '.encode())
    if rows is not None:
        total.update(f'{rows.start}:{rows.stop} '.encode())
    if junk_distance:
        total.update(f'junk {junk_distance!r} '.encode())
    for path in paths:
        with open(path, 'rb') as stream:
            for block in iter(lambda: stream.read(2 ** 20), b''):
                total.update(block)
        total.update(b'\0')
    return total.hexdigest()[:16]
