"""The plain tables that the Scipion side and the worker exchange. Needs only the standard library.

Every table is a CSV file with a header line. Numbers are checked when they are read; text is kept as it is
(a path may hold spaces, quotes and commas: the csv module takes care of them).
"""
import csv
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Dict, List, Optional

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


def read_micrographs(path) -> Dict[int, MicrographRow]:
    """Read micrographs.csv: {mic_id: MicrographRow}, in the order of the file.

    A relative path in the table is relative to the table's own folder.
    Raises InputError for a missing file or column, a repeated id, or a pixel size that is no positive number.
    """
    folder = Path(path).parent
    rows: Dict[int, MicrographRow] = {}
    for where, row in _rows(path, MICROGRAPH_COLUMNS):
        mic_id = _integer(row['mic_id'], where, 'mic_id')
        if mic_id in rows:
            raise InputError(f'{where}: micrograph id {mic_id} appears twice; ids must be unique.')
        if not row['path']:
            raise InputError(f'{where}: the path of micrograph {mic_id} is empty.')
        pixel_size = _number(row['pixel_size'], where, 'pixel_size')
        if pixel_size <= 0:
            raise InputError(f'{where}: the pixel size of micrograph {mic_id} is {pixel_size:g} Å/px; '
                             f'it must be positive. Set the sampling rate of the micrographs.')
        rows[mic_id] = MicrographRow(mic_id, folder / row['path'], pixel_size)
    if not rows:
        raise InputError(f'{path}: no micrographs.')
    return rows


def read_coordinates(path) -> List[CoordinateRow]:
    """Read coordinates.csv. Raises InputError for a missing column, a number that is none, or a repeated id."""
    return _read_boxes(path, COORDINATE_COLUMNS)


def read_labels(path) -> List[CoordinateRow]:
    """Read labels.csv: as coordinates, each with a class name; `coord_id` may be empty."""
    return _read_boxes(path, LABEL_COLUMNS)


def write_rows(path, columns, rows):
    """Write a CSV table that is either whole or not there: a temporary file, renamed into place."""
    with replacing(path, newline='', encoding='utf-8') as stream:
        writer = csv.writer(stream, lineterminator='\n')
        writer.writerow(columns)
        writer.writerows(rows)


def _read_boxes(path, columns):
    boxes, seen = [], set()
    labelled = 'label' in columns
    for where, row in _rows(path, columns):
        coord_id = None
        if row['coord_id'] or not labelled:
            coord_id = _integer(row['coord_id'], where, 'coord_id')
            if coord_id in seen:
                raise InputError(f'{where}: coordinate id {coord_id} appears twice; ids must be unique.')
            seen.add(coord_id)
        label = None
        if labelled:
            label = row['label'].strip()
            if label not in CLASSES:
                raise InputError(f'{where}: "{label}" is no class; use one of {", ".join(CLASSES)}.')
        boxes.append(CoordinateRow(coord_id, _integer(row['mic_id'], where, 'mic_id'),
                                   _number(row['x'], where, 'x'), _number(row['y'], where, 'y'), label))
    return boxes


def _rows(path, columns):
    """Yield (place for a message, row dict) of a CSV file that has at least these columns."""
    try:
        with open(path, newline='', encoding='utf-8') as stream:
            reader = csv.DictReader(stream)
            missing = [c for c in columns if c not in (reader.fieldnames or ())]
            if missing:
                raise InputError(f'{path}: no column {", ".join(missing)}; the header must name '
                                 f'{",".join(columns)}.')
            for row in reader:
                where = f'{path}, line {reader.line_num}'
                if any(row[c] is None for c in columns):
                    raise InputError(f'{where}: fewer values than columns.')
                yield where, row
    except FileNotFoundError:
        raise InputError(f'{path}: no such file.') from None
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(f'{path}: cannot be read as a table ({error}).') from None


def _integer(text, where, column):
    try:
        return int(text)
    except ValueError:
        raise InputError(f'{where}: {column} "{text}" is no whole number.') from None


def _number(text, where, column):
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise InputError(f'{where}: {column} "{text}" is no finite number.')
    return value
