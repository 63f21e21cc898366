"""A SetOfCoordinates: the table coordinates.csv, counts, and its attributes as columns."""
import os
from itertools import groupby

import numpy as np
from pwem.objects import Coordinate

from ..constants import PO_CLASS
from ..worker.exchange import tables
from ..worker.exchange.errors import InputError
from .micrographs import reopen
from .scores import NUMBERS

COORDINATES = 'coordinates.csv'

CHUNK = 200_000      # rows read at a time
MOST_CHUNKS = 100

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
    """Return {mic_id: number of picks} of the micrographs that have some."""
    if not coordinates.getSize():      # Scipion cannot aggregate nothing
        return {}
    coordinates = reopen(coordinates)
    counts = {row['_micId']: row['COUNT'] for row in coordinates.aggregate(['COUNT'], '_micId', ['_micId'])}
    coordinates.close()
    return counts


def sampleMicrographs(coordinates, most):
    """Return the mic_ids of at most so many micrographs with picks, evenly from the first to the last."""
    ids = sorted(countPicks(coordinates))
    return ids if len(ids) <= most else [ids[i * len(ids) // most] for i in range(most)]


def readPositions(coordinates, micId):
    """Return the centres (x, y) of the picks on one micrograph, in px."""
    coordinates = reopen(coordinates)
    positions = [pick.getPosition() for pick in coordinates.iterItems(where=f'_micId={int(micId)}')]
    coordinates.close()
    return positions


def readPicks(coordinates):
    """Return the picks of a set as columns, see readColumns, with the numbers and the classes of this plugin."""
    return readColumns(coordinates, NUMBERS, (PO_CLASS,))


def readColumns(coordinates, numbers, texts):
    """Return the picks of a SetOfCoordinates as columns: {name: array}, in the order of their ids.

    id and _micId (-1 for none): int64; _x, _y: float64, px; and those of the attributes `numbers` (float64, nan for
    none) and `texts` ('' for none) that the set has. Read as columns, because a window opens on a set within a second
    or two. Raises InputError where the file of the set is gone, or holds text in the place of numbers.
    """
    if not os.path.exists(coordinates.getFileName()):      # Scipion would make an empty one
        raise InputError(f'{coordinates.getFileName()}: the file of these coordinates is not there any more.')
    coordinates = reopen(coordinates)
    types, parts = dict(_PICK_COLUMNS), []
    try:
        if coordinates.getSize():
            first = coordinates.getFirstItem()
            types.update((name, dtype) for names, dtype in ((numbers, np.float64), (texts, str)) for name in names
                         if hasattr(first, name))
            ids = coordinates.aggregate(['MIN', 'MAX'], 'id')[0]
            step = max(CHUNK, (ids['MAX'] - ids['MIN']) // MOST_CHUNKS)      # ids may be far apart
            for start in range(ids['MIN'], ids['MAX'] + 1, step):
                # Rows that differ: all of them, for no two have the same id.
                rows = coordinates.getUniqueValues(list(types), where=f'id>={start} AND id<{start + step}')
                parts.append({name: _array(values, types[name]) for name, values in rows.items()})
    finally:
        coordinates.close()
    columns = {name: np.concatenate([part[name] for part in parts]) if parts else np.zeros(0, dtype)
               for name, dtype in types.items()}
    order = np.argsort(columns['id'], kind='stable')
    return {name: values[order] for name, values in columns.items()}


def _array(values, dtype):
    if dtype is np.int64:
        values = [-1 if value is None else value for value in values]
    elif dtype is str:
        values = ['' if value is None else value for value in values]
    try:
        return np.array(values, dtype=dtype)
    except ValueError as error:
        raise InputError(f'A set of coordinates holds text where numbers should be ({error}).') from None
