"""Pruning with the general model, which needs no labels, in a Scipion project."""
import os

import numpy as np
import pytest
from laboratory import BOX, PIXEL_SIZE, items

from pickeroptimizer.constants import GENERAL_MODEL
from pickeroptimizer.domain.decision import MINIMUM, PURITY
from pickeroptimizer.protocols.parameters.run_model import ModelSource
from pickeroptimizer.viewers.prune.source import sessionOfRun
from pickeroptimizer.worker.exchange.errors import InputError

CLASSES = ['particle', 'ice', 'carbon', 'empty']


def general(lab, picks, **values):
    """A prune protocol with the general model."""
    return lab.new('ProtPickerOptimizerPrune', inputCoordinates=(picks, 'outputCoordinates'),
                   modelSource=ModelSource.GENERAL.value, numberOfThreads=2, **values)


def test_it_prunes_without_labels_and_says_what_it_is(lab, picks, simulated):
    run = lab.finished(general(lab, picks))
    text = '\n'.join(run.summary())
    assert 'The *general model* was used' in text and 'it would judge otherwise by themselves' in text
    assert 'Label a few boxes' in text
    assert 'Expected, with' not in text, 'no label of these data tells how its junk is scored'
    kept = set(items(run.outputCoordinates))
    particles = [3 * row.coord_id in kept for row in simulated.rows if row.label == 'particle']
    junk = [3 * row.coord_id in kept for row in simulated.rows if row.label != 'particle']
    assert np.mean(particles) > 0.9 and np.mean(junk) < 0.25
    assert all(pick._poEmpty.get() is not None for pick in items(run.outputCoordinates).values())
    assert 'general model, without labels' in run.methods()[0]
    assert run.modelBox() == BOX * PIXEL_SIZE

    # Another rule scores nothing again; the rules that need a cross-validation have one, over experiments.
    before = os.stat(run._getExtraPath('scores.csv')).st_mtime_ns
    for rule, field in ((MINIMUM, {'minProbability': 0.7}), (PURITY, {'keptJunk': 5})):
        run.decision.set(rule)
        for name, value in field.items():
            getattr(run, name).set(value)
        lab.finished(run)
        assert os.stat(run._getExtraPath('scores.csv')).st_mtime_ns == before and run.outputCoordinates.getSize()

    session = sessionOfRun(lab.project, run)
    assert list(session.model.picks.classes)[:4] == CLASSES and session.createCoordinates
    # A model trained on labels takes its place.
    run.decision.set(0)
    run.modelSource.set(ModelSource.RUN.value)
    assert run.validate() == ['Choose a model, or "general (no labels)" in "Model from".']


def test_the_form_can_be_executed_whichever_model_is_chosen(lab, picks, few):
    """Scipion looks whether a pointer is missing when a pointer changes, and not when another line does."""
    for name, values in (('ProtPickerOptimizerPrune', {'inputCoordinates': (picks, 'outputCoordinates')}),
                         ('ProtPickerOptimizerEvaluate', {})):
        isMissing, _, _ = lab.new(name, **values).getInputStatus()
        assert not isMissing, name
    assert lab.new('ProtPickerOptimizerEvaluate').validate() == ['Choose labelled coordinates.']


def test_picks_without_a_box_are_refused(lab, micrographs, simulated):
    picks = lab.coordinates(micrographs, simulated.rows[:60], 'without a box', box=0)
    lines = general(lab, picks).validate()
    assert len(lines) == 1 and 'no box size' in lines[0]


def test_another_box_scores_anew(lab, few):
    run = lab.finished(general(lab, few))
    first = {i: pick._poParticle.get() for i, pick in items(run.outputCoordinates).items()}
    few.outputCoordinates.setBoxSize(BOX + 20)
    few.outputCoordinates.write()
    try:
        lab.finished(run)
        again = {i: pick._poParticle.get() for i, pick in items(run.outputCoordinates).items()}
        assert any(again.get(i) != probability for i, probability in first.items())
    finally:
        few.outputCoordinates.setBoxSize(BOX)
        few.outputCoordinates.write()


def test_a_general_model_is_not_imported_as_one_of_a_box(lab):
    protocol = lab.new('ProtPickerOptimizerImportModel', modelFile=GENERAL_MODEL)
    lines = protocol.validate()
    assert len(lines) == 1 and 'general model, which has no box' in lines[0]


def test_runs_from_before_there_was_a_choice_have_a_model_of_a_run(lab, picks, trained):
    run = lab.prune(picks, trained)
    assert not run.usesGeneralModel() and run.runModel() is trained.outputModel
    assert run.getModelHeader()['counts'] and run.modelBox() is None


def test_corrections_of_a_run_without_labels_become_labels(lab, few):
    from pickeroptimizer.protocols import retraining
    run = lab.finished(general(lab, few))
    model = sessionOfRun(lab.project, run).model
    rows = np.flatnonzero(model.picks.kept)[:3].tolist()
    model.correct(rows[0], 'ice')
    with pytest.raises(InputError, match='Give some particles their class, too'):
        retraining.plan(lab.project, run)
    for row in rows[1:]:
        model.correct(row, 'particle')
    # What stays as it was decided is no correction: a particle that was taken for one.
    planned = retraining.plan(lab.project, run)
    assert planned.training is None and planned.new == len(run.getCorrections()) > 0
    training, pruning = retraining.prepare(lab.project, run, planned)
    assert training.inputCoordinates.get() is not None and training.validate() == []
    assert training.boxSize.get() == BOX and training.numberOfThreads.get() == run.numberOfThreads.get()
    training.folds.set(0)
    lab.finished(training)
    assert sum(training.outputModel.getCounts().values()) == planned.new
    assert pruning.modelSource.get() == ModelSource.RUN and pruning.inputModel.get() is not None
