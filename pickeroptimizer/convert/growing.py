"""The worker's tables while picks arrive: rows are added, and those that are there stay as they are."""
import csv
import os
from array import array
from collections import Counter
from itertools import islice

import numpy as np

from ..worker.exchange import tables
from ..worker.exchange.errors import InputError
from .micrographs import MICROGRAPHS, micrographRows
from .pick_micrographs import MicrographOfPick, position, scaleBetween
from .picks import COORDINATES
from .set_files import reopen

_NOWHERE = np.iinfo(np.int64).min      # the micrograph, for the worker, of a pick that has none there


class CannotResume(InputError):
    """What an earlier launch left cannot be taken up: it is damaged, or the input is not what it was."""


class GrowingTables:
    """micrographs.csv and coordinates.csv in `folder`, to which the picks of a set are added as they come.

    48 bytes a pick are kept in memory. waiting: counts the picks whose micrograph is not there (yet), by the (mic_id,
    name) that they have. note: a line about the scale of their positions, see scaleBetween; ''.
    """

    def __init__(self, folder):
        self._folder = folder
        self._micrographs = _GrowingTable(os.path.join(folder, MICROGRAPHS), tables.MICROGRAPH_COLUMNS)
        self._picks = _GrowingTable(os.path.join(folder, COORDINATES), tables.COORDINATE_COLUMNS)
        self.waiting = Counter()
        self.note = ''
        self._forget()

    def _forget(self):
        self._written = {}      # rows of micrographs.csv by mic_id, as text
        self._ids, self._micIds, self._x, self._y = array('q'), array('q'), array('d'), array('d')
        self._seen, self._last = None, None      # how many picks the set had when it was looked at, and the highest id

    def __len__(self):
        """How many picks the worker is given."""
        return len(self._ids)

    def seen(self):
        """Return how many picks the set had when it was looked at."""
        return self._seen or 0

    def ids(self, first, number):
        """Return the coord_ids of so many rows from row `first` on, an array."""
        return np.array(self._ids[first:first + number])

    def columns(self):
        """Return the picks as arrays: coord_ids (n), mic_ids (n), centres (n, 2) in px of the worker's micrographs."""
        return (np.array(self._ids, dtype=np.int64), np.array(self._micIds, dtype=np.int64),
                np.stack([np.array(self._x), np.array(self._y)], axis=1))

    def micrographIds(self, first, number):
        """Return the mic_ids of so many rows from row `first` on, an array."""
        return np.array(self._micIds[first:first + number])

    def clear(self):
        """Begin with empty tables."""
        self._forget()
        for table in (self._picks, self._micrographs):
            table.clear()

    def resume(self):
        """Take up the tables of an earlier launch. Raises CannotResume if they are not there or damaged."""
        self._forget()
        try:
            for micId, *row in self._micrographs.read():
                self._written[int(micId)] = row
            for coordId, micId, x, y in self._picks.read():
                for column, value in zip((self._ids, self._micIds), (coordId, micId)):
                    column.append(int(value))
                for column, value in zip((self._x, self._y), (x, y)):
                    column.append(float(value))
        except ValueError as error:
            raise CannotResume(f'{self._picks.path}: a damaged table ({error}).') from None
        if not self._written.keys() >= set(self._micIds):
            raise CannotResume(f'{self._micrographs.path}: micrographs of the picks are lacking.')

    def add(self, coordinates, micrographs):
        """Add the picks of a SetOfCoordinates that are not in the tables yet; return how many these are.

        They are added micrograph after micrograph, in px of `micrographs`, the SetOfMicrographs that the worker looks
        at. Picks that come late on a micrograph are found as well as those of new ones, in whatever order their ids
        are. Raises CannotResume where what was added earlier is not in the sets any more, InputError where a pick has
        no position or its id and name mean different micrographs.
        """
        source = reopen(coordinates)
        try:
            size = source.getSize()
            if size == self._seen and not self.waiting:
                return 0
            micrographOf = MicrographOfPick(coordinates, micrographs)
            scale, self.note = scaleBetween(coordinates.getMicrographs(), micrographs)
            if self._seen is None:
                self._checkMicrographs(micrographs)
            come = any(micrographOf(*key, None) is not None for key in self.waiting)
            arrived = None if come else self._newest(source, size, micrographOf)
            if arrived is None:
                arrived = self._missing(source, micrographOf, scale)
        finally:
            source.close()
        return self._append(arrived, scale, micrographs)

    def missing(self, coordinates):
        """Return the ids of the picks of a set that are not in the tables, an array."""
        known = np.sort(self.ids(0, len(self)))
        source = reopen(coordinates)
        ids = np.fromiter((pick.getObjId() for pick in source.iterItems()), np.int64)
        source.close()
        return ids[~np.isin(ids, known)]

    def _newest(self, source, size, micrographOf):
        """Blocks of the picks whose ids are above all that were seen; None if there must be others that are new."""
        if self._seen is None or size < self._seen:
            return None
        where = None if self._last is None else f'id>{self._last}'
        blocks = [] if size <= self._seen else list(_blocks(source.iterItems(orderBy=['_micId', 'id'], where=where),
                                                            micrographOf))
        if self._seen + sum(map(len, blocks)) < size:
            return None
        return blocks

    def _missing(self, source, micrographOf, scale):
        """Blocks of the picks that are not in the tables, from a pass through all of them; checks those that are."""
        order = np.argsort(np.asarray(self._ids), kind='stable')
        known = np.asarray(self._ids)[order]
        blocks, found = [], 0
        self._seen, self._last, self.waiting = 0, None, Counter()
        for block in _blocks(source.iterItems(orderBy=['_micId', 'id']), micrographOf):
            places = np.searchsorted(known, block.ids)
            old = np.zeros(len(block), bool)
            within = places < len(known)
            old[within] = known[places[within]] == block.ids[within]
            rows, given = order[places[old]], block.only(old)
            if not (np.array_equal(np.asarray(self._micIds)[rows], given.micIds) and
                    np.array_equal(np.asarray(self._x)[rows], given.x * scale) and
                    np.array_equal(np.asarray(self._y)[rows], given.y * scale)):
                raise CannotResume('The input coordinates are not those that were given to the worker.')
            found += len(given)
            self._seen += len(given)
            self._last = max(self._last or 0, int(block.ids.max()))
            blocks.append(block.only(~old))
        if found < len(known):
            raise CannotResume('Coordinates that were given to the worker are not in the input any more.')
        return blocks

    def _append(self, blocks, scale, micrographs):
        added = 0
        for block in blocks:
            if not len(block):
                continue
            self._seen += len(block)
            self._last = max(self._last or 0, int(block.ids.max()))
            there = block.micIds != _NOWHERE
            self.waiting.update(block.keys[place] for place in np.flatnonzero(~there).tolist())
            block = block.only(there)
            x, y = block.x * scale, block.y * scale
            self._appendMicrographs(set(block.micIds.tolist()) - self._written.keys(), micrographs)
            self._picks.append(zip(block.ids.tolist(), block.micIds.tolist(), x.tolist(), y.tolist()))
            for column, values in zip((self._ids, self._micIds, self._x, self._y), (block.ids, block.micIds, x, y)):
                column.frombytes(values.tobytes())
            added += len(block)
        return added

    def _appendMicrographs(self, micIds, micrographs):
        if micIds:
            rows = list(micrographRows(micrographs, self._folder, micIds))
            self._micrographs.append(rows)
            self._written.update((micId, row) for micId, *row in rows)

    def _checkMicrographs(self, micrographs):
        if self._written:
            there = {micId: row for micId, *row in micrographRows(micrographs, self._folder, self._written.keys())}
            if there != self._written:
                raise CannotResume('The micrographs are not those that were given to the worker.')


class _Block:
    """Columns of picks: ids, micIds (int64; for the worker, _NOWHERE where it has none), x, y (float64, px); and keys,
    the (mic_id, name) that each has itself."""

    def __init__(self, ids, micIds, x, y, keys):
        self.ids, self.micIds, self.x, self.y, self.keys = ids, micIds, x, y, keys

    def __len__(self):
        return len(self.ids)

    def only(self, which):
        keys = [self.keys[place] for place in np.flatnonzero(which).tolist()]
        return _Block(self.ids[which], self.micIds[which], self.x[which], self.y[which], keys)


def _blocks(picks, micrographOf, size=65536):
    """The picks of an iteration as _Blocks."""
    while True:
        rows, keys, seen = [], [], {}
        for pick in islice(picks, size):
            micId = micrographOf.of(pick)
            rows.append((pick.getObjId(), _NOWHERE if micId is None else micId, *position(pick)))
            key = pick.getMicId(), pick.getMicName()
            keys.append(seen.setdefault(key, key))      # one object for all picks of a micrograph
        if not rows:
            return
        columns = np.array(rows, dtype=np.int64).T
        yield _Block(columns[0], columns[1], columns[2].astype(np.float64), columns[3].astype(np.float64), keys)


class _GrowingTable:
    """A CSV file with a header line, to which rows are added. Only whole rows count."""

    def __init__(self, path, columns):
        self.path, self._columns = path, columns

    def clear(self):
        tables.write_rows(self.path, self._columns, ())

    def append(self, rows):
        with open(self.path, 'a', newline='', encoding='utf-8') as stream:
            csv.writer(stream, lineterminator='\n').writerows(rows)
            stream.flush()
            os.fsync(stream.fileno())

    def read(self):
        """Yield the rows, tuples of text; then cut off what a kill left of a last one."""
        table = tables.Table(self.path, self._columns)
        try:
            with open(self.path, 'r+b') as stream:
                yield from table.rows(growing=True)
                if table.header != self._columns:
                    raise CannotResume(f'{self.path}: another table was expected.')
                stream.truncate(table.offset)
        except FileNotFoundError:
            raise CannotResume(f'{self.path}: no such file.') from None
        except InputError as error:
            raise CannotResume(str(error)) from None
