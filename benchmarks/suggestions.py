"""What the suggestions of boxes to label are worth: one Markdown table.

    python benchmarks/suggestions.py --output FOLDER [--data FOLDER ...] [--simulate SEED ...] [--seeds 5] [--draws 10]

Run it with the worker's Python. The labelled boxes of a data set (a folder with micrographs.csv, labels.csv and
box_angstrom.txt) are the picks, and their labels answer. Of simulated ones, junk is thinned out at random until 95 % of
the picks are particles.

Labels: 30 of each class, or all there are; and how many of these the suggestions find. Answers per label: how many
answers that takes, divided by their number; following the suggestions, and in a random order. "to the end" goes on
until no more suggestions come. Mean and s.d. over --seeds.

F1 and junk removed: a model of the recipe `default` trained on all that was answered about one half of the micrographs,
judged on the other half; against as many labels of each class drawn at random from the same half. Junk removed: with
the threshold on the particle probability that loses 1 % of the particles, for users can choose it. Mean, s.d. and worst
of --draws, in per cent; none where no split leaves 4 boxes of each class on both sides. Features are kept in --output
for the next time.
"""
import argparse
import time
from pathlib import Path

import numpy as np
import torch
import without_scipion  # noqa: F401

from pickeroptimizer.domain.suggestions import Suggester
from pickeroptimizer.worker.boxes.labelled import crop_labels
from pickeroptimizer.worker.exchange import tables
from pickeroptimizer.worker.exchange.classes import PARTICLE, decide
from pickeroptimizer.worker.exchange.errors import InputError
from pickeroptimizer.worker.exchange.splits import BY_MICROGRAPH, halves
from pickeroptimizer.worker.inference.embedding import INPUT_SIZE, principal_components
from pickeroptimizer.worker.network.device import choose_device
from pickeroptimizer.worker.network.model_file import GENERAL_MODEL, load_model
from pickeroptimizer.worker.simulation.dataset import simulate
from pickeroptimizer.worker.training.metrics import figures
from pickeroptimizer.worker.training.prior import Prior
from pickeroptimizer.worker.training.recipes import DefaultRecipe

CLASSES = 'particle', 'ice', 'carbon'      # of these data sets
SIMULATED_MICROGRAPHS = 16
PARTICLES = 0.95      # of the picks of simulated data
LOST = 0.01           # share of the particles
FIGURES = ('balanced macro-F1', 'macro-F1', 'junk removed at 1 % lost')
COLUMNS = ('data', 'picks: particle / ice / carbon', 'labels found', 'answers per label, suggested', 'random order',
           'to the end', 'a suggestion takes', *(f'{name}, {labels}' for name in FIGURES
                                                 for labels in ('suggested', 'random labels')))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--data', type=Path, nargs='+', default=[], metavar='FOLDER')
    parser.add_argument('--simulate', type=int, nargs='+', default=[], metavar='SEED', help='experiments to simulate')
    parser.add_argument('--output', type=Path, required=True, metavar='FOLDER', help='where features are kept')
    parser.add_argument('--shots', type=int, default=30, help='labels wanted of each class (30)')
    parser.add_argument('--seeds', type=int, default=5, help='runs that are timed in answers (5)')
    parser.add_argument('--draws', type=int, default=10, help='splits that models are judged on (10)')
    parser.add_argument('--unknown', dest='known', action='store_false', help='ask without the general model')
    parser.add_argument('--threads', type=int, default=0, help='0: all (0)')
    options = parser.parse_args()
    options.output.mkdir(parents=True, exist_ok=True)
    wanted = dict.fromkeys(CLASSES, options.shots)
    general, header = load_model(GENERAL_MODEL)
    recipe = DefaultRecipe(general.extractor, choose_device('auto', options.threads),
                           Prior.of(general, header['classes']))
    print('| ' + ' | '.join(COLUMNS) + ' |\n' + '|---' * len(COLUMNS) + '|', flush=True)
    for folder, thin in [*((folder, False) for folder in options.data),
                         *((simulated(seed, options.output), True) for seed in options.simulate)]:
        described = features(folder, recipe, options.output, thin)
        known = (general, header['classes']) if options.known else None
        cells = [folder.resolve().name, ' / '.join(str((described[1] == name).sum()) for name in CLASSES),
                 *answers(*described, wanted, known, options.seeds)]
        cells += quality(*described, wanted, known, recipe, options.draws)
        print('| ' + ' | '.join(cells) + ' |', flush=True)


def simulated(seed, output):
    """The folder of a simulated experiment, made if it is not there."""
    folder = output / f'simulated-{seed}'
    if not folder.exists():
        simulate(folder, SIMULATED_MICROGRAPHS, seed=seed)
    return folder


def features(folder, recipe, output, thin):
    """Features (n, 8, width) of the labelled boxes, their labels and their micrographs."""
    rows = tables.read_labels(folder / 'labels.csv')
    if thin:
        rows = thinned(rows)
    kept = output / f'{folder.resolve().name}.npz'
    if not kept.exists():
        samples = crop_labels(tables.read_micrographs(folder / 'micrographs.csv'), rows,
                                  float((folder / 'box_angstrom.txt').read_text()), INPUT_SIZE, recipe.fields)
        np.savez(kept, embedded=recipe.embed(samples.pixels).numpy().astype(np.float16), mic_ids=samples.mic_ids,
                 labels=samples.labels.astype(str))
    with np.load(kept) as arrays:
        return arrays['embedded'].astype(np.float32), arrays['labels'], arrays['mic_ids']


def thinned(rows):
    """The rows without so much junk, taken at random, that PARTICLES of them are particles."""
    junk = [i for i, row in enumerate(rows) if row.label != PARTICLE]
    most = round((len(rows) - len(junk)) * (1 - PARTICLES) / PARTICLES)
    gone = set(np.random.default_rng(0).permutation(junk)[most:])
    return [row for i, row in enumerate(rows) if i not in gone]


def answers(embedded, labels, mic_ids, wanted, known, seeds):
    """The cells on the number of answers."""
    described = described_by(embedded[:, 0], known)
    goal = {name: min(number, int((labels == name).sum())) for name, number in wanted.items()}
    total = sum(goal.values())
    found, suggested, random, ends, seconds = [], [], [], [], []
    for seed in range(seeds):
        given, took = ask(*described, labels, mic_ids, wanted, seed)
        number, have = needed(list(given.values()), goal)
        found.append(have)
        suggested.append(number / have)
        ends.append(len(given))
        seconds += took
        random.append(needed(np.random.default_rng(seed).permutation(labels), goal)[0] / total)
    return [f'{np.mean(found):.1f} of {total}', spread(suggested), spread(random), f'{np.mean(ends):.0f} answers',
            f'{1000 * np.median(seconds):.1f} ms']


def described_by(features, known):
    """What suggestions are made of, from features (n, width): components, classes, probabilities; known: of these the
    general model and its classes, or None."""
    components = principal_components(features)
    if known is None:
        return components, (), None
    general, classes = known
    seen = torch.from_numpy(features)
    with torch.no_grad():
        return components, classes, general.adapted(seen).classify(seen).numpy()


def ask(components, classes, probabilities, labels, mic_ids, wanted, seed):
    """All answers {index: label} that suggestions ask for, and the time that each of these took in s."""
    suggester = Suggester(components, range(len(labels)), mic_ids, None, classes, probabilities, seed=seed)
    given, seconds = {}, []
    while True:
        start = time.perf_counter()
        chosen = suggester.next(given, wanted)
        seconds.append(time.perf_counter() - start)
        if chosen is None:
            return given, seconds
        given[chosen] = str(labels[chosen])


def needed(given, goal):
    """How many of the answers `given`, in this order, it takes to reach `goal` {class: number}, all if they fail to;
    and how many labels that count towards the goal these are."""
    have, number = dict.fromkeys(goal, 0), 0
    while number < len(given) and any(have[name] < goal[name] for name in goal):
        have[given[number]] += 1
        number += 1
    return number, sum(min(have[name], goal[name]) for name in goal)


def quality(embedded, labels, mic_ids, wanted, known, base, draws):
    """The cells on the models that the labels make."""
    classes = [name for name in CLASSES if (labels == name).any()]
    recipe = base.learning(classes)
    targets = np.array([recipe.classes.index(name) for name in labels])
    results = {'suggested': [], 'random': []}
    for draw in range(draws):
        try:
            half, test = halves(targets, mic_ids, BY_MICROGRAPH, np.random.default_rng([0, draw]))
        except InputError:
            return [''] * 2 * len(FIGURES)
        given, _ = ask(*described_by(embedded[half, 0], known), labels[half], mic_ids[half], wanted, draw)
        chosen = half[list(given)]
        drawn = np.concatenate([half[targets[half] == t][:(targets[chosen] == t).sum()] for t in np.unique(targets)])
        for name, train in (('suggested', chosen), ('random', drawn)):
            recogniser = recipe.fit(torch.from_numpy(embedded[train]), targets[train], draw)
            probabilities = recipe.predict(recogniser, torch.from_numpy(embedded[test]))
            results[name].append(judged(labels[test], probabilities, recipe.classes))
    return [percent(column) for pair in zip(*(np.transpose(rows) for rows in results.values())) for column in pair]


def judged(labels, probabilities, classes):
    """FIGURES of a model, from the true labels (n) and its probabilities (n, classes)."""
    overall = figures(labels, np.array(classes)[decide(probabilities)], classes, [c for c in classes if c in labels])
    good, p = labels == PARTICLE, probabilities[:, 0]
    return [overall['balanced_macro_f1'], overall['macro_f1'], (p[~good] < np.quantile(p[good], LOST)).mean()]


def spread(values):
    return f'{np.mean(values):.2f} ± {np.std(values):.2f}'


def percent(values):
    return f'{100 * np.mean(values):.1f} ± {100 * np.std(values):.1f} ({100 * min(values):.1f})'


if __name__ == '__main__':
    main()
