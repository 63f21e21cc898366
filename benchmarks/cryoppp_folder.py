"""Reads the folder of one EMPIAR entry as CryoPPP publishes it (github.com/BioinfoMachineLearning/cryoppp, CC BY 4.0).

    10005/micrographs/NAME.mrc                                     or .jpg in CryoPPP_Lite
    10005/ground_truth/particle_coordinates/NAME.csv               X-Coordinate,Y-Coordinate,Diameter,... in px
    10005/ground_truth/false_positives/NAME_false_positives.csv    what people threw out
    10005/ground_truth/empiar-10005_particles_selected.csv         the same of all micrographs, with
    10005/ground_truth/empiar-10005_particles_excluded.csv         Micrographs Filename; read where a folder is missing

Rows are counted from the bottom in what was looked at, from the top as other programs do; see `frame` in cryoppp.py.
"""
import csv
import math
import re
from collections import defaultdict
from pathlib import Path
from typing import Callable, Dict, List, NamedTuple, Optional

from worker.exchange.errors import InputError
from worker.exchange.micrograph_reader import BITMAP_SUFFIXES, MRC_SUFFIXES, TIFF_SUFFIXES

SUFFIXES = (*MRC_SUFFIXES, *TIFF_SUFFIXES, *BITMAP_SUFFIXES)
MICROGRAPHS, TRUTH = 'micrographs', 'ground_truth'
# Names of columns, in small letters and without anything else.
COLUMNS = {'x': ('xcoordinate', 'rlncoordinatex', 'xcoord', 'centerx', 'x'),
           'y': ('ycoordinate', 'rlncoordinatey', 'ycoord', 'centery', 'y'),
           'diameter': ('diameter', 'particlediameter'),
           'name': ('micrographsfilename', 'micrographfilename', 'rlnmicrographname', 'micrograph')}

Warn = Callable[[str], None]


class Position(NamedTuple):
    """A box centre in px, as published; diameter of the particle in px, name of the micrograph: where they are told."""
    x: float
    y: float
    diameter: Optional[float]
    name: Optional[str]


class Published(NamedTuple):
    """A micrograph and what was published of it."""
    path: Path
    particles: List[Position]
    junk: List[Position]


def entries(folder: Path) -> List[Path]:
    """Return the folders of EMPIAR entries in `folder`, itself if it is one. Raises InputError if there are none."""
    if (folder / MICROGRAPHS).is_dir():
        return [folder]
    found = [path for path in sorted(folder.glob('*')) if (path / MICROGRAPHS).is_dir()]
    if not found:
        raise InputError(f'{folder}: no EMPIAR entry of CryoPPP, which is a folder with {MICROGRAPHS}/ and {TRUTH}/.')
    return found


def read_entry(folder: Path, warn: Warn) -> List[Published]:
    """Return the micrographs of an entry, with or without positions.

    warn: told of what cannot be used, a line each. Raises InputError if there is no micrograph.
    """
    paths: Dict[str, Path] = {}
    for path in sorted((folder / MICROGRAPHS).iterdir()):
        if path.suffix.lower() in SUFFIXES:
            if path.stem in paths:
                warn(f'{path}: there is {paths[path.stem].name} too, which is used.')
            else:
                paths[path.stem] = path
    if not paths:
        raise InputError(f'{folder / MICROGRAPHS}: no micrographs ({", ".join(SUFFIXES)}).')
    truth = folder / TRUTH
    particles = _positions(truth / 'particle_coordinates', '', truth, '*_particles_selected.csv', warn)
    junk = _positions(truth / 'false_positives', '_false_positives', truth, '*_particles_excluded.csv', warn)
    for name in sorted((set(particles) | set(junk)) - set(paths)):
        warn(f'{folder}: positions of "{name}", but no such file in {MICROGRAPHS}/; they are left out.')
    return [Published(path, particles.get(name, []), junk.get(name, [])) for name, path in paths.items()]


def read_positions(path: Path) -> List[Position]:
    """Read a table of positions. Raises InputError, in one line, for columns or numbers that are missing."""
    try:
        with open(path, newline='', encoding='utf-8-sig') as stream:
            reader = csv.reader(stream)
            header = next(reader, [])
            column = {key: _column(header, names) for key, names in COLUMNS.items()}
            if column['x'] is None or column['y'] is None:
                raise InputError(f'{path}: no columns X-Coordinate and Y-Coordinate among "{",".join(header)}".')
            return [_position(path, reader.line_num, row, column) for row in reader if row]
    except FileNotFoundError:
        raise InputError(f'{path}: no such file.') from None
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(f'{path}: cannot be read as a table ({" ".join(str(error).split())}).') from None


def _positions(folder, ending, truth, pattern, warn):
    """{name of a micrograph: its positions}, from a table each in `folder`, or else from one of all in `truth`."""
    found = defaultdict(list)
    tables = sorted(folder.glob('*.csv')) if folder.is_dir() else []
    for path in tables or sorted(truth.glob(pattern)):
        try:
            for position in read_positions(path):
                if not tables and position.name is None:
                    raise InputError(f'{path}: no column Micrographs Filename.')
                name = path.stem if tables else Path(position.name).stem
                found[name[:-len(ending)] if ending and name.endswith(ending) else name].append(position)
        except InputError as error:
            warn(str(error))
    return found


def _column(header, names):
    plain = [re.sub('[^a-z]', '', name.lower()) for name in header]
    return next((plain.index(name) for name in names if name in plain), None)


def _position(path, line, row, column):
    def value(key):
        index = column[key]
        return row[index].strip() if index is not None and index < len(row) else ''

    try:
        x, y = float(value('x')), float(value('y'))
        diameter = float(value('diameter')) if value('diameter') else None
    except ValueError:
        x = math.nan
    if not math.isfinite(x) or not math.isfinite(y):
        raise InputError(f'{path}, line {line}: "{",".join(row)}" is no position in px.')
    return Position(x, y, diameter, value('name') or None)
