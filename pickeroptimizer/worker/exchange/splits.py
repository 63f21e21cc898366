"""Splits a labelled data set into boxes to train on and boxes to judge by. Needs no torch."""
from typing import Sequence, Tuple

import numpy as np

from .errors import InputError

BY_MICROGRAPH, AT_RANDOM = 'micrograph', 'random'
ATTEMPTS = 1000
LEAST = 4          # boxes of each class on either side


def check_split(labels: Sequence[str], mic_ids: Sequence[int], split: str) -> None:
    """Raise InputError, with the reason, if `halves` finds no split of boxes with these classes and micrographs."""
    names, targets, numbers = np.unique(np.asarray(labels), return_inverse=True, return_counts=True)
    places = np.asarray(mic_ids)
    for name, number in zip(names, numbers):
        if number < 2 * LEAST:
            raise InputError(f'There are {number} labels of {name}: an evaluation needs {2 * LEAST} of each class, '
                             f'{LEAST} on either side of a split.')
    for target, name in enumerate(names):
        if split == BY_MICROGRAPH and len(np.unique(places[targets == target])) < 2:
            raise InputError(f'All labels of {name} are on one micrograph: label some on others too, or split at '
                             f'random.')
    halves(targets, places, split, np.random.default_rng(0))


def halves(targets: np.ndarray, mic_ids: np.ndarray, split: str,
           rng: np.random.Generator) -> Tuple[np.ndarray, np.ndarray]:
    """Indices that may be trained on, in random order, and those to judge by, from class numbers and micrographs (n).

    Half of the micrographs go to either side, or half of the boxes of each class. Raises InputError where no split
    leaves LEAST boxes of every class on both sides.
    """
    classes = set(targets)
    for _ in range(ATTEMPTS):
        train = np.zeros(len(targets), dtype=bool)
        if split == BY_MICROGRAPH:
            chosen = rng.permutation(np.unique(mic_ids))
            train = np.isin(mic_ids, chosen[:len(chosen) // 2])
        else:
            for t in classes:
                members = rng.permutation(np.flatnonzero(targets == t))
                train[members[:len(members) // 2]] = True
        if all(min((targets[train] == t).sum(), (targets[~train] == t).sum()) >= LEAST for t in classes):
            return rng.permutation(np.flatnonzero(train)), np.flatnonzero(~train)
    raise InputError(f'There is no split by {split} that leaves {LEAST} boxes of each class on both sides: label '
                     f'more, or split at random.')
