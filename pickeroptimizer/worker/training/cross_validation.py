"""Estimates, from the labelled boxes alone, how well a recogniser will do on micrographs that it has not seen."""
import warnings
from collections import Counter
from dataclasses import dataclass
from typing import Any, Callable, Dict, List, Optional

import numpy as np
from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold
from torch import Tensor

from ..exchange.classes import PARTICLE, decide
from ..network.networks import Recogniser
from .calibration import calibrated, expected_calibration_error, fit_temperature, reliability
from .metrics import figures
from .recipes import Recipe

BY_MICROGRAPH, BY_BOX = 'micrograph', 'box'


@dataclass(frozen=True)
class CrossValidation:
    """What recognisers said of boxes that they were not trained with.

    probabilities: (n, classes), each at a temperature that was fitted to the other folds; targets: (n) class numbers;
    temperature: fitted to all of them; split: how the folds were made.
    """
    probabilities: np.ndarray
    targets: np.ndarray
    temperature: float
    split: str
    folds: int

    def report(self, classes: List[str]) -> Dict[str, Any]:
        """Return the figures over all boxes together."""
        names = np.array(classes)
        return {**figures(names[self.targets], names[decide(self.probabilities)], classes),
                'calibration_error': expected_calibration_error(self.probabilities, self.targets),
                'reliability': reliability(self.probabilities, self.targets),
                'temperature': self.temperature, 'split': self.split, 'folds': self.folds,
                'particle_probabilities': self._of_particles(classes)}

    def _of_particles(self, classes):
        """Sorted particle probabilities of the boxes labelled particle: what a cut would cost is read from them."""
        number = classes.index(PARTICLE)
        return [round(float(p), 6) for p in np.sort(self.probabilities[self.targets == number, number])]


def cross_validate(recipe: Recipe, embedded: Tensor, targets: np.ndarray, mic_ids: np.ndarray, folds: int, seed: int,
                   log: Callable[[str], None]) -> Optional[CrossValidation]:
    """Fit without one fold after the other and judge on it.

    Folds hold whole micrographs where every class lies on two at least; otherwise boxes are split at random, which
    flatters the result. None where a class has a single box. `log` gets a line per fold.
    """
    split, parts = _folds(mic_ids, targets, folds, seed)
    if not parts:
        return None
    raw = np.empty((len(targets), int(targets.max()) + 1))
    for number, (train, test) in enumerate(parts, start=1):
        log(f'cross-validation: fold {number} of {len(parts)} (by {split})')
        recogniser = recipe.fit(embedded[train], targets[train], seed)
        raw[test] = recipe.predict(recogniser, embedded[test])
    # What the user is told must not come of the boxes that a temperature was fitted to: each fold is judged at that of
    # the others.
    judged = raw.copy()
    for train, test in parts:
        judged[test] = calibrated(raw[test], fit_temperature(raw[train], targets[train]))
    return CrossValidation(judged, targets, fit_temperature(raw, targets), split, len(parts))


def fit_calibrated(recipe: Recipe, embedded: Tensor, targets: np.ndarray, mic_ids: np.ndarray, folds: int,
                   seed: int) -> Recogniser:
    """Fit a recogniser to all boxes, at the temperature of a cross-validation where there can be one (folds > 0)."""
    recogniser = recipe.fit(embedded, targets, seed)
    validation = cross_validate(recipe, embedded, targets, mic_ids, folds, seed, lambda line: None) if folds else None
    if validation:
        recogniser.temperature.fill_(validation.temperature)
    return recogniser


def _folds(mic_ids, targets, folds, seed):
    numbers = Counter(targets.tolist()).values()
    spread = min(len(set(mic_ids[targets == t])) for t in set(targets))
    if spread >= 2:
        for count in range(min(folds, len(set(mic_ids)), max(numbers)), 1, -1):
            splitter = StratifiedGroupKFold(count, shuffle=True, random_state=seed)
            with warnings.catch_warnings():
                warnings.simplefilter('ignore', UserWarning)      # of a class with fewer boxes than folds: it is known
                parts = list(splitter.split(targets, targets, mic_ids))
            if all(len(test) and len(set(targets[train])) == len(set(targets)) for train, test in parts):
                return BY_MICROGRAPH, parts
    if min(numbers) < 2:
        return BY_BOX, []
    splitter = StratifiedKFold(min(folds, min(numbers)), shuffle=True, random_state=seed)
    return BY_BOX, list(splitter.split(targets, targets))
