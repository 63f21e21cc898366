"""Masks of micrographs: MRC files of 0 (good) and 1 (bad), as MicrographCleaner writes them, and the table of them."""
import os
from collections import Counter
from contextlib import suppress
from pathlib import Path
from typing import Dict, Mapping, Tuple

import mrcfile
import numpy as np

from .errors import InputError
from .files import PathLike, replacing
from .micrograph_reader import MRC_HEADER_BYTES, read_size
from .slices import split_slice
from .tables import MicrographRow, Table

MASKS = 'masks.csv'
MASK_COLUMNS = ('mic_id', 'path', 'usable')      # path: relative to the table's folder; usable: share of the area


def mask_stems(micrographs: Mapping[int, MicrographRow]) -> Dict[int, str]:
    """Return {mic_id: what the names of its files begin with}: the micrograph's own name.

    The number of a slice is added, and the id where several micrographs have one name.
    """
    stems = {}
    for mic_id, row in micrographs.items():
        file, index = split_slice(row.path)
        stems[mic_id] = file.stem if index is None else f'{file.stem}_{index}'
    counts = Counter(stems.values())
    return {mic_id: stem if counts[stem] == 1 else f'{stem}_{mic_id}' for mic_id, stem in stems.items()}


def junk_map(folder: PathLike, mic_id: int) -> Path:
    """Return the file of what counted as junk on a micrograph whose picks near it are rejected.

    int8 (rows, columns) of some px a cell of the grid: the number of the class of junk, 0 where the micrograph is good.
    """
    return Path(folder, f'{mic_id}.mrc')


def write_mrc(path: PathLike, values: np.ndarray, pixel_size: Tuple[float, float]) -> None:
    """Write an MRC file, whole or not at all. pixel_size: Å/px along rows and along columns, (x, y)."""
    with replacing(path, 'wb') as stream, mrcfile.new(stream.name, overwrite=True) as mrc:
        mrc.set_data(values)
        if values.ndim == 3:
            mrc.set_image_stack()
        mrc.voxel_size = (*pixel_size, 1.0)
        mrc.header.nlabl = 0          # the label would hold the time of day
        mrc.header.label = b''


def read_shares(folder: PathLike) -> Dict[int, Tuple[str, float]]:
    """Return {mic_id: (file, usable share 0-1)} of the table of masks in a folder, {} where there is none.

    Raises InputError if it is damaged.
    """
    path = Path(folder) / MASKS
    if not path.exists():
        return {}
    table = Table(path, MASK_COLUMNS)
    return {table.integer(mic_id, 'mic_id'): (name, table.number(usable, 'usable'))
            for mic_id, name, usable in table.rows()}


def read_mask(path: PathLike) -> np.ndarray:
    """Read a mask: bool (rows, columns), True where the micrograph is bad. Raises InputError if it is none."""
    try:
        with mrcfile.open(path) as mrc:
            return mrc.data > 0
    except (OSError, ValueError) as error:
        raise InputError(f'{path}: cannot be read as a mask ({error}).') from None


def is_whole(path: Path, shape: Tuple[int, int]) -> bool:
    """Return whether a mask of `shape` (rows, columns) is there."""
    with suppress(InputError, OSError):
        return read_size(path) == shape and os.path.getsize(path) == MRC_HEADER_BYTES + shape[0] * shape[1]
    return False
