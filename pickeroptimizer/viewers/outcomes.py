"""What a pruning can make of a pick, as boxes, legends and the histogram tell it apart. Needs neither Tk nor Scipion.

An outcome is a number: KEPT, BELOW, a kind of junk of the picks' classes, and last outside and not scored.
"""
from typing import NamedTuple, Tuple

from ..worker.exchange.classes import PARTICLE
from ..worker.exchange.tables import OUTSIDE
from . import palette

KEPT = 0
BELOW = 1      # of the class particle, but its probability is below the minimum


class Outcome(NamedTuple):
    """An outcome: how a user reads it, and how its boxes look (see palette.Style)."""
    text: str
    colour: str
    dash: Tuple[int, ...]


def outcomesOf(classes):
    """Return the Outcomes of picks of these classes, of which the particle is the first, in the order of the legend."""
    styles = palette.styles(classes)
    junk = [(name, styles[name]) for name in classes[1:]]
    return tuple(Outcome(text, *style) for text, style in (
        ('kept', styles[PARTICLE]), (PARTICLE, palette.BELOW), *junk,
        (OUTSIDE, palette.OUTSIDE), ('not scored', palette.UNSCORED)))


def outcomeOfCode(codes):
    """Return the outcomes of picks that are not kept, of the numbers of their classes.

    These are numbers into the classes, then that of outside, then that of no class; a number or an array.
    """
    return codes + 1


def outcomeOfLabel(name, classes):
    """Return the outcome of a pick that a user gives a class, one of `classes`."""
    return KEPT if name == PARTICLE else outcomeOfCode(classes.index(name))


def countRejected(counts):
    """Return how many picks are rejected, of a sequence of the counts of all outcomes; those not scored are not."""
    return sum(counts[BELOW:-1])
