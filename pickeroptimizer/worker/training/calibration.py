"""Probabilities that mean what they say: one temperature, fitted to boxes that the recogniser has not seen.

Guo et al., "On calibration of modern neural networks", ICML 2017.
"""
from typing import List

import numpy as np
import torch
from scipy.optimize import minimize_scalar

from ..network.networks import LEAST_PROBABILITY, tempered

TEMPERATURES = (0.05, 5.0)
PRIOR = 1.0      # of the squared logarithm of the temperature: a few boxes that are all right do not make certainty
BINS = 10


def fit_temperature(probabilities: np.ndarray, targets: np.ndarray) -> float:
    """Return the temperature under which probabilities (n, classes) of class numbers (n) are the most likely.

    Each class weighs the same, however many boxes it has; temperatures far from 1 are thought unlikely beforehand.
    """
    weights = 1 / np.bincount(targets)[targets]
    weights *= len(targets) / weights.sum()

    def loss(log_temperature):
        own = calibrated(probabilities, float(np.exp(log_temperature)))[np.arange(len(targets)), targets]
        return PRIOR * log_temperature ** 2 - (weights * np.log(own.clip(LEAST_PROBABILITY))).sum()

    return float(np.exp(minimize_scalar(loss, bounds=np.log(TEMPERATURES), method='bounded').x))


def calibrated(probabilities: np.ndarray, temperature: float) -> np.ndarray:
    """Return probabilities (n, classes) at a temperature, as a recogniser applies it."""
    return tempered(torch.from_numpy(probabilities), temperature).numpy()


def reliability(probabilities: np.ndarray, targets: np.ndarray) -> List[dict]:
    """Return how sure and how right boxes of like confidence are: a dict for each of ten equal bins that has any.

    confidence, accuracy: weighted means (0-1); weight: share of all boxes, where each class weighs the same.
    """
    confidence, right = probabilities.max(axis=1), probabilities.argmax(axis=1) == targets
    weights = 1 / np.bincount(targets)[targets]
    bins = np.minimum((confidence * BINS).astype(int), BINS - 1)
    return [{'confidence': float(np.average(confidence[bins == b], weights=weights[bins == b])),
             'accuracy': float(np.average(right[bins == b], weights=weights[bins == b])),
             'weight': float(weights[bins == b].sum() / weights.sum())} for b in np.unique(bins)]


def expected_calibration_error(probabilities: np.ndarray, targets: np.ndarray) -> float:
    """Return how far the chosen class's probability is from how often it is right (0-1); classes weigh the same."""
    return sum(row['weight'] * abs(row['confidence'] - row['accuracy']) for row in reliability(probabilities, targets))
