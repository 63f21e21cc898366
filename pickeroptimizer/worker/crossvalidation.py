"""Estimates, from the labelled boxes alone, how well a recogniser will do on micrographs that it has not seen."""
from collections import Counter
from typing import Optional

import numpy as np
from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold

from .metrics import figures
from .samples import Samples

BY_MICROGRAPH, BY_BOX = 'micrograph', 'box'


def cross_validate(recipe, embedded, samples: Samples, classes, folds: int, seed: int, log) -> Optional[dict]:
    """Fit without one fold after the other and judge on it; figures over all boxes together.

    Folds hold whole micrographs where every class lies on two at least; otherwise boxes are split at random, which
    flatters the result. None where a class has a single box. `log` gets a line per fold.
    """
    targets = np.array([classes.index(label) for label in samples.labels])
    split, parts = _folds(samples, targets, folds, seed)
    if not parts:
        return None
    predicted = np.empty(len(targets), dtype=int)
    for number, (train, test) in enumerate(parts, start=1):
        log(f'cross-validation: fold {number} of {len(parts)} (by {split})')
        recogniser = recipe.fit(embedded[train], targets[train], seed)
        predicted[test] = recipe.predict(recogniser, embedded[test]).argmax(axis=1)
    names = np.array(classes)
    return {**figures(names[targets], names[predicted], classes), 'split': split, 'folds': len(parts)}


def _folds(samples, targets, folds, seed):
    spread = min(len(set(samples.mic_ids[targets == t])) for t in set(targets))
    if spread >= 2:
        for count in range(min(folds, len(set(samples.mic_ids))), 1, -1):
            splitter = StratifiedGroupKFold(count, shuffle=True, random_state=seed)
            parts = list(splitter.split(targets, targets, samples.mic_ids))
            if all(len(test) and len(set(targets[train])) == len(set(targets)) for train, test in parts):
                return BY_MICROGRAPH, parts
    fewest = min(Counter(targets.tolist()).values())
    if fewest < 2:
        return BY_BOX, []
    splitter = StratifiedKFold(min(folds, fewest), shuffle=True, random_state=seed)
    return BY_BOX, list(splitter.split(targets, targets))
