"""A SetOfCoordinates: the table coordinates.csv, counts, and its attributes as columns."""
import os
from itertools import groupby

import numpy as np

from pwem.objects import Coordinate

from ..constants import PO_CLASS
from ..worker import tables
from ..worker.errors import InputError
from .micrographs import reopen
from .scores import NUMBERS

COORDINATES = 'coordinates.csv'

_PICK_COLUMNS = {'id': np.int64, '_micId': np.int64, '_x': np.float64, '_y': np.float64}


def writeCoordinates(coordinates, folder, micIds, scale=1.0):
    """Write coordinates.csv into `folder`, micrograph after micrograph; return the mic_ids (theirs) that it names.

    `micIds` is {mic_id of the picks: mic_id for the worker}; picks of other micrographs are left out.
    Positions are multiplied by `scale`.
    """
    used = set()

    def rows():
        for micId, picks in groupby(coordinates.iterItems(orderBy=['_micId', 'id']), Coordinate.getMicId):
            target = micIds.get(micId)
            if target is None:
                continue
            used.add(target)
            for pick in picks:
                x, y = pick.getPosition()
                yield pick.getObjId(), target, x * scale, y * scale

    coordinates = reopen(coordinates)
    tables.write_rows(os.path.join(folder, COORDINATES), tables.COORDINATE_COLUMNS, rows())
    coordinates.close()
    return used


def countPicks(coordinates):
    """{mic_id: number of picks} of the micrographs that have some."""
    if not coordinates.getSize():      # Scipion cannot aggregate nothing
        return {}
    coordinates = reopen(coordinates)
    counts = {row['_micId']: row['COUNT'] for row in coordinates.aggregate(['COUNT'], '_micId', ['_micId'])}
    coordinates.close()
    return counts


def sampleMicrographs(coordinates, most):
    """The mic_ids of at most so many micrographs with picks, evenly from the first to the last."""
    ids = sorted(countPicks(coordinates))
    return ids if len(ids) <= most else [ids[i * len(ids) // most] for i in range(most)]


def readPositions(coordinates, micId):
    """The centres (x, y) of the picks on one micrograph, in px."""
    coordinates = reopen(coordinates)
    positions = [pick.getPosition() for pick in coordinates.iterItems(where=f'_micId={int(micId)}')]
    coordinates.close()
    return positions


def readPicks(coordinates):
    """The picks of a set as columns: {name: array}, in the order of their ids.

    id and _micId: int64; _x, _y: float64, px; and, where the set has them, PO_CLASS (text) and the numbers of this
    plugin (float64, nan for none). Read as columns, because a window opens on a set within a second or two. Raises
    InputError if the file of the set is gone.
    """
    if not os.path.exists(coordinates.getFileName()):      # Scipion would make an empty one
        raise InputError(f'{coordinates.getFileName()}: the file of these coordinates is not there any more.')
    coordinates = reopen(coordinates)
    try:
        if not coordinates.getSize():
            return {name: np.zeros(0, dtype) for name, dtype in _PICK_COLUMNS.items()}
        first = coordinates.getFirstItem()
        present = [name for name in (*NUMBERS, PO_CLASS) if hasattr(first, name)]
        # Rows that differ: all of them, for no two have the same id.
        columns = coordinates.getUniqueValues([*_PICK_COLUMNS, *present])
    finally:
        coordinates.close()
    types = {**dict.fromkeys(NUMBERS, np.float64), PO_CLASS: str, **_PICK_COLUMNS}
    arrays = {name: np.array(values, dtype=types[name]) for name, values in columns.items()}
    order = np.argsort(arrays['id'], kind='stable')
    return {name: values[order] for name, values in arrays.items()}
