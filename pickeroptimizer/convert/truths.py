"""Sets whose picks bear classes that a person gave, as the truth of a comparison."""
import numpy as np
from pwem.objects import SetOfCoordinates

from ..comparison import UNKNOWN
from ..constants import PO_CLASS
from ..worker.exchange.classes import PARTICLE, class_name, ordered, safe_name
from ..worker.exchange.errors import InputError
from .labelled_coordinates import isClass
from .reference import checkGuess, joinMicrographs, joinPicks, readPicksFor
from .set_classes import classesOf
from .set_files import firstItem


def checkTruth(coordinates):
    """Return lines that say why a SetOfCoordinates that is not empty cannot be the truth.

    Raises InputError where it cannot be read.
    """
    if hasattr(firstItem(coordinates), PO_CLASS):
        return []
    return [f'The ground truth has no attribute {PO_CLASS}: give a set whose picks bear their classes, such as '
            f'outputLabels of "label and train", or leave the field empty.']


def readTruth(coordinates, reference, tolerance):
    """Return (names of the classes, true classes of the reference picks as int8 (n,) numbers into these; notes).

    From a set whose picks have a class in `_poClass`; those without, and what is `outside`, tell nothing. The particle
    is always the first. Raises InputError where the set has no classes, something else in their place, or where none of
    them is of a reference pick.
    """
    name = 'The ground truth'
    for line in checkTruth(coordinates):
        raise InputError(line)
    picks, scales, micrographs = readPicksFor(coordinates, name, reference, withClasses=True)
    joined, notes = joinMicrographs(picks.keys, reference, micrographs, name)
    notes += picks.notes
    rows, chosen, elsewhere, _ = joinPicks(picks, joined, reference, tolerance, scales, None)
    checkGuess(notes, len(rows), len(picks.x) - elsewhere, name)
    truth = np.full(len(reference.ids), UNKNOWN, dtype=np.int8)
    named = {text: class_name(text) for text in set(picks.classes.tolist()) if isClass(text)}
    names = np.array([named.get(text, '') for text in picks.classes.tolist()], dtype=str)
    doubtful = _withOtherClasses(picks, names)
    if doubtful.any():
        notes.append(f'{int(doubtful.sum())} picks of the ground truth lie at the very place of one of another class: '
                     f'they do not count.')
    classes = ordered({PARTICLE, *named.values()})
    for code, label in enumerate(classes):
        truth[rows[(names[chosen] == label) & ~doubtful[chosen]]] = code
    if (truth == UNKNOWN).all():
        raise InputError(f'None of the {len(picks.x)} places of the ground truth is a reference pick with a class.')
    left = len(picks.x) - len(rows)
    if left:
        notes.append(f'{left} of {len(picks.x)} places of the ground truth are no reference picks, {elsewhere} of them '
                     f'on other micrographs: they do not count.')
    return classes, truth, notes


def _withOtherClasses(picks, names):
    """bool (n,): the PlacedPicks at whose very place there is one of another class; names: of their classes, or ''."""
    places = np.unique(np.stack([picks.micrographs, picks.x, picks.y], axis=1), axis=0, return_inverse=True)[1].ravel()
    known = names != ''
    classes = np.unique(names, return_inverse=True)[1]
    pairs = np.unique(np.stack([places[known], classes[known]], axis=1), axis=0)
    return known & (np.bincount(pairs[:, 0], minlength=len(places)) > 1)[places]


def noteUnknownClasses(itemSet, method, classes):
    """Note on a Method which kinds of junk of the truth its set has no probabilities of, if it has some at all.

    classes: those of the truth.
    """
    known = set(map(safe_name, classesOf(itemSet))) if isinstance(itemSet, SetOfCoordinates) else ()
    unknown = [name for name in classes if safe_name(name) not in known] if known else []
    if unknown:
        method.notes.append(f'Its picks have no probability of {", ".join(unknown)}, which the ground truth has: that '
                            f'counts as junk all the same, whatever kind it was taken for.')
