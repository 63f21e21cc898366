"""From which signal-to-noise ratio on empty boxes are told from particles: one Markdown table.

    PYTHONPATH=pickeroptimizer python benchmarks/empty.py [--clarity 4 20] [--experiments 6] [--draws 2]
        [--shots 10 30]

Simulated experiments, each of another molecule, grid and microscope, with `empty` among the picks of a picker of low
threshold: as many as may be particles. Clarity is the signal-to-noise ratio of the particles when they are low-passed
to a fourteenth of their diameter, as worker/simulation/conditions.py sets it by the dose. A fit learns from `shots`
boxes of each of four classes and is judged on other micrographs.
"""
import argparse
import tempfile
from collections import Counter
from pathlib import Path

import numpy as np
from labelled import FOLDS, box_angstrom, default_recipe, drawn
from worker.boxes.labelled import crop_labels
from worker.exchange.classes import decide
from worker.exchange.errors import InputError
from worker.exchange.tables import read_labels, read_micrographs
from worker.simulation import conditions
from worker.simulation.dataset import simulate
from worker.training.cross_validation import fit_calibrated
from worker.training.metrics import figures

MICROGRAPHS, SIZE, EMPTY = 8, 1024, 12
MOST = 80      # boxes of a class
FIGURES = 'balanced_macro_f1', 'junk_removed', 'particles_lost'


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--clarity', type=float, nargs='+', default=[4, 20])
    parser.add_argument('--experiments', type=int, default=6)
    parser.add_argument('--draws', type=int, default=2, help='of the labels, in each experiment')
    parser.add_argument('--shots', type=int, nargs='+', default=[10, 30])
    options = parser.parse_args()
    base = default_recipe()
    print('| signal to noise | labels a class | balanced macro-F1, mean ± s.d. (worst) | junk removed | '
          'particles lost | empty removed | F1 of empty | particles called empty |')
    print('|---' * 8 + '|')
    for clarity in options.clarity:
        conditions.CLARITY = (clarity, clarity)
        rows = {shots: [] for shots in options.shots}
        for seed in range(options.experiments):
            with tempfile.TemporaryDirectory() as folder:
                one_experiment(Path(folder) / 'data', 7000 + seed, base, options, rows)
        for shots, values in rows.items():
            mean, sd = 100 * np.nanmean(values, axis=0), 100 * np.nanstd(values, axis=0)
            worst = 100 * np.min(values, axis=0)[0]
            cells = ' | '.join(f'{m:.1f} ± {s:.1f}' for m, s in zip(mean[1:], sd[1:]))
            print(f'| {clarity:g} | {shots} | {mean[0]:.1f} ± {sd[0]:.1f} ({worst:.1f}) | {cells} |', flush=True)


def one_experiment(folder, seed, base, options, rows):
    """Add a row of figures for each draw and number of labels; none where an experiment has no four classes."""
    simulate(folder, MICROGRAPHS, SIZE, seed=seed, empty=EMPTY)
    labels = read_labels(folder / 'labels.csv')
    order = np.random.default_rng(seed).permutation(len(labels))
    number, chosen = Counter(), []
    for label in (labels[i] for i in order):
        number[label.label] += 1
        if number[label.label] <= MOST:
            chosen.append(label)
    boxes = crop_labels(read_micrographs(folder / 'micrographs.csv'), chosen, box_angstrom(folder), 64, base.fields,
                        base.margin)
    recipe = base.learning(list(boxes.counts()))
    classes = list(recipe.classes)
    if len(boxes.counts()) < 4:
        return
    targets = np.array([classes.index(label) for label in boxes.labels])
    embedded = recipe.embed(boxes.pixels)
    names = np.array(classes)
    for draw in range(options.draws):
        for shots in options.shots:
            try:
                train, test = drawn(targets, boxes.mic_ids, draw, shots)
            except InputError:      # a class on one micrograph only
                continue
            recogniser = fit_calibrated(recipe, embedded[train], targets[train], boxes.mic_ids[train], FOLDS, draw)
            true, said = names[targets[test]], names[decide(recipe.predict(recogniser, embedded[test]))]
            result = figures(true, said, classes)
            rows[shots].append([*(result[key] for key in FIGURES), (said[true == 'empty'] != 'particle').mean(),
                                result['per_class']['empty']['f1'], (said[true == 'particle'] == 'empty').mean()])


if __name__ == '__main__':
    main()
