"""Curves of a method that has a score: what it would keep at any other threshold."""
from dataclasses import dataclass, field
from typing import Dict, List, Optional, Tuple

import numpy as np

from .agreement import micrograph_index
from .bootstrap import interval
from .comparison import UNKNOWN, Comparison, Method
from .truth import FIGURES, JUNK, PARTICLES, figures_of

POINTS = 200                              # thresholds of a curve at most
ROUNDING = 1e-12                          # of shares that are compared
LOSSES = (0.01, 0.02, 0.05, 0.1)          # shares of the particles lost at which methods are held side by side


@dataclass(frozen=True)
class Curve:
    """A method's picks by threshold, (T,) each: kept are those with a score of at least the threshold.

    thresholds: growing; the last lies above all scores. kept: picks. scored: picks that the method covers and that
    have a score. unscored: (kept, rejected) picks without one: they stay so at any threshold. figures, with a truth:
    {key of truth.FIGURES: (values, lows, highs)}, shares with their 95 % intervals by micrograph. at_loss, with a
    truth: {share of the particles lost: (junk removed, low, high)}, the most junk that any score as a threshold removes
    without losing more particles; nan if none does.
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
    thresholds = _thresholds(method.scores[scored], _best_thresholds(comparison, method, LOSSES))
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
    allowed = np.where(figures['particles_lost'] <= loss + ROUNDING, figures['junk_removed'], -np.inf)
    most = allowed.max(axis=-1, initial=-np.inf)
    return np.where(np.isfinite(most), most, np.nan)


def most_junk_removed(comparison: Comparison, method: Method, loss: float) -> float:
    """Return the most junk, a share, that any score of a Method as a threshold removes without losing more particles.

    loss: the share of the particles (0-1). nan where every threshold loses more, or nothing is known to be junk.
    """
    return float(junk_removed_at(_every_threshold(comparison, method)[1], loss))


def _every_threshold(comparison, method):
    """Return every score that is one threshold more, growing, and one above all; and figures as in junk_removed_at."""
    counted = method.covered & (comparison.truth != UNKNOWN)
    known = np.isfinite(method.scores)
    thresholds = np.unique(method.scores[method.covered & known])
    thresholds = np.append(thresholds, np.nextafter(thresholds[-1], np.inf)) if len(thresholds) else np.zeros(0)
    figures = {}
    for key, kind in (('particles_lost', comparison.truth == 0), ('junk_removed', comparison.truth > 0)):
        below = np.searchsorted(np.sort(method.scores[counted & kind & known]), thresholds, side='left')
        always = np.count_nonzero(counted & kind & ~known & ~method.kept)
        with np.errstate(invalid='ignore', divide='ignore'):
            figures[key] = (below + always) / np.count_nonzero(counted & kind)
    return thresholds, figures


def _best_thresholds(comparison, method, losses):
    """Return the highest thresholds that lose at most so many particles, shares, of those losses that allow one."""
    if comparison.truth is None:
        return []
    thresholds, figures = _every_threshold(comparison, method)
    places = np.searchsorted(figures['particles_lost'], np.array(losses) + ROUNDING, side='right') - 1
    return thresholds[places[places >= 0]]


def _thresholds(scores, wanted):
    """At most POINTS of the scores, each one that a pick has, the `wanted` ones among them, and one above all."""
    values = np.unique(scores)
    above = np.nextafter(values[-1], np.inf)
    if len(values) > POINTS:
        # Steps with as many picks as another, and with as many scores: most picks may share a few scores.
        shares = np.linspace(0, 1, (POINTS - len(wanted)) // 2)
        values = np.unique(np.concatenate([np.quantile(scores, shares, method='lower'),
                                           np.quantile(values, shares, method='lower'), wanted]))
    return np.unique(np.append(values, above))


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
