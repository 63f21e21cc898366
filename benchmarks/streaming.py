"""Pruning while a picker goes on: how long a pick takes from its arrival to the outputs, and what a kill costs.

    scipion3 python benchmarks/streaming.py MODEL [--micrographs 40] [--pace 3] [--sleep 10] [--kill] [--folder FOLDER]

MODEL is a model file, of which the boxes are to be 180 Å wide. A picker adds the picks of a micrograph every --pace
seconds; a prune run, a process of its own, follows it and sleeps --sleep seconds between two looks. The latency of a
micrograph is the time from when the picker has written its picks to when the kept and the rejected of the run, as
another program reads them, have them all. --kill: kill -9 of the run and its worker after half of the micrographs, and
Continue at once.
"""
import argparse
import tempfile
import threading
import time
from pathlib import Path

import numpy as np
from facility import Facility
from killing import BOTH, goOn, kill, launch, processes, waitFor

LOOK_S = 0.2


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('model', type=Path)
    parser.add_argument('--micrographs', type=int, default=40)
    parser.add_argument('--pace', type=float, default=3.0, help='s')
    parser.add_argument('--sleep', type=int, default=10, help='s')
    parser.add_argument('--kill', action='store_true')
    parser.add_argument('--folder', type=Path, help='a folder to work in and leave; otherwise a temporary one')
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = arguments.folder or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        facility = Facility(folder, arguments.model, arguments.micrographs, 1024)
        follow(facility, arguments.pace, arguments.sleep, arguments.kill)


def follow(facility, pace, sleep, killed):
    lab, parts = facility.project, facility.byMicrograph()
    picker = facility.picker('picker')
    run = launch(lab, lab.prune(picker.run, facility.model, streamingSleepOnWait=sleep))
    waitFor(lambda: processes(run)[0])
    written, there = [None] * len(parts), [None] * len(parts)
    picking = threading.Thread(target=pick, args=(picker, parts, pace, written))
    picking.start()
    restart = None
    while None in there and (processes(run)[0] or picking.is_alive()):
        if killed and restart is None and written[len(parts) // 2]:
            kill(run, BOTH, 0)
            lab.project._updateProtocol(run)
            launch(lab, run)
            restart = time.monotonic()
        given = idsOf(run)
        for i, rows in enumerate(parts):
            if there[i] is None and written[i] and all(row.coord_id in given for row in rows):
                there[i] = time.monotonic()
        time.sleep(LOOK_S)
    picking.join()
    last = time.monotonic()
    waitFor(lambda: processes(run)[0] is None, 120)
    goOn(lab, run)
    tell(run, facility, written, there, restart, last)


def tell(run, facility, written, there, restart, last):
    latency = np.array([end - start for start, end in zip(written, there)])
    picks = run.outputCoordinates.getSize() + run.rejectedCoordinates.getSize()
    print(f'{run.getStatus()}: {picks} of {len(facility.rows)} picks on {len(latency)} micrographs')
    if restart is not None:
        across = np.array([start < restart < end or restart <= start < restart + 30
                           for start, end in zip(written, there)])
        print(f'killed: {latency[across].max():.1f} s at worst for the {across.sum()} micrographs that were on their '
              f'way or came within 30 s of it')
        latency = latency[~across]
    print(f'latency: mean {latency.mean():.1f} s, worst {latency.max():.1f} s; the first {latency[0]:.1f} s')
    print(f'from the last picks in the outputs to the end of the run: {time.monotonic() - last:.1f} s')


def pick(picker, parts, pace, written):
    for i, rows in enumerate(parts):
        picker.add(rows, isLast=i == len(parts) - 1)
        written[i] = time.monotonic()
        time.sleep(pace)


def idsOf(run):
    """The ids of all picks in the outputs, read from their files as another program does."""
    from pwem.objects import SetOfCoordinates
    ids = set()
    for name in run.OUTPUT_FILES:
        if Path(run.outputPath(name)).exists():
            coordinates = SetOfCoordinates(filename=run.outputPath(name))
            if coordinates.getSize():
                ids |= coordinates.getIdSet()
            coordinates.close()
    return ids


if __name__ == '__main__':
    main()
