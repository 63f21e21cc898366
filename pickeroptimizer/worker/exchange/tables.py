"""The plain tables that the Scipion side and the worker exchange. Needs only the standard library.

Every table is a CSV file with a header line. Numbers are checked when they are read; text is kept as it is
(a path may hold spaces, quotes and commas: the csv module takes care of them).
"""
import csv
import math
from array import array
from contextlib import suppress
from dataclasses import dataclass
from operator import itemgetter
from pathlib import Path
from typing import IO, Callable, Dict, Iterable, Iterator, List, NamedTuple, Optional, Sequence, Tuple, Union

from .classes import checked_classes, class_name
from .errors import InputError
from .files import PathLike, replacing
from .slices import split_slice

# What became of a pick, in the column `status` of scores.csv.
SCORED = 'scored'
NEAR_JUNK = 'near junk'      # scored, but never kept: junk that covers an area is too near; `reason` says how near
OUTSIDE = 'outside'          # of the micrograph: no image is there; the column `reason` says which of the two below
UNREADABLE = 'unreadable'    # its micrograph could not be read: neither kept nor rejected

OFF_MICROGRAPH = 'the centre lies outside the micrograph'
IN_BORDER = 'its box lies mostly in the blank or repeated border of the micrograph'

MICROGRAPH_COLUMNS = ('mic_id', 'path', 'pixel_size')
COORDINATE_COLUMNS = ('coord_id', 'mic_id', 'x', 'y')
LABEL_COLUMNS = COORDINATE_COLUMNS + ('label',)
RANDOM = 'random'            # a column that labels may have
NOVELTY = 'novelty'
MOST_ID = 2 ** 63 - 1


def score_columns(classes: Sequence[str]) -> Tuple[str, ...]:
    """Return the columns of a table of scores; the probability of each class is in one that has its name."""
    return ('coord_id', *classes, NOVELTY, 'status', 'reason')


def score_classes(path: PathLike, columns: Sequence[str]) -> Tuple[str, ...]:
    """Return the classes of a table of scores, from the columns in its header.

    Raises InputError if they are not those of such a table.
    """
    with suppress(InputError):
        classes = checked_classes(columns[1:-3])
        if tuple(columns) == score_columns(classes):
            return classes
    raise InputError(f'{path}: not a table of scores.')


@dataclass(frozen=True)
class MicrographRow:
    """A micrograph: id, file, and pixel size in Å/px."""
    mic_id: int
    path: Path
    pixel_size: float


@dataclass(frozen=True)
class CoordinateRow:
    """A box centre in px of its micrograph; `coord_id` is None for a labelled place that is no pick.

    random: whether it was labelled because it was drawn at random among all picks, so that it is typical of its class.
    """
    coord_id: Optional[int]
    mic_id: int
    x: float
    y: float
    label: Optional[str] = None
    random: bool = False


class PickColumns(NamedTuple):
    """Picks as columns: their ids, those of their micrographs (int64), and their centres in px (float64)."""
    ids: array
    mic_ids: array
    x: array
    y: array


class Table:
    """A CSV file that is read as far as it has grown: every row once, and only when it is whole.

    A row is whole when its line has ended; a line break in quotes does not end it. `header`: the names of the file's
    columns, () until its header was read; `offset`: how far the file was read, in bytes.
    """

    def __init__(self, path: PathLike, columns: Union[Sequence[str], Callable[[Sequence[str]], Sequence[str]]]):
        """columns: the names of those that are wanted, or a function that chooses them from the names in the header.

        The function may raise InputError.
        """
        self.path = path
        self.header: Tuple[str, ...] = ()
        self.offset = self._line = 0
        self._columns = columns
        # Takes the columns out of a row, once the header was read.
        self._wanted: Optional[Callable[[Sequence[str]], Tuple[str, ...]]] = None

    @property
    def place(self) -> str:
        """Where the row is that was read last, for a message."""
        return f'{self.path}, line {self._line}'

    def rows(self, growing: bool = False) -> Iterator[Tuple[str, ...]]:
        """Yield the columns of the rows that came since the last call, as text.

        Unless the table is still growing, its last line needs no end. Raises InputError for a file that is missing or
        no table, a column that is missing or there twice, and a row with more or fewer values than columns. The file is
        opened anew for each call, which is what makes a network file system show what another host has written.
        """
        try:
            with open(self.path, 'rb') as stream:
                stream.seek(self.offset)
                for row in csv.reader(self._lines(stream, growing)):
                    if self._wanted is None:
                        self._wanted = self._header(row)
                    elif row:
                        if len(row) != len(self.header):      # decimal commas would be other numbers
                            which = 'more' if len(row) > len(self.header) else 'fewer'
                            raise InputError(f'{self.place}: {which} values than columns.')
                        yield self._wanted(row)
        except FileNotFoundError:
            raise InputError(f'{self.path}: no such file.') from None
        except UnicodeDecodeError:      # spreadsheets write their own encoding
            raise InputError(f'{self.path}: cannot be read as a table, for its text is not UTF-8: save it as "CSV '
                             f'UTF-8".') from None
        except (OSError, csv.Error) as error:
            raise InputError(f'{self.path}: cannot be read as a table ({error}).') from None
        if self._wanted is None and not growing:
            self._header(())

    def integer(self, text: str, column: str) -> int:
        """Return a value of the row that was read last, as a whole number. Raises InputError if it is none."""
        try:
            value = int(text)
        except ValueError:
            raise InputError(f'{self.place}: {column} "{text}" is no whole number.') from None
        if abs(value) > MOST_ID:
            raise InputError(f'{self.place}: {column} {text} is too large.')
        return value

    def number(self, text: str, column: str) -> float:
        """Return a value of the row that was read last, as a number. Raises InputError if it is no finite one."""
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if not math.isfinite(value):
            raise InputError(f'{self.place}: {column} "{text}" is no finite number.')
        return value

    def yes(self, text: str = '') -> bool:
        """Return a value of the row that was read last, 1, 0 or nothing, as a bool. Raises InputError for others."""
        if text.strip() not in ('', '0', '1'):
            raise InputError(f'{self.place}: {RANDOM} "{text}" is neither 1 nor 0.')
        return text.strip() == '1'

    def class_name(self, text: str) -> str:
        """Return a value of the row that was read last, as the name of a class. Raises InputError if it is none."""
        try:
            return class_name(text)
        except InputError as error:
            raise InputError(f'{self.place}: {error}') from None

    def _header(self, names: Sequence[str]) -> Callable[[Sequence[str]], Tuple[str, ...]]:
        columns = self._columns(names) if callable(self._columns) else self._columns
        missing = [column for column in columns if column not in names]
        if missing:
            raise InputError(f'{self.path}: no column {", ".join(missing)}; the header must name {",".join(columns)}.')
        twice = [column for column in columns if list(names).count(column) > 1]
        if twice:
            raise InputError(f'{self.path}: the header names the column {twice[0]} more than once.')
        self.header = tuple(names)
        return itemgetter(*map(names.index, columns))

    def _lines(self, stream: IO[bytes], growing: bool) -> Iterator[str]:
        row: List[bytes] = []
        quotes = 0
        for line in stream:
            row.append(line)
            quotes += line.count(b'"')
            if quotes % 2 == 0 and line.endswith(b'\n'):
                yield from self._taken(row)
                row, quotes = [], 0
        if not growing:
            yield from self._taken(row)

    def _taken(self, lines: List[bytes]) -> Iterator[str]:
        for line in lines:
            self.offset += len(line)
            self._line += 1
            yield line.decode('utf-8-sig' if self._line == 1 else 'utf-8')      # spreadsheets write a byte order mark


class MicrographTable:
    """micrographs.csv as far as it has grown: `rows` is {mic_id: MicrographRow}, in the order of the file."""

    def __init__(self, path: PathLike):
        self.rows: Dict[int, MicrographRow] = {}
        self._table = Table(path, MICROGRAPH_COLUMNS)

    def read(self, growing: bool = False) -> None:
        """Add the rows that came since the last call.

        A relative path in the table is relative to the table's own folder.
        Raises InputError for a missing file or column, a repeated id, or a pixel size that is no positive number.
        """
        table, folder = self._table, Path(self._table.path).parent
        for id_text, path, size_text in table.rows(growing):
            mic_id, pixel_size = table.integer(id_text, 'mic_id'), table.number(size_text, 'pixel_size')
            if mic_id in self.rows:
                raise InputError(f'{table.place}: micrograph id {mic_id} appears twice; ids must be unique.')
            if not path:
                raise InputError(f'{table.place}: the path of micrograph {mic_id} is empty.')
            if pixel_size <= 0:
                raise InputError(f'{table.place}: the pixel size of micrograph {mic_id} is {pixel_size:g} Å/px; '
                                 f'it must be positive. Set the sampling rate of the micrographs.')
            self.rows[mic_id] = MicrographRow(mic_id, _located(path, folder), pixel_size)


class CoordinateTable:
    """coordinates.csv as far as it has grown, in columns: 32 bytes a pick, and almost nothing once it was read."""

    def __init__(self, path: PathLike):
        self._table, self._ids = Table(path, COORDINATE_COLUMNS), _UniqueIds()

    def read(self, growing: bool = False) -> PickColumns:
        """Return the rows that came since the last call.

        Raises InputError for a missing file or column, a number that is none, or a repeated id.
        """
        table, picks = self._table, PickColumns(array('q'), array('q'), array('d'), array('d'))
        for coord_id, mic_id, x, y in table.rows(growing):
            picks.ids.append(self._ids.add(table.integer(coord_id, 'coord_id'), table))
            picks.mic_ids.append(table.integer(mic_id, 'mic_id'))
            picks.x.append(table.number(x, 'x'))
            picks.y.append(table.number(y, 'y'))
        return picks


def _located(path: str, folder: Path) -> Path:
    """A path, or `n@path` for a slice of a stack, of a table in `folder`."""
    file, index = split_slice(path)
    if index is None or (folder / path).exists():
        return folder / path
    return Path(f'{index}@{folder / file}')


def read_micrographs(path: PathLike) -> Dict[int, MicrographRow]:
    """Read micrographs.csv: {mic_id: MicrographRow}; see MicrographTable. Raises InputError if it has no rows too."""
    table = MicrographTable(path)
    table.read()
    if not table.rows:
        raise InputError(f'{path}: no micrographs.')
    return table.rows


def read_coordinates(path: PathLike) -> List[CoordinateRow]:
    """Read coordinates.csv, row by row; see CoordinateTable."""
    return [CoordinateRow(*pick) for pick in zip(*CoordinateTable(path).read())]


def read_labels(path: PathLike) -> List[CoordinateRow]:
    """Read labels.csv: as coordinates, each with a class name; `coord_id` may be empty, and RANDOM is not needed."""
    table = Table(path, lambda header: (*LABEL_COLUMNS, *([RANDOM] if RANDOM in header else [])))
    ids, labels = _UniqueIds(), []
    for coord_id, mic_id, x, y, label, *random in table.rows():
        pick = ids.add(table.integer(coord_id, 'coord_id'), table) if coord_id else None
        labels.append(CoordinateRow(pick, table.integer(mic_id, 'mic_id'), table.number(x, 'x'),
                                    table.number(y, 'y'), table.class_name(label), table.yes(*random)))
    return labels


def write_labels(path: PathLike, labels: Iterable[CoordinateRow]) -> None:
    """Write labels.csv, whole or not at all; a label without a pick has an empty `coord_id`."""
    write_rows(path, (*LABEL_COLUMNS, RANDOM), (('' if row.coord_id is None else row.coord_id, row.mic_id, row.x, row.y,
                                                 row.label, int(row.random)) for row in labels))


def write_rows(path: PathLike, columns: Sequence[str], rows: Iterable[Sequence]) -> None:
    """Write a CSV table that is either whole or not there: a temporary file, renamed into place."""
    with replacing(path, newline='', encoding='utf-8') as stream:
        writer = csv.writer(stream, lineterminator='\n')
        writer.writerow(columns)
        writer.writerows(rows)


class _UniqueIds:
    """The ids of a table so far, one bit each where they are dense."""

    def __init__(self) -> None:
        self._blocks: Dict[int, int] = {}

    def add(self, coord_id: int, table: Table) -> int:
        """Note an id and return it. Raises InputError if it was there."""
        block, bit = divmod(coord_id, 64)
        held = self._blocks.get(block, 0)
        if held >> bit & 1:
            raise InputError(f'{table.place}: coordinate id {coord_id} appears twice; ids must be unique.')
        self._blocks[block] = held | 1 << bit
        return coord_id
