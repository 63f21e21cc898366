"""Probabilities that mean what they say: one temperature, fitted to boxes that the recogniser has not seen.

Guo et al., "On calibration of modern neural networks", ICML 2017.
"""
from typing import List

import numpy as np
import torch
from scipy.optimize import minimize_scalar

from ..exchange.classes import decide
from ..network.networks import LEAST_PROBABILITY, tempered

TEMPERATURES = (0.05, 5.0)
PRIOR = 1.0      # of the squared logarithm of the temperature: a few boxes that are all right do not make certainty
SMOOTHING = 0.5  # of a box that is wrong, and one that is right, which nobody saw (Krichevsky and Trofimov, 1981)
BINS = 10


def fit_temperature(probabilities: np.ndarray, targets: np.ndarray) -> float:
    """Return the temperature under which probabilities (n, classes) of class numbers (n) are the most likely.

    Each class weighs the same, however many boxes it has; temperatures far from 1 are thought unlikely beforehand.
    A few boxes that are all right do not show that the next one is, so targets are smoothed: with N boxes, each counts
    as of its class by (N + SMOOTHING) / (N + 2 SMOOTHING), and as of the other classes by the rest. More of it, such as
    Platt's (1999), was measured to make the probabilities too blunt (docs/recogniser.md).
    """
    number, classes = probabilities.shape
    weights = 1 / np.bincount(targets)[targets]
    weights *= number / weights.sum()
    others = SMOOTHING / (number + 2 * SMOOTHING) / (classes - 1)
    smooth = np.full(probabilities.shape, others)
    smooth[np.arange(number), targets] = 1 - (classes - 1) * others

    def loss(log_temperature):
        logs = np.log(calibrated(probabilities, float(np.exp(log_temperature))).clip(LEAST_PROBABILITY))
        return PRIOR * log_temperature ** 2 - (weights[:, None] * smooth * logs).sum()

    return float(np.exp(minimize_scalar(loss, bounds=np.log(TEMPERATURES), method='bounded').x))


def calibrated(probabilities: np.ndarray, temperature: float) -> np.ndarray:
    """Return probabilities (n, classes) at a temperature, as a recogniser applies it."""
    return tempered(torch.from_numpy(probabilities), temperature).numpy()


def reliability(probabilities: np.ndarray, targets: np.ndarray) -> List[dict]:
    """Return how sure and how right boxes of like confidence are: a dict for each of ten equal bins that has any.

    confidence, accuracy: weighted means (0-1); weight: share of all boxes, where each class weighs the same.
    """
    decided = decide(probabilities)
    confidence, right = probabilities[np.arange(len(decided)), decided], decided == targets
    weights = 1 / np.bincount(targets)[targets]
    bins = np.minimum((confidence * BINS).astype(int), BINS - 1)
    return [{'confidence': float(np.average(confidence[bins == b], weights=weights[bins == b])),
             'accuracy': float(np.average(right[bins == b], weights=weights[bins == b])),
             'weight': float(weights[bins == b].sum() / weights.sum())} for b in np.unique(bins)]


def expected_calibration_error(probabilities: np.ndarray, targets: np.ndarray) -> float:
    """Return how far the chosen class's probability is from how often it is right (0-1); classes weigh the same."""
    return sum(row['weight'] * abs(row['confidence'] - row['accuracy']) for row in reliability(probabilities, targets))
