"""What the general model knows without labels, what labels add, and how it was chosen: Markdown tables.

    PYTHONPATH=pickeroptimizer python benchmarks/general.py --work FOLDER --study none|labels|fits|starts
        [--data FOLDER ...] [--experiments 40] [--categories FILE] [--draws 10]

none: the shipped general model, each box by itself and beside the median of the picks. labels: the recipe `default`
with so many labels a class, from nothing and from what the general model knows. fits: other ways to fit the general
model to the boxes of --categories (a file made by `worker categories`). starts: other ways to start from it.

`held out` are simulated experiments of another seed than those of the pretraining: choices are made by them. Each is
judged as a run with 15 % junk among its picks, but by all its boxes. Folders are labelled data sets; all their boxes
are the picks. Features are kept in --work. Balanced macro-F1 is over the classes that a data set has.
"""
import argparse
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple
from unittest.mock import patch

import numpy as np
import torch
from labelled import box_angstrom, drawn
from scipy.special import softmax
from worker.boxes import cropping
from worker.boxes.augmentation import orientations
from worker.boxes.categories import read_categories
from worker.boxes.cropping import FIELDS_OF_VIEW, INPUT_SIZE
from worker.boxes.labelled import crop_labels
from worker.exchange.classes import decide
from worker.exchange.errors import InputError
from worker.exchange.tables import read_labels, read_micrographs
from worker.network.device import choose_device
from worker.network.fast import for_inference
from worker.network.model_file import GENERAL_MODEL, load_model
from worker.simulation.categories import simulate_experiment
from worker.training import general, recipes
from worker.training import prior as prior_module
from worker.training.calibration import expected_calibration_error
from worker.training.metrics import figures
from worker.training.prior import Prior
from worker.training.recipes import DefaultRecipe

SEED = 77                  # of the experiments that are held out
BOXES = 60                 # of each class of these
JUNK_SHARE = 0.15          # of the picks of a run of theirs
HELD_OUT = 'held out'
FIGURES = 'balanced_macro_f1', 'junk_removed', 'particles_lost', 'calibration_error'


class Described(NamedTuple):
    """features: (n, orientations, width); labels: class names (n); mic_ids: (n); run: numbers of the picks of a run."""
    features: torch.Tensor
    labels: np.ndarray
    mic_ids: np.ndarray
    run: np.ndarray


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--work', type=Path, required=True, help='folder for features')
    parser.add_argument('--study', choices=STUDIES, required=True)
    parser.add_argument('--data', type=Path, nargs='*', default=[])
    parser.add_argument('--experiments', type=int, default=40)
    parser.add_argument('--categories', type=Path)
    parser.add_argument('--draws', type=int, default=10)
    parser.add_argument('--shots', type=int, nargs='+', default=[1, 3, 10, 30])
    options = parser.parse_args()
    options.work.mkdir(parents=True, exist_ok=True)
    options.recogniser, options.header = load_model(GENERAL_MODEL)
    options.device = choose_device('auto')
    STUDIES[options.study](options)


# ------------------------------ boxes ------------------------------

def data_sets(options):
    """Yield (name, Described): the experiments that are held out, all under one name, and the folders."""
    ready = for_inference(options.recogniser.by_itself(), INPUT_SIZE, options.device)
    for number in range(options.experiments):
        yield HELD_OUT, kept(options.work / f'held-{number}.npz', lambda n=number: simulated(n), ready, options, number)
    for folder in options.data:
        yield folder.resolve().name, kept(options.work / f'{folder.resolve().name}.npz',
                                          lambda f=folder: labelled(f), ready, options, None)


def kept(path, boxes, ready, options, experiment):
    """Described boxes from a file, or else described and written there."""
    if not path.exists():
        pixels, labels, mic_ids = boxes()
        with torch.no_grad(), options.device.autocast():
            views = [torch.cat([ready.features(part.float().to(options.device.torch_device)).float().cpu()
                                for part in turned.split(64)]) for turned in orientations(pixels)]
        np.savez(path, features=torch.stack(views, dim=1).numpy().astype(np.float16), labels=labels, mic_ids=mic_ids)
    with np.load(path) as file:
        labels = file['labels']
        run = np.arange(len(labels)) if experiment is None else thinned(labels, experiment)
        return Described(torch.from_numpy(file['features'].astype(np.float32)), labels, file['mic_ids'], run)


def simulated(number):
    """(pixels, labels, mic_ids) of an experiment that is held out."""
    pixels, labels, mic_ids = [], [], []
    for mic_id, (image, pixel_size, angstrom, picks) in enumerate(simulate_experiment(number, SEED, boxes=BOXES)):
        if picks:
            box = angstrom / pixel_size
            xy = torch.tensor([pick[:2] for pick in picks], dtype=torch.float32)
            levels = cropping.levels(torch.from_numpy(image), box, INPUT_SIZE, FIELDS_OF_VIEW)
            pixels.append(torch.cat([cropping.crop(level, xy, box * field, INPUT_SIZE)
                                     for level, field in zip(levels, FIELDS_OF_VIEW)], dim=1))
            labels += [pick[2] for pick in picks]
            mic_ids += [mic_id] * len(picks)
    return torch.cat(pixels), np.array(labels), np.array(mic_ids)


def labelled(folder):
    """(pixels, labels, mic_ids) of a data set."""
    boxes = crop_labels(read_micrographs(folder / 'micrographs.csv'), read_labels(folder / 'labels.csv'),
                        box_angstrom(folder), INPUT_SIZE, FIELDS_OF_VIEW)
    return boxes.pixels, boxes.labels, boxes.mic_ids


def thinned(labels, seed):
    """Numbers of all particles and of as much junk as a run has."""
    rng = np.random.default_rng([SEED, seed])
    particles, junk = np.flatnonzero(labels == 'particle'), np.flatnonzero(labels != 'particle')
    return np.concatenate((particles, rng.permutation(junk)[:round(len(particles) * JUNK_SHARE / (1 - JUNK_SHARE))]))


# ------------------------------ figures ------------------------------

def judged(probabilities, labels, classes):
    """FIGURES of probabilities (n, classes), in per cent; nan where there is nothing to count."""
    names = np.array(classes)
    present = [name for name in classes if (labels == name).any()]
    row = figures(labels, names[decide(probabilities)], classes, present)
    row['calibration_error'] = expected_calibration_error(
        probabilities, np.array([list(classes).index(name) for name in labels]))
    return [np.nan if row[key] is None else 100 * row[key] for key in FIGURES]


def head(*columns):
    print('| ' + ' | '.join(columns) + ' |')
    print('|---' * len(columns) + '|')


def row(name, rows, *before):
    """Print one row: mean ± s.d. (worst) of balanced macro-F1 and of particles lost, means of the others."""
    f1, removed, lost, off = np.array(rows).T
    print(f'| {" | ".join((name, *before))} | {f1.mean():.1f} ± {f1.std():.1f} ({f1.min():.1f}) | '
          f'{text(np.nanmean(removed)) if np.isfinite(removed).any() else ""} | {lost.mean():.1f} ± {lost.std():.1f} '
          f'({lost.max():.1f}) | {off.mean():.1f} |', flush=True)


def text(value):
    return f'{value:.1f}'


COLUMNS = 'balanced macro-F1, mean ± s.d. (worst)', 'junk removed', 'particles lost (worst)', 'calibration error'


# ------------------------------ studies ------------------------------

def without_labels(options):
    """The shipped general model."""
    found = {}
    for name, boxes in data_sets(options):
        seen = boxes.features[:, 0]
        for way, recogniser in (('each by itself', options.recogniser.by_itself()),
                                ('beside the picks', options.recogniser.adapted(seen[boxes.run]))):
            with torch.no_grad():
                said = recogniser.classify(seen).numpy()
            found.setdefault((name, way), []).append(judged(said, boxes.labels, options.header['classes']))
    head('data', 'judged', *COLUMNS)
    for (name, way), rows in found.items():
        row(name, rows, way)


def with_labels(options):
    """The recipe `default` with labels, from nothing and from the general model."""
    prior = Prior.of(options.recogniser, options.header['classes'])
    compare(options, {'from nothing': DefaultRecipe(options.recogniser.extractor, options.device),
                      'from the general model': DefaultRecipe(options.recogniser.extractor, options.device, prior)})


def starts(options):
    """Other ways to start from what is known, one thing changed at a time."""
    prior = Prior.of(options.recogniser, options.header['classes'])
    extractor, device = options.recogniser.extractor, options.device
    as_it_is = DefaultRecipe(extractor, device, prior)

    def with_(module, name, value):
        """The recipe where a constant of a module has another value."""
        class Changed(DefaultRecipe):
            def fit(self, *arguments):
                with patch.object(module, name, value):
                    return super().fit(*arguments)
        return Changed(extractor, device, prior)

    ways = {'as it is': as_it_is, 'regularisation 50': replace(as_it_is, regularisation=50.0)}
    for trust in (0.25, 0.75, 1.0):
        ways[f'trust {trust:g}'] = with_(prior_module, 'TRUST', trust)
    for held in (0.0, 1.0, 3.0):
        ways[f'what is typical elsewhere counts for {held:g}'] = with_(prior_module, 'HELD', held)
    for of_biases in (0.0, 10.0, 100.0):
        ways[f'regularisation of biases {of_biases:g}'] = with_(recipes, 'BIAS_REGULARISATION', of_biases)
    compare(options, ways)


def compare(options, ways):
    """Print a row for each data set, number of labels and recipe, of {name: recipe}."""
    found = {}
    for name, boxes in data_sets(options):
        names = [c for c in options.header['classes'] if (boxes.labels == c).any()]
        if len(names) < 2:
            continue
        numbers = np.array([names.index(label) for label in boxes.labels])
        for way, recipe in ways.items():
            recipe = recipe.learning(names)
            targets = np.array([recipe.classes.index(label) for label in boxes.labels])
            for draw in range(options.draws if name != HELD_OUT else max(1, options.draws // 10)):
                for shots in options.shots:
                    try:
                        train, test = drawn(numbers, boxes.mic_ids, draw, shots)
                    except InputError:
                        continue
                    recogniser = recipe.fit(boxes.features[train], targets[train], draw)
                    said = recipe.predict(recogniser, boxes.features[test])
                    found.setdefault((name, shots, way), []).append(judged(said, boxes.labels[test], recipe.classes))
    head('data', 'labels a class', 'recipe', *COLUMNS)
    for (name, shots, way), rows in found.items():
        row(name, rows, str(shots), way)


def fits(options):
    """Other ways to fit the general model."""
    categories = read_categories(options.categories)
    path = options.work / 'categories.npz'
    if not path.exists():
        chosen = general.sample(categories, np.random.default_rng(0))
        features = general.features_of(options.recogniser.by_itself(), categories.pixels[chosen], options.device, print)
        np.savez(path, features=features.numpy().astype(np.float16), data_sets=categories.data_sets[chosen].numpy(),
                 targets=categories.classes[chosen].numpy())
    with np.load(path) as file:
        raw = torch.from_numpy(file['features'].astype(np.float32))
        boxes = general.DescribedBoxes(options.recogniser.standardised(raw).numpy(), file['data_sets'], file['targets'])
    number = len(categories.class_names)
    sets = [(name, options.recogniser.standardised(d.features[:, 0]).numpy(), d) for name, d in data_sets(options)]
    head('data', 'fit', *COLUMNS)
    for junk_weight in (1.0, 0.5):
        for regularisation in (3e3, 1e4):
            settings = regularisation, junk_weight
            one = general.fit_by_itself(boxes, number, *settings)
            two = general.fit_among(boxes, number, one, np.random.default_rng(0), *settings)
            found = {}
            for name, seen, described in sets:
                logits = {'by itself': seen @ one.weight.T + one.bias,
                          'beside': general.beside_typical(seen, seen[described.run], one) @ two.weight.T + two.bias}
                logits['mean of both'] = sum(logits.values()) / 2
                for way, values in logits.items():
                    said = softmax(values.astype(np.float64), axis=1)
                    found.setdefault((name, way), []).append(judged(said, described.labels, categories.class_names))
            for (name, way), rows in found.items():
                row(name, rows, f'{way}, 1/C {regularisation:g}, junk {junk_weight:g}')


STUDIES = {'none': without_labels, 'labels': with_labels, 'fits': fits, 'starts': starts}

if __name__ == '__main__':
    main()
