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
RANDOM, ALL = 'random', 'all'      # which labelled particles stand for particles
ENOUGH_RANDOM = 10


@dataclass(frozen=True)
class CrossValidation:
    """What recognisers said of boxes that they were not trained with.

    probabilities: (n, classes), each at a temperature that was fitted to the other folds; targets: (n) class numbers;
    judged: (n) bool, not so for the only box of a class, which is never left out; temperature: fitted to all typical
    ones that are; split: how the folds were made; typical: (n) bool, see typical_of.
    """
    probabilities: np.ndarray
    targets: np.ndarray
    judged: np.ndarray
    temperature: float
    split: str
    folds: int
    typical: np.ndarray

    def report(self, classes: List[str]) -> Dict[str, Any]:
        """Return the figures over all boxes that were judged."""
        names, probabilities, targets = np.array(classes), self.probabilities[self.judged], self.targets[self.judged]
        present = [classes[t] for t in np.unique(targets)]
        return {**figures(names[targets], names[decide(probabilities)], classes, present),
                'calibration_error': expected_calibration_error(probabilities, targets),
                'reliability': reliability(probabilities, targets),
                'temperature': self.temperature, 'split': self.split, 'folds': self.folds,
                'particle_probabilities': self._of(classes, junk=False),
                'junk_probabilities': self._of(classes, junk=True), 'particles': ALL if self.typical.all() else RANDOM}

    def _of(self, classes, junk):
        """Sorted particle probabilities of the typical boxes labelled particle or, of all together, junk.

        What junk is expected above a cut is read from the latter.
        """
        number = classes.index(PARTICLE)
        chosen = self.judged & self.typical & ((self.targets == number) != junk)
        return [round(float(p), 6) for p in np.sort(self.probabilities[chosen, number])]


def typical_of(targets: np.ndarray, drawn: np.ndarray) -> np.ndarray:
    """Return which labelled boxes stand for their class as it comes among the picks, bool (n).

    Particles that suggestions asked for since they look like junk do not, where ENOUGH_RANDOM were drawn at random.
    Of junk all do, for it is rarely drawn.
    targets: class numbers (n), 0 for the particle; drawn: bool (n), whether each was drawn at random.
    """
    particle = targets == 0
    return ~particle | drawn if (drawn & particle).sum() >= ENOUGH_RANDOM else np.ones(len(targets), dtype=bool)


def cross_validate(recipe: Recipe, embedded: Tensor, targets: np.ndarray, mic_ids: np.ndarray, folds: int, seed: int,
                   log: Callable[[str], None], drawn: Optional[np.ndarray] = None) -> Optional[CrossValidation]:
    """Fit without one fold after the other and judge on it.

    Folds hold whole micrographs where every class lies on two at least; otherwise boxes are split at random, which
    flatters the result. The only box of a class is learnt from in every fold. None where nothing else is left of the
    particles or of junk. `log` gets a line per fold. drawn: see typical_of; None where it is not known of any.
    """
    typical = typical_of(targets, np.zeros(len(targets), dtype=bool) if drawn is None else drawn)
    judged = np.bincount(targets)[targets] > 1
    if len(set(targets[judged] == 0)) < 2:
        return None
    some = np.flatnonzero(judged)
    split, parts = _folds(mic_ids[some], targets[some], folds, seed)
    parts = [(np.append(some[train], np.flatnonzero(~judged)), some[test]) for train, test in parts]
    raw = np.full((len(targets), len(recipe.classes)), np.nan)
    for number, (train, test) in enumerate(parts, start=1):
        log(f'cross-validation: fold {number} of {len(parts)} (by {split})')
        recogniser = recipe.fit(embedded[train], targets[train], seed)
        raw[test] = recipe.predict(recogniser, embedded[test])
    # What the user is told must not come of the boxes that a temperature was fitted to: each fold is judged at that of
    # the others.
    probabilities = raw.copy()
    for train, test in parts:
        others = train[(judged & typical)[train]]
        probabilities[test] = calibrated(raw[test], fit_temperature(raw[others], targets[others]))
    usual = judged & typical
    return CrossValidation(probabilities, targets, judged, fit_temperature(raw[usual], targets[usual]), split,
                           len(parts), typical)


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
    splitter = StratifiedKFold(min(folds, min(numbers)), shuffle=True, random_state=seed)
    return BY_BOX, list(splitter.split(targets, targets))
