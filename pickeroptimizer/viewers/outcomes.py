"""What a pruning can make of a pick, as boxes, legends and the histogram tell it apart. Needs neither Tk nor Scipion.
"""
from enum import IntEnum

from ..worker.exchange.tables import CLASSES


class Outcome(IntEnum):
    """An outcome, in the order of the legend. text: as a user reads it; colour: of its boxes."""
    KEPT = 0, 'kept', '#009E73'
    BELOW = 1, 'particle', '#F0E442'      # of that class, but its probability is below the minimum
    ICE = 2, 'ice', '#56B4E9'
    CARBON = 3, 'carbon', '#E69F00'
    OUTSIDE = 4, 'outside', '#D55E00'
    UNSCORED = 5, 'not scored', '#CC79A7'

    # The colours are those of Okabe and Ito, which colour-blind people tell apart, on grey.

    def __new__(cls, number, text, colour):
        member = int.__new__(cls, number)
        member._value_, member.text, member.colour = number, text, colour
        return member


# The outcome of a pick that a user gives a class, and the colour of a labelled box.
OUTCOME_OF_LABEL = dict(zip(CLASSES, (Outcome.KEPT, Outcome.ICE, Outcome.CARBON)))
CLASS_COLOURS = {name: outcome.colour for name, outcome in OUTCOME_OF_LABEL.items()}


def countRejected(counts):
    """Return how many picks are rejected, of a sequence of the counts of all Outcomes; those not scored are not."""
    return sum(counts[Outcome.BELOW:Outcome.UNSCORED])
