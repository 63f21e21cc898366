"""What a facility meets: kills (benchmarks/kills.py does more of that), queues, full disks, a worker that is gone."""
import errno
import glob
import json
import os
import shlex
import sqlite3
import sys

import pytest
import pyworkflow
import stand_in
from killing import BOTH, PROTOCOL, contents, goOn, isOver, kill, launch, processes, waitFor
from laboratory import items

from pickeroptimizer import Plugin
from pickeroptimizer.constants import PICKEROPTIMIZER_PYTHON
from pickeroptimizer.convert import growing
from pickeroptimizer.protocols import ProtPickerOptimizerPrune
from pickeroptimizer.protocols.protocol_base import WorkerStopped
from pickeroptimizer.protocols.streaming import shared_scoring

HOSTS = '''[localhost]
PARALLEL_COMMAND = mpirun -np %_(JOB_NODES)d %_(COMMAND)s
NAME = FAKE
MANDATORY = False
SUBMIT_COMMAND = {folder}/submit "%_(JOB_SCRIPT)s"
SUBMIT_TEMPLATE = #!/bin/bash
    %_(JOB_COMMAND)s
CANCEL_COMMAND = kill %_(JOB_ID)s
CHECK_COMMAND = {folder}/check %_(JOB_ID)s
QUEUES = {{"default": {{}}}}
QUEUES_DEFAULT = {{}}
'''
SUBMIT = '''#!/bin/sh
echo "$1" >> {folder}/jobs
setsid /bin/bash "$1" > /dev/null 2>&1 &
echo "Submitted batch job $!"
'''
STAND_IN = '''#!/bin/sh
case "$*" in "-m worker prune "*) shift 2; exec {prune} "$@";; esac
exec {python} "$@"
'''
CHECK = '''#!/bin/sh
grep -sq "State:.[^Z]" /proc/$1/status && echo "$1 running"
exit 0
'''


def script(path, text):
    path.write_text(text)
    path.chmod(0o755)
    return path


@pytest.mark.parametrize('victim', [PROTOCOL, BOTH])
def test_killed_run_is_continued(lab, few, trained, fewPruned, victim):
    run = launch(lab, lab.prune(few, trained))
    assert waitFor(lambda: glob.glob(run._getExtraPath('scores.csv.*')))
    assert 'protocol' in kill(run, victim, 0)
    assert waitFor(lambda: processes(run)[1] is None, 20), 'the worker goes on without its run'
    goOn(lab, run)
    assert run.isFinished(), run.getErrorMessage()
    assert contents(run) == contents(fewPruned)
    assert waitFor(lambda: processes(run)[1] is None), 'a worker is left'


@pytest.fixture()
def standIn(tmp_path, monkeypatch):
    """For runs as processes of their own, tests/scipion/stand_in.py is the worker."""
    prune, python = shlex.join([sys.executable, stand_in.__file__]), Plugin.getVar(PICKEROPTIMIZER_PYTHON)
    program = script(tmp_path / 'python', STAND_IN.format(prune=prune, python=shlex.quote(python)))
    monkeypatch.setenv(PICKEROPTIMIZER_PYTHON, str(program))


@pytest.fixture()
def queue(lab, tmp_path, monkeypatch):
    """A queue that runs what is submitted at once; returns a function that lists the scripts."""
    script(tmp_path / 'submit', SUBMIT.format(folder=tmp_path))
    script(tmp_path / 'check', CHECK)
    path, hosts = tmp_path / 'hosts.conf', lab.project._hosts
    path.write_text(HOSTS.format(folder=tmp_path))
    monkeypatch.setenv('SCIPION_HOSTS', str(path))      # for the run's process, and for this one
    monkeypatch.setattr(pyworkflow.Config, 'SCIPION_HOSTS', str(path))
    lab.project._loadHosts(None)
    yield lambda: (tmp_path / 'jobs').read_text().splitlines()
    lab.project._hosts = hosts


@pytest.mark.parametrize('steps', [False, True])
def test_queue(lab, few, trained, queue, standIn, steps):
    run = lab.prune(few, trained)
    run._useQueue.set(True)
    run.setQueueParams(('default', {'QUEUE_FOR_JOBS': 'Y' if steps else 'N'}))
    launch(lab, run)
    assert isOver(lab, run) and run.isFinished(), run.getErrorMessage()
    assert len(queue()) == 1
    with open(queue()[0]) as job:
        assert ('prune --micrographs' if steps else 'pw_protocol_run.py') in job.read()
    assert set(items(run.outputCoordinates)) == {i for i in items(few.outputCoordinates)
                                                 if stand_in.probability(i) >= 0.5}


@pytest.fixture()
def smallJobs(monkeypatch):
    monkeypatch.setattr(shared_scoring, 'LEAST', 10)


def test_jobs_that_share_the_picks(lab, few, trained, fewPruned, queue, smallJobs):
    """Three jobs of a queue, and one for what is left over; the outputs are those of one alone."""
    run = lab.prune(few, trained, jobs=3)
    run._useQueue.set(True)
    run.setQueueParams(('default', {'QUEUE_FOR_JOBS': 'Y'}))
    lab.finished(run)
    assert len(queue()) == 4
    assert contents(run) == contents(fewPruned)
    assert 'by 3 jobs side by side' in run.summaryVar.get()
    assert not glob.glob(run._getExtraPath('scores_*')) and not glob.glob(run._getExtraPath('joined*'))


def test_jobs_of_which_one_fails(lab, few, trained, fewPruned, smallJobs, monkeypatch):
    """What the others have scored is not scored again when the run is continued."""
    given, isGone, job = [], True, ProtPickerOptimizerPrune.workerJob

    def workerJob(self, feed, rows=None):
        given.append(rows)
        return fail if isGone and len(given) == 2 else job(self, feed, rows)

    def fail():
        assert waitFor(lambda: glob.glob(run._getExtraPath('scores_0_*.csv')))
        raise WorkerStopped('The node is gone.')
    monkeypatch.setattr(ProtPickerOptimizerPrune, 'workerJob', workerJob)
    run = lab.prune(few, trained, jobs=3)
    assert lab.error(run) == 'The node is gone.'
    first, second, _ = given
    isGone = False
    given.clear()
    lab.finished(run)
    assert given[0] == second and given[-1] is None and first not in given
    assert contents(run) == contents(fewPruned)


def test_two_runs_at_once(lab, few, trained, standIn):
    runs = [launch(lab, lab.prune(few, trained)) for _ in range(2)]
    for run in runs:
        assert isOver(lab, run) and run.isFinished(), run.getErrorMessage()
    assert contents(runs[0]) == contents(runs[1])


def test_worker_that_is_gone(lab, few, trained, fewPruned, monkeypatch):
    run = lab.prune(few, trained)
    with monkeypatch.context() as patch:
        patch.setattr(Plugin, 'getWorkerProgram', lambda: '/nowhere/python -m worker')
        assert lab.error(run).startswith('The worker stopped before its end (exit code 127)')
    assert not [name for name in os.listdir(run._getExtraPath()) if name.startswith('feed-')]
    assert contents(lab.finished(run)) == contents(fewPruned)


def test_full_disk(lab, few, trained, fewPruned, monkeypatch):
    run = lab.prune(few, trained)

    def full(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(growing.os, 'fsync', full)
        line = lab.error(run)
        assert 'No space left on device' in line and 'continue the run' in line and '\n' not in line
    # The table of picks as it is when the disk was full in the middle of a line.
    path = run._getExtraPath('coordinates.csv')
    os.truncate(path, os.path.getsize(path) - 5)

    from pwem.objects import SetOfCoordinates
    append = SetOfCoordinates.append

    def sometimes(coordinates, item):
        if coordinates.getSize() == 5:
            raise sqlite3.OperationalError('database or disk is full')
        append(coordinates, item)

    with monkeypatch.context() as patch:
        patch.setattr(SetOfCoordinates, 'append', sometimes)
        line = lab.error(run)
        assert 'database or disk is full' in line and 'continue the run' in line

    update = ProtPickerOptimizerPrune._updateOutputSet

    def giveUp(protocol, name, coordinates, state):      # as sqlite does, of which Scipion does not see the second time
        coordinates._getMapper().db.connection.rollback()
        update(protocol, name, coordinates, state)

    with monkeypatch.context() as patch:
        patch.setattr(ProtPickerOptimizerPrune, '_updateOutputSet', giveUp)
        assert 'picks could be written: is the disk full?' in lab.error(run)
    assert contents(lab.finished(run)) == contents(fewPruned)
    with open(run._getExtraPath('report.json')) as stream:
        assert json.load(stream)['boxes'] == few.outputCoordinates.getSize()
