"""Masks of micrographs, as `worker mask` leaves them, and the usable share of each."""
import os
from typing import Dict, NamedTuple, Optional, Tuple

import mrcfile
import numpy as np
from pyworkflow.object import Float, String

from ..constants import PO_MASK, PO_USABLE
from ..worker.exchange.errors import InputError
from ..worker.exchange.masks import read_shares


class Mask(NamedTuple):
    """The file of a mask, and the share of its micrograph that is usable (0-1)."""
    path: str
    usable: float

    @property
    def classes_path(self) -> str:
        """The file of the probabilities of the classes in its cells."""
        return f'{self.path[:-len("_mask.mrc")]}_classes.mrcs'


def readMasks(folder: str) -> Dict[int, Mask]:
    """Return {mic_id: Mask} of the table in a folder, {} where there is none. Raises InputError if it is damaged."""
    return {micId: Mask(os.path.join(folder, name), usable) for micId, (name, usable) in read_shares(folder).items()}


def withMask(micrograph, mask: Mask):
    """Return a copy of a Micrograph that bears its mask and its usable share, per cent."""
    copy = micrograph.clone()
    setattr(copy, PO_MASK, String(mask.path))
    setattr(copy, PO_USABLE, Float(round(100 * mask.usable, 2)))
    return copy


def readCells(path: str) -> Optional[np.ndarray]:
    """Return the probabilities (classes, rows, columns) of a file of cells, None if it cannot be read."""
    try:
        with mrcfile.open(path, permissive=False) as stream:
            return np.array(stream.data)
    except (OSError, ValueError):
        return None


def binnedMask(path: str, shape: Tuple[int, int]) -> np.ndarray:
    """Return a mask as bool of a shape (rows, columns), by its nearest px. Raises InputError if it cannot be read."""
    try:
        with mrcfile.mmap(path, mode='r') as stream:
            rows, columns = (np.minimum((np.arange(wanted) + 0.5) * there / wanted, there - 1).astype(int)
                             for wanted, there in zip(shape, stream.data.shape))
            return np.array(stream.data[np.ix_(rows, columns)]) > 0
    except (OSError, ValueError) as error:
        raise InputError(f'{path}: cannot be read as a mask ({error}).') from None
