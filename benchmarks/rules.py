"""What the rules "at most 2 % of junk" and "95 % of the particles" come to: three Markdown tables.

    python benchmarks/rules.py --output FOLDER [--simulate SEED ...] [--data FOLDER ...] [--draws 2]

Run it with the worker's Python. An experiment is divided into halves by micrograph, --draws times. A model learns from
labels on one half: 3, 10 or 30 of each class, drawn at random, or those that suggestions ask for, where one pick in ten
is junk. Picks of the other half are a run. Of simulated ones, junk is left out at random until it is 1 to 50 % of
them; the boxes of --data are taken as they are. If the data set has regions.json and picks/ (published_picks.py), the
picks of each picker are a run, too, whose junk is what lies on ice or film by the rule of picked.py. What models say
is kept in --output for the next time.

Tables: the share of junk among the picks of a run, estimated; what the rules come to, by these estimates, as they are
and as they were; and how often the truth is in the interval that is told.
"""
import argparse
import json
import math
import sys
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import without_scipion

sys.path.insert(0, str(without_scipion.PLUGIN))

from picked import true_label

from pickeroptimizer.domain.decision import minimumForPurity, minimumForShare
from pickeroptimizer.domain.shares import RunShares
from pickeroptimizer.domain.suggestions import Suggester
from pickeroptimizer.worker.boxes.labelled import crop_labels
from pickeroptimizer.worker.exchange import tables
from pickeroptimizer.worker.exchange.classes import PARTICLE
from pickeroptimizer.worker.inference.embedding import INPUT_SIZE, principal_components
from pickeroptimizer.worker.network.device import choose_device
from pickeroptimizer.worker.network.fast import for_inference
from pickeroptimizer.worker.network.fast.activation_ranges import observe_ranges
from pickeroptimizer.worker.network.initial_weights import initial_extractor
from pickeroptimizer.worker.network.networks import LinearRecogniser
from pickeroptimizer.worker.simulation.dataset import simulate
from pickeroptimizer.worker.training.cross_validation import cross_validate
from pickeroptimizer.worker.training.prior import what_is_known
from pickeroptimizer.worker.training.recipes import DefaultRecipe

MICROGRAPHS, EMPTY_BOXES = 20, 10
MOST_PARTICLES, MOST_JUNK = 1600, 600      # of a simulated experiment
MOST_PICKS = 2000                          # of a picker, drawn at random
SHOTS = 3, 10, 30
RANDOM, SUGGESTED = WAYS = 'random', 'suggested'
LEARNT_JUNK, LEAST_JUNK = 0.1, 30          # of the half that is learnt from: its share, and its least number
SHARES = 0.01, 0.05, 0.2, 0.5
FOLDS, BATCH, PATIENCE = 5, 256, 4         # PATIENCE: answers per label that is wanted, at the most
JUNK, PARTICLES = 0.02, 0.95               # that are asked for
JUNK_WEIGHT = 2.0                          # of all junk, where particles weigh 1: what probabilities are trained with


# ------------------------------ models and what they say ------------------------------

@dataclass
class Boxes:
    """pixels (n, fields, side, side); junk: bool (n); mic_ids (n)."""
    pixels: torch.Tensor
    junk: np.ndarray
    mic_ids: np.ndarray


def cropped(folder, rows, recipe):
    """The LabelledBoxes of a data set."""
    return crop_labels(tables.read_micrographs(folder / 'micrographs.csv'), rows, _box(folder), INPUT_SIZE,
                       recipe.fields)


def _box(folder):
    return float((folder / 'box_angstrom.txt').read_text())


def as_they_are(recipe, pixels):
    """Features (n, width) of boxes, in one orientation."""
    some = pixels[torch.linspace(0, len(pixels) - 1, min(len(pixels), BATCH)).round().long()]
    recipe.extractor.ranges = observe_ranges(recipe.extractor, some.reshape(-1, 1, *some.shape[2:]))
    recogniser = for_inference(LinearRecogniser(recipe.extractor, 2, len(recipe.fields)).eval(), INPUT_SIZE,
                               recipe.device)
    with torch.no_grad(), recipe.device.autocast():
        return torch.cat([recogniser.features(part).float() for part in pixels.split(BATCH)]).numpy()


def simulated(seed, output):
    """(folder, rows) of a simulated experiment; the folder is made if it is not there."""
    folder = output / f'simulated-{seed}'
    if not folder.exists():
        simulate(folder, MICROGRAPHS, seed=seed, empty=EMPTY_BOXES)
    rows, rng = tables.read_labels(folder / 'labels.csv'), np.random.default_rng(0)
    parts = [[row for row in rows if (row.label == PARTICLE) == good] for good in (True, False)]
    return folder, [part[i] for part, most in zip(parts, (MOST_PARTICLES, MOST_JUNK))
                    for i in rng.permutation(len(part))[:most]]


def picked(folder, recipe):
    """{picker: Boxes} of a data set, {} where it has none; picks that are a matter of opinion are left out."""
    if not (folder / 'regions.json').exists():
        return {}
    regions = json.loads((folder / 'regions.json').read_text())
    micrographs, found = tables.read_micrographs(folder / 'micrographs.csv'), {}
    for path in sorted((folder / 'picks').glob('*.csv')):
        rows = []
        for pick in tables.read_coordinates(path):
            box = _box(folder) / micrographs[pick.mic_id].pixel_size
            label = true_label(pick.x, pick.y, box, regions[str(pick.mic_id)])
            if label:
                rows.append(tables.CoordinateRow(None, pick.mic_id, pick.x, pick.y, label))
        some = np.random.default_rng(0).permutation(len(rows))[:MOST_PICKS]
        boxes = cropped(folder, [rows[i] for i in some], recipe)
        found[path.stem] = Boxes(boxes.pixels, boxes.labels != PARTICLE, boxes.mic_ids)
    return found


def halves(targets, mic_ids, draw):
    """(indices to learn from, of the picks of a run): by micrograph, some of each class on both sides."""
    rng = np.random.default_rng([7, draw])
    for _ in range(200):
        mics = rng.permutation(np.unique(mic_ids))
        first = np.isin(mic_ids, mics[:len(mics) // 2])
        if all(min((first & (targets == t)).sum(), (~first & (targets == t)).sum()) >= 3 for t in np.unique(targets)):
            break
    return np.flatnonzero(first), np.flatnonzero(~first)


def labelled(pool, targets, mic_ids, described, classes, shots, way, seed):
    """(places of the labels among all, whether each was drawn at random)."""
    if way == RANDOM:
        chosen = np.concatenate([pool[targets[pool] == t][:shots] for t in range(len(classes))])
        return chosen, np.ones(len(chosen), dtype=bool)
    suggester, wanted = Suggester(described, range(len(pool)), mic_ids[pool], seed=seed), dict.fromkeys(classes, shots)
    given, drawn = {}, []
    while len(given) < PATIENCE * shots * len(classes):
        place = suggester.next(given, wanted)
        if place is None:
            break
        given[place] = classes[targets[pool[place]]]
        drawn.append(suggester.wasRandom(place))
    return pool[list(given)], np.array(drawn)


def fit(name, folder, rows, recipe, output, draws):
    """Fit all models of an experiment, and store what they say of its other half, and of picks there."""
    wanted = [(draw, shots, way) for draw in range(draws) for shots in SHOTS for way in WAYS]
    if all(list(output.glob(f'{name}-{draw}-{shots}-{way}.npz')) for draw, shots, way in wanted):
        return
    boxes = cropped(folder, rows, recipe)
    classes = list(boxes.counts())
    targets, mic_ids = np.array([classes.index(c) for c in boxes.labels]), boxes.mic_ids
    described = as_they_are(recipe, boxes.pixels)
    pickers = {picker: (picks, as_they_are(recipe, picks.pixels)) for picker, picks in picked(folder, recipe).items()}
    plans = {}
    for draw in range(draws):
        learn, run = halves(targets, mic_ids, draw)
        rng = np.random.default_rng(draw)
        good, bad = learn[targets[learn] == 0], rng.permutation(learn[targets[learn] > 0])
        most = max(LEAST_JUNK, round(len(good) * LEARNT_JUNK / (1 - LEARNT_JUNK)))
        pool = rng.permutation(np.concatenate([good, bad[:most]]))
        components = principal_components(described[pool])
        for shots in SHOTS:
            for way in WAYS:
                plans[draw, shots, way] = run, *labelled(pool, targets, mic_ids, components, classes, shots, way, draw)
    every = np.unique(np.concatenate([train for _, train, _ in plans.values()]))
    embedded = recipe.embed(boxes.pixels[torch.from_numpy(every)])
    for (draw, shots, way), (run, train, drawn) in plans.items():
        learnt = embedded[torch.from_numpy(np.searchsorted(every, train))]
        learner = recipe.learning([classes[t] for t in np.unique(targets[train])])
        goal = np.array([learner.classes.index(classes[t]) for t in targets[train]])
        recogniser = learner.fit(learnt, goal, draw)
        validation = cross_validate(learner, learnt, goal, mic_ids[train], FOLDS, draw, lambda line: None, drawn)
        recogniser.temperature.fill_(validation.temperature)
        others = {'': (described[run], targets[run] > 0)}
        for picker, (picks, features) in pickers.items():
            here = np.isin(picks.mic_ids, mic_ids[run])
            others[picker] = features[here], picks.junk[here]
        for picker, (features, junk) in others.items():
            if not junk.any() or junk.all():
                continue
            said = learner.predict(recogniser, torch.from_numpy(features)[:, None])
            np.savez(output / f'{name}{picker and "." + picker}-{draw}-{shots}-{way}.npz', p=said[:, 0].round(6),
                     junk=junk, cv=validation.probabilities[:, 0], target=goal, drawn=drawn)


# ------------------------------ estimates and rules ------------------------------

def shifted(p, junk):
    """Particle probabilities where junk is this share of the picks."""
    odds = p / (1 - p).clip(1e-6) * JUNK_WEIGHT * (1 - junk) / max(junk, 1e-6)
    return odds / (1 + odds)


def counted(p, told):
    """What is more probably junk."""
    return (p < 0.5).mean()


def corrected(p, told):
    """The same, corrected by what the cross-validation took for junk (Gart and Buck)."""
    junk, particle = (((cv < 0.5).sum() + 0.5) / (len(cv) + 1) for cv in (told['junk'], told['good']))
    return float(np.clip((counted(p, told) - particle) / max(junk - particle, 0.05), 0, 1))


def by_em(p, told):
    """Saerens, Latinne and Decaestecker, 2002."""
    share = 0.5
    for _ in range(200):
        share = (1 - shifted(p, share)).mean()
    return share


def ours(p, told):
    return RunShares(p, told['header']).junk.share


ESTIMATES = {'counted below 0.5': counted, 'and corrected by the cross-validation': corrected, 'EM': by_em, 'now': ours}


def purity_before(p):
    """The lowest cut with JUNK by the probabilities themselves."""
    order = np.sort(p)[::-1]
    enough = np.flatnonzero(np.cumsum(1 - order) / np.arange(1, len(p) + 1) <= JUNK)
    return order[enough[-1]] if len(enough) else 2.0


def purity_shifted(p, junk):
    """The same, by probabilities that were shifted to this share of junk."""
    cut = purity_before(shifted(p, junk))
    return p[shifted(p, junk) >= cut].min() if cut <= 1 else cut


def share_before(good):
    """The cut that labelled particles promise (split conformal prediction); None where they are too few."""
    below = math.floor((len(good) + 1) * (1 - PARTICLES) + 1e-9)
    return np.sort(good)[below - 1] if below else None


RULES = {
    'particle against junk': lambda p, told: 0.5,
    'at most 2 % of junk, before': lambda p, told: purity_before(p),
    'by probabilities shifted to what is counted': lambda p, told: purity_shifted(p, counted(p, told)),
    'by probabilities shifted by EM': lambda p, told: purity_shifted(p, by_em(p, told)),
    'at most 2 % of junk, now': lambda p, told: minimumForPurity(told['shares'], JUNK),
    '95 % of the particles, before': lambda p, told: share_before(told['good']),
    '95 % of the particles, now': lambda p, told: minimumForShare(told['shares'], PARTICLES),
}


def runs(path, seed):
    """Yield (column, p, junk) of the runs that a file holds."""
    with np.load(path) as held:
        p, junk = held['p'], held['junk']
    if not path.name.startswith('simulated'):
        yield path.stem.rsplit('-', 3)[0].replace('.', ', picks of '), p, junk
        return
    rng = np.random.default_rng(seed)
    for share in SHARES:
        good, bad = rng.permutation(np.flatnonzero(~junk)), rng.permutation(np.flatnonzero(junk))
        number = min(round(len(good) * share / (1 - share)), len(bad))
        rows = np.concatenate([good[:round(number * (1 - share) / share)], bad[:number]])
        yield f'{100 * share:g} %', p[rows], junk[rows]


def tell(path):
    """What a model tells, beside its probabilities."""
    with np.load(path) as held:
        cv, junk = held['cv'], held['target'] > 0
    junk, good = cv[junk & ~np.isnan(cv)], cv[~junk & ~np.isnan(cv)]
    return {'junk': junk, 'good': good, 'header': {'cross_validation': {'junk_probabilities': junk.tolist()}}}


def judge(paths):
    """({(labels, estimate): {column: shares}}, {(labels, rule): {column: (junk among the kept, particles lost)}},
    {labels: {column: of junk and of loss, whether the truth is in the interval}})."""
    estimates, rules, inside = ({} for _ in range(3))
    for path in paths:
        shots, way = path.stem.split('-')[-2:]
        labels = f'{shots}, {way}'
        told = tell(path)
        for column, p, junk in runs(path, int(shots)):
            told['shares'] = RunShares(p, told['header'])
            for name, estimate in {'true': lambda p, told, junk=junk: junk.mean(), **ESTIMATES}.items():
                _add(estimates, (labels, name), column, 100 * estimate(p, told))
            for name, rule in RULES.items():
                cut = rule(p, told)
                if cut is not None:
                    _add(rules, (labels, name), column, measured(p, junk, cut))
            for cut in (0.2, 0.5, 0.8):
                expected = told['shares'].at(cut)
                _add(inside, (labels, 'of cuts at 0.2, 0.5, 0.8'), column, [
                    100 * (estimate.low - 1e-9 <= true / 100 <= estimate.high + 1e-9)
                    for estimate, true in zip(expected, measured(p, junk, cut))])
    return estimates, rules, inside


def measured(p, junk, cut):
    """Junk among the kept and particles lost, in per cent."""
    kept = p >= cut
    return 100 * (junk[kept].mean() if kept.any() else 0), 100 * (1 - kept[~junk].mean())


def _add(table, row, column, value):
    table.setdefault(row, defaultdict(list))[column].append(value)


def show(title, table, cell):
    columns = list(dict.fromkeys(column for row in table.values() for column in row))
    print(f'\n{title}\n\n| labels of each class | | {" | ".join(columns)} |\n' + '|---' * (2 + len(columns)) + '|')
    for (labels, name), row in sorted(table.items(), key=lambda item: (item[0][0].split(', ')[1],
                                                                       int(item[0][0].split(',')[0]))):
        print(f'| {labels} | {name} | ' + ' | '.join(cell(np.array(row[column])) if row[column] else 'refused'
                                                   for column in columns) + ' |', flush=True)


def spread(values):
    return f'{values.mean():.1f} ± {values.std():.1f}'


def worst(values):
    return f'{spread(values)} ({values.max():.1f})'


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--output', type=Path, required=True, help='where data and what models say are kept')
    parser.add_argument('--simulate', type=int, nargs='+', default=[], help='experiments to make')
    parser.add_argument('--data', type=Path, nargs='+', default=[])
    parser.add_argument('--draws', type=int, default=2)
    options = parser.parse_args()
    recipe = DefaultRecipe(initial_extractor('default'), choose_device('auto', 1), what_is_known('default', 'resnet18'))
    for seed in options.simulate:
        fit(f'simulated-{seed}', *simulated(seed, options.output), recipe, options.output, options.draws)
    for folder in options.data:
        fit(folder.name, folder, tables.read_labels(folder / 'labels.csv'), recipe, options.output, options.draws)
    groups = {f'{len(options.simulate)} simulated experiments': [f'simulated-{seed}-' for seed in options.simulate],
              'Real data as they are': [f'{folder.name}[.-]' for folder in options.data]}
    for name, patterns in groups.items():
        paths = [path for pattern in patterns for path in sorted(options.output.glob(f'{pattern}*.npz'))]
        if paths:
            estimates, rules, inside = judge(paths)
            show(f'{name}: the share of junk among the picks, %', estimates, spread)
            show(f'{name}: junk among the kept / particles lost, %, mean ± s.d. (worst)', rules,
                 lambda values: ' / '.join(map(worst, values.T)))
            show(f'{name}: truth in the interval of 95 %: of junk / of loss, %', inside,
                 lambda values: ' / '.join(f'{value:.0f}' for value in values.mean(axis=0)))


if __name__ == '__main__':
    main()
