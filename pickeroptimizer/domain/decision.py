"""What is kept: the rule, and where it cuts for what a user wants."""
import math
from typing import Any, Mapping, Optional

import numpy as np
from numpy.typing import ArrayLike

from ..worker.exchange.errors import InputError

MOST_PROBABLE, MINIMUM, SHARE, PURITY = range(4)
DIGITS = 6      # of probabilities, as the worker writes those of picks
EQUAL = 1e-9    # shares that differ by less are equal: that is rounding
RULES = ('particle against junk', 'minimum particle probability', 'share of the particles', 'share of junk')


def minimumFor(rule: int, wanted: Optional[float], header: Optional[Mapping[str, Any]],
               probabilities: ArrayLike) -> Optional[float]:
    """Return the least particle probability of a kept pick; None when particle against junk decides.

    rule: its number in RULES. wanted: the number that goes with it, a probability, or a share in per cent; None with
    particle against junk. header: of the model, needed for SHARE alone. probabilities: particle probabilities of
    all scored picks (n,), needed for PURITY alone. Raises InputError where the model cannot promise the share, and
    where there is no number.
    """
    if rule == MOST_PROBABLE:
        return None
    if wanted is None:
        raise InputError(f'Keep by {RULES[rule]}: which one? Its field is empty; give a number.')
    if rule == MINIMUM:
        return wanted
    if rule == SHARE:
        return minimumForShare(header or {}, wanted / 100)
    return minimumForPurity(probabilities, wanted / 100)


def isKept(classes: ArrayLike, particleProbabilities: Optional[ArrayLike], minimum: Optional[float]) -> np.ndarray:
    """Return whether scored picks are kept, bool (n,): the keep rule, for the protocol and the windows alike.

    classes: (n,) numbers of their classes, as classes.decide has them; particleProbabilities: (n,), not needed without
    a minimum; minimum: the least particle probability of a kept pick, None for the classes to decide.
    """
    if minimum is None:
        return np.asarray(classes) == 0      # the particle
    return np.asarray(particleProbabilities) >= minimum


def numberText(value: float, decimals: int = 0) -> str:
    """Return a number as a text that is the very same number when it is typed in, with at least so many decimals."""
    text = f'{value:.{decimals}f}'
    return text if float(text) == value else repr(float(value))


def describe(rule: int, wanted: Optional[float]) -> str:
    """Return a rule in words that go after "kept by"; for the arguments see minimumFor."""
    return {MOST_PROBABLE: 'what is more probable, particle or junk',
            MINIMUM: f'a particle probability of {wanted} or more',
            SHARE: f'a share of {wanted} % of the particles', PURITY: f'at most {wanted} % of junk'}[rule]


def minimumForShare(header: Mapping[str, Any], share: float) -> float:
    """Return the cut that keeps at least this share (0-1) of the particles, from a model's header.

    It is taken from the labelled particles as the cross-validation saw them: with n of them, at most n / (n + 1) can
    be promised (split conformal prediction). The cut is rounded as the probabilities of picks are, so that it keeps a
    pick that is as probable as the labelled particle that it is taken from. Raises InputError where they are too few
    or there was none.
    """
    held = np.sort((header.get('cross_validation') or {}).get('particle_probabilities') or [])
    if not len(held):
        raise InputError('This model was not cross-validated, so how many particles a cut keeps is not known: decide '
                         'by particle against junk, or a minimum probability.')
    below = math.floor((len(held) + 1) * (1 - share) + EQUAL)
    if below < 1:
        raise InputError(f'{len(held)} labelled particles promise at most {100 * len(held) / (len(held) + 1):.1f} % of '
                         f'all particles, not {100 * share:g} %: label more, or ask for less.')
    return round(float(held[below - 1]), DIGITS)


def minimumForPurity(probabilities: ArrayLike, junk: float) -> float:
    """Return the cut under which at most this share (0-1) of the kept picks is junk, as the probabilities have it.

    probabilities: particle probabilities of all scored picks, nan for none. They are those of a set with as much of
    each class; where most picks are particles, as usual, the kept ones are purer than asked for. Of equal
    probabilities all are kept, or none. Nothing is kept (cut above 1) if not even the best picks are sure enough.
    """
    known = np.asarray(probabilities, dtype=float)
    values, counts = (column[::-1] for column in np.unique(known[~np.isnan(known)], return_counts=True))
    expected = np.cumsum(counts * (1 - values)) / np.cumsum(counts)
    enough = np.flatnonzero(expected <= junk + EQUAL)
    return float(values[enough[-1]]) if len(enough) else math.nextafter(1.0, 2.0)
