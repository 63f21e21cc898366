"""cryoSPARC's cs files: one numpy array with named fields, read without pickles.

Positions are shares of the width and the height of the micrograph, from its first column and its first row.
"""
from pathlib import Path
from typing import Sequence, Union

import numpy as np
from numpy.lib import recfunctions

from ..exchange.errors import InputError
from ..exchange.files import PathLike, replacing
from ..exchange.micrograph_reader import read_size
from .picks import ForeignPicks, Judged

NAME, SHAPE = 'location/micrograph_path', 'location/micrograph_shape'
X, Y = 'location/center_x_frac', 'location/center_y_frac'
MICROGRAPH, PIXEL_SIZE = 'micrograph_blob/path', 'micrograph_blob/psize_A'
NUMBERS = {SHAPE: (2,), X: (), Y: (), PIXEL_SIZE: ()}      # fields, and how many of them a row has
CLASS, PROBABILITY = 'pickeroptimizer/class', 'pickeroptimizer/particle_probability'      # what is added


class CryosparcPicks(ForeignPicks):
    """Particles with their locations, and the exposures, which tell the pixel sizes."""

    def __init__(self, coordinates: Path, micrographs: Path):
        self.path = coordinates
        self._rows = _read(coordinates, (NAME, SHAPE, X, Y))
        self.names = [_text(name) for name in self._rows[NAME]]
        shares = np.column_stack((self._rows[X], self._rows[Y])).astype(float)
        self.xy = shares * self._rows[SHAPE][:, ::-1].astype(float) - 0.5
        self._shapes = {name: tuple(map(int, shape)) for name, shape in zip(self.names, self._rows[SHAPE])}
        exposures = _read(micrographs, (MICROGRAPH, PIXEL_SIZE))
        known = {_text(name): float(size) for name, size in zip(exposures[MICROGRAPH], exposures[PIXEL_SIZE])}
        for name in dict.fromkeys(self.names):
            if not (np.isfinite(known.get(name, np.nan)) and known[name] > 0):
                raise InputError(f'{micrographs}: there is no pixel size of {name}, on which {coordinates} has picks.')
        self.pixel_sizes = {name: known[name] for name in self.names}

    def _found(self, name: str) -> Path:
        path = super()._found(name)
        rows, columns = read_size(path)
        if (rows, columns) != self._shapes[name]:
            raise InputError(f'{path}: has {columns} x {rows} px, where {self.path} says '
                             f'{self._shapes[name][1]} x {self._shapes[name][0]}.')
        return path

    def write(self, path: PathLike, chosen: np.ndarray, judged: Judged) -> None:
        """Write some of the picks: all fields as they were, and their class and probability."""
        fields = [values[chosen] for values in (judged.labels.astype('S32'), judged.particle.astype(np.float32))]
        # Those of an earlier prune go.
        rows = recfunctions.drop_fields(self._rows[chosen], (CLASS, PROBABILITY), usemask=False)
        rows = recfunctions.append_fields(rows, (CLASS, PROBABILITY), fields, usemask=False)
        with replacing(path, 'wb') as stream:
            np.save(stream, rows, allow_pickle=False)


def _read(path: Path, fields: Sequence[str]) -> np.ndarray:
    try:
        rows = np.load(path, allow_pickle=False)
    except FileNotFoundError:
        raise InputError(f'{path}: no such file.') from None
    except (OSError, ValueError, EOFError) as error:
        raise InputError(f'{path}: cannot be read as a cs file ({error}).') from None
    missing = [name for name in fields if name not in (rows.dtype.names or ())]
    if missing:
        raise InputError(f'{path}: it has no {", ".join(missing)}.')
    wrong = [name for name in fields if name in NUMBERS and (rows.dtype[name].base.kind not in 'iuf' or
                                                             rows.dtype[name].shape != NUMBERS[name])]
    if wrong:
        raise InputError(f'{path}: {wrong[0]} is not {"two numbers" if NUMBERS[wrong[0]] else "a number"} in each row.')
    return rows


def _text(name: Union[bytes, str]) -> str:
    return name.decode('utf-8', 'replace') if isinstance(name, bytes) else str(name)
