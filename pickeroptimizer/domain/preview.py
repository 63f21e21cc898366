"""What picks look like by the labels so far, in the time of a key press: no substitute for the training, a preview.

The general model's probabilities, and a ridge regression, on the labelled picks, of what it was wrong by. See
docs/suggestions.md.
"""
from typing import Dict, List

import numpy as np

from ..worker.exchange.classes import PARTICLE, decide, ordered

RIDGE = 1 / 64      # regularisation; features have a squared length of about 1


def previewed(inputs: np.ndarray, moments: np.ndarray, general: Dict[str, np.ndarray], known: Dict[int, str]
              ) -> List[str]:
    """Return the class (n) that each pick seems to be of.

    inputs: (n, m) features with a column of ones; moments: (m, m) their mean products. general: {class: its
    probabilities (n)} by the general model; may be empty. known: {row: class} of the labelled picks; each class weighs
    the same, as much as all picks together, about which the general model counts as right.
    """
    classes = ordered({PARTICLE, *general, *known.values()})
    scores = np.column_stack([general.get(name, np.zeros(len(inputs))) for name in classes])
    moments = moments + RIDGE * np.eye(len(moments))
    sums = np.zeros((inputs.shape[1], len(classes)))
    for column, name in enumerate(classes):
        rows = [row for row, label in known.items() if label == name]
        if rows:
            wrong = np.eye(len(classes))[column] - scores[rows]
            moments += inputs[rows].T @ inputs[rows] / len(rows)
            sums += inputs[rows].T @ wrong / len(rows)
    scores = scores + inputs @ np.linalg.solve(moments, sums)
    return [classes[column] for column in decide(scores)] if len(classes) > 1 else [PARTICLE] * len(inputs)
