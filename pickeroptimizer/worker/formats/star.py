"""RELION's star files, read and written by the library starfile.

Positions are in px of the micrograph, from the centre of the first pixel of the first row as the file has it, as ours.
"""
from pathlib import Path
from typing import Dict, Sequence

import numpy as np
import pandas as pd
import starfile

from ..exchange.errors import InputError
from ..exchange.files import PathLike, replacing
from .picks import ForeignPicks, Judged

X, Y, NAME, GROUP = 'rlnCoordinateX', 'rlnCoordinateY', 'rlnMicrographName', 'rlnOpticsGroup'
PIXEL_SIZES = 'rlnMicrographPixelSize', 'rlnMicrographOriginalPixelSize'
CLASS, PROBABILITY = 'poClass', 'poParticleProbability'      # what is added; RELION keeps columns that it does not know


class StarPicks(ForeignPicks):
    """Particles of one star file, and the micrographs of another, which tells their pixel sizes."""

    def __init__(self, coordinates: Path, micrographs: Path):
        self.path = coordinates
        self._blocks = _read(coordinates)
        self._block = _block_with(coordinates, self._blocks, (X, Y, NAME))
        table = self._blocks[self._block]
        self.names = [str(name) for name in table[NAME]]
        self.xy = np.column_stack([pd.to_numeric(table[column], errors='coerce') for column in (X, Y)]).astype(float)
        known = _pixel_sizes(micrographs)
        missing = [name for name in dict.fromkeys(self.names) if name not in known]
        if missing:
            raise InputError(f'{coordinates}: {len(missing)} of its micrographs are not in {micrographs}, such as '
                             f'{missing[0]}.')
        self.pixel_sizes = {name: known[name] for name in self.names}

    def write(self, path: PathLike, chosen: np.ndarray, judged: Judged) -> None:
        """Write some of the picks: every block as it was, the particles with their class and probability."""
        table = self._blocks[self._block].assign(**{CLASS: judged.labels, PROBABILITY: np.nan_to_num(judged.particle)})
        with replacing(path, 'w', encoding='utf-8') as stream:
            stream.write(starfile.to_string({**self._blocks, self._block: table[chosen]}))


def _read(path: Path) -> Dict[str, pd.DataFrame]:
    try:
        return starfile.read(path, always_dict=True, parse_as_string=[NAME])
    except FileNotFoundError:
        raise InputError(f'{path}: no such file.') from None
    except (OSError, ValueError, IndexError, KeyError, TypeError) as error:
        raise InputError(f'{path}: cannot be read as a star file ({error}).') from None


def _block_with(path: Path, blocks: Dict[str, pd.DataFrame], columns: Sequence[str]) -> str:
    """The name of the block that has some columns."""
    for name, block in blocks.items():
        if isinstance(block, pd.DataFrame) and all(column in block for column in columns):
            return name
    raise InputError(f'{path}: no block has the columns {", ".join(columns)}.')


def _pixel_sizes(path: Path) -> Dict[str, float]:
    """{name of a micrograph: Å/px}, by its optics group."""
    blocks = _read(path)
    table = blocks[_block_with(path, blocks, (NAME,))]
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
        raise InputError(f'{path}: no pixel size of micrographs ({" or ".join(PIXEL_SIZES)}).')
    wrong = [name for name, size in found.items() if not (np.isfinite(size) and size > 0)]
    if wrong:
        raise InputError(f'{path}: the pixel size of {wrong[0]} is missing or no number above 0.')
    return {name: float(size) for name, size in found.items()}
