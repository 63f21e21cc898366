"""What the picks of any other program come to."""
import csv
from abc import ABC, abstractmethod
from pathlib import Path
from typing import Dict, List, NamedTuple, Sequence

import numpy as np

from ..exchange.classes import PARTICLE, decide
from ..exchange.errors import InputError
from ..exchange.files import PathLike
from ..exchange.tables import (
    COORDINATE_COLUMNS,
    MICROGRAPH_COLUMNS,
    NEAR_JUNK,
    SCORED,
    UNREADABLE,
    score_classes,
    write_rows,
)


class Judged(NamedTuple):
    """What became of picks, in their order: class names or statuses (n), particle probabilities (n), nan for none."""
    labels: np.ndarray
    particle: np.ndarray

    @property
    def kept(self) -> np.ndarray:
        """Which are more probably a particle than junk, and not near junk, bool (n)."""
        return self.labels == PARTICLE


class ForeignPicks(ABC):
    """The picks of a file, numbered from 1 in its order.

    names: of their micrographs, as the file has them (n); xy: centres in px from the centre of the first pixel of the
    first row (n, 2); pixel_sizes: {name of a micrograph: Å/px}.
    """
    path: Path
    names: Sequence[str]
    xy: np.ndarray
    pixel_sizes: Dict[str, float]

    def write_tables(self, micrographs: PathLike, coordinates: PathLike) -> None:
        """Write the tables of micrographs and of coordinates. Raises InputError for numbers that cannot be."""
        numbers = {name: number for number, name in enumerate(dict.fromkeys(self.names), start=1)}
        if not numbers:
            raise InputError(f'{self.path}: no picks.')
        bad = np.flatnonzero(~np.isfinite(self.xy).all(axis=1))
        if len(bad):
            raise InputError(f'{self.path}: the position of pick {bad[0] + 1} is no number.')
        write_rows(micrographs, MICROGRAPH_COLUMNS, ((number, self._found(name), self.pixel_sizes[name])
                                                     for name, number in numbers.items()))
        write_rows(coordinates, COORDINATE_COLUMNS, (
            (number, numbers[name], *map(float, place))
            for number, (name, place) in enumerate(zip(self.names, self.xy), start=1)))

    def judged(self, scores: PathLike) -> Judged:
        """Return what a table of scores says of the picks."""
        labels, particle = np.full(len(self.names), UNREADABLE, dtype=object), np.full(len(self.names), np.nan)
        with open(scores, newline='', encoding='utf-8') as stream:
            rows = csv.DictReader(stream)
            classes = score_classes(scores, rows.fieldnames or ())
            for row in rows:
                place = int(row['coord_id']) - 1
                if row['status'] in (SCORED, NEAR_JUNK):
                    values = np.array([[float(row[name]) for name in classes]])
                    label = classes[decide(values)[0]]
                    labels[place] = NEAR_JUNK if (row['status'], label) == (NEAR_JUNK, PARTICLE) else label
                    particle[place] = values[0, classes.index(PARTICLE)]
                else:
                    labels[place] = row['status']
        return Judged(labels, particle)

    @abstractmethod
    def write(self, path: PathLike, chosen: np.ndarray, judged: Judged) -> None:
        """Write some of the picks, bool (n), with all that the file had and what became of them."""

    def _found(self, name: str) -> Path:
        """The file of a micrograph: names are relative to the folder of a project, in or below which this file is."""
        path = Path(name)
        places: List[Path] = [path] if path.is_absolute() else [
            path, *(folder / path for folder in self.path.resolve().parents)]
        for place in places:
            if place.exists():
                return place.resolve()
        raise InputError(f'{self.path}: there is no micrograph {name}, neither from here nor from a folder above the '
                         f'file; run this in the folder of the project.')
