"""The plain tables that the Scipion side and the worker exchange. Needs only the standard library.

Every table is a CSV file with a header line. Numbers are checked when they are read; text is kept as it is
(a path may hold spaces, quotes and commas: the csv module takes care of them).
"""
import csv
import math
from array import array
from dataclasses import dataclass
from operator import itemgetter
from pathlib import Path
from typing import Dict, Iterable, Iterator, List, NamedTuple, Optional, Tuple

from .errors import InputError
from .files import replacing

CLASSES = ('particle', 'ice', 'carbon')
PARTICLE = CLASSES[0]

# What became of a pick, in the column `status` of scores.csv.
SCORED = 'scored'
OUTSIDE = 'outside'          # its centre lies outside the micrograph
UNREADABLE = 'unreadable'    # its micrograph could not be read: neither kept nor rejected

MICROGRAPH_COLUMNS = ('mic_id', 'path', 'pixel_size')
COORDINATE_COLUMNS = ('coord_id', 'mic_id', 'x', 'y')
LABEL_COLUMNS = COORDINATE_COLUMNS + ('label',)
SCORE_NUMBERS = CLASSES + ('novelty',)
SCORE_COLUMNS = ('coord_id',) + SCORE_NUMBERS + ('status', 'reason')
MOST_ID = 2 ** 63 - 1


@dataclass(frozen=True)
class MicrographRow:
    """A micrograph: id, file, and pixel size in Å/px."""
    mic_id: int
    path: Path
    pixel_size: float


@dataclass(frozen=True)
class CoordinateRow:
    """A box centre in px of its micrograph; `coord_id` is None for a labelled place that is no pick."""
    coord_id: Optional[int]
    mic_id: int
    x: float
    y: float
    label: Optional[str] = None


class PickColumns(NamedTuple):
    """Picks as columns: their ids, those of their micrographs (int64), and their centres in px (float64)."""
    ids: array
    mic_ids: array
    x: array
    y: array


class Table:
    """A CSV file that is read as far as it has grown: every row once, and only when it is whole.

    A row is whole when its line has ended; a line break in quotes does not end it.
    """

    def __init__(self, path, columns):
        self.path, self.columns = path, columns
        self._offset = self._line = 0
        self._wanted = None      # takes the columns out of a row, once the header was read
        self._width = 0          # values in a row

    @property
    def place(self) -> str:
        """Where the row is that was read last, for a message."""
        return f'{self.path}, line {self._line}'

    def rows(self, growing=False) -> Iterator[Tuple[str, ...]]:
        """Yield the columns of the rows that came since the last call, as text.

        Unless the table is still growing, its last line needs no end. Raises InputError for a file that is missing
        or no table, a missing column, and a row with more or fewer values than columns. The file is opened anew for
        each call, which is what makes a network file system show what another host has written.
        """
        try:
            with open(self.path, 'rb') as stream:
                stream.seek(self._offset)
                for row in csv.reader(self._lines(stream, growing)):
                    if self._wanted is None:
                        self._wanted = self._header(row)
                    elif row:
                        if len(row) != self._width:      # decimal commas would be other numbers
                            raise InputError(f'{self.place}: {"more" if len(row) > self._width else "fewer"} values '
                                             f'than columns.')
                        yield self._wanted(row)
        except FileNotFoundError:
            raise InputError(f'{self.path}: no such file.') from None
        except (OSError, UnicodeDecodeError, csv.Error) as error:
            raise InputError(f'{self.path}: cannot be read as a table ({error}).') from None
        if self._wanted is None and not growing:
            self._header(())

    def _header(self, names):
        missing = [column for column in self.columns if column not in names]
        if missing:
            raise InputError(f'{self.path}: no column {", ".join(missing)}; the header must name '
                             f'{",".join(self.columns)}.')
        self._width = len(names)
        return itemgetter(*map(names.index, self.columns))

    def _lines(self, stream, growing):
        row, quotes = [], 0
        for line in stream:
            row.append(line)
            quotes += line.count(b'"')
            if quotes % 2 == 0 and line.endswith(b'\n'):
                yield from self._taken(row)
                row, quotes = [], 0
        if not growing:
            yield from self._taken(row)

    def _taken(self, lines):
        for line in lines:
            self._offset += len(line)
            self._line += 1
            yield line.decode('utf-8-sig' if self._line == 1 else 'utf-8')      # spreadsheets write a byte order mark


class MicrographTable:
    """micrographs.csv as far as it has grown: `rows` is {mic_id: MicrographRow}, in the order of the file."""

    def __init__(self, path):
        self.rows: Dict[int, MicrographRow] = {}
        self._table = Table(path, MICROGRAPH_COLUMNS)

    def read(self, growing=False):
        """Add the rows that came since the last call.

        A relative path in the table is relative to the table's own folder.
        Raises InputError for a missing file or column, a repeated id, or a pixel size that is no positive number.
        """
        table, folder = self._table, Path(self._table.path).parent
        for mic_id, path, pixel_size in table.rows(growing):
            mic_id = _integer(mic_id, table, 'mic_id')
            if mic_id in self.rows:
                raise InputError(f'{table.place}: micrograph id {mic_id} appears twice; ids must be unique.')
            if not path:
                raise InputError(f'{table.place}: the path of micrograph {mic_id} is empty.')
            pixel_size = _number(pixel_size, table, 'pixel_size')
            if pixel_size <= 0:
                raise InputError(f'{table.place}: the pixel size of micrograph {mic_id} is {pixel_size:g} Å/px; '
                                 f'it must be positive. Set the sampling rate of the micrographs.')
            self.rows[mic_id] = MicrographRow(mic_id, folder / path, pixel_size)


class CoordinateTable:
    """coordinates.csv as far as it has grown, in columns: 32 bytes a pick, and almost nothing once it was read."""

    def __init__(self, path):
        self._table, self._ids = Table(path, COORDINATE_COLUMNS), _UniqueIds()

    def read(self, growing=False) -> PickColumns:
        """The rows that came since the last call.

        Raises InputError for a missing file or column, a number that is none, or a repeated id.
        """
        table, picks = self._table, PickColumns(array('q'), array('q'), array('d'), array('d'))
        for coord_id, mic_id, x, y in table.rows(growing):
            picks.ids.append(self._ids.add(_integer(coord_id, table, 'coord_id'), table))
            picks.mic_ids.append(_integer(mic_id, table, 'mic_id'))
            picks.x.append(_number(x, table, 'x'))
            picks.y.append(_number(y, table, 'y'))
        return picks


def read_micrographs(path) -> Dict[int, MicrographRow]:
    """Read micrographs.csv: {mic_id: MicrographRow}; see MicrographTable. Raises InputError if it has no rows too."""
    table = MicrographTable(path)
    table.read()
    if not table.rows:
        raise InputError(f'{path}: no micrographs.')
    return table.rows


def read_coordinates(path) -> List[CoordinateRow]:
    """Read coordinates.csv, row by row; see CoordinateTable."""
    return [CoordinateRow(*pick) for pick in zip(*CoordinateTable(path).read())]


def read_labels(path) -> List[CoordinateRow]:
    """Read labels.csv: as coordinates, each with a class name; `coord_id` may be empty."""
    table, ids, labels = Table(path, LABEL_COLUMNS), _UniqueIds(), []
    for coord_id, mic_id, x, y, label in table.rows():
        pick = ids.add(_integer(coord_id, table, 'coord_id'), table) if coord_id else None
        label = label.strip()
        if label not in CLASSES:
            raise InputError(f'{table.place}: "{label}" is no class; use one of {", ".join(CLASSES)}.')
        labels.append(CoordinateRow(pick, _integer(mic_id, table, 'mic_id'), _number(x, table, 'x'),
                                    _number(y, table, 'y'), label))
    return labels


def write_labels(path, labels: Iterable[CoordinateRow]):
    """Write labels.csv, whole or not at all; a label without a pick has an empty `coord_id`."""
    write_rows(path, LABEL_COLUMNS, (('' if row.coord_id is None else row.coord_id, row.mic_id, row.x, row.y, row.label)
                                     for row in labels))


def write_rows(path, columns, rows):
    """Write a CSV table that is either whole or not there: a temporary file, renamed into place."""
    with replacing(path, newline='', encoding='utf-8') as stream:
        writer = csv.writer(stream, lineterminator='\n')
        writer.writerow(columns)
        writer.writerows(rows)


class _UniqueIds:
    """The ids of a table so far, one bit each where they are dense."""

    def __init__(self):
        self._blocks: Dict[int, int] = {}

    def add(self, coord_id, table):
        """Note an id and return it. Raises InputError if it was there."""
        block, bit = divmod(coord_id, 64)
        held = self._blocks.get(block, 0)
        if held >> bit & 1:
            raise InputError(f'{table.place}: coordinate id {coord_id} appears twice; ids must be unique.')
        self._blocks[block] = held | 1 << bit
        return coord_id


def _integer(text, table, column):
    try:
        value = int(text)
    except ValueError:
        raise InputError(f'{table.place}: {column} "{text}" is no whole number.') from None
    if abs(value) > MOST_ID:
        raise InputError(f'{table.place}: {column} {text} is too large.')
    return value


def _number(text, table, column):
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise InputError(f'{table.place}: {column} "{text}" is no finite number.')
    return value
