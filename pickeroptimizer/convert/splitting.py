"""Picks with their scores, into the sets of the kept, of the rejected and of those without a score."""
from math import isnan

from pyworkflow.object import Float, String

from ..constants import PO_CLASS, PO_LABEL_PROBABILITY
from ..domain.decision import isKept
from ..worker.exchange import tables
from .scores import NUMBERS
from .set_files import reopen


def splitCoordinates(coordinates, scores, minimum, kept, rejected, unscored=None, corrected=None):
    """Append each pick that has a score to one of three sets, with its id, its attributes and the five of this plugin.

    Four of these are numbers, without a value where the pick was not looked at. `minimum` is the least particle
    probability of a kept pick, None for the most probable class to decide. Picks of micrographs that could not be read
    are left out when `unscored` is None. `corrected` is {coord_id: class} of the picks that a user has given another
    class: that is their `_poClass`, and particles are kept, others not.
    """
    coordinates = reopen(coordinates)
    probabilities = scores.values[:, :len(tables.CLASSES)]
    classes = probabilities.argmax(axis=1)
    wanted = isKept(classes, probabilities[:, 0], minimum)
    for pick, status, numbers, code, keep in scores.merge(coordinates, classes, wanted):
        isScored = status == tables.SCORED
        name, keep = tables.CLASSES[code] if isScored else status, isScored and keep
        if corrected and pick.getObjId() in corrected:
            name = corrected[pick.getObjId()]
            keep, status = name == tables.PARTICLE, tables.SCORED
        _annotate(pick, numbers, name)
        target = unscored if status == tables.UNREADABLE else kept if keep else rejected
        if target is not None:
            target.append(pick)
    coordinates.close()


def countClasses(coordinates):
    """Return {_poClass: number of picks} of a set that splitCoordinates filled, in the order of tables.CLASSES."""
    if not coordinates.getSize():      # Scipion cannot aggregate nothing
        return {}
    coordinates = reopen(coordinates)
    counts = {row[PO_CLASS]: row['COUNT'] for row in coordinates.aggregate(['COUNT'], PO_CLASS, [PO_CLASS])}
    coordinates.close()
    return {name: counts[name] for name in (*tables.CLASSES, tables.OUTSIDE) if name in counts}


def _annotate(pick, numbers, name):
    """Set the five attributes. The item object is shared by the whole pass: reuse its attributes too."""
    for attribute, kind in ((PO_CLASS, String), *((number, Float) for number in NUMBERS)):
        if not isinstance(getattr(pick, attribute, None), kind):      # the input may have some of them, not all
            setattr(pick, attribute, kind())
    if hasattr(pick, PO_LABEL_PROBABILITY):      # of a class that a person gave, which is gone
        getattr(pick, PO_LABEL_PROBABILITY).setStore(False)
    for attribute, value in zip(NUMBERS, numbers):
        getattr(pick, attribute).set(None if isnan(value) else value)
    getattr(pick, PO_CLASS).set(name)
