"""Labelled coordinates: out of Scipion's sets, into tables, and into sets again.

Labels that are rows already, domain.labels checks and draws; which sets a protocol takes, its form says.
"""
import math
import os
from contextlib import suppress
from dataclasses import replace

from pyworkflow.object import Boolean, Float, Scalar, String

from ..constants import PO_CLASS, PO_LABEL_PROBABILITY, PO_PARTICLE, PO_RANDOM
from ..domain.micrograph_names import match
from ..worker.exchange import tables
from ..worker.exchange.classes import class_name
from ..worker.exchange.errors import InputError
from .micrographs import micrographNames, writeMicrographs
from .pick_micrographs import MicrographOfPick, position, scaleBetween
from .set_files import firstItem, reopen

LABELS = 'labels.csv'
BOX_ANGSTROM = 'box_angstrom.txt'


def labelsFromSet(coordinates, label, micrographs, whose='the picks'):
    """Return the coordinates of a set as labels of one class, in px of `micrographs`, which are those of `whose`.

    The set may stand on other micrographs of the same names and another pixel size. Coordinates of micrographs
    that the picks do not have are left out; InputError if that leaves none.
    """
    labels = [tables.CoordinateRow(None, *place, label) for _, place in _placesOn(coordinates, micrographs)]
    if not labels:
        raise InputError(f'None of the coordinates given for {label} is on a micrograph of {whose}.')
    return labels


def _placesOn(coordinates, micrographs):
    """Yield (coordinate, (mic_id, x, y) in px of `micrographs`) for those whose micrograph is among them, by name."""
    micrographOf = MicrographOfPick(coordinates, micrographs)
    scale = scaleBetween(coordinates.getMicrographs(), micrographs).factor
    coordinates = reopen(coordinates)
    try:
        for c in coordinates.iterItems():
            micId = micrographOf.of(c)
            if micId is not None:
                x, y = position(c)
                yield c, (micId, x * scale, y * scale)
    finally:
        coordinates.close()


def matchPicks(coordinates, labels):
    """Return the labels, each with the coord_id of the pick at its place, None where there is no pick.

    Scipion keeps whole px, rounded or cut off: both are the same place.
    """
    places = {}
    for i, row in enumerate(labels):
        for x in (math.floor(row.x), round(row.x)):
            for y in (math.floor(row.y), round(row.y)):
                places.setdefault((row.mic_id, x, y), i)
    picks = {}
    micrographOf = MicrographOfPick(coordinates)
    coordinates = reopen(coordinates)
    for pick in coordinates.iterItems():
        i = places.get((micrographOf.of(pick), *pick.getPosition()))
        if i is not None:
            picks.setdefault(i, pick.getObjId())
    coordinates.close()
    return [replace(row, coord_id=picks.get(i)) for i, row in enumerate(labels)]


def moveLabels(labels, source, micrographs):
    """Return labels on the SetOfMicrographs `source` as labels on `micrographs`, by their names and in px of these.

    Those on micrographs that `micrographs` does not have are left out.
    """
    names, used = micrographNames(source), {row.mic_id for row in labels}
    if source.getFileName() == micrographs.getFileName():
        micIds = {micId: micId for micId in names}
    else:
        micIds = match({micId: name for micId, name in names.items() if micId in used}, micrographNames(micrographs))
    scale = scaleBetween(source, micrographs).factor
    return [replace(row, mic_id=micIds[row.mic_id], x=row.x * scale, y=row.y * scale)
            for row in labels if row.mic_id in micIds]


def appendLabelled(coordinates, labels, names, labelled, agreement):
    """Append to the set `labelled` the labelled picks, as they are, and the other labelled places, as new ones.

    Each has its class in `_poClass`, in `_poLabelRandom` whether it was drawn at random to be labelled, and in
    `_poLabelProbability` what `agreement`, {(mic_id, x, y): probability}, has for it. A new one has an id that no pick
    has, and no value in the attributes that other programs gave to the picks: all items of a set have the same ones.
    `names` is {mic_id: name}.
    """
    byPick = {row.coord_id: row for row in labels if row.coord_id is not None}
    template, last = None, 0
    coordinates = reopen(coordinates)
    for pick in coordinates.iterItems():
        last = max(last, pick.getObjId())
        row = byPick.get(pick.getObjId())
        if row is not None or template is None:
            setattr(pick, PO_CLASS, String(row and row.label))
            setattr(pick, PO_RANDOM, Boolean(row and row.random))
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
        getattr(template, PO_RANDOM).set(row.random)
        getattr(template, PO_LABEL_PROBABILITY).set(agreement.get((row.mic_id, row.x, row.y)))
        labelled.append(template)


def readLabelled(labelled):
    """Return [(tables.CoordinateRow, probability of its class or None)] of a set as appendLabelled makes it."""
    micrographOf = MicrographOfPick(labelled)
    labelled = reopen(labelled)
    rows = [(tables.CoordinateRow(c.getObjId(), micrographOf.of(c), *c.getPosition(), getattr(c, PO_CLASS).get()),
             getattr(c, PO_LABEL_PROBABILITY).get()) for c in labelled.iterItems()]
    labelled.close()
    return rows


def isScored(coordinates):
    """Return whether the classes of a set, if it has any, were given by `prune`.

    Labels of picks that were pruned before have the numbers of `prune`, too, but their classes are those of a person.
    """
    first = _first(coordinates)
    return hasattr(first, PO_PARTICLE) and not hasattr(first, PO_LABEL_PROBABILITY)


def isLabelled(coordinates):
    """Return whether a set has classes, and a person gave them."""
    return hasattr(_first(coordinates), PO_CLASS) and not isScored(coordinates)


def _first(coordinates):
    with suppress(InputError):      # a set that cannot be read has no classes; validation tells
        return firstItem(coordinates)


def isClass(name):
    """Return whether what is in `_poClass` means a class: it may be nothing, or what became of the pick."""
    return bool(name) and name not in (tables.NEAR_JUNK, tables.OUTSIDE, tables.UNREADABLE)


def labelsFromClasses(coordinates, micrographs=None):
    """Return the coordinates of a set that have a class in `_poClass`, as labels.

    In px of `micrographs`, where those of other micrographs are left out; or of their own. Picks without a class, or
    of which "prune" says that they were not looked at, are no labels. Raises InputError if the set has no such
    attribute, or a pick what can be no class.
    """
    labels = []
    for c, place in _placesOn(coordinates, coordinates.getMicrographs() if micrographs is None else micrographs):
        if not hasattr(c, PO_CLASS):
            raise InputError(f'The labelled coordinates have no attribute {PO_CLASS}: give a set that has, such as '
                             f'outputLabels of "label and train", or one set a class.')
        name = getattr(c, PO_CLASS).get()
        if isClass(name):
            try:
                labels.append(tables.CoordinateRow(None, *place, class_name(name), _isRandom(c)))
            except InputError as error:
                raise InputError(f'Pick {c.getObjId()} of the labelled coordinates: {error}') from None
    return labels


def _isRandom(coordinate):
    """Whether a label was drawn at random; sets of earlier versions do not tell."""
    return hasattr(coordinate, PO_RANDOM) and bool(getattr(coordinate, PO_RANDOM).get())


def writeDataSet(labels, micrographs, boxAngstrom, folder):
    """Write labelled boxes into `folder` as a data set of a library, which holds wherever it is moved.

    Micrographs are named by the absolute path of the file itself, not of the project's link to it.
    """
    labels = [replace(row, coord_id=None) for row in labels]      # ids mean nothing outside the project
    tables.write_labels(os.path.join(folder, LABELS), labels)
    writeMicrographs(micrographs, folder, {row.mic_id for row in labels}, lambda path, _: os.path.realpath(path))
    with open(os.path.join(folder, BOX_ANGSTROM), 'w', encoding='utf-8') as stream:
        stream.write(f'{boxAngstrom!r}\n')
