"""How soon suggestions of boxes to label find boxes with nothing in them: one Markdown table.

    python benchmarks/empty_boxes.py --output FOLDER --simulate SEED ... [--seeds 5]

Run it with the worker's Python. Experiments of MICROGRAPHS micrographs are simulated with EMPTY_BOXES empty boxes on
each; of each kind of junk, so many boxes are taken at random as are 5 % (or 30 %) of the particles. Their true classes
answer, one label being wanted of each kind until there is one, then LABELS, as the window has it. Told is which answer
was the first empty one, and how many answers it took to have LABELS of each class, or all there are, per such label:
with the relief of the boxes, and without. Mean and s.d. over --seeds.
"""
import argparse
from pathlib import Path

import numpy as np
import without_scipion  # noqa: F401

from pickeroptimizer.domain.suggestions import Suggester
from pickeroptimizer.worker.exchange.classes import EMPTY, PARTICLE
from pickeroptimizer.worker.exchange.feature_file import read_features
from pickeroptimizer.worker.exchange.tables import read_labels
from pickeroptimizer.worker.inference.embedding import embed
from pickeroptimizer.worker.inference.sources import WholeTables
from pickeroptimizer.worker.network.device import choose_device
from pickeroptimizer.worker.network.model_file import GENERAL_MODEL, load_model
from pickeroptimizer.worker.simulation.dataset import simulate

MICROGRAPHS, EMPTY_BOXES, LABELS = 6, 40, 15
SHARES = 0.05, 0.3


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--output', type=Path, required=True, metavar='FOLDER', help='where data and features are kept')
    parser.add_argument('--simulate', type=int, nargs='+', required=True, metavar='SEED', help='experiments to make')
    parser.add_argument('--seeds', type=int, default=5, help='runs of each (5)')
    options = parser.parse_args()
    options.output.mkdir(parents=True, exist_ok=True)
    print('| experiment | picks | first empty box, with relief | without | answers per label, with relief | without |\n'
          '|---|---|---|---|---|---|', flush=True)
    for seed in options.simulate:
        described, labels = data(options.output, seed)
        for share in SHARES:
            runs = []
            for run in range(options.seeds):
                chosen = thinned(labels, share, run)
                numbers = [described.features[chosen], chosen, described.mic_ids[chosen]]
                runs.append([ask(Suggester(*numbers, relief, seed=run), labels, chosen)
                             for relief in (described.relief[chosen], None)])
            counts = ', '.join(f'{(labels[chosen] == name).sum()} {name}' for name in np.unique(labels))
            means, spreads = np.mean(runs, axis=0), np.std(runs, axis=0)
            cells = [f'{means[way, figure]:.1f} ± {spreads[way, figure]:.1f}' for figure in (0, 1) for way in (0, 1)]
            print(f'| {seed} | {counts} | {" | ".join(cells)} |', flush=True)


def data(output, seed):
    """The Features of an experiment's picks, and their labels (n)."""
    folder, kept = output / f'empty-{seed}', output / f'empty-{seed}.npz'
    if not folder.exists():
        simulate(folder, MICROGRAPHS, seed=seed, empty=EMPTY_BOXES)
    if not kept.exists():
        general, header = load_model(GENERAL_MODEL)
        embed(WholeTables(folder / 'micrographs.csv', folder / 'coordinates.csv'),
              float((folder / 'box_angstrom.txt').read_text()), kept, general, header['classes'],
              [choose_device('auto')], 3000, 0, lambda line: None)
    described = read_features(kept)
    names = {row.coord_id: row.label for row in read_labels(folder / 'labels.csv')}
    return described, np.array([names[i] for i in described.ids.tolist()])


def thinned(labels, share, run):
    """Places of all particles and, of each kind of junk, of so many as are this share of them."""
    shuffled = np.random.default_rng(run).permutation(len(labels))
    most = round(share * (labels == PARTICLE).sum())
    return np.sort(np.concatenate([shuffled[labels[shuffled] == name][:None if name == PARTICLE else most]
                                   for name in np.unique(labels)]))


def ask(suggester, labels, chosen):
    """(which answer was the first empty one, answers per label until all wanted ones are there)."""
    names = np.unique(labels[chosen])
    goal = {name: min(LABELS, int((labels[chosen] == name).sum())) for name in names}
    given, first, enough = {}, None, None
    while True:
        answered = list(given.values())
        place = suggester.next(given, {name: LABELS if name in answered or name == PARTICLE else 1 for name in names})
        if place is None:
            break
        given[place] = str(labels[place])
        if first is None and given[place] == EMPTY:
            first = len(given)
        if enough is None and all(list(given.values()).count(name) >= number for name, number in goal.items()):
            enough = len(given)
    return first or np.nan, (enough or len(given)) / sum(goal.values())


if __name__ == '__main__':
    main()
