"""Confidence intervals by resampling micrographs: picks of one micrograph share its ice and its film."""
import math
from typing import Callable, Tuple

import numpy as np
from numpy.typing import ArrayLike

DRAWS = 1000
LEVEL = 95      # per cent
SEED = 0


def interval(counts: ArrayLike, statistic: Callable[[np.ndarray], np.ndarray],
             draws: int = DRAWS) -> Tuple[np.ndarray, np.ndarray]:
    """Return the percentile interval of a statistic of counts, where whole micrographs are drawn with replacement.

    counts: (micrographs, ...) numbers that add up over micrographs. statistic: a function from sums, (draws, ...), to
    an array (draws, ...). Returns its (low, high); nan with fewer than two micrographs that have any, and where a
    statistic is mostly not defined. The same counts give the same interval.
    (Efron and Tibshirani, An Introduction to the Bootstrap, 1993, ch. 13, with the micrograph as the unit.)
    """
    shape = np.shape(counts)[1:]
    flat = np.asarray(counts, dtype=float).reshape(len(counts), math.prod(shape))
    flat = flat[flat.any(axis=1)]
    n = len(flat)
    if n < 2:
        nothing = np.full_like(statistic(np.zeros((1, *shape)))[0], np.nan)
        return nothing, nothing
    flat = flat[np.lexsort(flat.T)]      # so that the order of the micrographs does not matter
    times = np.random.default_rng(SEED).multinomial(n, np.full(n, 1 / n), size=draws)
    values = statistic((times @ flat).reshape(draws, *shape))
    tail = (100 - LEVEL) / 2
    known = np.isfinite(values)
    # Draws without, say, any junk tell nothing; where they are the half of all, neither do the others.
    mostly = known.mean(axis=0) > 0.5
    filled = np.where(mostly, values, 0.0)
    low, high = np.nanpercentile(filled, (tail, 100 - tail), axis=0)
    return np.where(mostly, low, np.nan), np.where(mostly, high, np.nan)
