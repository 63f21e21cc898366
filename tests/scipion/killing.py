"""kill -9 of a run that goes on as a process of its own, and what its outputs hold afterwards."""
import os
import signal
import time

import psutil
from laboratory import items

WORKER, PROTOCOL, BOTH = 'worker', 'protocol', 'both'
ORPHAN_S = 150      # a worker whose feeder was killed ends by itself within so many seconds


def contents(run):
    """All that the outputs of a run hold: [(name, [(id, attributes)] in their order, the stream state)]."""
    return sorted((name, [(objId, pick.getObjDict()) for objId, pick in items(output).items()],
                   output.getStreamState()) for name, output in run.iterOutputAttributes())


def launch(lab, run):
    """Start a run as Scipion's window does; returns when its process is there."""
    lab.project.launchProtocol(run)
    waitFor(lambda: processes(run)[0])
    return run


def processes(run):
    """(the process of a run, that of its worker), None where there is none."""
    path = run._getExtraPath()
    extra, database = os.path.realpath(path), run.getDbPath()
    protocol = worker = None
    for process in psutil.process_iter():
        try:
            line = process.cmdline()
            if 'python' not in os.path.basename(line[0] if line else '') or process.status() == psutil.STATUS_ZOMBIE:
                continue
            if database in line:
                protocol = process
            elif 'prune' in line and process.cwd() == extra:
                worker = process
        except psutil.Error:
            continue
    return protocol, worker


def waitFor(what, seconds=60):
    """Wait until `what()` is true, and return it; what it was at last if that takes too long."""
    deadline = time.monotonic() + seconds
    while not what() and time.monotonic() < deadline:
        time.sleep(0.05)
    return what()


def kill(run, victim, seconds, how=signal.SIGKILL):
    """End a run that was launched, so many seconds after its process, or worker, has begun; says what was ended."""
    which = 0 if victim == PROTOCOL else 1
    waitFor(lambda: processes(run)[which] or run.isFinished())
    time.sleep(seconds)
    protocol, worker = processes(run)
    killed = [process for process, victims in ((protocol, (PROTOCOL, BOTH)), (worker, (WORKER, BOTH)))
              if process is not None and victim in victims]
    for process in killed:
        process.send_signal(how)
    if protocol is not None:
        waitFor(lambda: processes(run)[0] is None)
    return ' and '.join('worker' if process is worker else 'protocol' for process in killed) or 'nothing'


def isOver(lab, run):
    """Wait until a run that was launched has ended; False if it has not."""
    waitFor(lambda: processes(run)[0] is None, 120)
    lab.project._updateProtocol(run)      # as Scipion's window does
    return not run.isActive()


def goOn(lab, run):
    """Continue a run, and wait for its end."""
    lab.project._updateProtocol(run)      # as Scipion's window does, which sees then that its process is gone
    if not run.isFinished():
        lab.project.launchProtocol(run, wait=True)
    return run
