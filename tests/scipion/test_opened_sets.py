"""Sets of picks that our outputs went into, by whatever protocol: they open as what they are."""
import numpy as np
import pytest
from laboratory import items

from pickeroptimizer.domain.decision import MINIMUM
from pickeroptimizer.viewers.outcomes import BELOW, KEPT
from pickeroptimizer.viewers.prune.model import AS_GIVEN
from pickeroptimizer.viewers.prune.source import sessionOfSet


@pytest.fixture(scope='module')
def strict(lab, few, trained):
    """A run that keeps the better half of the picks: many particles are rejected, as their classes cannot tell."""
    run = lab.finished(lab.prune(few, trained))
    probabilities = sorted(pick._poParticle.get() for pick in items(run.outputCoordinates).values())
    run.decision.set(MINIMUM)
    run.minProbability.set(probabilities[len(probabilities) // 2])
    return lab.finished(run)


def subset(lab, full, output, other, otherOutput='outputCoordinates'):
    """Of Scipion's own: what two sets have in common, as clones of the first."""
    return lab.finished(lab.new('ProtSubSet', chooseAtRandom=False, inputFullSet=(full, output),
                                inputSubSet=(other, otherOutput)))


def outputOf(run):
    return next(output for _, output in run.iterOutputAttributes())


def keptOf(lab, coordinates, name='outputCoordinates', project=True):
    """({ids of the picks that are shown as kept}, the model); `name`: what Scipion would call the set."""
    model = sessionOfSet(lab.project if project else None, coordinates, name).model
    return set(model.picks.ids[model.outcomes == KEPT].tolist()), model


def test_outputs_themselves(lab, strict):
    kept, rejected = items(strict.outputCoordinates), items(strict.rejectedCoordinates)
    assert any(pick._poClass.get() == 'particle' for pick in rejected.values())
    assert keptOf(lab, strict.outputCoordinates)[0] == kept.keys()
    assert keptOf(lab, strict.rejectedCoordinates)[0] == set()
    (_, low), (_, high) = strict.createCoordinates(MINIMUM, 0.01)
    assert keptOf(lab, low)[0] == items(low).keys() and keptOf(lab, high)[0] == set()


def test_subset_of_the_rejected(lab, strict, few):
    for output, expected in (('rejectedCoordinates', set()), ('outputCoordinates', items(strict.outputCoordinates))):
        part = outputOf(subset(lab, strict, output, few))
        assert keptOf(lab, part)[0] == set(expected) and part.getSize()
        again = lab.new('ProtSubSet', chooseAtRandom=True, nElements=5)
        again.inputFullSet.set(part)
        assert len(keptOf(lab, outputOf(lab.finished(again)))[0]) == (5 if expected else 0)


def test_union_of_kept_and_rejected(lab, strict):
    union = lab.new('ProtUnionSet', inputType=5)
    for name in ('rejectedCoordinates', 'outputCoordinates'):
        union.inputSets.append(getattr(strict, name))
    union = outputOf(lab.finished(union))
    kept, model = keptOf(lab, union)
    places = {pick.getPosition() for pick in items(strict.outputCoordinates).values()}
    shown = {(int(x), int(y)) for i, x, y in zip(model.picks.ids.tolist(), model.picks.x, model.picks.y) if i in kept}
    assert shown == places and model.keptAndRejected() == (len(places), strict.rejectedCoordinates.getSize())
    assert (model.rule.mode, model.rule.minimum) == (MINIMUM, min(model.picks.probabilities[model.picks.kept, 0]))


def imported(lab, micrographs, path):
    return lab.finished(lab.new('ProtImportCoordinates', importFrom=5, filesPath=str(path), boxSize=60,
                                inputMicrographs=(micrographs, 'outputMicrographs'))).outputCoordinates


def test_imports_and_copies(lab, strict, micrographs, tmp_path):
    """A copy of the file tells nothing of its origin: the runs of the project do, and without them the classes."""
    import shutil
    path = strict.rejectedCoordinates.getFileName()
    assert keptOf(lab, imported(lab, micrographs, path))[0] == set()
    shutil.copy(path, tmp_path / 'rejected.sqlite')
    copy = imported(lab, micrographs, tmp_path / 'rejected.sqlite')
    assert keptOf(lab, copy)[0] == set()
    particles = {i for i, pick in items(copy).items() if pick._poClass.get() == 'particle'}
    assert particles and keptOf(lab, copy, project=False)[0] == particles


def test_picks_that_no_rule_splits_so(lab, strict):
    from pickeroptimizer.viewers.micrograph import Micrograph
    from pickeroptimizer.viewers.prune.model import PruneModel, ScoredPicks
    from pickeroptimizer.worker.exchange.classes import FORMER
    probabilities = np.array([[0.9, 0.1, 0.0], [0.8, 0.1, 0.1], [0.7, 0.2, 0.1]])
    picks = ScoredPicks(np.arange(3), np.ones(3, int), np.zeros(3), np.zeros(3), FORMER, np.zeros(3, np.int8),
                        probabilities,
                        kept=np.array([True, False, True]))
    model = PruneModel(picks, [Micrograph(1, 'a', 'a.mrc')])
    assert model.rule is AS_GIVEN and model.outcomes.tolist() == [KEPT, BELOW, KEPT]
    model.setRule(MINIMUM, 0.75)
    assert model.outcomes.tolist() == [KEPT, KEPT, BELOW]


def test_labels_of_pruned_picks_are_labels(lab, strict, few, trained):
    labels = lab.new('ProtPickerOptimizerTrain', inputCoordinates=(strict, 'rejectedCoordinates'))
    from pickeroptimizer import convert
    from pickeroptimizer.worker.exchange.tables import CoordinateRow
    given = [CoordinateRow(i, pick.getMicId(), *map(float, pick.getPosition()), 'particle')
             for i, pick in items(strict.rejectedCoordinates).items()]
    lab.project.saveProtocol(labels)
    labels.makePathsAndClean()
    labelled = labels._newCoordinatesLike(strict.rejectedCoordinates, 'Labels')
    convert.appendLabelled(strict.rejectedCoordinates, given, {}, labelled, {})
    labelled.write()
    kept, model = keptOf(lab, labelled, 'outputLabels')
    assert kept == {row.coord_id for row in given} and not model.hasScores
