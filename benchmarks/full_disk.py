"""A disk that fills up while prune works, and whether it comes to the same end when there is room again.

    mount -t tmpfs -o size=160m tmpfs FOLDER
    scipion3 python benchmarks/full_disk.py MODEL FOLDER [--room 0 50 200 400 800]

MODEL is a model file, of which the boxes are to be 180 Å wide; FOLDER a small, empty file system. When a run has begun,
all but --room kB are taken; when it has ended, they are given back and it is continued. Prints what the run said, and
whether its outputs are those of an undisturbed run.
"""
import argparse
import os
import shutil
import sys
from pathlib import Path

from facility import Facility
from killing import contents, goOn, isOver, launch


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('model', type=Path)
    parser.add_argument('folder', type=Path)
    parser.add_argument('--room', type=int, nargs='+', default=[0, 50, 200, 400, 800], help='kB')
    arguments = parser.parse_args()
    facility = Facility(arguments.folder, arguments.model, 6, 1024)
    lab, given, filling = facility.project, facility.picks('picks'), arguments.folder.resolve() / 'filling'
    undisturbed = contents(lab.finished(lab.prune(given, facility.model), separately=True))
    good = 0
    for room in arguments.room:
        run = launch(lab, lab.prune(given, facility.model))
        fill(filling, room * 1024)
        isOver(lab, run)
        said = run.getErrorMessage().partition('Protocol failed: ')[2].replace('\x1b[0m', '') or run.getStatus()
        os.remove(filling)
        goOn(lab, run)
        same = run.isFinished() and contents(run) == undisturbed
        good += same
        print(f'{room:5} kB of room: {said}\n   continued: {"the same" if same else "DIFFERENT " + run.getStatus()}')
    sys.exit(0 if good == len(arguments.room) else 1)


def fill(path, room):
    """Write a file that leaves so many bytes of its file system."""
    size = shutil.disk_usage(path.parent).free - room
    with open(path, 'wb') as stream:
        while size > 0:
            size -= stream.write(b'\0' * min(size, 2 ** 16))


if __name__ == '__main__':
    main()
