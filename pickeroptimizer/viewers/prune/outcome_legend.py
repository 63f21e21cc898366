"""The legend of the outcomes of a pruning."""
from .. import palette
from ..outcomes import BELOW, outcomeOfLabel
from ..widgets.legend import Legend

LETTERS = 20      # of a name that there is room for


class OutcomeLegend(Legend):
    """A line for each of a PruneModel's kinds, with the key that corrects to it; the counts here and in all.

    Of labels, which nobody decided about, there are the classes alone.
    """

    def __init__(self, master, model, onChange):
        classes = model.picks.classes
        texts = [kind.text if len(kind.text) <= LETTERS else f'{kind.text[:LETTERS - 1]}…' for kind in model.kinds]
        texts[BELOW] = 'particle, rejected'
        if not model.hasScores:
            texts = [classes[0], None, *texts[2:-2], None, None]
        if model.canCorrect:
            for name, key in palette.keys(classes).items():
                number = outcomeOfLabel(name, classes)
                texts[number] = f'{texts[number]} ({key})' if key and texts[number] else texts[number]
        super().__init__(master, [(text, *kind[1:]) for text, kind in zip(texts, model.kinds)], onChange,
                         ('here', 'in all'))
