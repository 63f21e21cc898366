"""How much of a run's picks is junk, and what a cut makes of it: estimates with intervals, from the run itself.

The probabilities of a model are those of a set with as much of each class, so they do not add up to the junk among
picks that are particles mostly. What is used of them is their order. How junk is scored is known from the labelled
junk, as the cross-validation saw it: each labelled box stands for junk about as probable as it. What is below a low
probability is junk, hardly any particle; so many picks of the run as are there tell how much junk there is in all, and
then how much of it is above any cut. That is Storey's estimate of a false discovery rate (J. R. Stat. Soc. B 64, 479,
2002), with junk for the null hypotheses. Labelled particles, which are few and may have been chosen to be hard, are not
used: the rest of the run's picks are particles. See docs/rules.md.
"""
from functools import cached_property
from typing import Any, Mapping, NamedTuple, Optional

import numpy as np
from numpy.typing import ArrayLike

from ..worker.exchange.classes import KEPT_FROM

FLATTEST = 1e-6                                # probabilities are this far from 0 and 1 at least: they have six digits
ODDS = np.linspace(-14.0, 14.0, 1121)          # log-odds at which the labelled junk is looked at
BLUR = 0.6                                     # of a labelled box, log-odds
TELLING = np.arange(-2.5, 0.01, 0.25)          # log-odds below which junk is counted: each time, and the least is taken
# Particle probabilities of labelled junk where a model does not tell them: what is usual of ten labels a class.
USUAL = 0.01, 0.02, 0.03, 0.05, 0.08, 0.15, 0.3, 0.6
RESAMPLED = 400
INTERVAL = 0.025, 0.975
LIKELY = 0.8                                   # chances that there is no more junk than what is promised


class Estimate(NamedTuple):
    """A share (0-1), and the interval that it lies in with 95 % probability."""
    share: float
    low: float
    high: float

    def __str__(self) -> str:
        return f'{_percent(self.share)} % ({_percent(self.low)} to {_percent(self.high)})'


class Expected(NamedTuple):
    """What is expected of a cut: the share of junk among the kept picks, and of the particles that are lost."""
    junk: Estimate
    lost: Estimate

    def __str__(self) -> str:
        return f'of the kept {self.junk} are junk, of the particles {self.lost} are lost'


class Curve(NamedTuple):
    """What cuts make of a run: shares (0-1), (m,) each.

    junk: among the kept picks, no more than this with four chances in five (LIKELY); lost: of the particles, as
    expected.
    """
    junk: np.ndarray
    lost: np.ndarray


class RunShares:
    """The shares of particles and junk among the picks of a run.

    probabilities: particle probabilities of all scored picks (n,), nan for none. header: of the model; {} or None if it
    is not known.
    picks: how many are scored; values: their probabilities, each once, the highest first. isTold: whether the model
    tells how its labelled junk was scored; otherwise what is usual is taken. isGeneral: whether the model has no box of
    its own, and so no labels of these data. junk: the Estimate of the share of junk among the picks.
    """

    def __init__(self, probabilities: ArrayLike, header: Optional[Mapping[str, Any]] = None):
        known = header or {}
        told = (known.get('cross_validation') or {}).get('junk_probabilities')
        self.isTold = bool(told)
        self.isGeneral = 'box_angstrom' in known and not known['box_angstrom']
        self._labels = np.sort(told or USUAL)
        scores = np.asarray(probabilities, dtype=float)
        values, counts = np.unique(scores[~np.isnan(scores)], return_counts=True)
        self.values, self._kept = values[::-1], np.cumsum(counts[::-1])
        self.picks = int(counts.sum())
        generator = np.random.default_rng(0)
        # Of the labelled junk: each box counts once; in further rows so often as chance has it (Bayesian bootstrap).
        weights = np.vstack([np.full(len(self._labels), 1 / len(self._labels)),
                             generator.dirichlet(np.ones(len(self._labels)), RESAMPLED)])
        self._tails = weights @ _logistic((_odds(self._labels)[:, None] - ODDS) / BLUR)
        self._shares = self._estimate(generator)
        self.junk = _estimate(self._shares)

    def _estimate(self, generator: np.random.Generator) -> np.ndarray:
        """The share of junk among the picks, for each row of tails."""
        if not self.picks:
            return np.zeros(len(self._tails))
        below = 1 - self._above(_logistic(TELLING)) / self.picks
        chance = np.sqrt((below * (1 - below) + 1 / self.picks) / self.picks)
        below = below + chance * np.vstack([np.zeros(1), generator.standard_normal((RESAMPLED, 1))])
        return np.clip((below / (1 - self._tail(TELLING))).min(axis=1), 0, 1)

    def _above(self, minimum: ArrayLike) -> np.ndarray:
        """How many picks have at least these probabilities."""
        ends = np.searchsorted(-self.values, -np.asarray(minimum, dtype=float), side='right')
        return np.append(0, self._kept)[ends]

    def _tail(self, odds: ArrayLike) -> np.ndarray:
        """The share of the junk above log-odds (m,), for each row of tails: (rows, m)."""
        place = (np.asarray(odds, dtype=float) - ODDS[0]) / (ODDS[1] - ODDS[0])
        left = np.clip(place.astype(int), 0, len(ODDS) - 2)
        return self._tails[:, left] * (1 - (place - left)) + self._tails[:, left + 1] * (place - left)

    def keptBy(self, minimum: Optional[float]) -> int:
        """Return how many picks a cut keeps; minimum: as `at` takes it."""
        return int(self._above(KEPT_FROM if minimum is None else minimum))

    def at(self, minimum: Optional[float]) -> Optional[Expected]:
        """Return what is expected of a cut; None without picks.

        minimum: the least particle probability of a kept pick; None for particle against junk to decide.
        """
        if not self.picks:
            return None
        kept, cut = self.keptBy(minimum), KEPT_FROM if minimum is None else minimum
        junk = self._shares * self.picks
        above = junk * (self._tail([_odds(cut)])[:, 0] if cut <= 1 else 0)
        above[1:] = np.random.default_rng(0).poisson(above[1:])      # so many, as chance has it
        above = np.minimum(above, kept)
        lost = self.picks - kept - np.maximum(junk - above, 0)
        return Expected(_estimate(above / max(kept, 1)), _estimate(_share_of_particles(lost, self.picks - junk)))

    @cached_property
    def curve(self) -> Curve:
        """What a cut at each of `values` makes of the run."""
        above = self._shares[:, None] * self.picks * self._tails
        expected, most = (np.interp(_odds(self.values), ODDS, numbers)
                          for numbers in (above[0], np.quantile(above[1:], LIKELY, axis=0)))
        junk = self.junk.share * self.picks
        lost = self.picks - self._kept - (junk - expected)
        return Curve(most / self._kept, _share_of_particles(lost, self.picks - junk))

    @cached_property
    def withoutOneLabel(self) -> Optional['RunShares']:
        """The shares as they were without the labelled junk that looks most like a particle.

        None where nothing is told, or by one label alone.
        """
        if not self.isTold or len(self._labels) < 2:
            return None
        return RunShares(np.repeat(self.values, np.diff(self._kept, prepend=0)),
                         {'cross_validation': {'junk_probabilities': self._labels[:-1].tolist()}})


def _share_of_particles(lost: np.ndarray, particles: ArrayLike) -> np.ndarray:
    return np.clip(lost / np.maximum(particles, 1), 0, 1)


def _odds(probabilities: ArrayLike) -> np.ndarray:
    held = np.clip(np.asarray(probabilities, dtype=float), FLATTEST, 1 - FLATTEST)
    return np.log(held / (1 - held))


def _logistic(odds: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-odds))


def _estimate(rows: np.ndarray) -> Estimate:
    """The first row, and the interval of the others, which it is in."""
    low, high = np.quantile(rows[1:], INTERVAL)
    return Estimate(float(rows[0]), float(min(low, rows[0])), float(max(high, rows[0])))


def _percent(share: float) -> str:
    return f'{100 * share:.1f}' if share < 0.0995 else f'{100 * share:.0f}'
