"""The worker's scores: whole, and as they come."""
import csv
import glob
import os
from array import array
from contextlib import closing

import numpy as np

from ..worker.exchange import tables
from ..worker.exchange.errors import InputError
from ..worker.exchange.score_table import GrowingScores

SCORES = 'scores.csv'

_GAP = 1000      # ids that no score is of are passed over, but not if they are so few
_BLOCK = 8 * 2 ** 20      # bytes of the table that are read at a time


class Scores:
    """Scores in the order of the coordinate ids: 8 bytes a pick, a class and a novelty, and one more.

    classes: their names, the particle first. ids: (n,) int64. statuses: (n,) numbers into STATUSES. values: float64
    (n, classes + 1), the probability of each class and the novelty, nan where there are none.
    """

    STATUSES = (tables.UNREADABLE, tables.SCORED, tables.OUTSIDE, tables.NEAR_JUNK)

    def __init__(self, classes, ids, statuses, values):
        self.classes = tuple(classes)
        order = np.argsort(ids, kind='stable')
        self.ids, self.statuses, self.values = ids[order], statuses[order], values[order]

    @classmethod
    def unreadable(cls, classes, ids):
        """Return the Scores of picks that the worker was not given, because their micrographs are not there."""
        return cls(classes, ids, np.zeros(len(ids), np.int8), np.full((len(ids), len(classes) + 1), np.nan))

    def __len__(self):
        return len(self.ids)

    def only(self, ids):
        """Return the scores of those of these picks that there are; `ids` is an array."""
        return self._some(np.isin(self.ids, ids))

    def without(self, ids):
        """Return the scores of other picks than these; `ids` is an array."""
        return self._some(np.isin(self.ids, ids, invert=True))

    def unscored(self):
        """Return the ids of the picks that nothing is said of: their micrograph could not be read."""
        return self.ids[self.statuses == self.STATUSES.index(tables.UNREADABLE)]

    def particleProbabilities(self):
        """Return the particle probabilities of all picks that a cut decides about, an array: not of those near junk."""
        return self.values[self.statuses == self.STATUSES.index(tables.SCORED), 0]

    def countNovel(self, above):
        """Return how many picks that a cut decides about have a novelty above this."""
        novelty = self.values[self.statuses == self.STATUSES.index(tables.SCORED), len(self.classes)]
        return int(np.count_nonzero(novelty > above))

    def merge(self, coordinates, *columns):
        """Yield (pick, status, numbers, values) of those picks of a set that have a score.

        numbers: a row of `values`. columns: further arrays (n,), of which each pick gets its
        value. The set is read by ranges of ids, so that what lies between is not read. Raises InputError if a pick is
        gone.
        """
        for first, last in self._ranges():
            picks = coordinates.iterItems(where=f'id>={self.ids[first]} AND id<={self.ids[last - 1]}')
            for coordId, *row in self._rows(first, last, columns):
                pick = next((pick for pick in picks if pick.getObjId() >= coordId), None)
                if pick is None or pick.getObjId() != coordId:
                    raise InputError(f'The pick {coordId} is not among the input coordinates any more.')
                yield (pick, *row)

    def _some(self, which):
        return Scores(self.classes, self.ids[which], self.statuses[which], self.values[which])

    def _ranges(self):
        """Yield (first row, row after the last) of runs of ids without a wide gap."""
        ends = [0, *(np.flatnonzero(np.diff(self.ids) > _GAP) + 1).tolist(), len(self)]
        return ((first, last) for first, last in zip(ends, ends[1:]) if first < last)

    def _rows(self, first, last, columns, chunk=8192):
        """The rows as Python values; chunks, because converting numpy scalars one by one is slow."""
        for start in range(first, last, chunk):
            part = slice(start, min(start + chunk, last))
            for coordId, code, *values in zip(*(column[part].tolist() for column in (self.ids, self.statuses,
                                                                                     self.values, *columns))):
                yield (coordId, self.STATUSES[code], *values)


def readScores(path):
    """Return the Scores of a whole table. Raises InputError if it is not the table that the worker writes."""
    try:
        with open(path, newline='', encoding='utf-8') as stream:
            classes = _classesIn(path, stream.readline())
            return Scores(classes, *_columns(path, stream, classes))
    except OSError as error:
        raise InputError(f'{path}: not a whole table of scores ({error}).') from None


def scoresSoFar(folder):
    """Return the Scores in `folder` as far as the worker has got, None if there are none."""
    with closing(ScoresReader(folder)) as reader:
        parts = list(iter(reader.read, None))
    if not parts:
        return None
    columns = (np.concatenate([getattr(part, name) for part in parts]) for name in ('ids', 'statuses', 'values'))
    return Scores(reader.classes, *columns)


def takeUpScores(folder, model, contrast, boxAngstrom=None, junkDistance=0.0):
    """Let the worker go on with a table that it had completed, for more picks of the same run and model have come.

    Returns the path of the table that it goes on with, whether it is there or not. contrast: of signals.CONTRASTS, with
    which it was made; boxAngstrom: that a general model was told, or None; junkDistance: Å, within which of junk picks
    are rejected.
    """
    table = os.path.join(folder, SCORES)
    partial = GrowingScores(table, (model,), None, contrast=contrast, box_angstrom=boxAngstrom,
                            junk_distance=junkDistance).partial
    if os.path.exists(table):
        os.replace(table, partial)
    return partial


class ScoresReader:
    """Reads on in the scores of a folder while the worker writes them, through the change of name at their end.

    A worker that takes up the table of another one may cut off its end and write it anew, so the table is read from
    its top when it is not the file that it was, has become shorter, or does not go on as it should. `rows`: how many
    rows have been read. `classes`: of the table; () until its header has been read.
    """

    def __init__(self, folder):
        self._table = os.path.join(folder, SCORES)
        self._stream = None
        self._ahead = 0      # lines of the open file that were read before it was opened
        self.rows = 0
        self.classes = ()

    def isWhole(self):
        """Return whether the worker has given the table its final name."""
        return os.path.exists(self._table)

    def read(self, expected=None):
        """Return the Scores of the next whole lines, some 100,000 at most; None if there are none yet.

        expected(first, number): the ids that so many rows from row `first` on should have. Raises InputError if the
        table is not the one that the worker writes.
        """
        try:
            return self._read(expected)
        except InputError:
            self.close()
            return self._read(expected)

    def close(self):
        if self._stream is not None:
            self._stream.close()
            self._stream = None

    def _read(self, expected):
        lines = self._nextLines()
        while lines and self._ahead:
            if self._ahead == self.rows + 1:
                self._takeClasses(_classesIn(self._table, lines[0]))
            passed = min(self._ahead, len(lines))
            self._ahead -= passed
            lines = lines[passed:] or self._nextLines()
        if not lines:
            return None
        columns = _columns(self._table, lines, self.classes)
        if expected is not None and not np.array_equal(columns[0], expected(self.rows, len(lines))):
            raise InputError(f'{self._table}: not the scores of the picks that were given to the worker.')
        self.rows += len(lines)
        return Scores(self.classes, *columns)

    def _takeClasses(self, classes):
        if self.rows and classes != self.classes:      # a worker has begun anew with another model
            raise InputError(f'{self._table}: its classes are {", ".join(classes)}, those of the scores that were read '
                             f'before {", ".join(self.classes)}: continue the run.')
        self.classes = classes

    def _nextLines(self):
        """Whole lines that were not read yet, as text; [] if there are none."""
        path = self._current()
        if path is None:
            return []
        if self._stream is None:
            self._stream, self._ahead = open(path, 'rb'), self.rows + 1      # the header is a line, too
        data = self._stream.read(_BLOCK)
        whole = data[:data.rfind(b'\n') + 1]
        self._stream.seek(len(whole) - len(data), os.SEEK_CUR)
        return whole.decode('utf-8', 'replace').split('\n')[:-1]

    def _current(self):
        """The table's present path, None if there is none; closes what was open if it is not that."""
        found = []
        for path in (self._table, *glob.glob(f'{glob.escape(self._table)}.*.part')):
            try:
                found.append((os.stat(path), path))
            except FileNotFoundError:      # renamed this moment
                continue
        if not found:
            return None
        status, path = max(found, key=lambda entry: entry[0].st_mtime_ns)
        if self._stream is not None and not (os.path.samestat(status, os.fstat(self._stream.fileno()))
                                             and status.st_size >= self._stream.tell()):
            self.close()
        return path


def _classesIn(path, line):
    """The classes that the header of a table of scores names. Raises InputError if it is none."""
    return tables.score_classes(path, line.rstrip('\r\n').split(','))


def _columns(path, lines, classes):
    """(ids, statuses, values) of lines of text. Raises InputError where they are not rows of scores."""
    ids, statuses, values = array('q'), array('b'), array('d')
    codes, width = {name: code for code, name in enumerate(Scores.STATUSES)}, len(classes) + 1
    try:
        for coordId, *numbers, status, _reason in csv.reader(lines):
            ids.append(int(coordId))
            statuses.append(codes[status])
            values.extend([float(number or 'nan') for number in numbers])
    except (OSError, ValueError, KeyError, csv.Error) as error:
        raise InputError(f'{path}: not a whole table of scores ({error}).') from None
    if len(values) != width * len(ids):
        raise InputError(f'{path}: not a whole table of scores.')
    return np.asarray(ids), np.asarray(statuses), np.asarray(values).reshape(-1, width)
