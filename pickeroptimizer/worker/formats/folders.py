"""Picks in a folder with a file for each micrograph: EMAN1's .box, which many pickers write, and crYOLO's .cbox.

Both hold the corner of each box and its size in px, from the first column and the first row of the file; the middles
are what crYOLO's own star files have for the same picks, and nothing is mirrored. The micrograph of a file is the one
of its name.
"""
from abc import abstractmethod
from pathlib import Path
from typing import Any, Dict, List

import numpy as np
import pandas as pd

from ..exchange.errors import InputError
from ..exchange.files import PathLike, replacing
from ..exchange.slices import split_slice
from ..exchange.tables import read_micrographs
from .picks import ForeignPicks, Judged
from .star import CLASS, PROBABILITY, read_star, write_star

BOX, CBOX = '.box', '.cbox'


class FolderPicks(ForeignPicks):
    """The picks of all files of one kind in a folder, and our own table of their micrographs."""
    suffix: str

    def __init__(self, coordinates: Path, micrographs: Path):
        self.path = coordinates
        paths = sorted(path for path in coordinates.iterdir() if path.suffix.lower() == self.suffix)
        known: Dict[str, Any] = {}
        for row in read_micrographs(micrographs).values():
            stem = split_slice(row.path)[0].stem
            if stem in known:
                raise InputError(f'{micrographs}: two micrographs are called {stem}: which one has the picks of it?')
            known[stem] = row
        missing = [path.name for path in paths if path.stem not in known]
        if missing:
            raise InputError(f'{micrographs}: there is no micrograph for {len(missing)} of the files in {coordinates}, '
                             f'such as {missing[0]}.')
        self._paths = {path.stem: path for path in paths}
        self._known = known
        self.names, places = [], [np.zeros((0, 2))]
        for stem, path in self._paths.items():
            corners = self._read(path)
            self.names += [stem] * len(corners)
            places.append(corners[:, :2] + corners[:, 2:] / 2)
        self.xy = np.concatenate(places)
        self.pixel_sizes = {stem: known[stem].pixel_size for stem in self._paths}

    @abstractmethod
    def _read(self, path: Path) -> np.ndarray:
        """Corners and sizes, (n, 4) px, of a file; keeps what `_write` needs."""

    @abstractmethod
    def _write(self, path: Path, stem: str, chosen: np.ndarray, judged: Judged) -> None:
        """Write some of the picks of a micrograph, bool (n); judged: what became of them all."""

    def write(self, path: PathLike, chosen: np.ndarray, judged: Judged) -> None:
        """Write some of the picks into a folder of such files; one without picks is there, too."""
        folder, names = Path(path), np.array(self.names)
        folder.mkdir(exist_ok=True)
        for stem, source in self._paths.items():
            own = names == stem
            self._write(folder / source.name, stem, chosen[own], Judged(judged.labels[own], judged.particle[own]))

    def _found(self, name: str) -> Path:
        return self._known[name].path


class BoxPicks(FolderPicks):
    """EMAN1's box files: x, y, width and height in a line, and whatever else the line has."""
    suffix = BOX

    def __init__(self, coordinates: Path, micrographs: Path):
        self._lines: Dict[str, List[str]] = {}
        super().__init__(coordinates, micrographs)

    def _read(self, path: Path) -> np.ndarray:
        lines = [line for line in path.read_text(encoding='utf-8', errors='replace').splitlines() if line.strip()]
        self._lines[path.stem] = lines
        try:
            return np.array([[float(word) for word in line.split()[:4]] for line in lines]).reshape(-1, 4)
        except ValueError:
            raise InputError(f'{path}: its lines are not x, y, width and height.') from None

    def _write(self, path: Path, stem: str, chosen: np.ndarray, judged: Judged) -> None:
        with replacing(path, 'w', encoding='utf-8') as stream:
            stream.writelines(f'{line}\n' for line, kept in zip(self._lines[stem], chosen) if kept)


class CboxPicks(FolderPicks):
    """crYOLO's cbox files: star files with a block `cryolo`."""
    suffix = CBOX
    COLUMNS = 'CoordinateX', 'CoordinateY', 'Width', 'Height'

    def __init__(self, coordinates: Path, micrographs: Path):
        self._blocks: Dict[str, Dict[str, Any]] = {}
        super().__init__(coordinates, micrographs)

    def _read(self, path: Path) -> np.ndarray:
        blocks = self._blocks[path.stem] = read_star(path)
        table = blocks.get('cryolo')
        if not isinstance(table, pd.DataFrame) or not all(name in table for name in self.COLUMNS):
            raise InputError(f'{path}: it has no block "cryolo" with {", ".join(self.COLUMNS)}.')
        return np.column_stack([pd.to_numeric(table[name], errors='coerce') for name in self.COLUMNS]).astype(float)

    def _write(self, path: Path, stem: str, chosen: np.ndarray, judged: Judged) -> None:
        blocks = self._blocks[stem]
        table = blocks['cryolo'].assign(**{CLASS: judged.labels, PROBABILITY: np.nan_to_num(judged.particle)})
        write_star(path, {**blocks, 'cryolo': table[chosen]})
