"""Multinomial logistic regression around a prior: what is known already gives way to evidence, and to no more of it.

With a Gaussian prior on the weights this is the maximum a posteriori estimate; with a mean of 0 it is the usual ridge
penalty (Bishop, Pattern Recognition and Machine Learning, 2006, section 4.3).
"""
from typing import Tuple

import numpy as np
from scipy.optimize import minimize
from scipy.special import log_softmax

MOST_STEPS = 1000
REMEMBERED = 10      # steps from which L-BFGS estimates the curvature


def fit_around(features: np.ndarray, targets: np.ndarray, box_weights: np.ndarray, weight: np.ndarray,
               bias: np.ndarray, strength: float, of_biases: float = 0.0) -> Tuple[np.ndarray, np.ndarray]:
    """Return the weight (classes, width) and the bias (classes) of a linear classifier, float32.

    features: (n, width); targets: class numbers (n); box_weights: of the boxes (n); weight, bias: where the regression
    starts, and from where to go costs strength / 2 for each square of a weight, and of_biases / 2 for that of a bias.
    """
    features = np.asarray(features, np.float32)
    goal = np.eye(len(bias), dtype=np.float32)[targets]
    counts = np.asarray(box_weights, np.float32)[:, None]
    known = (features @ weight.T + bias).astype(np.float32)

    def loss(steps: np.ndarray) -> Tuple[float, np.ndarray]:
        step = steps.reshape(len(bias), -1).astype(np.float32)
        of_weight, of_bias = step[:, :-1], step[:, -1]
        logs = log_softmax(known + features @ of_weight.T + of_bias, axis=1)
        error = counts * (np.exp(logs) - goal)
        gradient = np.column_stack((error.T @ features + strength * of_weight,
                                    error.sum(axis=0) + of_biases * of_bias))
        value = (-float((counts * goal * logs).sum()) + strength / 2 * float((of_weight ** 2).sum())
                 + of_biases / 2 * float((of_bias ** 2).sum()))
        return value, gradient.ravel().astype(np.float64)

    found = minimize(loss, np.zeros(weight.size + bias.size), jac=True, method='L-BFGS-B',
                     options={'maxiter': MOST_STEPS, 'maxcor': REMEMBERED})
    step = found.x.reshape(len(bias), -1).astype(np.float32)
    return weight + step[:, :-1], bias + step[:, -1]
