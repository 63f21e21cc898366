"""Picks near junk in a real project: the sets, the summary, another distance, comparisons, labels, and the window."""
import csv
import os

import numpy as np
import pytest
from laboratory import items, until
from test_labelling import needsDisplay

from pickeroptimizer import convert
from pickeroptimizer.convert.places import readPlaces
from pickeroptimizer.domain.decision import MINIMUM, SHARE
from pickeroptimizer.viewers.outcomes import KEPT, outcomeOfLabel
from pickeroptimizer.viewers.prune.model import LEAST_CERTAIN, REJECTED_PICKS
from pickeroptimizer.viewers.prune.source import picksOfRun, sessionOfRun, sessionOfSet
from pickeroptimizer.worker.exchange.tables import NEAR_JUNK

WITHIN = 120


@pytest.fixture(scope='module')
def near(lab, few, trained):
    return lab.finished(lab.prune(few, trained, junkWithin=WITHIN))


def tableOf(run):
    with open(run._getExtraPath('scores.csv'), newline='') as stream:
        return {int(row['coord_id']): row for row in csv.DictReader(stream)}


def said(coordinates):
    """{id: (class, whether near junk, particle probability)}."""
    return {i: (pick._poClass.get(), pick._poNearJunk.get(), pick._poParticle.get())
            for i, pick in items(coordinates).items()}


def test_particles_near_junk_are_rejected_and_keep_their_numbers(near, fewPruned):
    table = tableOf(near)
    kept, rejected = said(near.outputCoordinates), said(near.rejectedCoordinates)
    before = {**items(fewPruned.outputCoordinates), **items(fewPruned.rejectedCoordinates)}
    assert kept.keys() | rejected.keys() == before.keys()
    for i, (name, isNear, particle) in {**kept, **rejected}.items():
        assert isNear == (table[i]['status'] == NEAR_JUNK) and particle == before[i]._poParticle.get()
        assert name == (NEAR_JUNK if isNear and particle >= 0.5 else before[i]._poClass.get())
    moved = items(fewPruned.outputCoordinates).keys() - kept.keys()
    assert moved == {i for i, row in rejected.items() if row[0] == NEAR_JUNK}
    assert moved and kept, 'some are near junk, some are not'
    assert any(row[1] and row[0] != NEAR_JUNK for row in rejected.values()), 'junk stays what it is'
    summary = '\n'.join(near.summary())
    assert f'*{len(moved)}* of the rejected look like particles, but lie within 120 Å of junk' in summary
    assert f'{len(moved)} near junk' in summary and not any(hasattr(pick, '_poNearJunk') for pick in before.values())
    assert 'farther than 120 Å' in near._methods()[0]


def test_no_cut_keeps_them_and_nothing_is_scored_again(lab, near):
    table = near._getExtraPath('scores.csv')
    before = os.stat(table).st_mtime_ns
    apart = {i for i, row in tableOf(near).items() if row['status'] != 'scored'}
    for decision, values in ((MINIMUM, {'minProbability': 0.0}), (SHARE, {'keptParticles': 99.9}), (0, {})):
        near.decision.set(decision)
        for name, value in values.items():
            getattr(near, name).set(value)
        lab.finished(near)
        assert not apart & items(near.outputCoordinates).keys()
        if decision == MINIMUM:
            assert near.rejectedCoordinates.getSize() == len(apart), 'all others are kept'
    (_, kept), _ = near.createCoordinates(MINIMUM, 0.0, {min(apart): 'particle'})
    found = said(kept)
    assert found.keys() & apart == {min(apart)} and found[min(apart)][:2] == ('particle', False), 'by hand'
    assert os.stat(table).st_mtime_ns == before


def test_another_distance_is_scored_anew_and_off_is_as_before(lab, few, trained, fewPruned, monkeypatch):
    run = lab.finished(lab.prune(few, trained, junkWithin=30))
    some = {i for i, row in said(run.rejectedCoordinates).items() if row[0] == NEAR_JUNK}
    arguments, lines = run._job(), []
    run.junkWithin.set(WITHIN)
    assert run._job() != arguments
    monkeypatch.setattr(type(run), 'info', lambda self, line, **more: lines.append(line))
    lab.finished(run)
    assert 'Starting anew. The distance from junk is another one.' in lines
    assert some <= {i for i, row in said(run.rejectedCoordinates).items() if row[0] == NEAR_JUNK}
    run.junkWithin.set(0)
    lab.finished(run)
    assert run._job() == fewPruned._job()
    assert items(run.outputCoordinates).keys() == items(fewPruned.outputCoordinates).keys()
    assert not any(hasattr(pick, '_poNearJunk') for pick in items(run.rejectedCoordinates).values())


def test_pruned_again_without_it_nothing_of_it_stays(lab, near, trained):
    again = lab.finished(lab.prune(near, trained))
    assert not any(hasattr(pick, '_poNearJunk') for output in (again.outputCoordinates, again.rejectedCoordinates)
                   for pick in items(output).values())


def test_jobs_that_share_the_picks(lab, picks, trained, monkeypatch):
    from pickeroptimizer.protocols.streaming import shared_scoring
    alone = lab.finished(lab.prune(picks, trained, junkWithin=WITHIN))
    monkeypatch.setattr(shared_scoring, 'LEAST', 50)
    shared = lab.finished(lab.prune(picks, trained, junkWithin=WITHIN, jobs=2))
    assert 'were scored by 2 jobs side by side' in '\n'.join(shared.summary())
    assert tableOf(shared) == tableOf(alone)


def test_comparisons_and_labels_do_not_take_them_for_what_they_look_like(near):
    _, (_, rejected) = near.createCoordinates(MINIMUM, 1.0)      # nearly all
    places, _, _ = readPlaces(rejected, 'it', 3.0)
    assert places.scoreName == '_poParticle'
    byPlace = dict(zip(zip(places.x, places.y), places.scores))
    for pick in items(rejected).values():
        isKnown = np.isfinite(byPlace[pick.getX(), pick.getY()])
        assert isKnown == (pick._poParticle.get() is not None and not pick._poNearJunk.get())
    labels = convert.labelsFromClasses(rejected)
    assert len(labels) == sum(name not in (NEAR_JUNK, 'outside') for name, *_ in said(rejected).values())


@pytest.mark.parametrize('value', [-1.0, float('nan'), float('inf'), None])
def test_what_is_no_distance_is_refused(lab, few, trained, value):
    run = lab.prune(few, trained)
    run.junkWithin.set(value)
    line, = run.validate()
    assert 'Reject within (Å) of junk' in line and '\n' not in line


# ------------------------------ the window ------------------------------

def test_the_model_of_the_window(lab, near):
    model = sessionOfRun(lab.project, near).model
    table = tableOf(near)
    apart = np.array([table[i]['status'] == NEAR_JUNK for i in model.picks.ids.tolist()])
    looks = apart & (model.picks.probabilities[:, 0] >= 0.5)
    assert NEAR_JUNK in model.picks.classes and model.rule.mode == 0, 'the rule of the run is known again'
    assert {model.kinds[o].text for o in model.outcomes[looks].tolist()} == {NEAR_JUNK}
    assert len(model.particleProbabilities()) == sum(row['status'] == 'scored' for row in table.values())
    model.setRule(MINIMUM, 0.0)
    assert not (model.outcomes[apart] == KEPT).any() and (model.outcomes[~apart] == KEPT).sum() > 10
    assert NEAR_JUNK in model.subsets() and set(model.listed(NEAR_JUNK, LEAST_CERTAIN)) == set(np.flatnonzero(looks))
    assert set(np.flatnonzero(looks)) <= set(model.listed(REJECTED_PICKS, LEAST_CERTAIN))
    row = int(np.flatnonzero(looks)[0])
    assert 'rejected, for junk is too near, particle 0.' in model.describe(row)
    model.correct(row, 'particle')
    assert model.outcomes[row] == KEPT, 'a person knows better'
    model.correct(row, None)
    assert model.outcomes[row] == outcomeOfLabel(NEAR_JUNK, model.picks.classes)
    other = sessionOfSet(lab.project, near.rejectedCoordinates, 'rejected').model
    other.setRule(MINIMUM, 0.0)
    shown = dict(zip(other.picks.ids.tolist(), other.outcomes.tolist()))
    assert not any(shown[i] == KEPT for i, row in table.items() if row['status'] == NEAR_JUNK and i in shown)


def test_scores_so_far_are_shown_as_they_will_be(lab, near, monkeypatch):
    finished = picksOfRun(near)
    monkeypatch.setattr(type(near), 'isFinished', lambda self: False)
    soFar = picksOfRun(near)
    assert soFar.ids.tolist() == finished.ids.tolist() and soFar.nearJunk.tolist() == finished.nearJunk.tolist()
    assert [soFar.names[c] for c in soFar.codes] == [finished.names[c] for c in finished.codes]


@needsDisplay
def test_the_window(lab, near, root):
    from pickeroptimizer.viewers.prune.window import PruneWindow
    window = PruneWindow(root, sessionOfRun(lab.project, near))
    until(window, lambda: window.shownPlace is not None)
    assert not any(key == NEAR_JUNK for key in window._keys), 'nobody can say that a pick is near junk'
    assert NEAR_JUNK in window.listed.subset['values']
    covered = {place: np.count_nonzero(window._session.junkOn(micrograph))
               for place, micrograph in enumerate(window._model.micrographs) if window._model.rowsOn(place)}
    worst = max(covered, key=covered.get)
    window.table.select(worst)
    until(window, lambda: window.shownPlace == worst)

    def inColours():
        grey, _ = window.canvas._picture.grey()
        return (np.ptp(np.asarray(grey.convert('RGB')).reshape(-1, 3), axis=1) > 30).mean()
    assert inColours() > 0.02, 'what counted as junk is in colours'
    window.focus_force()
    window.event_generate('<m>')
    until(window, lambda: not window.junk.get())
    assert inColours() == 0
    window.event_generate('<m>')
    until(window, window.junk.get)
    assert inColours() > 0.02
    window.destroy()


@needsDisplay
def test_the_window_of_a_run_without_it(lab, fewPruned, root):
    from pickeroptimizer.viewers.prune.window import PruneWindow
    window = PruneWindow(root, sessionOfRun(lab.project, fewPruned))
    until(window, lambda: window.shownPlace is not None)
    assert window._session.junkOn is None and not window.junk.get()
    assert NEAR_JUNK not in window.listed.subset['values']
    window.destroy()
