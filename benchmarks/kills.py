"""kill -9 of a prune run at random moments, and whether it comes to the same end when it is continued.

    scipion3 python benchmarks/kills.py MODEL [--kills 20] [--signal KILL|TERM] [--micrographs 12] [--seed 0]

MODEL is a model file, of which the boxes are to be 180 Å wide. In turn the worker, the protocol and both are killed,
every other time while a picker still adds picks; each run is killed once more after it was continued. Then it is
continued to its end. Its outputs are compared with those of an undisturbed run: ids, order, all attributes to the last
bit, and that they are closed. Ends with exit code 1 if one differs, or if a worker is left.
"""
import argparse
import random
import signal
import sys
import tempfile
import threading
import time
from pathlib import Path

from facility import Facility
from killing import BOTH, ORPHAN_S, PROTOCOL, WORKER, contents, goOn, kill, launch, processes, waitFor

PACE_S = 0.4      # between two micrographs of the picker


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('model', type=Path)
    parser.add_argument('--kills', type=int, default=20)
    parser.add_argument('--signal', choices=('KILL', 'TERM'), default='KILL', help='what ends them (%(default)s)')
    parser.add_argument('--micrographs', type=int, default=12)
    parser.add_argument('--seed', type=int, default=0)
    parser.add_argument('--folder', type=Path, help='a folder to work in and leave; otherwise a temporary one')
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = arguments.folder or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        facility = Facility(folder, arguments.model.resolve(), arguments.micrographs, 1024, arguments.seed)
        how = signal.Signals[f'SIG{arguments.signal}']
        sys.exit(0 if compare(facility, arguments.kills, how, random.Random(arguments.seed)) else 1)


def compare(facility, kills, how, rng):
    """Kill runs; returns whether all came to the end of the undisturbed one. Prints a line for each."""
    lab = facility.project
    given = facility.picks('picks')
    start = time.monotonic()
    undisturbed = contents(lab.finished(lab.prune(given, facility.model), separately=True))
    seconds = time.monotonic() - start
    print(f'undisturbed: {seconds:.1f} s, {len(facility.rows)} picks on {len(facility.names)} micrographs')
    good = 0
    for number in range(kills):
        victim, isLive = (WORKER, PROTOCOL, BOTH)[number % 3], number % 2 == 1
        run, killed = killedTwice(facility, None if isLive else given, victim, how, rng, seconds / 2)
        same = run.isFinished() and contents(run) == undisturbed
        left = hasWorker(run)
        good += same and not left
        print(f'{number + 1:3} {"live  " if isLive else "closed"} {"; ".join(killed):<70}'
              f'{"the same" if same else "DIFFERENT " + run.getStatus() + " " + str(run.getErrorMessage())}'
              f'{", A WORKER IS LEFT" if left else ""}', flush=True)
    print(f'{good} of {kills} came to the end of the undisturbed run')
    return good == kills


def killedTwice(facility, given, victim, how, rng, longest):
    """Prune, and kill twice at a random moment of up to `longest` s: (the run at its end, what was killed when).

    given: the run with the picks, None for a picker that still goes on.
    """
    lab, picking = facility.project, None
    if given is None:
        picker = facility.picker('picker')
        given = picker.run
        picking = threading.Thread(target=pick, args=(picker, facility.byMicrograph()))
    run = launch(lab, lab.prune(given, facility.model, streamingSleepOnWait=1))
    if picking:
        picking.start()
    killed = []
    for _ in range(2):
        moment = rng.uniform(0, longest)
        killed.append(f'{kill(run, victim, moment, how)} after {moment:.2f} s')
        lab.project._updateProtocol(run)
        if not run.isFinished():
            launch(lab, run)
    waitFor(lambda: processes(run)[0] is None, ORPHAN_S)
    if picking:
        picking.join()
    return goOn(lab, run), killed


def hasWorker(run):
    """Whether a worker is left when one that lost its feeder should have ended."""
    return not waitFor(lambda: processes(run)[1] is None, ORPHAN_S)


def pick(picker, parts):
    for i, rows in enumerate(parts):
        time.sleep(PACE_S)
        picker.add(rows, isLast=i == len(parts) - 1)


if __name__ == '__main__':
    main()
