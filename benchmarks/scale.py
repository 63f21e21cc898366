"""What Scipion's side of prune takes for many picks, the worker aside: seconds and memory, and a plot of them.

    scipion3 python benchmarks/scale.py MODEL [--picks 10000 100000 1000000] [--micrographs 4000] [--plot FILE.png]

tests/scipion/stand_in.py takes the worker's place: it writes the scores of all picks at once, as the worker writes them
(its seconds are a part of `outputs`). Of a whole run of the protocol, `tables`: reading the set and writing the
worker's tables; `outputs`: reading the scores and writing both outputs; `all`: from its beginning to its end; `CPU`:
what that took of the processor, which does not depend on what else the machine does. `again`: another decision with
the scores that are there. `look`: a look at the set when 100 picks have come to what was there. Each number of picks in
a process of its own; MB: its highest resident memory.
"""
import argparse
import json
import os
import resource
import shlex
import subprocess
import sys
import tempfile
import time
from itertools import islice
from pathlib import Path

COLUMNS = 'picks', 'tables', 'outputs', 'all', 'CPU', 'again', 'look', 'MB'
GOAL_S, GOAL_MB = 60, 600
BOX, PIXEL_SIZE, SIDE = 200, 1.0, 4096      # px, Å/px, px


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('model', type=Path)
    parser.add_argument('--picks', type=int, nargs='+', default=[10_000, 30_000, 100_000, 300_000, 1_000_000])
    parser.add_argument('--micrographs', type=int, default=4000, help='at most; each has 250 picks or more')
    parser.add_argument('--plot', type=Path)
    parser.add_argument('--inside', type=Path, help=argparse.SUPPRESS)      # measure in this process and that folder
    arguments = parser.parse_args()
    if arguments.inside:
        row = measure(arguments.inside, arguments.model.resolve(), arguments.picks[0], arguments.micrographs)
        print(json.dumps(row))
        return
    rows = []
    print(''.join(f'{name:>10}' for name in COLUMNS))
    for picks in arguments.picks:
        with tempfile.TemporaryDirectory() as folder:
            command = [sys.executable, __file__, arguments.model, '--inside', folder, '--picks', str(picks),
                       '--micrographs', str(arguments.micrographs)]
            output = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
        rows.append(json.loads(output.splitlines()[-1]))
        print(''.join(f'{rows[-1][name]:>10.{1 if name in COLUMNS[1:7] else 0}f}' for name in COLUMNS), flush=True)
    if arguments.plot:
        plot(rows, arguments.plot)


def measure(folder, model, number, micrographs):
    """A row of the table, {column: number}."""
    import facility  # noqa: F401  (makes the modules of the tests known)
    import stand_in
    from laboratory import Lab

    from pickeroptimizer import Plugin
    lab = Lab(folder / 'project')
    micrographs = min(micrographs, max(1, number // 250))
    given = largeInput(lab, folder, number, micrographs)
    imported = lab.finished(lab.new('ProtPickerOptimizerImportModel', modelFile=str(model)))
    program = shlex.join([sys.executable, stand_in.__file__])
    Plugin.getWorkerProgram = classmethod(lambda cls: program)
    run = lab.prune(given, imported)
    start, processor = time.time(), time.process_time()
    lab.finished(run)
    end, processor = time.time(), time.process_time() - processor
    written = os.path.getmtime(run._getExtraPath('coordinates.csv'))
    size = run.outputCoordinates.getSize() + run.rejectedCoordinates.getSize()
    assert size == number, size
    run.decision.set(1)
    run.minProbability.set(0.7)
    lab.finished(run)
    again = time.time() - end
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return dict(zip(COLUMNS, (number, written - start, end - written, end - start, processor, again,
                              look(lab, given.outputCoordinates, run._getExtraPath(), number, micrographs), memory)))


def look(lab, coordinates, folder, number, micrographs):
    """Seconds of adding 100 new picks to the tables of a run."""
    from pickeroptimizer import convert
    grown = convert.GrowingTables(folder)
    grown.resume()
    grown.add(coordinates, coordinates.getMicrographs())
    fill(lab, coordinates, islice(morePicks(number + 100, micrographs), number - 1, None))
    start = time.time()
    added = grown.add(coordinates, coordinates.getMicrographs())
    assert added == 100, added
    return time.time() - start


def largeInput(lab, folder, number, micrographs):
    """A run with so many picks on so many micrographs, all of which are said to be in one file."""
    import mrcfile
    import numpy as np
    from laboratory import Row
    (folder / 'mics').mkdir()
    with mrcfile.new(folder / 'mics' / 'mic_00000.mrc') as stream:
        stream.set_data(np.zeros((64, 64), np.float32))
    mics = lab.micrographs(folder / 'mics', PIXEL_SIZE)
    run = lab.coordinates(mics, [Row(1, 1, 0, 0, 'particle')], 'many', box=BOX, names=('mic_00000.mrc',))
    fill(lab, mics.outputMicrographs, moreMicrographs(mics.outputMicrographs.getFirstItem().clone(), micrographs))
    fill(lab, run.outputCoordinates, morePicks(number, micrographs))
    return run


def fill(lab, itemSet, more):
    """Append items to the output of a run."""
    itemSet.enableAppend()
    for item in more:
        itemSet.append(item)
    itemSet.write()
    itemSet.close()
    lab.project.mapper.store(itemSet)
    lab.project.mapper.commit()


def moreMicrographs(micrograph, number):
    for i in range(1, number):
        micrograph.setObjId(i + 1)
        micrograph.setMicName(f'mic_{i:05}.mrc')
        yield micrograph


def morePicks(number, micrographs):
    import numpy as np
    from pwem.objects import Coordinate
    from pyworkflow.object import Float
    pick = Coordinate()
    pick._topazScore = Float()
    for i, (x, y) in enumerate(np.random.default_rng(0).integers(0, SIDE, (number - 1, 2)).tolist(), start=1):
        micId = 1 + i * micrographs // number
        pick.setObjId(i + 1)
        pick.setPosition(x, y)
        pick.setMicId(micId)
        pick.setMicName(f'mic_{micId - 1:05}.mrc')
        pick._topazScore.set(i / 8)
        yield pick


def plot(rows, path):
    """Seconds and memory over the number of picks."""
    import matplotlib
    matplotlib.use('Agg')
    from matplotlib import pyplot
    figure, (left, right) = pyplot.subplots(1, 2, figsize=(9, 3.4), layout='constrained')
    picks = [row['picks'] for row in rows]
    for axes, names, goal, label in ((left, ('all', 'CPU', 'tables', 'outputs', 'again'), GOAL_S, 's'),
                                     (right, ('MB',), GOAL_MB, 'MB')):
        for name in names:
            axes.plot(picks, [row[name] for row in rows], 'o-', label=name)
        axes.plot([0, 1e6], [goal, goal], 'k:', label='goal')
        axes.set(xlabel='picks', ylabel=label, xlim=0, ylim=0)
        axes.ticklabel_format(axis='x', style='plain')
        axes.legend()
    figure.savefig(path, dpi=110)


if __name__ == '__main__':
    main()
