"""Picks with their scores, into the sets of the kept, of the rejected and of those without a score."""
from math import isnan

from pyworkflow.object import Boolean, Float, String

from ..constants import PO_CLASS, PO_LABEL_PROBABILITY, PO_NEAR_JUNK, PO_NOVELTY, PO_RANDOM
from ..domain.decision import isKept
from ..worker.exchange import tables
from ..worker.exchange.classes import PARTICLE, decide, ordered
from .set_classes import probabilityAttribute, probabilityAttributes
from .set_files import reopen


def splitCoordinates(coordinates, scores, minimum, kept, rejected, unscored=None, corrected=None, nearJunk=False):
    """Append each pick that has a score to one of three sets, with its id, its attributes and those of this plugin.

    These are its class, the probability of each class, and its novelty: numbers without a value where the pick was not
    looked at. Probabilities of other classes, of an earlier pruning, are left out. `minimum` is the least particle
    probability of a kept pick, None for particle against junk to decide. Picks of micrographs that could not be read
    are left out when `unscored` is None. `corrected` is {coord_id: class} of the picks that a user has given another
    class: that is their `_poClass`, and particles are kept, others not. nearJunk: whether picks near junk were looked
    for. Each then bears whether it is one: it is rejected, and its class is `near junk` in the place of particle.
    """
    coordinates = reopen(coordinates)
    probabilities = scores.values[:, :-1]
    classes = decide(probabilities)
    wanted = isKept(classes, probabilities[:, 0], minimum)
    numbered = (*map(probabilityAttribute, scores.classes), PO_NOVELTY)
    marks = ((PO_NEAR_JUNK, Boolean),) if nearJunk else ()
    prepared = None      # Scipion gives one object again and again, with the values of another pick
    for pick, status, numbers, code, keep in scores.merge(coordinates, classes, wanted):
        if pick is not prepared:
            _prepare(pick, ((PO_CLASS, String), *((name, Float) for name in numbered), *marks))
            prepared = pick
        isScored = status == tables.SCORED
        isJunk = status == tables.NEAR_JUNK and code > 0      # it stays what it is
        name, keep = scores.classes[code] if isScored or isJunk else status, isScored and keep
        if corrected and pick.getObjId() in corrected:
            name = corrected[pick.getObjId()]
            keep, status = name == PARTICLE, tables.SCORED
        getattr(pick, PO_CLASS).set(name)
        for mark, _ in marks:
            getattr(pick, mark).set(status == tables.NEAR_JUNK)
        for attribute, value in zip(numbered, numbers):
            getattr(pick, attribute).set(None if isnan(value) else value)
        target = unscored if status == tables.UNREADABLE else kept if keep else rejected
        if target is not None:
            target.append(pick)
    coordinates.close()


def countClasses(coordinates):
    """Return {_poClass: number of picks} of a set that splitCoordinates filled, in the order of classes."""
    if not coordinates.getSize():      # Scipion cannot aggregate nothing
        return {}
    coordinates = reopen(coordinates)
    counts = {row[PO_CLASS]: row['COUNT'] for row in coordinates.aggregate(['COUNT'], PO_CLASS, [PO_CLASS])}
    coordinates.close()
    statuses = tables.NEAR_JUNK, tables.OUTSIDE, tables.UNREADABLE
    return {name: counts[name] for name in (*ordered(counts.keys() - set(statuses)), *statuses) if name in counts}


def _prepare(pick, attributes):
    """Give a pick attributes of this plugin, (name, type) each, and let it lose those that say something else."""
    for attribute, kind in attributes:
        if not isinstance(getattr(pick, attribute, None), kind):      # the input may have some of them, not all
            setattr(pick, attribute, kind())
    # Of what a person or another model said.
    for attribute in (PO_LABEL_PROBABILITY, PO_RANDOM, PO_NEAR_JUNK, *probabilityAttributes(pick)):
        if attribute not in dict(attributes) and hasattr(pick, attribute):
            getattr(pick, attribute).setStore(False)
