"""A SetOfCoordinates: the table coordinates.csv, counts, and its attributes as columns."""
import os
from collections import Counter

import numpy as np

from ..constants import PO_CLASS, PO_NEAR_JUNK, PO_NOVELTY
from ..worker.exchange import tables
from ..worker.exchange.errors import InputError
from .pick_micrographs import MicrographOfPick, position
from .set_classes import probabilityAttributes
from .set_files import reopen

COORDINATES = 'coordinates.csv'
# Attributes that hold a picker's score, each higher for what is more a particle; the first that a set has counts.
PICKER_SCORES = '_xmipp_zScoreDeepLearning1', '_cryoloScore', '_topazScore', '_rlnAutopickFigureOfMerit'

CHUNK = 200_000      # rows read at a time
MOST_CHUNKS = 100

_PICK_COLUMNS = {'id': np.int64, '_micId': np.int64, '_x': np.float64, '_y': np.float64}


def writeCoordinates(coordinates, folder, micIds):
    """Write the picks on the micrographs `micIds` as coordinates.csv into `folder`; return the mic_ids that have some.

    Positions and micrographs are those of the picks. Raises InputError where a pick has no position, or its id and its
    name mean different micrographs.
    """
    used, micrographOf = set(), MicrographOfPick(coordinates)

    def rows():
        for pick in coordinates.iterItems(orderBy=['_micId', 'id']):
            micId = micrographOf.of(pick)
            if micId in micIds:
                used.add(micId)
                yield (pick.getObjId(), micId, *position(pick))

    coordinates = reopen(coordinates)
    tables.write_rows(os.path.join(folder, COORDINATES), tables.COORDINATE_COLUMNS, rows())
    coordinates.close()
    return used


def countPicks(coordinates, micrographs=None):
    """Return {mic_id: number of picks} of those of `micrographs` (by default the picks' own) that have some.

    Raises InputError where the id and the name of a pick mean different micrographs.
    """
    counts = Counter()
    for (_, number), micId in zip(*_micrographsOfKeys(coordinates, micrographs)):
        if micId is not None:
            counts[micId] += number
    return dict(counts)


def countMicrographs(coordinates):
    """Return on how many micrographs there are picks, whether the set of micrographs has these or not."""
    return len(_micrographKeys(coordinates))


def sampleMicrographs(coordinates, most):
    """Return the mic_ids of at most so many micrographs with picks, evenly from the first to the last."""
    ids = sorted(countPicks(coordinates))
    return ids if len(ids) <= most else [ids[i * len(ids) // most] for i in range(most)]


def readPositions(coordinates, micId):
    """Return the centres (x, y) of the picks on one micrograph, in px."""
    keys, found = _micrographsOfKeys(coordinates)
    wanted = {key for (key, _), target in zip(keys, found) if target == micId}
    ids = {key[0] for key in wanted}
    positions = []
    coordinates = reopen(coordinates)
    for oneId in ids:
        where = '1' if oneId is None else f'_micId={oneId}'      # Scipion cannot ask for what is missing
        positions += [pick.getPosition() for pick in coordinates.iterItems(where=where)
                      if (pick.getMicId(), pick.getMicName()) in wanted]
    coordinates.close()
    return positions


def _micrographKeys(coordinates):
    """{(micId, micName): (number of picks, the least of their ids)} of a SetOfCoordinates."""
    if not coordinates.getSize():      # Scipion cannot aggregate nothing
        return {}
    coordinates = reopen(coordinates)
    rows = coordinates.aggregate(['COUNT', 'MIN'], 'id', ['_micId', '_micName'])
    coordinates.close()
    return {(row['_micId'], row['_micName']): (row['COUNT'], row['MIN']) for row in rows}


def _micrographsOfKeys(coordinates, micrographs=None):
    """[((micId, micName), number of picks)] and the mic_id of each, or None. Raises InputError where they disagree."""
    keys = _micrographKeys(coordinates)
    if not keys:
        return [], []
    micrographOf = MicrographOfPick(coordinates, micrographs)
    return ([(key, number) for key, (number, _) in keys.items()],
            [micrographOf(*key, pickId) for key, (_, pickId) in keys.items()])


def readPicks(coordinates):
    """Return the picks of a set as columns, see readColumns, with the numbers and the classes of this plugin.

    The probabilities are in columns of the names probabilityAttribute(class), see classesOf; nan for none. Picks whose
    id and name mean different micrographs, of which the set has only that of the id, are on none.
    """
    return readColumns(coordinates, lambda first: (*probabilityAttributes(first), PO_NOVELTY, PO_NEAR_JUNK,
                                                   *PICKER_SCORES), (PO_CLASS,), strict=False)


def pickerScore(columns):
    """Return (name, scores) of the picker's score among columns that readPicks gave, ('', None) where there is none."""
    return next(((name, columns[name]) for name in PICKER_SCORES
                 if name in columns and np.isfinite(columns[name]).any()), ('', None))


def readColumns(coordinates, numbers, texts, strict=True):
    """Return the picks of a SetOfCoordinates as columns: {name: array}, in the order of their ids.

    id and _micId (by id and name together, see MicrographOfPick; -1 for none): int64; _x, _y: float64, px; and those of
    the attributes `numbers` (float64, nan for none) and `texts` ('' for none) that the set has; `numbers` may be a
    function that names them for the first pick. Read as columns,
    because a window opens on a set within a second or two. Raises InputError where the file of the set is gone, or
    holds text in the place of numbers; and, if `strict`, where id and name of a pick mean different micrographs.
    """
    renamed = _renamed(coordinates, strict)
    coordinates = reopen(coordinates)
    types, parts = dict(_PICK_COLUMNS), []
    if renamed:
        types['_micName'] = str
    try:
        if coordinates.getSize():
            first = coordinates.getFirstItem()
            numbers = numbers(first) if callable(numbers) else numbers
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
    if renamed:
        for place, key in enumerate(zip(columns['_micId'].tolist(), columns.pop('_micName').tolist())):
            columns['_micId'][place] = renamed.get(key, key[0])
    order = np.argsort(columns['id'], kind='stable')
    return {name: values[order] for name, values in columns.items()}


def _renamed(coordinates, strict):
    """{(micId or -1, name or ''): mic_id or -1} of the picks that are not on the micrograph that their id means."""
    keys = _micrographKeys(coordinates) if coordinates.getMicrographs() is not None else {}
    micrographOf = MicrographOfPick(coordinates) if keys else None
    renamed = {}
    for (micId, name), (_, pickId) in keys.items():
        try:
            found = micrographOf(micId, name, pickId)
        except InputError:
            if strict:
                raise
            found = -1
        if found is not None and found != micId:
            renamed[-1 if micId is None else micId, name or ''] = found
    return renamed


def _array(values, dtype):
    if dtype is np.int64:
        values = [-1 if value is None else value for value in values]
    elif dtype is str:
        values = ['' if value is None else value for value in values]
    try:
        return np.array(values, dtype=dtype)
    except ValueError as error:
        raise InputError(f'A set of coordinates holds text where numbers should be ({error}).') from None
