"""The legend of the outcomes of a pruning."""
from ..outcomes import Outcome
from ..widgets.legend import Legend

# Where an outcome's own text does not tell enough: of picks that were decided, and of labels. None: no line.
TEXTS_DECIDED = {Outcome.BELOW: 'particle, rejected'}
TEXTS_OF_LABELS = {Outcome.KEPT: 'particle', Outcome.BELOW: None, Outcome.OUTSIDE: None, Outcome.UNSCORED: None}


class OutcomeLegend(Legend):
    """texts: TEXTS_DECIDED or TEXTS_OF_LABELS. Its counts are those on the micrograph and those in all."""

    def __init__(self, master, onChange, texts):
        super().__init__(master, [(texts.get(outcome, outcome.text), outcome.colour) for outcome in Outcome], onChange,
                         ('here', 'in all'))
