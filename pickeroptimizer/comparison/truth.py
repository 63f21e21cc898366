"""Methods judged by the true classes of the picks."""
from dataclasses import dataclass
from typing import Dict, List, Tuple

import numpy as np
from numpy.typing import ArrayLike

from .agreement import micrograph_index
from .bootstrap import interval
from .comparison import UNKNOWN, Comparison

# Axes of the counts: true class, decision.
PARTICLES, JUNK = range(2)
KEPT, REJECTED = range(2)

# What the figures are called for a user; all are shares (0-1).
FIGURES = {'junk_removed': 'junk removed', 'particles_lost': 'particles lost', 'precision': 'precision',
           'recall': 'recall', 'f1': 'F1'}


@dataclass(frozen=True)
class Judgement:
    """How one method decided about the picks that it covers and whose true class is known.

    counts: int64 (classes, 2), picks KEPT and REJECTED, in the order of the comparison's classes. figures: {key of
    FIGURES: (value, low, high)}, the last two the 95 % interval by micrograph; nan where not defined.
    """
    name: str
    counts: np.ndarray
    figures: Dict[str, Tuple[float, float, float]]


def figures_of(counts: ArrayLike) -> Dict[str, np.ndarray]:
    """Return {key of FIGURES: shares (...)} of counts (..., 2, 2): PARTICLES or JUNK, KEPT or REJECTED.

    Precision: share of particles among the kept. Recall: share of the particles that are kept, 1 - particles lost.
    F1: harmonic mean of the two. nan where a share is of nothing.
    """
    counts = np.asarray(counts, dtype=float)
    true, false = counts[..., PARTICLES, KEPT], counts[..., JUNK, KEPT]
    missed, removed = counts[..., PARTICLES, REJECTED], counts[..., JUNK, REJECTED]
    with np.errstate(invalid='ignore', divide='ignore'):
        return {'junk_removed': removed / (removed + false), 'particles_lost': missed / (missed + true),
                'precision': true / (true + false), 'recall': true / (true + missed),
                'f1': 2 * true / (2 * true + false + missed)}


def judge(comparison: Comparison) -> List[Judgement]:
    """Return a Judgement for each deciding method, in their order; [] without a truth."""
    if comparison.truth is None:
        return []
    index, size = micrograph_index(comparison)
    classes = len(comparison.classes)
    judgements = []
    for method in comparison.deciding:
        counted = method.covered & (comparison.truth != UNKNOWN)
        code = (index[counted] * classes + comparison.truth[counted]) * 2 + ~method.kept[counted]
        table = np.bincount(code, minlength=size * classes * 2).reshape(size, classes, 2)
        judgements.append(Judgement(method.name, table.sum(axis=0), with_intervals(two_classes(table))))
    return judgements


def two_classes(table: np.ndarray) -> np.ndarray:
    """Return counts (..., classes, 2) as (..., 2, 2): all that is no particle is junk."""
    return np.stack([table[..., 0, :], table[..., 1:, :].sum(axis=-2)], axis=-2)


def with_intervals(counts: np.ndarray) -> Dict[str, Tuple[float, float, float]]:
    """Return {key of FIGURES: (value, low, high)} of counts (micrographs, 2, 2), with 95 % intervals."""
    low, high = interval(counts, lambda sums: np.stack(list(figures_of(sums).values()), axis=-1))
    values = figures_of(counts.sum(axis=0))
    return {key: (float(values[key]), float(low[i]), float(high[i])) for i, key in enumerate(FIGURES)}
