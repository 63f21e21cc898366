"""Figures of merit of a classification, from true and predicted class names."""
from typing import Any, Dict, Optional, Sequence

import numpy as np
from sklearn.metrics import confusion_matrix, f1_score, precision_recall_fscore_support

from ..exchange.classes import PARTICLE


def figures(true: np.ndarray, predicted: np.ndarray, classes: Sequence[str],
            present: Optional[Sequence[str]] = None) -> Dict[str, Any]:
    """Return accuracy, macro-F1, balanced macro-F1, confusion matrix, junk removed and particles lost (shares, 0-1).

    Balanced: as if every class had the same number of boxes (each row of the confusion matrix sums to one); so are
    precision, recall and F1 of each class.
    Rows of the matrix are true classes, columns predicted ones, in the order of `classes`. present: those that the
    means are over, where some have no box.
    """
    confusion = confusion_matrix(true, predicted, labels=list(classes))
    weight = 1.0 / confusion.sum(axis=1).clip(min=1)
    balance = weight[[list(classes).index(c) for c in true]]
    f1 = {'labels': list(present or classes), 'average': 'macro', 'zero_division': 0}
    each = precision_recall_fscore_support(true, predicted, labels=list(classes), sample_weight=balance,
                                           zero_division=0)
    junk = true != PARTICLE
    return {'accuracy': float((true == predicted).mean()),
            'macro_f1': float(f1_score(true, predicted, **f1)),
            'balanced_macro_f1': float(f1_score(true, predicted, sample_weight=balance, **f1)),
            'junk_removed': float((predicted[junk] != PARTICLE).mean()) if junk.any() else None,
            'particles_lost': float((predicted[~junk] != PARTICLE).mean()) if (~junk).any() else None,
            'per_class': {name: dict(zip(('precision', 'recall', 'f1'), map(float, values)))
                          for name, *values in zip(classes, *each[:3])},
            'confusion': confusion.tolist()}
