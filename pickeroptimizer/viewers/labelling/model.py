"""A labelling session without its window: the labels, what is still wanted, what to look at next.

Knows neither Tk nor Scipion. A place is a `Place`, in px of the micrographs of the picks; it need not be a pick.
"""
from collections import namedtuple
from dataclasses import dataclass
from typing import Callable, List, Optional

from ...domain.labels import checkClasses, countByClass
from ...worker.exchange.errors import InputError
from ...worker.exchange.tables import CLASSES, PARTICLE, CoordinateRow
from ..micrograph import Micrograph

Place = namedtuple('Place', 'micId x y')


class Labels:
    """The labelled places of a run. Every change is saved before it counts, so nothing is ever lost."""

    def __init__(self, rows, save):
        """`rows`: the labels so far, exchange.tables.CoordinateRow; `save`: stores a list of such rows, all of them.

        An error in `save` leaves the labels as they were, here and in the file, and reaches the caller.
        """
        self._classes = {Place(row.mic_id, row.x, row.y): row.label for row in rows}
        self._save = save
        self._history = []      # (place, class before) of every change

    def classOf(self, place):
        """Return the class of a Place, None if it is not labelled."""
        return self._classes.get(place)

    def places(self):
        """Return {Place: class}, in the order of labelling."""
        return dict(self._classes)

    def rows(self):
        """Return all labels as a list of exchange.tables.CoordinateRow."""
        return _rows(self._classes)

    def counts(self, micId=None):
        """Return {class: number of labels} with all classes, on one micrograph or on all."""
        counts = countByClass([row for row in self.rows() if micId in (None, row.mic_id)])
        return {name: counts.get(name, 0) for name in CLASSES}

    def label(self, place, name):
        """Give a Place a class, or take its label away (None). Raises what `save` raises."""
        before = self.classOf(place)
        if name != before:
            self._change(place, name)
            self._history.append((place, before))

    def undo(self):
        """Take the last change of this session back; return its Place, None where there is nothing to undo."""
        if not self._history:
            return None
        self._change(*self._history[-1])
        return self._history.pop()[0]

    def _change(self, place, name):
        changed = {**self._classes, place: name}
        if name is None:
            del changed[place]
        self._save(_rows(changed))
        self._classes = changed


def _rows(classes):
    return [CoordinateRow(None, *place, name) for place, name in classes.items()]


class Suggestions:
    """Which pick to label next, in places of the micrographs."""

    def __init__(self, suggester, places):
        """`suggester`: suggestions.Suggester; `places`: {coord_id: Place} of the picks that it knows."""
        self._suggester = suggester
        self._places = dict(places)
        self._ids = {place: coordId for coordId, place in self._places.items()}
        self._skipped = set()

    def skip(self, place):
        """Do not suggest a Place again in this session."""
        self._skipped.add(self._ids.get(place))

    def skipMicrograph(self, micId):
        """Suggest nothing on a micrograph in this session."""
        self._skipped.update(coordId for coordId, place in self._places.items() if place.micId == micId)

    def next(self, labels, wanted, without=None):
        """Return the Place to label next, None when nothing is left.

        labels: Labels so far. wanted: how many labels of each class are to be reached. without: a Place to pass over.
        """
        skipped = self._skipped | {self._ids.get(without)}
        return self._places.get(self._suggester.next(self._answers(labels), dict.fromkeys(CLASSES, wanted), skipped))

    def givenUp(self, labels, wanted):
        """Return the classes with fewer than `wanted` labels of which no more picks seem to be there."""
        return self._suggester.givenUp(self._answers(labels), dict.fromkeys(CLASSES, wanted))

    def _answers(self, labels):
        """{coord_id: class} as a suggester takes it; a place that is no pick stands for itself."""
        return {self._ids.get(place, place): name for place, name in labels.places().items()}


@dataclass
class Session:
    """What the labelling window works on.

    picksOn(micId): the Places of the picks of a micrograph. boxSize: px; pixelSize: Å/px. readOnly: a line that says
    why labels cannot be changed, '' if they can. withoutSuggestions: a line that says why there are none.
    train(): takes the run on; raises InputError if it cannot. labelOn(): begins a run with these labels, and returns a
    line about it; None where there is no set of them yet.
    """
    title: str
    micrographs: List[Micrograph]
    picksOn: Callable
    boxSize: float
    pixelSize: float
    labels: Labels
    suggestions: Optional[Suggestions] = None
    withoutSuggestions: str = ''
    readOnly: str = ''
    train: Optional[Callable] = None
    labelOn: Optional[Callable] = None


def missingText(counts, wanted):
    """Return a line about the labels that are missing. counts: {class: labels}; wanted: labels of each class."""
    lacking = [f'{wanted - counts[name]} more {name}' for name in CLASSES if counts[name] < wanted]
    if not lacking:
        return 'All the labels that you wanted are there: press "Train".'
    text = f'Wanted: {", ".join(lacking)}.'
    absent = [name for name in CLASSES if not counts[name]]
    if len(absent) == 1 and absent[0] != PARTICLE:
        text += f' No {absent[0]} in your data? Train with two classes.'
    return text


def canTrain(labels):
    """Return whether Labels suffice for a training at all."""
    try:
        checkClasses(labels.rows())
    except InputError:
        return False
    return True
