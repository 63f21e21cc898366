"""The demo's data set: simulated, with the true class of every pick, and written as Scipion and the labels need it."""
import csv
import shutil
import subprocess
import sys
from collections import defaultdict

from pwem.objects import Coordinate, SetOfCoordinates

from pickeroptimizer import Plugin
from pickeroptimizer.worker.exchange.tables import read_labels, read_micrographs


def simulate(folder, arguments):
    """Make the data set in a folder that is there when it is whole. `arguments` are those of `worker simulate`."""
    half = folder.with_suffix('.part')
    if half.exists():
        shutil.rmtree(half)
    done = subprocess.run(['sh', '-c', f'{Plugin.getWorkerProgram()} simulate "$@"', 'sh', '--output', str(half),
                           *arguments], env=Plugin.getWorkerEnviron(), stdout=subprocess.DEVNULL)
    if done.returncode != 0:
        sys.exit('The simulation failed (the line above says why).')
    half.rename(folder)


def read_truth(data):
    """{(micrograph's name, x, y): true class} of all picks, and the names of the micrographs in order.

    Positions are whole px, as Scipion keeps them.
    """
    names = {row.mic_id: row.path.name for row in read_micrographs(data / 'micrographs.csv').values()}
    truth = {(names[row.mic_id], int(row.x), int(row.y)): row.label for row in read_labels(data / 'labels.csv')}
    return truth, list(names.values())


def write_picks(path, micrographs, truth, box):
    """Write all picks as a set of Scipion's own, which needs no other plugin to be imported."""
    by_name = defaultdict(list)
    for name, x, y in truth:
        by_name[name].append((x, y))
    path.unlink(missing_ok=True)
    picks = SetOfCoordinates(filename=str(path), indexes=['_micId'])
    picks.setBoxSize(box)
    for micrograph in micrographs.iterItems():
        for x, y in by_name[micrograph.getMicName()]:
            pick = Coordinate(x=x, y=y)
            pick.setMicrograph(micrograph)
            picks.append(pick)
    picks.write()
    picks.close()


def write_labels(path, truth, names):
    """Write the labels file of the micrographs with these names."""
    with open(path, 'w', newline='', encoding='utf-8') as stream:
        writer = csv.writer(stream)
        writer.writerow(('mic_name', 'x', 'y', 'label'))
        writer.writerows((*pick, label) for pick, label in truth.items() if pick[0] in names)
