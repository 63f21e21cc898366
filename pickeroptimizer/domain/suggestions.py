"""Which pick to label next, so that few answers give labels of every class that are worth training on.

Junk is what is looked for: a guess that fails mostly turns out to be a particle, and particles are wanted too, those
that look like junk above all. So what is missing of them is asked for last. See docs/suggestions.md.
"""
from typing import Dict, Iterable, List, Mapping, Optional, Sequence, Tuple

import numpy as np
from numpy.typing import ArrayLike

from ..worker.exchange.classes import EMPTY, PARTICLE
from ..worker.exchange.feature_file import Features, read_features
from ..worker.exchange.files import PathLike
from .preview import RIDGE, previewed

CYCLE = 4                 # answers, of which one explores, and one of the first cycles is taken at random
PLAIN = 1                 # which of them is the plainest box, until one is found to be empty
TYPICAL_SHARE = 3         # one in so many of the particles wanted is a pick taken at random
BOLD = 2                  # guesses that have to be right before the next one is a bold one
FIRST = 3                 # labels of a class for which the general model is asked
TRUSTED = 3               # how often it may be wrong about a class before it is not asked any more
LIKELY = 0.5              # its probability of a class from which on a pick is likely of it
GIVE_UP = 30              # answers in vain, after which a class counts as not there, or no more


def load(path: PathLike) -> Features:
    """Return what `worker embed` wrote, as arguments for Suggester.

    Raises InputError for a file that is missing, damaged or something else.
    """
    return read_features(path)


class Suggester:
    """Chooses picks to ask about. The same calls with the same seed give the same picks.

    features: (n, m), each row of a squared length of about 1; ids: of the picks; micIds: of their micrographs (None:
    all on one); relief: how much the middle of each box varies (n), None if that is not known; classes, probabilities
    (n, classes): what the general model says of them, None if that is not known.
    """

    def __init__(self, features: ArrayLike, ids: Iterable[int], micIds: Optional[ArrayLike] = None,
                 relief: Optional[ArrayLike] = None, classes: Sequence[str] = (),
                 probabilities: Optional[ArrayLike] = None, seed: int = 0):
        self._features = np.asarray(features, dtype=np.float64)
        self._ids = [int(coordId) for coordId in ids]
        self._index = {coordId: i for i, coordId in enumerate(self._ids)}
        if len(self._index) != len(self._features):
            raise ValueError('as many different ids as features are needed')
        self._micrographs = np.zeros(len(self._ids), dtype=int) if micIds is None else \
            np.unique(micIds, return_inverse=True)[1]
        self._relief = None if relief is None else np.asarray(relief)
        self._general = {} if probabilities is None else dict(zip(classes, np.asarray(probabilities, dtype=float).T))
        self._chance = np.random.default_rng(seed).random(len(self._ids))
        self._inputs = np.column_stack((self._features, np.ones(len(self._ids))))
        self._background = self._inputs.T @ self._inputs / len(self._ids), self._inputs.mean(axis=0)
        self._asked: Dict[int, Sequence[str]] = {}      # {id: the classes that it was suggested in search of}

    def next(self, labels: Dict[int, str], wanted: Mapping[str, int], skipped: Iterable[int] = ()) -> Optional[int]:
        """Return the id of the pick to ask about; None when all `wanted` labels are there or cannot be found.

        labels: {id: class}, in the order of labelling; ids of places that are no picks count, but teach nothing.
        wanted: {class: number of labels}; skipped: ids that are not to be suggested.
        """
        known = {self._index[coordId]: name for coordId, name in labels.items() if coordId in self._index}
        free = np.ones(len(self._ids), dtype=bool)
        passed = [self._index[coordId] for coordId in skipped if coordId in self._index]
        free[[*known, *passed]] = False
        lacking = self._lacking(labels, wanted)
        if not lacking or not free.any():
            return None
        score, sought = self._rank(known, passed, lacking, wanted, len(labels), free)
        chosen = self._ids[int(np.argmax(np.where(free, score, -np.inf)))]
        self._asked[chosen] = sought
        return chosen

    def preview(self, labels: Dict[int, str]) -> Dict[int, str]:
        """Return {id: class} of all picks, as they look by the labels so far; for `labels` see next."""
        known = {self._index[coordId]: name for coordId, name in labels.items() if coordId in self._index}
        return dict(zip(self._ids, previewed(self._inputs, self._background[0], self._general, known)))

    def wasRandom(self, coordId: int) -> bool:
        """Return whether a pick was last suggested because it was drawn at random: such are typical of their class."""
        return self._asked.get(coordId) == ()

    def givenUp(self, labels: Dict[int, str], wanted: Mapping[str, int]) -> List[str]:
        """Return the classes, in the order of `wanted`, that are wanted and no longer looked for.

        They seem not to be there, or no more of them than were found. For the arguments see next.
        """
        return [name for name, number in wanted.items()
                if _count(labels, name) < number and self._inVain(labels, name) >= GIVE_UP]

    def _lacking(self, labels: Dict[int, str], wanted: Mapping[str, int]) -> Dict[str, int]:
        """Return {class: how many are missing} of the classes that are still looked for."""
        hopeless = self.givenUp(labels, wanted)
        missing = {name: number - _count(labels, name) for name, number in wanted.items() if name not in hopeless}
        return {name: number for name, number in missing.items() if number > 0}

    def _inVain(self, labels: Dict[int, str], name: str) -> int:
        """Return the number of answers since the last label of this class in search of it."""
        number = 0
        for coordId in reversed(labels):
            if labels[coordId] == name:
                break
            number += name in self._asked.get(coordId, ())
        return number

    def _rank(self, known: Dict[int, str], passed: List[int], lacking: Dict[str, int], wanted: Mapping[str, int],
              answers: int, free: np.ndarray) -> Tuple[np.ndarray, Sequence[str]]:
        """Return how much to prefer each pick (n), and the classes sought by that: a tuple of one for a guess."""
        junk = [name for name in lacking if name != PARTICLE]
        typical = wanted.get(PARTICLE, 0) // TYPICAL_SHARE
        if answers % CYCLE == CYCLE - 1 and answers < CYCLE * typical:
            return self._chance, ()
        if self._relief is not None and answers % CYCLE == PLAIN and EMPTY in junk and EMPTY not in known.values():
            return -self._relief, (EMPTY,)
        target = max(junk or lacking, key=lambda name: lacking[name])
        if target != PARTICLE and self._isTrusted(known, target):
            return self._spread(self._general[target], known, target), (target,)
        if junk and (target not in known.values() or answers % CYCLE == 0):
            labelled = np.bincount(self._micrographs[list(known)], minlength=self._micrographs.max() + 1)
            return self._distance([*known, *passed]) / (1 + labelled[self._micrographs]), junk
        margin = self._margin(known, target)
        likely = free & (margin > 0)
        if not likely.any():
            return margin, (target,)
        if target == PARTICLE:
            return np.where(likely, self._chance, -np.inf), (target,)
        likely &= self._isFewest(likely, known, target)
        # Most is learnt from what is barely taken for the class. After a miss, be sure for a while.
        hits = [name == target for i, name in known.items() if self._asked.get(self._ids[i]) == (target,)]
        return np.where(likely, -margin if all(hits[-BOLD:]) else margin, -np.inf), (target,)

    def _isTrusted(self, known: Dict[int, str], target: str) -> bool:
        """Whether the general model is asked for a class: until it has its first labels, or it was wrong too often."""
        if target not in self._general or list(known.values()).count(target) >= FIRST:
            return False
        asked = [name for i, name in known.items() if self._asked.get(self._ids[i]) == (target,)]
        return len(asked) - asked.count(target) < TRUSTED

    def _isFewest(self, likely: np.ndarray, known: Dict[int, str], target: str) -> np.ndarray:
        """Whether each pick (n) is on one of the micrographs with the fewest labels of a class, of those in question.

        Labels of one film or one piece of ice resemble each other: those of several micrographs teach more.
        """
        held = np.bincount(self._micrographs[[i for i, name in known.items() if name == target]],
                           minlength=self._micrographs.max() + 1)[self._micrographs]
        return held == held[likely].min()

    def _spread(self, score: np.ndarray, known: Dict[int, str], target: str) -> np.ndarray:
        """A score (n) of being of a class, those on micrographs with fewer labels of it first where it is likely."""
        likely = score > LIKELY
        free = likely.copy()
        free[list(known)] = False
        return np.where(self._isFewest(free, known, target) & likely, 1 + score, score) if free.any() else score

    def _distance(self, seen: List[int]) -> np.ndarray:
        """Return how far each pick (n) is from the nearest that was labelled or passed over; of the middle if none."""
        others = self._features[seen] if seen else self._features.mean(axis=0)[None]
        squared = (self._features ** 2).sum(axis=1)[:, None] + (others ** 2).sum(axis=1) - 2 * self._features @ others.T
        return np.sqrt(np.maximum(squared.min(axis=1), 0))

    def _margin(self, known: Dict[int, str], target: str) -> np.ndarray:
        """Return by how much each pick (n) looks more like `target` than like any other class, by a ridge regression.

        Each class weighs the same. All picks together count as one more class's worth of particles, which most are.
        """
        classes = sorted({PARTICLE, target, *known.values()})
        moments, mean = self._background
        moments = moments + RIDGE * np.eye(len(moments))
        sums = np.zeros((len(classes), len(mean)))
        sums[classes.index(PARTICLE)] += mean
        for column, name in enumerate(classes):
            rows = self._inputs[[i for i, label in known.items() if label == name]]
            if len(rows):
                moments += rows.T @ rows / len(rows)
                sums[column] += rows.mean(axis=0)
        scores = self._inputs @ np.linalg.solve(moments, sums.T)
        own = classes.index(target)
        return scores[:, own] - np.delete(scores, own, axis=1).max(axis=1, initial=-np.inf)


def _count(labels: Dict[int, str], name: str) -> int:
    return sum(label == name for label in labels.values())
