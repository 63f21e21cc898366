"""Pruning while picks arrive. Where only the tables matter, tests/scipion/stand_in.py takes the worker's place."""
import logging
import os
import shlex
import sys
import time
from collections import Counter

import pytest
import stand_in
from killing import contents
from laboratory import BOX, NAMES, PIXEL_SIZE, Row, items
from picking import Picker, reopen, setStatus

from pickeroptimizer import Plugin
from pickeroptimizer.domain.decision import MINIMUM, PURITY, SHARE, minimumFor
from pickeroptimizer.domain.shares import RunShares
from pickeroptimizer.protocols.streaming import prune_stream


@pytest.fixture()
def rows(simulated):
    """The picks of the run `few`."""
    outside = Row(9001, 2, -30, 100, 'particle'), Row(9002, 5, 100, 640, 'particle')
    return [*[row for row in simulated.rows if row.mic_id in (2, 4, 5)][::3], *outside]


@pytest.fixture()
def picker(lab, micrographs, rows):
    return Picker(lab, micrographs, rows[:1], NAMES, BOX)


@pytest.fixture()
def standIn(monkeypatch):
    program = shlex.join([sys.executable, stand_in.__file__])
    monkeypatch.setattr(Plugin, 'getWorkerProgram', lambda: program)
    monkeypatch.setattr(prune_stream, 'PRODUCER_S', 1.0)


@pytest.fixture()
def prune(lab, trained):
    """A function that runs prune on the coordinates of a Picker while `arrivals`, functions, are called one by one.

    Each may return how many picks the outputs are to have before the next is called. Returns the run, and how many
    they had then.
    """
    def prune(picker, *arrivals, run=None, **values):
        run = run or lab.prune(picker.run, trained, streamingSleepOnWait=1, **values)
        sizes = []

        def feed():
            for arrival in arrivals:
                due, deadline = arrival() or 0, time.monotonic() + 120
                while sizeOf(run) < due and time.monotonic() < deadline:
                    time.sleep(0.05)
                sizes.append(sizeOf(run))

        lab.finishedBeside(run, feed)
        return run, sizes

    return prune


def sizeOf(run):
    """How many picks the kept and the rejected are, as another program sees them while the run goes on."""
    from pwem.objects import SetOfCoordinates
    size = 0
    for name in ('Kept', 'Rejected'):
        path = run._getPath(f'coordinates{name}.sqlite') if run.hasObjId() else ''
        if os.path.exists(path):
            coordinates = SetOfCoordinates(filename=path)
            size += coordinates.getSize()
            coordinates.close()
    return size


def arrive(picker, rows, total, **options):
    def arrival():
        picker.add(rows, **options)
        return total
    return arrival


def test_arrivals(lab, picker, prune, rows, fewPruned):
    # Late picks on a micrograph that was done, and ids that do not rise.
    parts = rows[30:], rows[:10], rows[10:30:2], rows[11:30:2]
    totals = [len(rows) - 30, len(rows) - 20, len(rows) - 10, len(rows)]
    run, sizes = prune(picker, *map(arrive, [picker] * 4, parts, totals), arrive(picker, [], 0, isLast=True))
    assert sizes[:4] == totals
    assert contents(run) == contents(fewPruned)
    assert run.summary()[:3] == fewPruned.summary()[:3]

    # More comes after all: the picker was closed too early. And another decision, which takes no worker.
    picker.add([row._replace(coord_id=5000) for row in rows[:1]], isLast=True)
    lab.finished(run)
    assert sizeOf(run) == len(rows) + 1 and 5000 in {**items(run.outputCoordinates), **items(run.rejectedCoordinates)}
    kept = set(items(run.outputCoordinates))
    scores = os.stat(run._getExtraPath('scores.csv')).st_mtime_ns
    run.decision.set(MINIMUM)
    run.minProbability.set(1.0)
    lab.finished(run)
    assert run.outputCoordinates.getSize() == 0 and sizeOf(run) == len(rows) + 1
    run.decision.set(0)
    lab.finished(run)
    assert set(items(run.outputCoordinates)) == kept
    assert os.stat(run._getExtraPath('scores.csv')).st_mtime_ns == scores


def test_nothing_ever_comes(lab, picker, prune, trained, standIn):
    run = lab.prune(picker.run, trained, streamingSleepOnWait=1)
    assert run.validate() == []
    run, _ = prune(picker, lambda: time.sleep(1), arrive(picker, [], 0, isLast=True), run=run)
    assert run.outputCoordinates.getSize() == run.rejectedCoordinates.getSize() == 0
    assert run.outputCoordinates.isStreamClosed() and not os.path.exists(run._getExtraPath('report.json'))
    assert 'left it open' not in '\n'.join(run.summary())


def test_picker_that_dies_and_goes_on(lab, picker, prune, rows, standIn, monkeypatch, caplog):
    monkeypatch.setattr(prune_stream, 'STALL_S', 0.5)
    caplog.set_level(logging.INFO)
    run, _ = prune(picker, arrive(picker, rows[:20], 20), lambda: setStatus(lab, picker.run, 'running', 2 ** 22 + 1))
    assert sizeOf(run) == 20 and run.outputCoordinates.isStreamClosed()
    assert 'Only what had come is pruned*: the run of the input was killed and left it open' in '\n'.join(run.summary())
    assert 'Waiting for picks: none have come for 0 minutes (20 before).' in caplog.text
    setStatus(lab, picker.run, 'running', os.getpid())
    prune(picker, arrive(picker, rows[20:], len(rows)), arrive(picker, [], 0, isLast=True), run=run)
    assert sizeOf(run) == len(rows) and 'left it open' not in '\n'.join(run.summary())
    expected = {row.coord_id for row in rows if stand_in.probability(row.coord_id) >= 0.5}
    assert set(items(run.outputCoordinates)) == expected


@pytest.mark.parametrize('rule, number', [(PURITY, {'keptJunk': 20}), (SHARE, {'keptParticles': 80})])
def test_what_is_estimated_from_all_waits_for_all(picker, prune, rows, standIn, caplog, rule, number):
    caplog.set_level(logging.INFO)
    run, sizes = prune(picker, arrive(picker, rows[:20], 0), lambda: time.sleep(2),
                       arrive(picker, rows[20:], 0, isLast=True), decision=rule, **number)
    assert sizes[:2] == [0, 0] and sizeOf(run) == len(rows)
    probabilities = {row.coord_id: round(stand_in.probability(row.coord_id), 6) for row in rows}
    shares = RunShares(list(probabilities.values()), run.inputModel.get().getHeader())
    cut = minimumFor(rule, *number.values(), shares)
    assert set(items(run.outputCoordinates)) == {i for i, p in probabilities.items() if p >= cut}
    assert 'the outputs come when the input is closed' in caplog.text


def test_other_micrographs_that_come_late(lab, few, prune, simulated, trained, standIn):
    other = lab.micrographs(simulated.folder)
    counts = Counter(pick.getMicName() for pick in items(few.outputCoordinates).values())
    never, early, *late = [micrograph for micrograph in items(other.outputMicrographs).values()
                           if micrograph.getMicName() in counts]
    reopen(lab, other, other.outputMicrographs)
    run = lab.prune(few, trained, other=other, streamingSleepOnWait=1)
    assert run.validate() == []

    def come(micrographs, state, total):
        from pwem.objects import SetOfMicrographs
        grown = SetOfMicrographs(filename=other.outputMicrographs.getFileName())
        grown.enableAppend()
        grown.setSamplingRate(PIXEL_SIZE)
        for micrograph in micrographs:
            grown.append(micrograph)
        grown.setStreamState(state)
        grown.write()
        grown.close()
        return total

    total, unscored = sum(counts.values()), counts[never.getMicName()]
    run, sizes = prune(few, lambda: come([early], 1, counts[early.getMicName()]),
                       lambda: come(late, 2, total - unscored), run=run)
    assert sizes == [counts[early.getMicName()], total - unscored]
    assert {pick.getMicName() for pick in items(run.unscoredCoordinates).values()} == {never.getMicName()}
    assert run.unscoredCoordinates.getSize() == unscored
    assert '   1 not among the micrographs' in run.summary()


def test_input_that_is_away_for_a_while(lab, few, trained, standIn):
    run = lab.finished(lab.prune(few, trained))
    scores, path = run._getExtraPath('scores.csv'), few.outputCoordinates.getFileName()
    before = os.stat(scores).st_mtime_ns
    run.decision.set(MINIMUM)
    os.rename(path, f'{path}.away')
    try:
        lab.run(run)
        assert run.isFailed() and f'{path}: the file of this set is not there any more.' in run.getErrorMessage()
    finally:
        os.replace(f'{path}.away', path)
    lab.finished(run)
    assert os.stat(scores).st_mtime_ns == before and sizeOf(run) == few.outputCoordinates.getSize()


def test_micrograph_that_is_still_being_copied(lab, picker, prune, rows, micrographs, fewPruned):
    """Its picks come before it is whole: they are scored in the end, and until then they are in no output."""
    name = NAMES[3]
    path = next(m.getFileName() for m in micrographs.outputMicrographs.iterItems() if m.getMicName() == name)
    on_it = [row for row in rows if row.mic_id == 4]
    whole, link = os.path.realpath(path), os.readlink(path) if os.path.islink(path) else None

    def cut():
        os.remove(path)
        with open(whole, 'rb') as source, open(path, 'wb') as target:
            target.write(source.read(5000))

    def copied():
        os.remove(path)
        os.symlink(link, path)

    assert link
    try:
        run, sizes = prune(picker, cut, arrive(picker, rows, len(rows) - len(on_it)),
                           lambda: time.sleep(3), copied, arrive(picker, [], 0, isLast=True))
    finally:
        if not os.path.islink(path):
            copied()
    assert sizes[1:3] == [len(rows) - len(on_it)] * 2
    assert contents(run) == contents(fewPruned)
    assert not hasattr(run, 'unscoredCoordinates')
    assert not [line for line in run.summary() if 'Not scored' in line]
    scores = os.stat(run._getExtraPath('scores.csv')).st_mtime_ns
    run.decision.set(MINIMUM)
    lab.finished(run)
    assert os.stat(run._getExtraPath('scores.csv')).st_mtime_ns == scores, 'scored again'
