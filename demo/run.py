"""The demo: the whole way from picks with junk among them to clean picks, in a Scipion project. See `make demo`.

Simulated data and finished runs are kept, so a second run only shows what there is. What depends on something that
has changed since (the settings below, the plugin's code) is made anew, beside what was there.
"""
import os
import sys
import time
from collections import Counter, defaultdict, namedtuple
from math import prod
from pathlib import Path

import data
import report
from chain import Chain, code_of, digest
from pyworkflow import Config

from pickeroptimizer import Plugin
from pickeroptimizer.constants import PO_CLASS
from pickeroptimizer.worker.exchange.classes import PARTICLE

PROJECT = 'PickerOptimizerDemo'
CHECKOUT = Path(__file__).resolve().parent.parent
OUTPUT = CHECKOUT / 'demo' / 'output'

MICROGRAPHS = 12
SIZE = 1024              # px
PIXEL_SIZE = 3.0         # Å/px
BOX_ANGSTROM = 180.0
SEED = 1
EMPTY = 8                # boxes with nothing in them, on each micrograph
SHOTS = 30               # labelled boxes of each class
PICTURES = 2

# What there is after the demo; runs: those of fine-tune and prune; truth: {(micrograph's name, x, y): class}.
Demo = namedtuple('Demo', 'chain picks training pruning truth')


def main():
    """Run the demo, or what of it is not there yet; returns the Demo."""
    started = time.monotonic()
    Config.getDomain().getPlugins()               # Scipion reads the plugins' variables here
    errors = Plugin.validateWorker()
    if errors:
        sys.exit('\n'.join(errors))
    OUTPUT.mkdir(parents=True, exist_ok=True)

    say(f'Simulating {MICROGRAPHS} micrographs with particles, ice, carbon film, and picks of known class')
    folder = simulated()
    truth, names = data.read_truth(folder)
    learn, rest = halves(truth, names)
    box = round(BOX_ANGSTROM / PIXEL_SIZE)
    chain = Chain(PROJECT, code_of(''))

    say(f'Importing the micrographs into the Scipion project {PROJECT}')
    micrographs = chain.run('import micrographs', 'ProtImportMicrographs', filesPath=str(folder / 'micrographs'),
                            filesPattern='*.mrc', samplingRate=PIXEL_SIZE, voltage=300)

    counts = Counter(truth.values())
    say(f'Importing {len(truth)} picks, as a picker would leave them: {counts["particle"]} on particles, '
        f'{counts["ice"]} on ice and dirt, {counts["carbon"]} on carbon film, {counts["empty"]} on nothing')
    data.write_picks(OUTPUT / 'picks.sqlite', micrographs.outputMicrographs, truth, box)
    picks = chain.run('import picks', 'ProtImportCoordinates', importFrom=5, filesPath=str(OUTPUT / 'picks.sqlite'),
                      boxSize=box, inputMicrographs=(micrographs, 'outputMicrographs'))

    say(f'Fine-tuning: the network learns from {SHOTS} labelled boxes of each class, taken from {len(learn)} of the '
        f'micrographs. In real work you label these')
    data.write_labels(OUTPUT / 'labels.csv', truth, learn)
    training = chain.run('label and train', 'ProtPickerOptimizerTrain', labelSource=1,
                         labelsFile=str(OUTPUT / 'labels.csv'), shots=SHOTS, numberOfThreads=os.cpu_count(),
                         inputCoordinates=(picks, 'outputCoordinates'))
    show_summary(training)

    say('Pruning: every pick gets its class probabilities, and is kept or rejected')
    pruning = chain.run('prune', 'ProtPickerOptimizerPrune', numberOfThreads=os.cpu_count(),
                        inputCoordinates=(picks, 'outputCoordinates'), inputModel=(training, 'outputModel'))
    show_summary(pruning)

    kept, classes = read_result(pruning)
    say(f'Judging by the {len(rest)} micrographs that nothing was learnt from, where the true classes are known')
    print('\n'.join(report.table(truth, kept, classes, rest)))

    say('Drawing the kept and rejected boxes of two of them')
    for old in OUTPUT.glob('*.png'):
        old.unlink()
    for name in most_junk(truth, rest):
        print(f'  {draw(folder, name, truth, kept, classes, box).relative_to(CHECKOUT)}')
    say(f'Done in {time.monotonic() - started:.0f} s. To open the project in the Scipion window:  make gui')
    return Demo(chain, picks, training, pruning, truth)


def simulated():
    """The folder of the data set, which is made unless it is there."""
    arguments = ['--micrographs', str(MICROGRAPHS), '--size', str(SIZE), '--pixel-size', str(PIXEL_SIZE),
                 '--box-angstrom', str(BOX_ANGSTROM), '--seed', str(SEED), '--empty', str(EMPTY)]
    folder = OUTPUT / f'data-{digest(arguments, code_of("worker/simulation"))}'
    if not folder.exists():
        data.simulate(folder, arguments)
    return folder


def halves(truth, names):
    """Names of the micrographs to learn from, and of those to judge by. Each half gets its share of carbon film."""
    film = Counter(name for (name, _, _), label in truth.items() if label == 'carbon')
    ranked = sorted(names, key=lambda name: (-film[name], name))
    return ranked[::2], ranked[1::2]


def read_result(pruning):
    """The picks that were kept, and {pick: class} of all; a pick is (micrograph's name, x, y)."""
    classes, kept = {}, set()
    for coordinates in (pruning.outputCoordinates, pruning.rejectedCoordinates):
        for item in coordinates.iterItems():
            pick = (item.getMicName(), item.getX(), item.getY())
            classes[pick] = getattr(item, PO_CLASS).get()
            if coordinates is pruning.outputCoordinates:
                kept.add(pick)
    return kept, classes


def most_junk(truth, names):
    """Names of the micrographs with the most false picks of all kinds."""
    counts = Counter((name, label) for (name, _, _), label in truth.items() if name in names)
    junk = set(truth.values()) - {PARTICLE}
    ranked = sorted(names, key=lambda name: prod(counts[name, kind] + 1 for kind in junk), reverse=True)
    return ranked[:PICTURES]


def draw(folder, name, truth, kept, classes, box):
    """Draw one micrograph with its picks; returns the picture's path."""
    boxes = defaultdict(list)
    for pick in truth:
        if pick[0] == name:
            boxes[report.KEPT if pick in kept else classes[pick]].append(pick[1:])
    path = OUTPUT / f'{Path(name).stem}.png'
    report.picture(path, folder / 'micrographs' / name, boxes, box, name)
    return path


def show_summary(protocol):
    lines = '\n'.join(f'  {line}' for line in protocol._summary())      # without the comment
    print(lines.replace('*', ''))      # asterisks are bold in Scipion's window


def say(text):
    print(f'\n{text}.', flush=True)


if __name__ == '__main__':
    main()
