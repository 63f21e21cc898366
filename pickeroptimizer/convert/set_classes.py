"""Which classes the picks of a set were scored for: its attributes tell."""
import os
import re

from ..constants import PO_CLASS, PO_LABEL_PROBABILITY, PO_NOVELTY
from ..worker.exchange.classes import ordered, safe_name
from .micrographs import reopen

_PROBABILITY = re.compile('_po([A-Z0-9][A-Za-z0-9]*)')
_OTHERS = {PO_CLASS, PO_LABEL_PROBABILITY, PO_NOVELTY}


def probabilityAttribute(name):
    """Return the attribute of a coordinate that holds the probability of a class: `_poGoldEdge` for "gold edge"."""
    return f'_po{safe_name(name)}'


def probabilityAttributes(item):
    """Return the names of the attributes of a Scipion object in which it bears probabilities of classes."""
    return [name for name, _ in item.getAttributes() if _PROBABILITY.fullmatch(name) and name not in _OTHERS]


def classesOf(*sets):
    """Return the names of the classes that the picks of SetOfCoordinates have probabilities of, in their order.

    The probabilities are in the attributes probabilityAttribute(name). Picks of a set, corrected ones or
    those of a union, may bear other classes beside these in `_poClass`. An attribute tells its class but for blanks, -
    and _ (`_poGoldEdge`), so the name is taken from the `_poClass` of whatever pick of the sets bears it: give all
    outputs of a run together. () where there are no probabilities.
    """
    attributes, names = set(), set()
    for itemSet in sets:
        if not os.path.exists(itemSet.getFileName()):      # Scipion would make an empty one
            continue
        itemSet = reopen(itemSet)
        first = itemSet.getFirstItem() if itemSet.getSize() else None
        if first is not None:
            attributes.update(probabilityAttributes(first))
            names.update(itemSet.getUniqueValues(PO_CLASS) if hasattr(first, PO_CLASS) else ())
        itemSet.close()
    named = {probabilityAttribute(name): name for name in names if name}
    return ordered(named.get(attribute) or _nameOf(attribute) for attribute in attributes)


def _nameOf(attribute):
    """The likeliest name of a class, where no pick bears it."""
    return ' '.join(re.findall('[A-Z0-9][a-z0-9]*', _PROBABILITY.fullmatch(attribute)[1])).lower()
