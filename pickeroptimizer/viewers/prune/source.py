"""The session of a prune window, from a prune run or from one of its sets."""
from dataclasses import dataclass, replace
from typing import Callable, Dict, Optional, Tuple

import numpy as np

from ... import convert
from ...constants import PO_CLASS, PO_NEAR_JUNK, PO_NOVELTY
from ...convert.masks import readCells
from ...domain.labels import countByClass
from ...protocols import PickerOptimizerPruneOutputs, retraining
from ...protocols.protocol_base import countsText
from ...worker.exchange.classes import PARTICLE, decide, ordered
from ...worker.exchange.errors import InputError
from ...worker.exchange.tables import NEAR_JUNK, OUTSIDE, UNREADABLE
from ..micrograph import Micrograph
from .model import PruneModel, ScoredPicks, codesOf
from .origin import keptBefore

NEAR_JUNK_CODE = convert.Scores.STATUSES.index(NEAR_JUNK)
DEFAULT_BOX = 100      # px, for sets that do not tell theirs


@dataclass
class PruneSession:
    """What a prune window is opened on.

    boxSize: px; pixelSize: Å/px. createCoordinates(mode, wanted, corrected) makes sets of a cut and returns a line
    about them. planRetraining() returns a question that tells what a retraining would use, and the function that starts
    it, which returns a line. Both raise InputError, and are None where they are not possible; `note` then tells why.
    junkOn(micrograph): numbers of the classes of the junk that covers it (rows, columns), 0 where it is good, or None;
    itself None where picks near junk were not looked for.
    """
    title: str
    model: PruneModel
    boxSize: float
    pixelSize: float
    createCoordinates: Optional[Callable[[int, Optional[float], Dict[int, str]], str]] = None
    planRetraining: Optional[Callable[[], Tuple[str, Callable[[], str]]]] = None
    note: str = ''
    junkOn: Optional[Callable[[Micrograph], Optional[np.ndarray]]] = None


def micrographsOf(coordinates):
    """Return the Micrographs of a set of coordinates. Raises InputError if it has none."""
    micrographs = coordinates.getMicrographs()
    if micrographs is None or not micrographs.getSize():
        raise InputError('There are no micrographs to show these coordinates on.')
    files = convert.micrographFiles(micrographs)
    return [Micrograph(micId, name, files[micId]) for micId, name in convert.micrographNames(micrographs).items()]


def picksOfSet(coordinates, kept=None, scored=None):
    """Return the ScoredPicks of a set; without our classes they count as not scored. kept: whether all are, or None.

    scored: the classes that the picks have probabilities of, by default those that the set tells. Labels of picks that
    were pruned before are labels: what the pruning made of them is left aside.
    """
    columns = convert.readPicks(coordinates)
    size = len(columns['id'])
    if scored is None:
        scored = convert.classesOf(coordinates)
    probabilities, novelty = None, None
    if convert.isLabelled(coordinates) or PARTICLE not in scored:
        scored = (PARTICLE,)
    else:
        none = np.full(size, np.nan)
        probabilities = np.stack([columns.get(convert.probabilityAttribute(name), none) for name in scored], axis=1)
        novelty = columns.get(PO_NOVELTY)
    names = columns.get(PO_CLASS, np.full(size, ''))
    names = np.where(names == '', UNREADABLE, names)      # a union may hold picks without
    nearJunk = columns[PO_NEAR_JUNK] > 0 if PO_NEAR_JUNK in columns else None
    classes = (*scored, *ordered({*names, *([] if nearJunk is None else [NEAR_JUNK])} - {*scored, OUTSIDE, UNREADABLE}))
    scoreName, score = convert.pickerScore(columns)
    return ScoredPicks(columns['id'], columns['_micId'], columns['_x'], columns['_y'], classes, codesOf(names, classes),
                       probabilities, novelty, None if kept is None else np.full(size, kept), score, scoreName,
                       nearJunk)


def joined(parts):
    """Return several ScoredPicks with probabilities of the same classes as one, in the order of their ids.

    What empty ones lack does not matter.
    """
    parts = [part for part in parts if len(part)] or parts[:1]
    classes = tuple(dict.fromkeys(name for part in parts for name in part.classes))
    parts = [part.withClasses(classes) for part in parts]
    columns = {name: [getattr(part, name) for part in parts] for name in ScoredPicks.__dataclass_fields__}
    del columns['classes'], columns['scoreName']
    merged = {name: None if any(c is None for c in column) else np.concatenate(column)
              for name, column in columns.items()}
    names = {part.scoreName for part in parts}
    scoreName = names.pop() if len(names) == 1 and merged['score'] is not None else ''
    return ScoredPicks(classes=classes, scoreName=scoreName, **merged).only(np.argsort(merged['ids'], kind='stable'))


def picksOfRun(run):
    """Return the ScoredPicks of a run: of its outputs; until it has finished, of its input and the scores so far."""
    outputs = [getattr(run, output.name, None) for output in PickerOptimizerPruneOutputs]
    if outputs[0] is not None and run.isFinished():
        kinds = [(output, kept) for output, kept in zip(outputs, (True, False, False)) if output is not None]
        scored = convert.classesOf(*(output for output, _ in kinds))
        return joined([picksOfSet(output, kept, scored) for output, kept in kinds])
    scores = convert.scoresSoFar(run._getExtraPath())
    classes = run.getModelHeader().get('classes', (PARTICLE,)) if scores is None else scores.classes
    return _withScores(picksOfSet(run.inputCoordinates.get()), scores, tuple(classes))


def _withScores(picks, scores, classes):
    """Return picks with the classes and numbers of those that are scored already, and of no others."""
    size = len(picks)
    probabilities, novelty = np.full((size, len(classes)), np.nan), np.full(size, np.nan)
    nearJunk = None
    if scores is not None and NEAR_JUNK_CODE in scores.statuses:
        classes, nearJunk = (*classes, NEAR_JUNK), np.zeros(size, bool)
    codes = codesOf(np.full(size, UNREADABLE), classes)
    if scores is not None:
        _, rows, places = np.intersect1d(picks.ids, scores.ids, assume_unique=True, return_indices=True)
        probabilities[rows], novelty[rows] = scores.values[places, :-1], scores.values[places, -1]
        statuses = scores.statuses[places]
        codes[rows[statuses == scores.STATUSES.index(OUTSIDE)]] = len(classes)
        scored = np.isfinite(probabilities[:, 0])
        codes[scored] = decide(probabilities[scored])
        if nearJunk is not None:
            nearJunk[rows[statuses == NEAR_JUNK_CODE]] = True
            codes[nearJunk & (codes == 0)] = classes.index(NEAR_JUNK)
    return ScoredPicks(picks.ids, picks.micIds, picks.x, picks.y, classes, codes, probabilities, novelty,
                       score=picks.score, scoreName=picks.scoreName, nearJunk=nearJunk)


# ------------------------------ sessions ------------------------------

def sessionOfRun(project, run):
    """Return the PruneSession of a run, finished or not. Raises InputError where it has no coordinates to show."""
    kept = getattr(run, PickerOptimizerPruneOutputs.outputCoordinates.name, None)
    coordinates = run.inputCoordinates.get() if kept is None else kept
    if coordinates is None:
        raise InputError('This run has neither coordinates as an input nor as an output.')
    model = PruneModel(picksOfRun(run), micrographsOf(coordinates), run.getModelHeader(), run.corrections(),
                       run.getDecision())
    session = _session(f'PickerOptimizer: {run.getRunName()}', model, coordinates)
    if kept is not None and run.isFinished():
        session.createCoordinates = lambda *cut: _createCoordinates(run, *cut)
    else:
        session.note = ('This run is not finished: what was scored when this window was opened is shown. Open it again '
                        'at the end of the run; other cuts can be made then.')
    session.planRetraining = lambda: _planRetraining(project, run)
    if run.junkDistance():
        ids = {name: micId for micId, name in convert.micrographNames(run.lookedAt()).items()}
        session.junkOn = lambda micrograph: (readCells(run.junkMap(ids[micrograph.name]))
                                             if micrograph.name in ids else None)
    return session


def sessionOfSet(project, coordinates, name):
    """Return the PruneSession of one set of coordinates with classes.

    project: that it is in, or None. name: of the set, for the title. Raises InputError if it has no micrographs.
    """
    picks = picksOfSet(coordinates)
    if picks.probabilities is not None:
        picks = replace(picks, kept=keptBefore(project, coordinates, picks.codes == picks.classes.index(PARTICLE)))
    model = PruneModel(picks, micrographsOf(coordinates))
    session = _session(f'PickerOptimizer: {name}', model, coordinates)
    if model.hasScores:
        session.note = 'This is one set: open the prune run itself to create coordinates of another cut, or to correct.'
    return session


def _session(title, model, coordinates):
    return PruneSession(title, model, coordinates.getBoxSize() or DEFAULT_BOX,
                        coordinates.getMicrographs().getSamplingRate() or 1.0)


def _createCoordinates(run, mode, wanted, corrected):
    made = run.createCoordinates(mode, wanted, corrected)
    return 'New outputs of this run: ' + ', '.join(f'{name} ({output.getSize()})' for name, output in made) + '.'


def _planRetraining(project, run):
    planned = retraining.plan(project, run)
    counts = countsText(countByClass(planned.labels))
    lost = f'\n{planned.lost} labels are on other micrographs and are left out.' if planned.lost else ''
    question = (f'Start two new runs: "label and train" with {counts} ({planned.new} of them your corrections), and '
                f'"prune" with its model?\n\nThe runs that are there stay as they are.{lost}')

    def start():
        training, pruning = retraining.prepare(project, run, planned)
        retraining.start(project, training, pruning)
        return f'Started: "{training.getRunName()}"; "{pruning.getRunName()}" follows when it is done.'
    return question, start
