"""Scipion sets into the worker's tables and back: nothing else in the plugin does either.

Sets are read in one pass and never held whole, so that a million picks cost memory for their scores only.
Iterating a Scipion set yields one object again and again; it is read or stored at once, never kept.
"""
import csv
import math
import os
from array import array
from collections import Counter
from dataclasses import replace
from itertools import groupby
from pathlib import PurePath

import numpy as np

from pwem.objects import Coordinate
from pyworkflow.object import Float, Scalar, String

from .constants import PO_CARBON, PO_CLASS, PO_ICE, PO_LABEL_PROBABILITY, PO_PARTICLE
from .labels import idsByName
from .worker import tables
from .worker.errors import InputError

MICROGRAPHS = 'micrographs.csv'
COORDINATES = 'coordinates.csv'
LABELS = 'labels.csv'
SCORES = 'scores.csv'

_PROBABILITIES = (PO_PARTICLE, PO_ICE, PO_CARBON)      # in the order of tables.CLASSES


def reopen(itemSet):
    """A second object on the items of a Scipion set: read through it, and close it.

    A set has one cursor and one item object, so reading through an object of our own leaves the caller's alone.
    """
    return type(itemSet)(filename=itemSet.getFileName(), prefix=itemSet.getPrefix() or '')


# ------------------------------ micrographs ------------------------------

def micrographNames(micrographs):
    """{mic_id: name} of a SetOfMicrographs; a micrograph without a name bears that of its file."""
    micrographs = reopen(micrographs)
    names = {m.getObjId(): m.getMicName() or os.path.basename(m.getFileName()) for m in micrographs.iterItems()}
    micrographs.close()
    return names


def matchMicrographs(names, otherNames):
    """{mic_id: mic_id among the others} of the micrographs that bear the same name, or the same without extension.

    Names that several of the others bear match nothing: which of them is meant cannot be known.
    """
    exact = idsByName(otherNames)
    stems = idsByName({micId: _stem(name) for micId, name in otherNames.items()})
    found = ((micId, exact[name] if name in exact else stems.get(_stem(name))) for micId, name in names.items())
    return {micId: other for micId, other in found if other is not None}


def _stem(name):
    return PurePath(name).stem


def writeMicrographs(micrographs, folder, wanted):
    """Write micrographs.csv into `folder` for the ids in `wanted`.

    Files of the project are written relative to `folder`, so that the table still holds when the project moves.
    """
    pixelSize = micrographs.getSamplingRate()
    micrographs = reopen(micrographs)
    rows = ((m.getObjId(), _relative(m.getFileName(), folder), repr(float(pixelSize)))
            for m in micrographs.iterItems() if m.getObjId() in wanted)
    tables.write_rows(os.path.join(folder, MICROGRAPHS), tables.MICROGRAPH_COLUMNS, rows)
    micrographs.close()


def _relative(path, folder):
    return path if os.path.isabs(path) else os.path.relpath(path, folder)


# ------------------------------ picks ------------------------------

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


# ------------------------------ scores ------------------------------

class Scores:
    """The worker's scores in the order of the coordinate ids: 33 bytes a pick."""

    STATUSES = (tables.UNREADABLE, tables.SCORED, tables.OUTSIDE)

    def __init__(self, path):
        """Read scores.csv. Raises InputError if it is not the table that the worker writes."""
        ids, statuses, values = array('q'), array('b'), array('d')
        codes = {name: code for code, name in enumerate(self.STATUSES)}
        try:
            with open(path, newline='', encoding='utf-8') as stream:
                reader = csv.reader(stream)
                if tuple(next(reader, ())) != tables.SCORE_COLUMNS:
                    raise InputError(f'{path}: not a table of scores.')
                for coordId, *probabilities, status, _reason in reader:
                    ids.append(int(coordId))
                    statuses.append(codes[status])
                    values.extend(float(p or 0) for p in probabilities)
        except (OSError, ValueError, KeyError) as error:
            raise InputError(f'{path}: not a whole table of scores ({error}).') from None
        if len(values) != len(tables.CLASSES) * len(ids):
            raise InputError(f'{path}: not a whole table of scores.')
        order = np.argsort(np.asarray(ids), kind='stable')
        self._ids = np.asarray(ids)[order]
        self._statuses = np.asarray(statuses)[order]
        self._values = np.asarray(values).reshape(-1, len(tables.CLASSES))[order]

    def countUnscored(self, total):
        """How many of `total` picks are neither scored nor outside: their micrograph could not be read."""
        return total - int(np.count_nonzero(self._statuses))

    def particleProbabilities(self):
        """Of all scored picks, an array."""
        return self._values[self._statuses == self.STATUSES.index(tables.SCORED), 0]

    def merge(self, picks):
        """Yield (pick, status, probabilities as floats in the order of CLASSES) for picks in the order of their ids.

        A pick that the worker was not given has the status `unreadable` and probabilities 0.
        """
        rows = self._rows()
        missing = (None, tables.UNREADABLE, (0.0,) * len(tables.CLASSES))
        row = next(rows, missing)
        for pick in picks:
            while row[0] is not None and row[0] < pick.getObjId():
                row = next(rows, missing)
            _, status, probabilities = row if row[0] == pick.getObjId() else missing
            yield pick, status, probabilities

    def _rows(self, chunk=8192):
        """The rows as Python values; chunks, because converting numpy scalars one by one is slow."""
        for start in range(0, len(self._ids), chunk):
            part = slice(start, start + chunk)
            for coordId, code, values in zip(self._ids[part].tolist(), self._statuses[part].tolist(),
                                             self._values[part].tolist()):
                yield coordId, self.STATUSES[code], values


def splitCoordinates(coordinates, scores, minimum, kept, rejected, unscored):
    """Append every pick to one of three sets, with its id, its attributes and the four of this plugin.

    `minimum` is the least particle probability of a kept pick, None for the most probable class to decide.
    `unscored` may be None when every pick has a score.
    Returns two Counters {_poClass: picks}, of the kept and of the rejected, and one {mic_id: picks} of the unscored.
    """
    counts = Counter(), Counter(), Counter()
    coordinates = reopen(coordinates)
    for pick, status, probabilities in scores.merge(coordinates.iterItems()):
        name, keep = status, False
        if status == tables.SCORED:
            name = tables.CLASSES[probabilities.index(max(probabilities))]
            keep = name == tables.PARTICLE if minimum is None else probabilities[0] >= minimum
        _annotate(pick, probabilities, name)
        if status == tables.UNREADABLE:
            unscored.append(pick)
            counts[2][pick.getMicId()] += 1
        else:
            (kept if keep else rejected).append(pick)
            counts[0 if keep else 1][name] += 1
    coordinates.close()
    return counts


def _annotate(pick, probabilities, name):
    """Set the four attributes. The item object is shared by the whole pass: reuse its attributes too."""
    if not isinstance(getattr(pick, PO_CLASS, None), String):
        setattr(pick, PO_CLASS, String())
        for attribute in _PROBABILITIES:
            setattr(pick, attribute, Float())
    for attribute, value in zip(_PROBABILITIES, probabilities):
        getattr(pick, attribute).set(value)
    getattr(pick, PO_CLASS).set(name)


# ------------------------------ labels ------------------------------

def labelsFromSet(coordinates, label, micrographs):
    """The coordinates of a set as labels of one class, in px of `micrographs` (those of the picks).

    The set may stand on other micrographs of the same names and another pixel size. Coordinates of micrographs
    that the picks do not have are left out; InputError if that leaves none.
    """
    source = coordinates.getMicrographs()
    if source.getFileName() == micrographs.getFileName():
        micIds, scale = {micId: micId for micId in micrographNames(micrographs)}, 1.0
    else:
        micIds = matchMicrographs(micrographNames(source), micrographNames(micrographs))
        scale = source.getSamplingRate() / micrographs.getSamplingRate()
    again = reopen(coordinates)
    labels = [tables.CoordinateRow(None, micIds[c.getMicId()], c.getX() * scale, c.getY() * scale, label)
              for c in again.iterItems() if c.getMicId() in micIds]
    again.close()
    if not labels:
        raise InputError(f'None of the coordinates given for {label} is on a micrograph of the picks.')
    return labels


def matchPicks(coordinates, labels):
    """The labels, each with the coord_id of the pick at its place, None where there is no pick.

    Scipion keeps whole px, rounded or cut off: both are the same place.
    """
    places = {}
    for i, row in enumerate(labels):
        for x in (math.floor(row.x), round(row.x)):
            for y in (math.floor(row.y), round(row.y)):
                places.setdefault((row.mic_id, x, y), i)
    picks = {}
    coordinates = reopen(coordinates)
    for pick in coordinates.iterItems():
        i = places.get((pick.getMicId(), *pick.getPosition()))
        if i is not None:
            picks.setdefault(i, pick.getObjId())
    coordinates.close()
    return [replace(row, coord_id=picks.get(i)) for i, row in enumerate(labels)]


def writeLabels(labels, folder, name=LABELS):
    """Write labels.csv into `folder`."""
    rows = (('' if row.coord_id is None else row.coord_id, row.mic_id, row.x, row.y, row.label) for row in labels)
    tables.write_rows(os.path.join(folder, name), tables.LABEL_COLUMNS, rows)


def appendLabelled(coordinates, labels, names, labelled, agreement):
    """Append to the set `labelled` the labelled picks, as they are, and the other labelled places, as new ones.

    Each has its class in `_poClass`, and in `_poLabelProbability` what `agreement`, {(mic_id, x, y): probability},
    has for it. A new one has an id that no pick has, and no value in the attributes that other programs gave to the
    picks: all items of a set have the same attributes. `names` is {mic_id: name}.
    """
    byPick = {row.coord_id: row for row in labels if row.coord_id is not None}
    template, last = None, 0
    coordinates = reopen(coordinates)
    for pick in coordinates.iterItems():
        last = max(last, pick.getObjId())
        row = byPick.get(pick.getObjId())
        if row is not None or template is None:
            setattr(pick, PO_CLASS, String(row and row.label))
            setattr(pick, PO_LABEL_PROBABILITY, Float(row and agreement.get((row.mic_id, row.x, row.y))))
            template = template or pick.clone()
        if row is not None:
            labelled.append(pick)
    coordinates.close()
    for _, attribute in template.getAttributes():
        if isinstance(attribute, Scalar):
            attribute.set(None)
    for objId, row in enumerate((row for row in labels if row.coord_id is None), start=last + 1):
        template.setObjId(objId)
        template.setPosition(round(row.x), round(row.y))
        template.setMicId(row.mic_id)
        template.setMicName(names[row.mic_id])
        getattr(template, PO_CLASS).set(row.label)
        getattr(template, PO_LABEL_PROBABILITY).set(agreement.get((row.mic_id, row.x, row.y)))
        labelled.append(template)
