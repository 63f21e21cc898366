"""Curves of a method that has a score: what it would keep at any other threshold."""
from dataclasses import dataclass, field
from typing import Dict, List, Optional, Tuple

import numpy as np

from .agreement import micrograph_index
from .bootstrap import interval
from .comparison import UNKNOWN, Comparison, Method
from .truth import FIGURES, JUNK, PARTICLES, figures_of

POINTS = 200                              # thresholds of a curve at most
LOSSES = (0.01, 0.02, 0.05, 0.1)          # shares of the particles lost at which methods are held side by side


@dataclass(frozen=True)
class Curve:
    """A method's picks by threshold, (T,) each: kept are those with a score of at least the threshold.

    thresholds: growing; the last lies above all scores. kept: picks. scored: picks that the method covers and that
    have a score. unscored: (kept, rejected) picks without one: they stay so at any threshold. figures, with a truth:
    {key of truth.FIGURES: (values, lows, highs)}, shares with their 95 % intervals by micrograph. at_loss, with a
    truth: {share of the particles lost: (junk removed, low, high)}, the most junk that some threshold removes without
    losing more particles; nan if none does.
    """
    name: str
    score_name: str
    thresholds: np.ndarray
    kept: np.ndarray
    scored: int
    unscored: Tuple[int, int]
    figures: Optional[Dict[str, Tuple[np.ndarray, np.ndarray, np.ndarray]]] = None
    at_loss: Dict[float, Tuple[float, float, float]] = field(default_factory=dict)


def curve(comparison: Comparison, method: Method) -> Optional[Curve]:
    """Return the Curve of one Method; None if none of the picks that it covers has a score."""
    scored = method.covered & np.isfinite(method.scores)
    if not scored.any():
        return None
    unscored = method.covered & ~np.isfinite(method.scores)
    thresholds = _thresholds(method.scores[scored])
    # For each pick, how many of the thresholds it passes.
    passed = np.where(method.kept, len(thresholds), 0)
    passed[scored] = np.searchsorted(thresholds, method.scores[scored], side='right')
    kept = _kept(np.bincount(passed[method.covered], minlength=len(thresholds) + 1))
    result = {'name': method.name, 'score_name': method.score_name, 'thresholds': thresholds, 'kept': kept,
              'scored': int(scored.sum()),
              'unscored': (int((unscored & method.kept).sum()), int((unscored & ~method.kept).sum()))}
    if comparison.truth is not None:
        counts = _true_counts(comparison, method, passed, len(thresholds))
        result['figures'] = _figures(counts)
        result['at_loss'] = _at_losses(counts)
    return Curve(**result)


def curves(comparison: Comparison) -> List[Curve]:
    """Return the Curves of all methods that have a score, also of those that do not decide."""
    found = (curve(comparison, method) for method in comparison.methods)
    return [one for one in found if one is not None]


def junk_removed_at(figures: Dict[str, np.ndarray], loss: float) -> np.ndarray:
    """Return the most junk removed, shares (...), at any threshold that loses at most this share of the particles.

    figures: {'junk_removed', 'particles_lost': (..., T)}; nan where no threshold loses so few.
    """
    allowed = np.where(figures['particles_lost'] <= loss + 1e-12, figures['junk_removed'], -np.inf)
    most = allowed.max(axis=-1)
    return np.where(np.isfinite(most), most, np.nan)


def _thresholds(scores):
    """At most POINTS of the scores, each a quantile that a pick really has, and one above all."""
    values = np.unique(scores)
    if len(values) > POINTS:
        values = np.unique(np.quantile(scores, np.linspace(0, 1, POINTS), method='lower'))
    return np.append(values, np.nextafter(values[-1], np.inf))


def _kept(passed):
    """Return counts by threshold (..., T) from counts by the number of thresholds passed (..., T + 1)."""
    return np.cumsum(passed[..., ::-1], axis=-1)[..., -2::-1]


def _true_counts(comparison, method, passed, thresholds):
    """int64 (micrographs, T, 2, 2): PARTICLES or JUNK, KEPT or REJECTED, of the covered picks of known class."""
    index, size = micrograph_index(comparison)
    counted = method.covered & (comparison.truth != UNKNOWN)
    kind = np.where(comparison.truth[counted] == 0, PARTICLES, JUNK)
    code = (index[counted] * 2 + kind) * (thresholds + 1) + passed[counted]
    table = np.bincount(code, minlength=size * 2 * (thresholds + 1)).reshape(size, 2, thresholds + 1)
    kept = _kept(table)
    rejected = table.sum(axis=-1, keepdims=True) - kept
    return np.stack([kept, rejected], axis=-1).transpose(0, 2, 1, 3)


def _figures(counts):
    low, high = interval(counts, lambda sums: np.stack(list(figures_of(sums).values()), axis=-1))
    values = figures_of(counts.sum(axis=0))
    return {key: (values[key], low[:, i], high[:, i]) for i, key in enumerate(FIGURES)}


def _at_losses(counts):
    def removed(sums):
        figures = figures_of(sums)
        return np.stack([junk_removed_at(figures, loss) for loss in LOSSES], axis=-1)

    values, (low, high) = removed(counts.sum(axis=0)), interval(counts, removed)
    return {loss: (float(values[i]), float(low[i]), float(high[i])) for i, loss in enumerate(LOSSES)}
