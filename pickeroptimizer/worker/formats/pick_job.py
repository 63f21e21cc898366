"""RELION's pick jobs: a star file that names, for each micrograph, the star file of its picks."""
from pathlib import Path
from typing import Any, Dict

import numpy as np
import pandas as pd

from ..exchange.errors import InputError
from ..exchange.files import PathLike
from .picks import ForeignPicks, Judged
from .star import CLASS, NAME, PROBABILITY, X, Y, block_with, pixel_sizes, read_star, write_star

FILES = 'rlnMicrographCoordinates'


class PickJobPicks(ForeignPicks):
    """The picks of a job, as autopick.star or manualpick.star of RELION 4 and 5, and a star file of the micrographs."""

    def __init__(self, coordinates: Path, micrographs: Path):
        self.path = coordinates
        self._blocks = read_star(coordinates)
        self._block = block_with(coordinates, self._blocks, (NAME, FILES))
        table, known = self._blocks[self._block], pixel_sizes(micrographs)
        self._files: Dict[str, Dict[str, Any]] = {}      # blocks by the name of the micrograph
        self._sources: Dict[str, Path] = {}
        self.names, places, paths = [], [np.zeros((0, 2))], set()
        for name, file in zip(table[NAME].astype(str), table[FILES].astype(str)):
            if name not in known:
                raise InputError(f'{coordinates}: {name} is not in {micrographs}.')
            path = self._found(file)
            if name in self._sources or path in paths:
                raise InputError(f'{coordinates}: {name} or {file} is there twice; each micrograph has a file of its '
                                 f'own.')
            self._sources[name] = path
            paths.add(path)
            blocks = self._files[name] = read_star(path)
            picks = blocks[block_with(path, blocks, (X, Y))]
            self.names += [name] * len(picks)
            places.append(np.column_stack([pd.to_numeric(picks[column], errors='coerce')
                                           for column in (X, Y)]).astype(float))
        self.xy = np.concatenate(places)
        self.pixel_sizes = {name: known[name] for name in self.names}

    def write(self, path: PathLike, chosen: np.ndarray, judged: Judged) -> None:
        """Write some of the picks: such a file, and the star files that it names in a folder of its name beside it."""
        path, names = Path(path), np.array(self.names)
        folder = path.with_suffix('')
        folder.mkdir(exist_ok=True)
        written = []
        for number, (name, blocks) in enumerate(self._files.items(), start=1):
            own, block = names == name, block_with(self.path, blocks, (X, Y))
            table = blocks[block].assign(**{CLASS: judged.labels[own],
                                            PROBABILITY: np.nan_to_num(judged.particle[own])})
            file = folder / self._place(name, number)
            file.parent.mkdir(parents=True, exist_ok=True)
            write_star(file, {**blocks, block: table[chosen[own]]})
            written.append(str(file))
        listed = self._blocks[self._block].assign(**{FILES: written})
        write_star(path, {**self._blocks, self._block: listed})

    def _place(self, name: str, number: int) -> Path:
        """Where a file stands in the folder of those that are written: as it did in the job's.

        RELION 3.1 finds the files by that, from the names of the micrographs. Files from elsewhere are numbered.
        """
        source = self._sources[name].resolve()
        job = self.path.resolve().parent
        if job in source.parents:
            return source.relative_to(job)
        return Path(f'{Path(name).stem}_{number}.star')      # micrographs of several folders may have one name
