"""How one method's decision about a pick agrees with those of the others: the kinds of boxes in pictures."""
from collections import namedtuple

import numpy as np

from .agreement import votes
from .comparison import Comparison

Kind = namedtuple('Kind', 'text colour')

# Colours of Okabe and Ito, which colour-blind people tell apart.
AGREEMENT = (Kind('kept by all', '#009E73'), Kind('kept here, and by some', '#56B4E9'),
             Kind('kept here alone', '#F0E442'), Kind('rejected here, kept by some', '#D55E00'),
             Kind('rejected by all', '#CC79A7'), Kind('not given to the method', '#A0A0A0'))
KEPT_BY_ALL, KEPT_BY_SOME, KEPT_ALONE, KEPT_BY_OTHERS, KEPT_BY_NONE, NOT_GIVEN = range(len(AGREEMENT))


def agreement_kinds(comparison: Comparison, rows: np.ndarray) -> np.ndarray:
    """Return the kinds of the picks in some rows, int8 (deciding methods, rows), numbers into AGREEMENT."""
    keepers, covering = (counts[rows] for counts in votes(comparison))
    kinds = np.empty((len(comparison.deciding), len(rows)), dtype=np.int8)
    for line, method in zip(kinds, comparison.deciding):
        kept = np.where(keepers == covering, KEPT_BY_ALL, np.where(keepers == 1, KEPT_ALONE, KEPT_BY_SOME))
        line[:] = np.where(method.kept[rows], kept, np.where(keepers == 0, KEPT_BY_NONE, KEPT_BY_OTHERS))
        line[~method.covered[rows]] = NOT_GIVEN
    return kinds
