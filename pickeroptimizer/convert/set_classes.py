"""Which classes the picks of a set were scored for: its attributes tell."""
import re

from ..constants import PO_CLASS, PO_LABEL_PROBABILITY, PO_NEAR_JUNK, PO_NOVELTY, PO_RANDOM
from ..worker.exchange.classes import ordered, safe_name
from .set_files import reopen

_PROBABILITY = re.compile('_po([A-Z0-9][A-Za-z0-9]*)')
_OTHERS = {PO_CLASS, PO_LABEL_PROBABILITY, PO_NEAR_JUNK, PO_NOVELTY, PO_RANDOM}


def probabilityAttribute(name):
    """Return the attribute of a coordinate that holds the probability of a class: `_poGoldEdge` for "gold edge"."""
    return f'_po{safe_name(name)}'


def probabilityAttributes(item):
    """Return the names of the attributes of a Scipion object in which it bears probabilities of classes."""
    return [name for name, _ in item.getAttributes() if _PROBABILITY.fullmatch(name) and name not in _OTHERS]


def classesOf(*sets):
    """Return the names of the classes that the picks of SetOfCoordinates have probabilities of, in their order.

    () where they have none. An attribute such as `_poGoldEdge` tells its class but for blanks, - and _, so the name is
    taken from the `_poClass` of whatever pick of the sets has it: give all outputs of a run together. Picks may have
    other classes in `_poClass`: corrected ones, and those of a union. Raises InputError where a set cannot be read.
    """
    attributes, names = set(), set()
    for itemSet in sets:
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
