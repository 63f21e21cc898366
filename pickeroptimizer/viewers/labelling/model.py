"""A labelling session without its window: the labels, what is still wanted, what to look at next.

Knows neither Tk nor Scipion. A place is a `Place`, in px of the micrographs of the picks; it need not be a pick.
"""
from collections import namedtuple
from dataclasses import dataclass
from typing import Callable, List, Optional, Tuple

from ...domain.labels import checkClasses
from ...worker.exchange.classes import PARTICLE, count_by_class
from ...worker.exchange.errors import InputError
from ...worker.exchange.tables import CoordinateRow
from ..micrograph import Micrograph

Place = namedtuple('Place', 'micId x y')
Doubt = namedtuple('Doubt', 'name micId text')      # about a class; micId: the only one with its labels, or None

# Of the run that was taken on. text: a line; isOver: whether it has ended, isTrained: with a model; judged:
# {Place: class} of the picks that were looked at, as that has them, None where they were not judged.
RunState = namedtuple('RunState', 'text isOver isTrained judged', defaults=(False, False, None))

MUCH_FEWER = 10      # points of a per cent: a model that keeps so many fewer picks than none is told of
FEW = 3      # labels of a class: with fewer, nothing tells what its boxes have in common


class Labels:
    """The labelled places of a run. Every change is saved before it counts, so nothing is ever lost."""

    def __init__(self, rows, save):
        """`rows`: the labels so far, exchange.tables.CoordinateRow; `save`: stores a list of such rows, all of them.

        An error in `save` leaves the labels as they were, here and in the file, and reaches the caller.
        """
        self._classes = {Place(row.mic_id, row.x, row.y): row.label for row in rows}
        self._random = {Place(row.mic_id, row.x, row.y) for row in rows if row.random}
        self._save = save
        self._history = []      # steps: {place: class before},
        self._undone = []       # and {place: class} of those that were taken back since the last one

    def classOf(self, place):
        """Return the class of a Place, None if it is not labelled."""
        return self._classes.get(place)

    def places(self):
        """Return {Place: class}, in the order of labelling."""
        return dict(self._classes)

    def rows(self):
        """Return all labels as a list of exchange.tables.CoordinateRow."""
        return self._rows(self._classes)

    def counts(self, micId=None):
        """Return {class: number of labels} of the classes that have some, on one micrograph or on all."""
        return count_by_class([name for place, name in self._classes.items() if micId in (None, place.micId)])

    def label(self, place, name, isRandom=False):
        """Give a Place a class, or take its label away (None). Returns and raises as `labelAll`.

        isRandom: whether the place was drawn at random to be labelled. Another class, given later, leaves it so.
        """
        if self.classOf(place) is None and name is not None:
            (self._random.add if isRandom else self._random.discard)(place)
        return self.labelAll([place], name)

    def labelAll(self, places, name):
        """Give Places a class, or take their labels away (None), in one step; return those that this changes.

        Raises what `save` raises.
        """
        before = {place: self.classOf(place) for place in places if self.classOf(place) != name}
        if before:
            self._change(dict.fromkeys(before, name))
            self._history.append(before)
            self._undone.clear()
        return list(before)

    def undo(self):
        """Take the last step of this session back; return the Places, [] where there is nothing to undo."""
        return self._turn(self._history, self._undone)

    def redo(self):
        """Make the last step again that was taken back; return the Places, [] where there is none."""
        return self._turn(self._undone, self._history)

    def _turn(self, steps, others):
        """Make the last of some steps, and put what takes it back to the others."""
        if not steps:
            return []
        before = {place: self.classOf(place) for place in steps[-1]}
        self._change(steps[-1])
        steps.pop()
        others.append(before)
        return list(before)

    def _change(self, names):
        changed = {place: name for place, name in {**self._classes, **names}.items() if name is not None}
        self._save(self._rows(changed))
        self._classes = changed

    def _rows(self, classes):
        return [CoordinateRow(None, *place, name, place in self._random) for place, name in classes.items()]


class Suggestions:
    """Which pick to label next, in places of the micrographs."""

    def __init__(self, suggester, places, classes):
        """`suggester`: suggestions.Suggester; `places`: {coord_id: Place} of the picks that it knows; `classes`: that
        are looked for."""
        self._suggester = suggester
        self._classes = classes
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
        return self._places.get(self._suggester.next(self._answers(labels), self._sought(labels, wanted), skipped))

    def mending(self, labels, doubt):
        """Return the Place of a pick that may take a Doubt away by its label, None where there is none."""
        there = {coordId for coordId, place in self._places.items() if place.micId == doubt.micId}
        more = {doubt.name: labels.counts().get(doubt.name, 0) + 1}
        return self._places.get(self._suggester.next(self._answers(labels), more, self._skipped | there))

    def preview(self, labels):
        """Return {Place: class} of the picks that were looked at, as they look by Labels."""
        return self.placed(self._suggester.preview(self._answers(labels)))

    def withoutLabels(self):
        """Return {Place: class} of all picks that were looked at, as they look without any label."""
        return self.placed(self._suggester.preview({}))

    def placed(self, classes):
        """Return {Place: class} of {coord_id: class}, as far as these picks were looked at."""
        return {self._places[coordId]: name for coordId, name in classes.items() if coordId in self._places}

    def isRandom(self, place):
        """Return whether a Place was suggested because it was drawn at random among all picks."""
        return self._suggester.wasRandom(self._ids.get(place))

    def givenUp(self, labels, wanted):
        """Return the wanted classes with fewer than `wanted` labels of which no more picks seem to be there."""
        begun = wantedClasses(labels.counts())
        return [name for name in self._suggester.givenUp(self._answers(labels), self._sought(labels, wanted))
                if name in begun]

    def _sought(self, labels, wanted):
        """{class: how many labels}: of a kind of junk that the user has not begun with, one; more once there is one."""
        begun = wantedClasses(labels.counts())
        return {name: wanted if name in begun else 1 for name in self._classes}

    def _answers(self, labels):
        """{coord_id: class} as a suggester takes it; a place that is no pick stands for itself."""
        return {self._ids.get(place, place): name for place, name in labels.places().items()}


@dataclass
class Session:
    """What the labelling window works on.

    picksOn(micId): the Places of the picks of a micrograph. boxSize: px; pixelSize: Å/px. classes: the names of those
    that are offered, the particle first. known: those that a training knows without labels. readOnly: a line that says
    why labels cannot be changed, '' if they can. withoutSuggestions: a line that says why there are none.
    train(): takes the run on; raises InputError if it cannot. state(): its RunState from then on. pruneAll(): begins a
    run that prunes all picks with the model, and returns a line about it; raises InputError if it cannot.
    labelOn(): begins a run with these labels, and returns a line about it; None where there is no set of them yet.
    """
    title: str
    micrographs: List[Micrograph]
    picksOn: Callable
    boxSize: float
    pixelSize: float
    labels: Labels
    classes: Tuple[str, ...]
    suggestions: Optional[Suggestions] = None
    withoutSuggestions: str = ''
    readOnly: str = ''
    train: Optional[Callable] = None
    state: Optional[Callable] = None
    pruneAll: Optional[Callable] = None
    labelOn: Optional[Callable] = None
    known: Tuple[str, ...] = ()


def wantedClasses(counts):
    """Return the classes that labels are wanted of: the particle, and the kinds of junk that the user has begun with.

    Others need not be in the data. counts: {class: labels}.
    """
    return (PARTICLE, *(name for name in counts if name != PARTICLE))


def missingText(counts, wanted):
    """Return a line about the labels that are missing. counts: {class: labels}; wanted: labels of each class."""
    classes = wantedClasses(counts)
    lacking = [f'{wanted - counts.get(name, 0)} more {name}' for name in classes if counts.get(name, 0) < wanted]
    if classes == (PARTICLE,):
        lacking.append(f'{wanted} of some kind of junk')
    return f'Wanted: {", ".join(lacking)}.' if lacking else 'All the labels that you wanted are there: press "Train".'


def sharesText(classes):
    """Return a line about how many of the picks that were looked at are kept; classes: {Place: class} of them."""
    kept = sum(name == PARTICLE for name in classes.values())
    return f'{kept} of {len(classes)} picks that were looked at would be kept ({100 * kept / len(classes):.0f} %).' \
        if classes else ''


def trainedText(judged, before):
    """Return a line about what a model keeps of the picks that were looked at, beside what is kept without labels.

    judged, before: {Place: class} of them by either; empty where that is not known.
    """
    shares = [100 * sum(name == PARTICLE for name in classes.values()) / len(classes) for classes in (judged, before)
              if classes]
    if len(shares) < 2:
        return sharesText(judged)
    warning = f' Look at the broken lines before you prune: that is {shares[1] - shares[0]:.0f} points fewer.' \
        if shares[1] - shares[0] > MUCH_FEWER else ''
    return f'{sharesText(judged)} Without labels it would be {shares[1]:.0f} %.{warning}'


def doubts(labels, micrographs):
    """Return Doubts about Labels that a training would take: classes with few of them, or on one micrograph alone.

    micrographs: how many there are.
    """
    found, places = [], labels.places()
    for name, count in labels.counts().items():
        mics = {place.micId for place, given in places.items() if given == name}
        if count < FEW:
            found.append(Doubt(name, None, f'There {"is" if count == 1 else "are"} {count} of {name} only.'))
        elif len(mics) == 1 and micrographs > 1:
            found.append(Doubt(name, mics.pop(), f'All {count} of {name} are on one micrograph: what is special there '
                                                 f'would be learnt as {name}.'))
    return found


def canTrain(labels, known=()):
    """Return whether Labels suffice for a training at all; known: the classes that it knows without labels."""
    try:
        checkClasses(labels.rows(), known)
    except InputError:
        return False
    return True
