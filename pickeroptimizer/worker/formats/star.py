"""RELION's star files, read and written by the library starfile.

Positions are in px of the micrograph, from the centre of the first pixel of the first row as the file has it, as ours.
"""
from pathlib import Path
from typing import Any, Dict, Mapping, Sequence

import numpy as np
import pandas as pd
import starfile

from ..exchange.errors import InputError
from ..exchange.files import PathLike, replacing
from .picks import ForeignPicks, Judged

X, Y, NAME, GROUP = 'rlnCoordinateX', 'rlnCoordinateY', 'rlnMicrographName', 'rlnOpticsGroup'
PIXEL_SIZES = 'rlnMicrographPixelSize', 'rlnMicrographOriginalPixelSize'
DETECTOR, MAGNIFICATION, MICROMETRE = 'rlnDetectorPixelSize', 'rlnMagnification', 1e4      # µm, Å in one
CLASS, PROBABILITY = 'poClass', 'poParticleProbability'      # what is added; RELION keeps columns that it does not know


class StarPicks(ForeignPicks):
    """Particles of one star file, and the micrographs of another, which tells their pixel sizes."""

    def __init__(self, coordinates: Path, micrographs: Path):
        self.path = coordinates
        self._blocks = read_star(coordinates)
        self._block = block_with(coordinates, self._blocks, (X, Y, NAME))
        table = self._blocks[self._block]
        self.names = [str(name) for name in table[NAME]]
        self.xy = np.column_stack([pd.to_numeric(table[column], errors='coerce') for column in (X, Y)]).astype(float)
        known = pixel_sizes(micrographs)
        missing = [name for name in dict.fromkeys(self.names) if name not in known]
        if missing:
            raise InputError(f'{coordinates}: {len(missing)} of its micrographs are not in {micrographs}, such as '
                             f'{missing[0]}.')
        self.pixel_sizes = {name: known[name] for name in self.names}

    def write(self, path: PathLike, chosen: np.ndarray, judged: Judged) -> None:
        """Write some of the picks: every block as it was, the particles with their class and probability."""
        table = self._blocks[self._block].assign(**{CLASS: judged.labels, PROBABILITY: np.nan_to_num(judged.particle)})
        write_star(path, {**self._blocks, self._block: table[chosen]})


def read_star(path: Path) -> Dict[str, pd.DataFrame]:
    """Return the blocks of a star file by their names, all values as text: what is written back is what was read.

    Raises InputError if it is none.
    """
    try:
        with open(path, encoding='utf-8') as stream:
            columns = [line.split()[0][1:] for line in stream if line.lstrip().startswith('_')]
        return starfile.read(path, always_dict=True, parse_as_string=columns)
    except FileNotFoundError:
        raise InputError(f'{path}: no such file.') from None
    except (OSError, ValueError, IndexError, KeyError, TypeError) as error:
        raise InputError(f'{path}: cannot be read as a star file ({error}).') from None


def write_star(path: PathLike, blocks: Mapping[str, Any]) -> None:
    """Write a star file, whole or not at all."""
    with replacing(path, 'w', encoding='utf-8') as stream:
        stream.write(starfile.to_string(dict(blocks), na_rep='nan'))


def block_with(path: Path, blocks: Dict[str, pd.DataFrame], columns: Sequence[str]) -> str:
    """Return the name of the block that has some columns. Raises InputError where none has."""
    for name, block in blocks.items():
        if isinstance(block, pd.DataFrame) and all(column in block for column in columns):
            return name
    raise InputError(f'{path}: no block has the columns {", ".join(columns)}.')


def pixel_sizes(path: Path) -> Dict[str, float]:
    """Return {name of a micrograph: Å/px}: of itself, of its optics group, or as RELION 3.0 and before have it.

    Raises InputError where one is missing.
    """
    blocks = read_star(path)
    table = blocks[block_with(path, blocks, (NAME,))]
    found: Dict[str, float] = {}
    for column in PIXEL_SIZES:
        if column in table:
            found = dict(zip(table[NAME].astype(str), pd.to_numeric(table[column], errors='coerce')))
            break
        groups = blocks.get('optics')
        if isinstance(groups, pd.DataFrame) and column in groups and GROUP in groups and GROUP in table:
            sizes = dict(zip(groups[GROUP], pd.to_numeric(groups[column], errors='coerce')))
            found = {str(name): sizes.get(group, np.nan) for name, group in zip(table[NAME], table[GROUP])}
            break
    else:
        if DETECTOR not in table or MAGNIFICATION not in table:
            raise InputError(f'{path}: no pixel size of micrographs ({" or ".join(PIXEL_SIZES)}).')
        sizes = MICROMETRE * pd.to_numeric(table[DETECTOR], errors='coerce') / pd.to_numeric(
            table[MAGNIFICATION], errors='coerce')
        found = dict(zip(table[NAME].astype(str), sizes))
    wrong = [name for name, size in found.items() if not (np.isfinite(size) and size > 0)]
    if wrong:
        raise InputError(f'{path}: the pixel size of {wrong[0]} is missing or no number above 0.')
    return {name: float(size) for name, size in found.items()}
