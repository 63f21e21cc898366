"""What is kept: the rule, and where it cuts for what a user wants."""
import math
from typing import List, Optional

import numpy as np
from numpy.typing import ArrayLike

from ..worker.exchange.errors import InputError
from .shares import RunShares

MOST_PROBABLE, MINIMUM, SHARE, PURITY = range(4)
ESTIMATED = SHARE, PURITY      # rules that need all the picks of a run
EQUAL = 1e-9    # shares that differ by less are equal: that is rounding
MUCH = 0.05     # of the picks: a cut is decided by one label if without it so many more or fewer are kept
RULES = ('particle against junk', 'minimum particle probability', 'share of the particles', 'share of junk')
MANY = 0.1      # of the particles: a cut that is expected to lose more is told of
FREE = 0.001    # of the particles: junk that goes at this price is never kept
NOTHING = math.nextafter(1.0, 2.0)      # the cut that keeps nothing


def minimumFor(rule: int, wanted: Optional[float], shares: Optional[RunShares]) -> Optional[float]:
    """Return the least particle probability of a kept pick; None when particle against junk decides.

    rule: its number in RULES. wanted: the number that goes with it, a probability, or a share in per cent; None with
    particle against junk. shares: of all the picks of the run, needed for the rules in ESTIMATED alone. Raises
    InputError where there is no number.
    """
    if rule == MOST_PROBABLE:
        return None
    if wanted is None:
        raise InputError(f'Keep by {RULES[rule]}: which one? Its field is empty; give a number.')
    if rule == MINIMUM:
        return wanted
    cut = minimumForShare if rule == SHARE else minimumForPurity
    return cut(RunShares([]) if shares is None else shares, wanted / 100)


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


def minimumForShare(shares: RunShares, share: float) -> float:
    """Return the highest cut that is expected to keep at least this share (0-1) of the particles of a run.

    Without picks nothing is kept (cut above 1), which is all there is.
    """
    enough = np.flatnonzero(shares.curve.lost <= 1 - share + EQUAL)
    return float(shares.values[enough[0]]) if len(enough) else NOTHING


def minimumForPurity(shares: RunShares, junk: float) -> float:
    """Return the lowest cut under which at most this share (0-1) of the kept picks of a run is junk, very likely.

    It is no lower than what is expected to keep all particles but FREE: where there is less junk than was asked for,
    that which is plainly junk is not kept for all that. Of equal probabilities all are kept, or none. Nothing is kept
    (cut above 1) if not even the best picks are sure enough.
    """
    enough = np.flatnonzero(shares.curve.junk <= junk + EQUAL)
    return max(float(shares.values[enough[-1]]), minimumForShare(shares, 1 - FREE)) if len(enough) else NOTHING


def expectedLines(rule: Optional[int], wanted: Optional[float], minimum: Optional[float], shares: RunShares
                  ) -> List[str]:
    """Return lines about what is expected of a cut of a run, and on how little it may rest; [] without picks.

    rule, wanted: see minimumFor; minimum: the cut. No line where the model does not tell how its junk is scored, or
    tells it of other data, as the general model does: what it is expected to be is then a guess, which only the rules
    in ESTIMATED cannot do without.
    """
    expected = shares.at(minimum)
    if expected is None:
        return []
    if shares.isGeneral and rule not in ESTIMATED:
        return []
    if not shares.isTold:
        return ['How this model scores junk is not told, so what is usual is taken: train it anew, or open the run '
                'itself, for an estimate.'] if rule in ESTIMATED else []
    lines = [f'Expected, with 95 % intervals: {expected}, of all that were scored {shares.junk} are junk.']
    if shares.isGeneral:
        lines.append('Take that for a guess: the general model has seen no label of these data.')
    if expected.lost.share > MANY and rule != SHARE:      # that was asked for
        lines.append(f'*Many particles* may be lost by that. Look at the rejected ones: take back labels that you '
                     f'doubt, label more particles like them, or keep by "{RULES[SHARE]}".')
    other = shares.withoutOneLabel if rule in ESTIMATED else None
    if rule is not None and other is not None:
        kept, without = shares.keptBy(minimum), other.keptBy(minimumFor(rule, wanted, other))
        if abs(kept - without) > MUCH * shares.picks:
            lines.append(f'One label decides this cut: without the labelled junk that looks most like a particle, '
                         f'{without:,} picks would be kept, not {kept:,}. Look at that label, or label more junk.')
    return lines
