"""Pruning beyond the plain case: other decisions, interruptions, other and damaged micrographs."""
import os
import shlex
import shutil
from collections import Counter

import mrcfile
import pytest
from laboratory import NAMES, PIXEL_SIZE, items

from pickeroptimizer import Plugin
from pickeroptimizer.domain.decision import MINIMUM, PURITY, SHARE, expectedLines, minimumFor
from pickeroptimizer.domain.shares import RunShares


def scoresOf(run):
    """{id: the five attributes} of all outputs."""
    names = '_poParticle', '_poIce', '_poCarbon', '_poNovelty', '_poClass'
    return {objId: [getattr(pick, name).get() for name in names]
            for output in (run.outputCoordinates, run.rejectedCoordinates) for objId, pick in items(output).items()}


def truncate(path):
    with open(path, 'r+b') as stream:
        stream.truncate(5000)


def test_outside_is_rejected(fewPruned):
    rejected = items(fewPruned.rejectedCoordinates)
    for objId in (9001, 9002):
        assert rejected[objId]._poClass.get() == 'outside'
        assert scoresOf(fewPruned)[objId][:4] == [None] * 4
    assert '2 outside' in '\n'.join(fewPruned.summary())


def test_the_summary_tells_how_many_are_in_the_border(lab, few, trained, simulated, tmp_path):
    for name in NAMES:
        image = mrcfile.read(simulated.folder / name).copy()
        image[:, :100] = image[:, 100:101]
        mrcfile.write(tmp_path / name, image)
    run = lab.finished(lab.prune(few, trained, other=lab.micrographs(tmp_path)))
    within = {i for i, pick in items(few.outputCoordinates).items() if -0.5 < pick.getX() < 99.5 and pick.getY() < 639}
    assert within and within < {i for i, score in scoresOf(run).items() if score[-1] == 'outside'}
    assert f'*{len(within)}* of those outside lie in the blank or repeated border' in '\n'.join(run.summary())


def test_another_decision_without_scoring(lab, few, picks, trained):
    run = lab.finished(lab.prune(few, trained))
    table = run._getExtraPath('scores.csv')
    before, scores = os.stat(table).st_mtime_ns, scoresOf(run)
    objId, relations = run.outputCoordinates.getObjId(), len(run.getRelations())
    outside = {i for i, s in scores.items() if s[0] is None}
    threshold = sorted(s[0] for i, s in scores.items() if i not in outside)[len(scores) // 2]

    run.decision.set(MINIMUM)
    run.minProbability.set(threshold)
    lab.finished(run)
    assert os.stat(table).st_mtime_ns == before
    kept = {i for i, s in scores.items() if i not in outside and s[0] >= threshold}
    assert set(items(run.outputCoordinates)) == kept
    assert set(items(run.rejectedCoordinates)) == scores.keys() - kept
    assert f'{threshold:g} or more' in '\n'.join(run.summary())
    assert (run.outputCoordinates.getObjId(), len(run.getRelations())) == (objId, relations)

    # What the project's window finds after it has been closed and opened.
    from pyworkflow.project import Project
    again = Project(lab.domain, lab.project.getPath())
    again.load()
    reloaded = again.getProtocol(run.getObjId())
    assert reloaded.outputCoordinates.getSize() == run.outputCoordinates.getSize()
    assert len(list(reloaded.iterOutputAttributes())) == 2

    run.minProbability.set(1.0)
    lab.finished(run)
    assert run.outputCoordinates.getSize() == 0 and items(run.outputCoordinates) == {}
    assert run.rejectedCoordinates.getSize() == len(scores)
    assert '*No pick was kept*' in '\n'.join(run.summary())
    lines = lab.prune(run, trained).validate()
    assert lines == ['The input coordinates are an empty set.']


def test_share_of_particles_and_share_of_junk(lab, few, trained):
    run = lab.finished(lab.prune(few, trained))
    table = run._getExtraPath('scores.csv')
    before = os.stat(table).st_mtime_ns
    probabilities = {i: s[0] for i, s in scoresOf(run).items() if s[-1] != 'outside'}
    shares = RunShares(list(probabilities.values()), trained.outputModel.getHeader())
    assert shares.isTold
    for rule, wanted in ((SHARE, 80), (PURITY, 10)):
        run.decision.set(rule)
        (run.keptParticles if rule == SHARE else run.keptJunk).set(wanted)
        lab.finished(run)
        cut = minimumFor(rule, wanted, shares)
        kept = set(items(run.outputCoordinates))
        assert kept and kept == {i for i, p in probabilities.items() if p >= cut}
        assert set(expectedLines(rule, wanted, cut, shares)) <= set(run.summary())
    assert os.stat(table).st_mtime_ns == before


def test_other_inputs_are_scored(lab, few, labelSets, trained):
    run = lab.finished(lab.prune(few, trained))
    run.inputCoordinates.set(labelSets['carbon'])
    run.inputCoordinates.setExtended('outputCoordinates')
    lab.finished(run)
    assert set(scoresOf(run)) == set(items(labelSets['carbon'].outputCoordinates))


def test_killed_worker_is_continued(lab, few, trained, fewPruned, tmp_path, monkeypatch, capfd):
    killer = tmp_path / 'killer'
    killer.write_text(f'''#!/bin/sh
{Plugin.getWorkerProgram()} "$@" &
while kill -0 $! 2> /dev/null; do
    [ "$(cat scores.csv.*.part 2> /dev/null | wc -l)" -gt 1 ] && kill -9 $!
done
wait $!
''')
    killer.chmod(0o755)
    run = lab.prune(few, trained)
    with monkeypatch.context() as patch:
        patch.setattr(Plugin, 'getWorkerProgram', lambda: shlex.quote(str(killer)))
        assert 'The worker stopped before its end (exit code 137)' in lab.error(run)
    assert not os.path.exists(run._getExtraPath('scores.csv'))
    capfd.readouterr()
    lab.finished(run)
    assert 'picks were scored by an earlier run' in capfd.readouterr().out
    assert scoresOf(run) == scoresOf(fewPruned)


def test_other_micrographs_of_another_pixel_size(lab, few, trained, fewPruned, simulated, tmp_path):
    for name in NAMES:
        image = mrcfile.read(simulated.folder / name)
        with mrcfile.new(tmp_path / name) as stream:
            stream.set_data(image.reshape(image.shape[0] // 2, 2, -1, 2).mean(axis=(1, 3)).astype('float32'))
    binned = lab.micrographs(tmp_path, pixelSize=2 * PIXEL_SIZE)
    run = lab.finished(lab.prune(few, trained, other=binned))
    given = items(few.outputCoordinates)
    for output in (run.outputCoordinates, run.rejectedCoordinates):
        assert output.getMicrographs().getSamplingRate() == PIXEL_SIZE
        assert all(pick.getPosition() == given[i].getPosition() for i, pick in items(output).items())
    here, there = scoresOf(run), scoresOf(fewPruned)
    assert here.keys() == there.keys()
    assert sum(here[i][-1] == there[i][-1] for i in here) > 0.8 * len(here)


@pytest.fixture()
def fragile(lab, simulated):
    """Micrographs of one's own to damage: a run with copies of them."""
    return lab.micrographs(simulated.folder, copyFiles=True)


def pathOf(run, name):
    return next(m.getFileName() for m in run.outputMicrographs.iterItems() if m.getMicName() == name)


def test_one_bad_micrograph(lab, trained, fragile, fewPruned, simulated):
    picks = lab.coordinates(fragile, [row for row in simulated.rows if row.mic_id in (2, 4, 5)][::3], 'onFragile')
    truncate(pathOf(fragile, NAMES[3]))
    run = lab.finished(lab.prune(picks, trained))
    unscored, given = items(run.unscoredCoordinates), items(picks.outputCoordinates)
    assert {pick.getMicName() for pick in unscored.values()} == {NAMES[3]}
    assert len(unscored) == Counter(pick.getMicName() for pick in given.values())[NAMES[3]]
    assert all(pick._poClass.get() == 'unreadable' and pick._topazScore.get() == given[i]._topazScore.get()
               and (pick._poParticle.get(), pick._poNovelty.get()) == (None, None) for i, pick in unscored.items())
    assert scoresOf(run).keys() | unscored.keys() == given.keys()
    summary = '\n'.join(run.summary())
    assert f'*Not scored*: {len(unscored)} picks, for want of 1 of the micrographs' in summary
    assert f'   {NAMES[3]}: cut short' in summary
    assert run._job() != run._job(), 'the step is not repeated'

    # It is whole after all.
    shutil.copy(simulated.folder / NAMES[3], pathOf(fragile, NAMES[3]))
    run.decision.set(PURITY)
    lab.finished(run)
    assert run.unscoredCoordinates.getSize() == 0 and run.unscoredCoordinates.isStreamClosed()
    assert 'Not scored' not in '\n'.join(run.summary()) and run._job() == run._job()
    table = os.stat(run._getExtraPath('scores.csv'))
    run.decision.set(0)
    lab.finished(run)
    expected = {i: score for i, score in scoresOf(fewPruned).items() if score[-1] != 'outside'}
    assert scoresOf(run) == expected and expected.keys() == given.keys()
    assert os.stat(run._getExtraPath('scores.csv')).st_mtime_ns == table.st_mtime_ns, 'scored again'

    for name in NAMES:
        truncate(pathOf(fragile, name))
    line = lab.error(lab.prune(picks, trained))
    assert line.startswith(f'none of the 3 micrographs can be read; the first: {fragile.getWorkingDir()}/extra/')
    assert '\n' not in line


def test_warning_of_another_box(lab, micrographs, simulated, trained):
    large = lab.coordinates(micrographs, simulated.rows[:5], 'large', box=100)
    assert any('300 Å wide, those that the model was trained with 180 Å' in line
               for line in lab.prune(large, trained).warnings())
