"""What the benchmarks on labelled data sets share. A data set is a folder with micrographs.csv, labels.csv and
box_angstrom.txt."""
import argparse
from pathlib import Path

import numpy as np
from worker.boxes.labelled import crop_labels
from worker.exchange.errors import InputError
from worker.exchange.splits import AT_RANDOM, BY_MICROGRAPH, halves
from worker.exchange.tables import read_labels, read_micrographs
from worker.network.device import choose_device
from worker.network.initial_weights import initial_extractor
from worker.training.metrics import figures
from worker.training.prior import what_is_known
from worker.training.recipes import DefaultRecipe

CLASSES = 'particle', 'ice', 'carbon'      # of these data sets
FOLDS = 5


def study_parser(doc):
    """The arguments that the studies of data sets have in common; doc: of the script, whose first line tells of it."""
    parser = argparse.ArgumentParser(description=doc.splitlines()[0])
    parser.add_argument('--data', type=Path, nargs='+', required=True)
    parser.add_argument('--draws', type=int, default=10)
    return parser


def default_recipe(init='default', from_nothing=False):
    """The default recipe with the weights `init` and what comes with them, if anything, on what device there is.

    from_nothing: without that.
    """
    prior = None if from_nothing else what_is_known(init, 'resnet18')
    return DefaultRecipe(initial_extractor(init), choose_device('auto'), prior)


def box_angstrom(folder):
    """Width of the boxes of a data set, Å."""
    return float((Path(folder) / 'box_angstrom.txt').read_text())


def load(folder, recipe):
    """All labelled boxes of a data set, as `recipe` wants them."""
    return crop_labels(read_micrographs(folder / 'micrographs.csv'), read_labels(folder / 'labels.csv'),
                           box_angstrom(folder), 64, recipe.fields, recipe.margin)


def split(targets, mic_ids, draw):
    """(name of the split, indices to train on in random order, indices to judge by): by micrograph if that can be."""
    for name in (BY_MICROGRAPH, AT_RANDOM):
        try:
            return (name, *halves(targets, mic_ids, name, np.random.default_rng([0, draw])))
        except InputError as error:
            reason = error
    raise reason


def drawn(targets, mic_ids, draw, shots):
    """(indices of at most `shots` boxes of each class to train on, indices to judge by)."""
    _, order, test = split(targets, mic_ids, draw)
    return np.concatenate([order[targets[order] == t][:shots] for t in np.unique(targets)]), test


def embedded_data_set(folder, recipe):
    """(recipe for its classes, samples, what it learns from, class number of each box) of a data set.

    Numbers are those of the recipe's classes, to which what is known without labels belongs.
    """
    samples = load(folder, recipe)
    recipe = recipe.learning(list(samples.counts()))
    return (recipe, samples, recipe.embed(samples.pixels),
            np.array([recipe.classes.index(name) for name in samples.labels]))


def judged(recipe, targets, decided):
    """Figures of merit of class numbers (n), over the classes that occur."""
    names = np.array(recipe.classes)
    return figures(names[targets], names[decided], recipe.classes, [recipe.classes[t] for t in np.unique(targets)])
