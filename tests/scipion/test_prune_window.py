"""What was kept and rejected: the model of the window, the window as a user uses it, further outputs, retraining."""
import csv
import json
import math
import os
import shutil
import subprocess
import sys
import tkinter as tk
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from laboratory import BENCHMARKS, NAMES, items, until

from pickeroptimizer.domain.corrections import CORRECTIONS, Corrections
from pickeroptimizer.domain.decision import MINIMUM, MOST_PROBABLE, PURITY, SHARE
from pickeroptimizer.viewers.micrograph import Micrograph
from pickeroptimizer.viewers.prune.model import (
    ALL_PICKS,
    HIGHEST_SCORE,
    KEPT_PICKS,
    LEAST_CERTAIN,
    LOWEST_SCORE,
    MOST_CERTAIN,
    MOST_NOVEL,
    RANDOM,
    REJECTED_PICKS,
    PruneModel,
    ScoredPicks,
)
from pickeroptimizer.worker.exchange.classes import FORMER
from pickeroptimizer.worker.exchange.errors import InputError

KEPT, BELOW, ICE, CARBON, OUTSIDE, UNSCORED = range(6)      # outcomes of picks of these three classes
needsDisplay = pytest.mark.skipif('DISPLAY' not in os.environ, reason='needs a display')
TOLD = {'cross_validation': {'junk_probabilities': [0.05, 0.1, 0.3]}}      # by a model, of its labelled junk


# ------------------------------ the model ------------------------------

def somePicks(kept=None):
    """Eight picks on two micrographs, and one on a third that is not shown."""
    probabilities = np.array([[0.9, 0.05, 0.05], [0.6, 0.3, 0.1], [0.55, 0.35, 0.1], [0.3, 0.6, 0.1], [0.1, 0.8, 0.1],
                              [0.05, 0.05, 0.9], [np.nan] * 3, [np.nan] * 3, [1, 0, 0]])
    return ScoredPicks(
        ids=np.array([10, 11, 12, 13, 14, 15, 16, 17, 18]), micIds=np.array([7, 7, 7, 7, 7, 3, 3, 3, 99]),
        x=np.arange(9.0) * 10, y=np.arange(9.0), classes=FORMER,
        codes=np.array([0, 0, 0, 1, 1, 2, 3, 4, 0], dtype=np.int8),
        probabilities=probabilities, novelty=np.array([1, 5, 1, 9, 2, 3, np.nan, np.nan, 99]), kept=kept)


def someModel(folder=None, **options):
    micrographs = [Micrograph(3, 'three', 'three.mrc'), Micrograph(7, 'seven', 'seven.mrc')]
    return PruneModel(somePicks(), micrographs, corrections=folder and Corrections(str(folder)), **options)


def test_decisions_and_counts():
    model = someModel()
    assert len(model.picks) == 8, 'the pick on an unknown micrograph is left out'
    assert model.outcomes.tolist() == [KEPT, KEPT, KEPT, ICE, ICE, CARBON, OUTSIDE, UNSCORED]
    assert model.counts().tolist() == [[0, 0, 0, 1, 1, 1], [3, 0, 2, 0, 0, 0]]
    model.setRule(MINIMUM, 0.56)
    assert model.outcomes.tolist() == [KEPT, KEPT, BELOW, ICE, ICE, CARBON, OUTSIDE, UNSCORED]
    model.setRule(MINIMUM, 0.3)
    assert model.outcomes.tolist()[3] == KEPT and model.keptAndRejected() == (4, 3)
    model.setRule(PURITY, 25)
    assert model.rule.minimum == 0.3
    with pytest.raises(InputError, match='give a number'):
        model.setRule(SHARE, None)
    assert model.rule.mode == PURITY, 'what cannot be is not decided'
    model = someModel(header=TOLD)
    model.setRule(SHARE, 60)
    assert model.rule.minimum == 0.55 and model.keptAndRejected() == (3, 4)
    line, = model.expected()
    assert line.startswith('Expected, with 95 % intervals: of the kept ')


def test_the_given_decision_is_found_again():
    micrographs = [Micrograph(3, 'three', ''), Micrograph(7, 'seven', '')]

    def given(kept, decision):
        return PruneModel(somePicks(np.array(kept + [False] * 5 + [True], dtype=bool)), micrographs,
                          decision=decision).rule
    assert given([1, 1, 1], (MOST_PROBABLE, None)) == (MOST_PROBABLE, None, None)
    assert given([1, 1, 0], (MINIMUM, 0.57)) == (MINIMUM, 0.57, 0.57)
    # The form says another one by now: what was done is shown.
    assert given([1, 1, 0], (MINIMUM, 0.95)) == (MINIMUM, 0.6, 0.6)
    assert given([1, 1, 0], (SHARE, 95)) == (MINIMUM, 0.6, 0.6)
    assert given([0, 0, 0], (MOST_PROBABLE, None)).minimum > 1


def test_a_pick_that_was_given_its_class_by_hand_has_no_probability():
    """It could not be scored; in a further output it is kept, for that was said of it."""
    picks = somePicks(np.array([1, 1, 1, 0, 0, 0, 0, 1, 1], dtype=bool))
    picks.codes[7] = 0
    micrographs = [Micrograph(3, 'three', ''), Micrograph(7, 'seven', '')]
    model = PruneModel(picks, micrographs)
    assert model.outcomes.tolist()[5:] == [CARBON, OUTSIDE, KEPT]
    assert model.particleProbabilities().tolist() == [0.9, 0.6, 0.55, 0.3, 0.1, 0.05]
    assert model.keptOfScored().tolist() == [True] * 3 + [False] * 3
    assert model.describe(7) == 'Pick 17 at (70, 7): particle'
    model.setRule(PURITY, 25)
    assert model.rule.minimum == 0.3
    assert first(model, KEPT_PICKS, LEAST_CERTAIN, 9)[:2] == [3, 2]


def first(model, subset, order, most):
    return model.listed(subset, order)[:most].tolist()


def test_orders():
    model = someModel()
    assert first(model, KEPT_PICKS, LEAST_CERTAIN, 2) == [2, 1]
    assert first(model, REJECTED_PICKS, LEAST_CERTAIN, 9) == [3, 4, 5]
    assert first(model, REJECTED_PICKS, MOST_CERTAIN, 9) == [5, 4, 3]
    model.setRule(MINIMUM, 0.56)
    assert first(model, KEPT_PICKS, LEAST_CERTAIN, 9) == [1, 0]
    assert first(model, REJECTED_PICKS, LEAST_CERTAIN, 2) == [2, 3]
    # By the number that the gallery shows: not by how far the next class is.
    probabilities = np.array([[.6, .39, .01], [.5, .3, .2], [.52, .08, .4], [.4, .42, .18], [.3, .31, .39], [0, 0, 1]])
    micrographs = [Micrograph(3, 'three', ''), Micrograph(7, 'seven', '')]
    probabilities = np.concatenate([probabilities, np.zeros((3, 3))])
    close = PruneModel(replace(somePicks(), probabilities=probabilities), micrographs)
    assert first(close, KEPT_PICKS, LEAST_CERTAIN, 9) == [1, 2, 0]
    assert first(close, REJECTED_PICKS, LEAST_CERTAIN, 9) == [3, 4, 5]
    assert first(model, ALL_PICKS, MOST_NOVEL, 3) == [3, 1, 5]
    drawn = first(model, ALL_PICKS, RANDOM, 20)
    assert sorted(drawn) == list(range(8)) and first(model, ALL_PICKS, RANDOM, 3) == drawn[:3]


def test_groups_and_the_pickers_score():
    score = np.array([5, 1, np.nan, 3, 2, 4, 6, 7, 8.0])
    model = PruneModel(replace(somePicks(), score=score, scoreName='_topazScore'),
                       [Micrograph(3, 'three', ''), Micrograph(7, 'seven', '')])
    assert {LOWEST_SCORE, HIGHEST_SCORE} < set(model.orders()) and not {LOWEST_SCORE} & set(someModel().orders())
    assert first(model, KEPT_PICKS, LOWEST_SCORE, 9) == [1, 0], 'one has none'
    assert first(model, ALL_PICKS, HIGHEST_SCORE, 2) == [7, 6]
    ice = first(model, 'ice', LEAST_CERTAIN, 9)
    assert ice and all(model.kinds[model.outcomes[row]].text == 'ice' for row in ice)
    here = model.listed(ALL_PICKS, RANDOM, 1)
    assert {model.placeOf(row) for row in here.tolist()} == {1}
    assert model.describe(0).endswith('topazScore 5') and 'topazScore' not in model.describe(2)


def test_table(tmp_path):
    model = someModel()
    model.saveTable(tmp_path / 'table.csv')
    with open(tmp_path / 'table.csv', newline='') as stream:
        rows = list(csv.DictReader(stream))
    assert list(rows[0]) == ['mic_id', 'mic_name', 'picks', 'kept', 'rejected', 'rejected_share', 'particle_rejected',
                             'ice', 'carbon', 'outside', 'not_scored']
    assert [rows[1][name] for name in ('mic_name', 'picks', 'kept', 'rejected', 'rejected_share', 'ice')] == \
        ['seven', '5', '3', '2', '0.4000', '2']
    assert rows[0]['outside'] == rows[0]['not_scored'] == '1'


def test_long_names_are_shortened():
    from pickeroptimizer.comparison.names import shortened
    assert shortened(['a_1.mrc', 'a_2.mrc']) == ['a_1.mrc', 'a_2.mrc']
    assert shortened(['Falcon_2012_06_14_a_aligned.mrc', 'Falcon_2012_06_15_bc_aligned.mrc']) == ['…4_a…', '…5_bc…']
    assert shortened(['Falcon_2012_06_12-14.mrc']) == ['Falcon_2012_06_12-14.mrc']
    assert shortened(['Falcon_2012_06_12', 'Falcon_2012_06_12_2']) == ['…', '…_2']


def test_corrections_are_stored_undone_and_shared(tmp_path):
    model, other = someModel(tmp_path), someModel(tmp_path)
    model.correct(0, 'ice')
    other.correct(3, 'particle')      # the other window does not know of the first one's yet
    assert Corrections(str(tmp_path)).read().keys() == {10, 13}
    assert model.outcomes[0] == ICE and other.outcomes[0] == ICE and other.outcomes[3] == KEPT
    assert model.outcomes[3] == ICE and model.reloadCorrections() and model.outcomes[3] == KEPT
    model.setRule(MINIMUM, 0.95)
    assert model.outcomes[3] == KEPT, 'a correction outlasts any cut'
    model.setRule(MOST_PROBABLE, None)
    model.correct(0, 'carbon')
    model.correct(1, None)            # it has none
    assert [model.undo() for _ in range(3)] == [0, 0, None] and model.outcomes[0] == KEPT
    again = someModel(tmp_path)
    assert again.corrected == {3: 'particle'}
    # A pick of the same id elsewhere, as after a run with other coordinates: another pick.
    (tmp_path / CORRECTIONS).write_text('coord_id,mic_id,x,y,label\n10,7,1000,1000,ice\n11,3,10,1,ice\n')
    assert someModel(tmp_path).corrected == {}
    with pytest.raises(InputError, match='not on the micrograph'):
        model.correct(6, 'particle')
    (tmp_path / CORRECTIONS).write_text('nonsense')
    with pytest.raises(InputError, match='no column'):
        model.correct(0, 'ice')
    assert model.outcomes[0] == KEPT, 'what is not saved is not shown as done'


# ------------------------------ from runs and sets ------------------------------

@pytest.fixture(scope='module')
def ownRun(lab, few, trained):
    """A prune run of this module's own, to which outputs are added."""
    return lab.finished(lab.prune(few, trained, label='mine'))


@pytest.fixture()
def run(ownRun):
    """The same without corrections."""
    Path(ownRun._getExtraPath(CORRECTIONS)).unlink(missing_ok=True)
    return ownRun


def textsOf(model):
    """What each pick is said to be: there are more outcomes where corrections may name more classes."""
    return [model.kinds[outcome].text for outcome in model.outcomes]


def sessionOf(lab, run):
    from pickeroptimizer.viewers.prune.source import sessionOfRun
    return sessionOfRun(lab.project, run)


def test_session_of_a_run(lab, run, few):
    session = sessionOf(lab, run)
    model, kept, rejected = session.model, items(run.outputCoordinates), items(run.rejectedCoordinates)
    assert set(model.picks.ids[model.outcomes == KEPT]) == set(kept)
    assert len(model.picks) == len(kept) + len(rejected) == few.outputCoordinates.getSize()
    assert {m.name for m in model.micrographs} == set(NAMES) and session.note == ''
    row = model.picks.ids.tolist().index(9001)
    assert textsOf(model)[row] == 'outside' and 'not on the micrograph' in model.describe(row)
    for objId, pick in list(kept.items())[:5]:
        row = model.picks.ids.tolist().index(objId)
        assert (model.picks.x[row], model.picks.y[row]) == pick.getPosition()
        assert model.picks.probabilities[row].tolist() == [pick._poParticle.get(), pick._poIce.get(),
                                                           pick._poCarbon.get(), pick._poEmpty.get()]


def test_viewer_takes_what_has_classes(lab, run, picks, trained):
    from pickeroptimizer.viewers import PickerOptimizerPruneViewer
    assert lab.domain.findViewers(run, 'tkinter')[0] is PickerOptimizerPruneViewer
    assert PickerOptimizerPruneViewer not in lab.domain.findViewers(picks.outputCoordinates, 'tkinter')
    for coordinates in (run.rejectedCoordinates, trained.outputLabels):
        assert lab.domain.findViewers(coordinates, 'tkinter')[0] is PickerOptimizerPruneViewer


def test_session_of_one_set(lab, run, trained):
    from pickeroptimizer.viewers.prune.source import sessionOfSet
    session = sessionOfSet(lab.project, run.rejectedCoordinates, 'rejectedCoordinates')
    assert session.model.counts()[:, KEPT].sum() == 0 and session.createCoordinates is None and session.note
    # A set opens as what it is, whatever it is called.
    assert sessionOfSet(lab.project, run.rejectedCoordinates, 'keptMin0_01').model.keptAndRejected()[0] == 0
    labels = sessionOfSet(lab.project, trained.outputLabels, 'labels').model
    assert not labels.hasScores and not {LEAST_CERTAIN, MOST_NOVEL} & set(labels.orders())
    counts = labels.counts().sum(axis=0)
    assert {'particle': counts[KEPT], 'ice': counts[ICE], 'carbon': counts[CARBON]} == trained.outputModel.getCounts()


def test_run_in_progress_shows_what_is_there(lab, few, trained, run):
    going = lab.prune(few, trained)
    lab.project.saveProtocol(going)
    os.makedirs(going._getExtraPath(), exist_ok=True)
    model = sessionOf(lab, going).model
    assert set(textsOf(model)) == {'not scored'} and len(model.picks) == few.outputCoordinates.getSize()
    with open(run._getExtraPath('scores.csv')) as stream:
        lines = stream.readlines()
    partial = Path(going._getExtraPath('scores.csv.0123.part'))
    partial.write_text(''.join(lines[:30]))
    session = sessionOf(lab, going)
    assert sum(text != 'not scored' for text in textsOf(session.model)) == 29
    assert session.createCoordinates is None and 'not finished' in session.note
    partial.write_text(''.join(lines[:30]) + lines[30][:9])      # read while a line is written
    assert sum(text != 'not scored' for text in textsOf(sessionOf(lab, going).model)) == 29


def test_outputs_in_parts_are_not_taken_for_all(lab, run, few):
    run.setStatus('running')
    try:
        session = sessionOf(lab, run)
        assert len(session.model.picks) == few.outputCoordinates.getSize()
        assert 'not scored' not in textsOf(session.model)
        assert session.createCoordinates is None and session.planRetraining is not None
        assert 'not finished' in session.note
    finally:
        run.setStatus('finished')


def test_further_outputs(lab, run, few):
    session = sessionOf(lab, run)
    model = session.model
    before = items(run.outputCoordinates).keys()
    cut = round(float(np.median(model.particleProbabilities())), 3)
    model.setRule(MINIMUM, cut)
    row = int(np.flatnonzero(model.outcomes == KEPT)[0])
    other = int(np.flatnonzero(model.outcomes == ICE)[0])
    corrected = {int(model.picks.ids[row]): 'empty', int(model.picks.ids[other]): 'particle'}
    line = session.createCoordinates(MINIMUM, cut, corrected)
    name = f'Min{cut:g}'.replace('.', '_')
    assert f'kept{name} (' in line

    # What the project's window finds after it has been closed and opened.
    from pyworkflow.project import Project
    again = Project(lab.domain, lab.project.getPath())
    again.load()
    reloaded = again.getProtocol(run.getObjId())
    kept, rejected = (items(getattr(reloaded, f'{what}{name}')) for what in ('kept', 'rejected'))
    expected = set(model.picks.ids[model.outcomes == KEPT].tolist()) - {int(model.picks.ids[row])}
    assert set(kept) == expected | {int(model.picks.ids[other])}
    given = items(few.outputCoordinates)
    assert kept.keys() | rejected.keys() == given.keys() and not kept.keys() & rejected.keys()
    assert all(pick._topazScore.get() == given[i]._topazScore.get() and pick.getPosition() == given[i].getPosition()
               for i, pick in {**kept, **rejected}.items())
    from pickeroptimizer.viewers.prune.source import sessionOfSet
    assert rejected[int(model.picks.ids[row])]._poClass.get() == 'empty'      # which the model does not know
    shown = sessionOfSet(lab.project, getattr(reloaded, f'rejected{name}'), 'set').model
    assert shown.picks.classes == ('particle', 'ice', 'carbon', 'empty')
    assert shown.kinds[shown.outcomes[shown.picks.ids.tolist().index(int(model.picks.ids[row]))]].text == 'empty'
    assert items(reloaded.outputCoordinates).keys() == before
    assert getattr(reloaded, f'kept{name}').getMicrographs().getSize() == len(NAMES)
    assert few.getObjId() in {node.run.getObjId() for node in
                              again.getRunsGraph().getNode(str(run.getObjId())).getParents() if node.run}

    session.createCoordinates(MINIMUM, cut, {})
    session.createCoordinates(MOST_PROBABLE, None, {})
    assert items(getattr(run, f'kept{name}_no2')).keys() == expected | {int(model.picks.ids[row])}
    assert items(run.keptMostProbable).keys() == before

    session.createCoordinates(MINIMUM, 1.0, {})
    from pickeroptimizer.viewers import PickerOptimizerPruneViewer
    assert run.keptMin1.getSize() == 0
    assert lab.domain.findViewers(run.keptMin1, 'tkinter')[0] is PickerOptimizerPruneViewer
    assert sessionOfSet(lab.project, run.keptMin1, 'none').model.counts().sum() == 0


def test_moved_project(lab, run, tmp_path):
    from pyworkflow.project import Project

    from pickeroptimizer.viewers.widgets.micrographs import ImageData, readImageData
    moved = tmp_path / 'moved'
    shutil.copytree(lab.project.getPath(), moved, symlinks=True)
    here = os.getcwd()
    try:
        project = Project(lab.domain, str(moved))
        project.load()
        os.chdir(moved)
        model = sessionOf(type('Lab', (), {'project': project}), project.getProtocol(run.getObjId())).model
        assert isinstance(readImageData(model.micrographs[0].path), ImageData)
        model.correct(0, 'ice')
        assert (moved / run._getExtraPath(CORRECTIONS)).exists()
    finally:
        os.chdir(here)
    assert not os.path.exists(run._getExtraPath(CORRECTIONS))


# ------------------------------ retraining ------------------------------

def test_retraining(lab, run, trained):
    from pickeroptimizer.protocols import retraining
    session = sessionOf(lab, run)
    with pytest.raises(InputError, match='no corrections yet'):
        session.planRetraining()
    labelled = {(row.getMicId(), *row.getPosition()): row._poClass.get()
                for row in items(trained.outputLabels).values()}
    picks = session.model.picks
    places = [(int(m), int(x), int(y)) for m, x, y in zip(picks.micIds, picks.x, picks.y)]
    known = [i for i, place in enumerate(places) if labelled.get(place) == 'particle'][:1]
    new = [i for i in first(session.model, REJECTED_PICKS, LEAST_CERTAIN, 30) if places[i] not in labelled][:2]
    assert known and len(new) == 2
    for row in new:
        session.model.correct(row, 'particle')
    session.model.correct(known[0], 'ice')

    question, _ = session.planRetraining()
    counts = {**trained.outputModel.getCounts()}
    assert f'{counts["particle"] + 1} particle, {counts["ice"] + 1} ice, {counts["carbon"]} carbon' in question
    assert '3 of them your corrections' in question
    planned = retraining.plan(lab.project, run)
    assert planned.coordinates is planned.training.inputCoordinates and planned.lost == 0
    training, pruning = retraining.prepare(lab.project, run, planned)
    training.folds.set(0)             # quicker
    lab.finished(training)
    used = {(row.getMicId(), *row.getPosition()): row._poClass.get() for row in items(training.outputLabels).values()}
    assert used == {**labelled, places[known[0]]: 'ice', **{places[row]: 'particle' for row in new}}
    lab.finished(pruning)
    assert training.iceLabels.get() is None
    assert pruning.inputModel.get().getObjId() == training.outputModel.getObjId()
    assert '+ 3 corrections' in training.getRunName() and '+ 3 corrections' in pruning.getRunName()


def test_retraining_starts_both_runs(lab, run, monkeypatch):
    from pickeroptimizer.protocols import retraining
    session = sessionOf(lab, run)
    session.model.correct(first(session.model, KEPT_PICKS, LEAST_CERTAIN, 1)[0], 'ice')
    started = []
    monkeypatch.setattr(lab.project, 'launchProtocol', lambda run: started.append(run))
    monkeypatch.setattr(lab.project, 'scheduleProtocol', lambda run, **options: started.append(run))
    _, start = session.planRetraining()
    assert 'follows' in start()
    assert [run.getClassName() for run in started] == ['ProtPickerOptimizerTrain', 'ProtPickerOptimizerPrune']
    assert started[1].inputModel.getObjValue() is started[0]
    monkeypatch.setattr(type(started[0]), 'validate', lambda self: ['It cannot be.'])
    with pytest.raises(InputError, match='It cannot be'):
        retraining.start(lab.project, *started)


def test_retraining_of_an_imported_model(lab, few, trained):
    from pickeroptimizer.protocols import retraining
    imported = lab.finished(lab.new('ProtPickerOptimizerImportModel', modelFile=trained.outputModel.getFileName()))
    pruned = corrected(lab, lab.prune(few, imported), 2)
    with pytest.raises(InputError, match='not trained in this project, so its labels are not here'):
        retraining.plan(lab.project, pruned)


def corrected(lab, run, *rows):
    """A prune run that is only saved, with some picks corrected to carbon."""
    lab.project.saveProtocol(run)
    os.makedirs(run._getExtraPath(), exist_ok=True)
    model = sessionOf(lab, run).model
    for row in rows:
        model.correct(row, 'carbon')
    return run


def test_corrections_on_micrographs_that_the_training_did_not_have(lab, few, simulated, run):
    """Then the pruned picks are the ones to train on, and labels find their micrographs by name."""
    from pickeroptimizer import convert
    from pickeroptimizer.protocols import retraining
    model = sessionOf(lab, run).model
    places = {micrograph.name: place for place, micrograph in enumerate(model.micrographs)}
    part = Path(simulated.folder).parent / 'part'
    part.mkdir()
    for name in NAMES[:4]:
        shutil.copy(simulated.folder / name, part / name)
    fewer = lab.micrographs(part)
    labels = [row for row in simulated.rows if row.mic_id <= 4]
    labels = [row for name in ('particle', 'ice') for row in [r for r in labels if r.label == name][:4]]
    sets = {f'{name}Labels': (lab.coordinates(fewer, [row for row in labels if row.label == name], f'{name}Fewer',
                                              score=False), 'outputCoordinates') for name in ('particle', 'ice')}
    coordinates = lab.coordinates(fewer, labels, 'fewer')
    training = lab.finished(lab.new('ProtPickerOptimizerTrain', inputCoordinates=(coordinates, 'outputCoordinates'),
                                    folds=0, numberOfThreads=2, **sets))
    pruned = corrected(lab, lab.prune(few, training), *(model.rowsOn(places[name])[0] for name in (NAMES[1], NAMES[4])))
    planned = retraining.plan(lab.project, pruned)
    assert planned.coordinates is pruned.inputCoordinates and planned.lost == 0
    assert len(planned.labels) == len(labels) + 2
    new, _ = retraining.prepare(lab.project, pruned, planned)
    assert new.boxSize.get() == 60 and new.validate() == []
    assert new.inputCoordinates.get().getObjId() == few.outputCoordinates.getObjId()
    # By name, too: ids move when an import is made again.
    with open(new.labelsFile.get(), newline='', encoding='utf-8') as stream:
        named = {(int(row['mic_id']), row['mic_name']) for row in csv.DictReader(stream)}
    assert named and named <= set(convert.micrographNames(few.outputCoordinates.getMicrographs()).items())


# ------------------------------ the window ------------------------------

def openOn(root, session, place=None):
    """The window, once it shows a micrograph, the one at `place` if that is said."""
    from pickeroptimizer.viewers.prune.window import PruneWindow
    window = PruneWindow(root, session)
    if place is not None:
        window.table.select(place)
    until(window, lambda: window.shownPlace is not None)
    return window


def withPicks(model):
    """Places of the micrographs that have picks."""
    return np.flatnonzero(model.counts().sum(axis=1)).tolist()


def point(window, row):
    """Move the pointer onto a pick."""
    canvas = window.canvas.winfo_children()[0]
    x, y = window.canvas.toScreen(window._model.picks.x[row], window._model.picks.y[row])
    canvas.event_generate('<Motion>', x=round(x), y=round(y))
    window.update()
    return canvas, {'x': round(x), 'y': round(y)}


def press(window, key):
    window.focus_force()
    window.update()
    window.event_generate(f'<Key-{key}>')
    window.update()


def clearOf(model, place, kind):
    """A pick of a kind on a micrograph that no other one is near to."""
    rows = np.array(model.rowsOn(place))
    for row in rows[model.outcomes[rows] == kind].tolist():
        far = np.maximum(abs(model.picks.x[rows] - model.picks.x[row]), abs(model.picks.y[rows] - model.picks.y[row]))
        if np.sort(far)[1] > 40 and 30 < model.picks.x[row] < 610 and 30 < model.picks.y[row] < 610:
            return row
    raise AssertionError('there is none')


@needsDisplay
def test_window(lab, run, root, monkeypatch, tmp_path):
    from pickeroptimizer.viewers.prune import window as prune_window
    session = sessionOf(lab, run)
    window, model = openOn(root, session), session.model
    tree = window.table.tree
    until(window, lambda: all(tree.set(str(i), 'kept') != '' for i in range(len(NAMES))))

    def shares():
        return [float(tree.set(iid, 'share')) for iid in tree.get_children() if tree.set(iid, 'share')]
    assert shares() == sorted(shares(), reverse=True) and int(tree.get_children()[0]) == window.shownPlace

    # The pick under the pointer shows its probabilities; keys correct it.
    place = next(p for p in range(len(NAMES)) if model.counts()[p, KEPT] > 5 and model.counts()[p, ICE])
    window.table.select(place)
    until(window, lambda: window.shownPlace == place)
    row = clearOf(model, place, KEPT)
    point(window, row)
    assert window._info.cget('text').startswith(f'Pick {model.picks.ids[row]} ') and 'ice 0.' in \
        window._info.cget('text')
    kept = model.counts()[place, KEPT]
    press(window, 'c')
    assert model.corrected == {row: 'carbon'} and 'corrected to carbon' in window._info.cget('text')
    assert colourOf(window, row) == model.kinds[CARBON].colour
    until(window, lambda: tree.set(str(place), 'kept') == str(kept - 1))
    press(window, 'u')
    assert model.corrected == {} and colourOf(window, row) == model.kinds[KEPT].colour
    press(window, 'i')
    assert run.getCorrections()[int(model.picks.ids[row])].label == 'ice'

    # The slider, the text beside it, and the cut in the histogram.
    window.decide(MINIMUM, 0.5)
    assert window._decision.slider.get() == 500      # thousandths
    window._decision.slider.set(990)
    window.update()
    assert model.rule == (MINIMUM, 0.99, 0.99)
    for typed, wanted in (('0.25', 0.25), ('nonsense', 0.25), ('7', 0.25)):
        window._decision.entry.delete(0, tk.END)
        window._decision.entry.insert(0, typed)
        window._decision.entry.event_generate('<FocusOut>')
        window.update()
        assert model.rule.wanted == wanted and window._decision.entry.get() == '0.250'
        assert window._decision.slider.get() == 1000 * wanted
    assert '"7" is no number from 0 to 1; it stays 0.25.' in window._decision.wrong.cget('text')
    assert window._decision.wrong.winfo_ismapped()
    # What is shown is what counts, in all its digits; looking at it changes nothing.
    for exact, shown in ((0.123456, '0.123456'), (1e-06, '1e-06'), (math.nextafter(1.0, 2.0), '1.0000000000000002')):
        window.decide(MINIMUM, exact)
        window._decision.entry.event_generate('<FocusOut>')
        window.update()
        assert model.rule.minimum == exact == float(shown) and window._decision.entry.get() == shown
    histogram = window.histogram
    histogram.event_generate('<Button-1>', x=round(6 + 0.8 * (histogram.winfo_width() - 12)), y=20)
    window.update()
    assert abs(model.rule.minimum - 0.8) < 0.01
    assert window.legend._counts[KEPT][1].cget('text') == f'{model.keptAndRejected()[0]:,}'
    assert model.keptAndRejected()[0] == (model.isKept().sum() - int(model.isKept()[row]))
    assert colourOf(window, row) == model.kinds[ICE].colour, 'corrected, whatever the cut'

    # The list is sorted by the share, as its heading says, whatever has been decided.
    window.table.sort('share', largestFirst=True)
    for minimum in (*np.quantile(model.particleProbabilities(), (0.9, 0.6, 0.3)), 0.8):
        window.decide(MINIMUM, float(minimum))
        until(window, lambda: [int(tree.set(str(place), 'kept')) for place in range(len(NAMES))] ==
              model.counts()[:, KEPT].tolist() and shares() == sorted(shares(), reverse=True))
        assert tree.heading('share', 'text').endswith('▼')

    # Hiding a kind hides its boxes, and only them.
    canvas = window.canvas
    window.legend.shown[KEPT].set(False)
    window.legend.onChange()
    states = {kind: {canvas._boxes.drawn[r].state for r in model.rowsOn(place) if model.outcomes[r] == kind}
              for kind in (KEPT, ICE)}
    assert states == {KEPT: {tk.HIDDEN}, ICE: {tk.NORMAL}}
    window.legend.shown[KEPT].set(True)
    window.legend.onChange()

    # What is expected of a rule stands below it; one without its number is told and changes nothing.
    before = model.rule
    window.decide(SHARE, None)
    assert 'give a number' in window._message.cget('text') and model.rule == before
    window.decide(SHARE, 90)
    assert window.expected.cget('text') == '\n'.join(model.expected()) != ''
    window.update()
    assert window.expected.winfo_reqwidth() <= window.gallery.winfo_width(), 'it takes no room from the micrograph'
    window.decide(before.mode, before.wanted)

    # A click on a thumbnail goes to its micrograph.
    window.listed.subset.set(REJECTED_PICKS)
    window.listed.subset.event_generate('<<ComboboxSelected>>')
    wanted = first(model, REJECTED_PICKS, LEAST_CERTAIN, 60)
    until(window, lambda: window.gallery.keys() == wanted and all(item[0] is not None for item in
                                                                 window.gallery._items.values()))
    target = next(i for i, r in enumerate(wanted) if model.placeOf(r) != place and i < 8)
    for event in ('<Button-1>', '<ButtonRelease-1>'):
        window.gallery._canvas.event_generate(event, x=20 + 76 * (target % 4), y=20 + 92 * (target // 4))
    until(window, lambda: window.shownPlace == model.placeOf(wanted[target]) and window._marked is not None)
    assert window._marked == wanted[target]
    # Who leafs on before it is there is not taken back to it, nor is a pick meant that is not seen.
    other = next(r for r in wanted if model.placeOf(r) != window.shownPlace)
    window.goTo(other)
    last = next(p for p in range(len(NAMES)) if p not in (window.shownPlace, model.placeOf(other)))
    window.table.select(last)
    until(window, lambda: window.shownPlace == last)
    assert window._marked is None and window._target is None

    # Sorted by its heading, saved as a table.
    window.table.sort('kept')
    column = [int(tree.set(iid, 'kept')) for iid in tree.get_children()]
    assert column == sorted(column, reverse=True)
    monkeypatch.setattr(prune_window.filedialog, 'asksaveasfilename', lambda **options: str(tmp_path / 'table.csv'))
    window._askAndSave('micrographs.csv', model.saveTable)
    assert (tmp_path / 'table.csv').read_text().startswith('mic_id,mic_name,picks,kept')

    # Creating coordinates asks first.
    answers = iter((False, True))
    monkeypatch.setattr(prune_window.messagebox, 'askyesno', lambda *args, **options: next(answers))
    outputs = len(list(run.iterOutputAttributes()))
    window._create.invoke()
    assert len(list(run.iterOutputAttributes())) == outputs
    window._create.invoke()
    name = f'Min{model.rule.wanted:g}'.replace('.', '_')
    assert items(getattr(run, f'kept{name}')).keys() == set(model.picks.ids[model.outcomes == KEPT].tolist())
    assert f'kept{name}' in window._message.cget('text')

    # Closed and opened: the correction is there.
    window.destroy()
    session = sessionOf(lab, run)
    assert session.model.corrected == {row: 'ice'}


def colourOf(window, row):
    return window.canvas._boxes.drawn[row].colour


@needsDisplay
def test_in_the_project_window(lab, run):
    """Scipion's own, in a process of its own: Analyze results, the mouse, Create coordinates, a double click."""
    from pyworkflow.project import Project
    done = subprocess.run([sys.executable, Path(__file__).with_name('prune_in_project_window.py'),
                           lab.project.getPath(), str(run.getObjId())], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    minimum, kept, shown = json.loads(done.stdout.splitlines()[-1])
    project = Project(lab.domain, lab.project.getPath())
    project.load()
    made = dict(project.getProtocol(run.getObjId()).iterOutputAttributes())[f'keptMin{minimum:g}'.replace('.', '_')]
    assert 0.4 < minimum < 0.6 and made.getSize() == kept == shown > 0
    assert all(pick._poParticle.get() >= minimum for pick in items(made).values())


@needsDisplay
def test_micrograph_that_has_vanished(lab, run, root, tmp_path):
    session = sessionOf(lab, run)
    first, other = withPicks(session.model)[:2]
    gone = session.model.micrographs[first]
    session.model.micrographs[first] = gone._replace(path=str(tmp_path / 'gone.mrc'))
    window = openOn(root, session, other)
    window.table.select(first)
    canvas = window.canvas.winfo_children()[0]
    until(window, lambda: canvas.find_withtag('message'))
    text = canvas.itemcget('message', 'text')
    assert 'gone.mrc: no such file' in text and not canvas.find_withtag('box')
    window.decide(MINIMUM, 0.9)
    press(window, 'p')                # there is nothing to correct
    window.table.select(other)
    until(window, lambda: window.shownPlace == other)
    assert canvas.find_withtag('box') and not canvas.find_withtag('message')


@needsDisplay
def test_zoom_drag_and_dots(lab, run, root):
    window = openOn(root, sessionOf(lab, run))
    place = withPicks(window._model)[0]
    window.table.select(place)
    until(window, lambda: window.shownPlace == place)
    canvas = window.canvas.winfo_children()[0]
    x, y = window.canvas.toMicrograph(200, 150)
    for _ in range(5):
        canvas.event_generate('<Button-4>', x=200, y=150)
    assert window.canvas.toMicrograph(200, 150) == pytest.approx((x, y)), 'what is under the pointer stays there'
    scale = window.canvas.scale
    canvas.event_generate('<Button-3>', x=200, y=150)
    canvas.event_generate('<B3-Motion>', x=230, y=110)
    canvas.event_generate('<ButtonRelease-3>', x=230, y=110)
    assert window.canvas.toMicrograph(230, 110) == pytest.approx((x, y))
    row = window._model.rowsOn(place)[0]
    left, _, right, _ = canvas.coords(window.canvas._boxes.drawn[row].item)
    assert right - left == pytest.approx(60 * scale)
    assert (left + right) / 2 == pytest.approx(window.canvas.toScreen(window._model.picks.x[row], 0)[0])
    window.canvas.setShape('dot')
    assert canvas.type(window.canvas._boxes.drawn[row].item) == 'oval'
    window.canvas.setLowPass(30)
    window.canvas.setContrast(3)
    window.canvas.fit()
    assert window.canvas.scale < scale


@needsDisplay
def test_speed(tmp_path, monkeypatch):
    """Generous, for a machine with other work; benchmarks/windows.py prints what it is."""
    monkeypatch.syspath_prepend(BENCHMARKS)
    import windows
    times = windows.measure(windows.makeSet(tmp_path, 3, 4096, 1000))
    assert times['open a micrograph that is not in memory'] < 2
    assert times['move the slider (mean of 20)'] < 0.3


def test_without_a_display(lab, run, monkeypatch, caplog):
    from pickeroptimizer.viewers import PickerOptimizerPruneViewer
    monkeypatch.delenv('DISPLAY', raising=False)
    monkeypatch.setattr(tk, '_default_root', None)
    PickerOptimizerPruneViewer(project=lab.project, protocol=run).visualize(run)
    line, = (record.getMessage() for record in caplog.records if 'window' in record.getMessage())
    assert 'choose in "Keep by"' in line and '\n' not in line


# ------------------------------ wizard ------------------------------

@needsDisplay
def test_threshold_wizard(lab, run, few, trained, root):
    from pickeroptimizer.viewers.prune.threshold_dialog import ThresholdDialog
    from pickeroptimizer.wizards import PickerOptimizerThresholdWizard

    class Form:
        def __init__(self, protocol):
            self.protocol, self.root, self.warning, self.values = protocol, root, '', {}

        def showWarning(self, line):
            self.warning = line

        def setVar(self, name, value):
            self.values[name] = value

    root.deiconify()
    form = Form(lab.prune(few, trained))
    PickerOptimizerThresholdWizard().show(form)
    assert 'no scores yet' in form.warning and not form.values

    def choose(accept):
        dialog, = (child for child in root.winfo_children() if isinstance(child, ThresholdDialog))
        histogram = dialog.histogram
        histogram.event_generate('<Button-1>', x=round(6 + 0.7 * (histogram.winfo_width() - 12)), y=50)
        dialog.focus_force()
        dialog.update()
        dialog.event_generate('<Return>' if accept else '<Escape>')
    for accept in (False, True):
        form = Form(run)
        root.after(300, lambda accept=accept: choose(accept))
        PickerOptimizerThresholdWizard().show(form)
        assert (abs(form.values['minProbability'] - 0.7) < 0.01) if accept else not form.values
