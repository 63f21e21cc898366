"""The legend of what became of the picks."""
from .. import overlay
from ..widgets import legend
from .model import KINDS

# Where the kind's name does not tell enough: of picks that were decided, and of labels. None: no line.
DECIDED = {overlay.PARTICLE: 'particle, rejected'}
LABELS = {overlay.KEPT: 'particle', overlay.PARTICLE: None, overlay.OUTSIDE: None, overlay.UNSCORED: None}


class Legend(legend.Legend):
    """texts: DECIDED or LABELS. Its counts are those on the micrograph and those in all."""

    def __init__(self, master, onChange, texts):
        super().__init__(master, [(texts.get(kind, kind), overlay.COLOURS[kind]) for kind in KINDS], onChange,
                         ('here', 'in all'))
