"""How far the labelling window's preview is from the truth, by the number of labels: one Markdown table.

    PYTHONPATH=pickeroptimizer python benchmarks/preview.py --data FOLDER ... [--simulate SEED ...] --output FOLDER
        [--labels 0 1 3 10 20] [--draws 10]

Run it with the worker's Python. All labelled boxes of a data set are the picks; so many of each class are drawn at
random as labels, half of what there are at the most, and the others are judged as the window shows them. Junk removed
and particles lost, per cent, mean (worst of --draws). What `worker embed` makes of a data set is kept in --output.
"""
import argparse
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import without_scipion  # noqa: F401

from pickeroptimizer.domain import suggestions
from pickeroptimizer.worker.exchange.classes import PARTICLE
from pickeroptimizer.worker.exchange.tables import read_labels


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--data', type=Path, nargs='+', default=[])
    parser.add_argument('--simulate', type=int, nargs='+', default=[], metavar='SEED', help='experiments to simulate')
    parser.add_argument('--output', type=Path, required=True)
    parser.add_argument('--labels', type=int, nargs='+', default=[0, 1, 3, 10, 20])
    parser.add_argument('--draws', type=int, default=10)
    options = parser.parse_args()
    options.output.mkdir(parents=True, exist_ok=True)
    print('| data | labels of each class | junk removed | particles lost | a preview takes |\n|---|---|---|---|---|')
    for folder in options.data + [simulated(seed, options.output) for seed in options.simulate]:
        described = suggestions.load(features(folder.resolve(), options.output))
        truth = {row.coord_id: row.label for row in read_labels(folder / 'labels.csv')}
        for number in options.labels:
            removed, lost, seconds = zip(*(judge(described, truth, number, draw) for draw in range(options.draws)))
            print(f'| {folder.resolve().name} | {number} | {np.mean(removed):.1f} ({min(removed):.1f}) | '
                  f'{np.mean(lost):.1f} ({max(lost):.1f}) | {1000 * np.mean(seconds):.1f} ms |', flush=True)


def simulated(seed, output):
    """The folder of a simulated experiment."""
    folder = output / f'simulated-{seed}'
    if not folder.exists():
        worker('simulate', '--output', folder, '--micrographs', 10, '--box-angstrom', 180, '--seed', seed)
        (folder / 'box_angstrom.txt').write_text('180')
    return folder


def features(folder, output):
    path = output / f'{folder.name}.npz'
    if not path.exists():
        worker('embed', '--micrographs', folder / 'micrographs.csv', '--coordinates', folder / 'labels.csv',
               '--box-angstrom', (folder / 'box_angstrom.txt').read_text().strip(), '--output', path)
    return path


def worker(*words):
    subprocess.run([sys.executable, '-m', 'worker', *map(str, words)], check=True, stdout=subprocess.DEVNULL)


def judge(described, truth, number, draw):
    """(junk removed, particles lost) in per cent among the picks without labels, and the seconds of a preview."""
    rng, labels = np.random.default_rng([number, draw]), {}
    for name in sorted(set(truth.values())):
        pool = [coord_id for coord_id in described.ids.tolist() if truth[coord_id] == name]
        labels.update(dict.fromkeys(rng.permutation(pool)[:min(number, len(pool) // 2)].tolist(), name))
    suggester = suggestions.Suggester(*described)
    start = time.perf_counter()
    seen = suggester.preview(labels)
    seconds = time.perf_counter() - start
    kept, isParticle = np.array([(name == PARTICLE, truth[coord_id] == PARTICLE)
                                 for coord_id, name in seen.items() if coord_id not in labels]).T
    return 100 * np.mean(~kept[~isParticle]), 100 * np.mean(~kept[isParticle]), seconds


if __name__ == '__main__':
    main()
