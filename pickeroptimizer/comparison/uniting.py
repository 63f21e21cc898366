"""Picks of several pickers as one list: what lies at one place is one pick, of all that picked it."""
from typing import List, NamedTuple, Sequence, Tuple

import numpy as np

from .matching import match

Picks = Tuple[np.ndarray, np.ndarray]      # mic_ids (n) int, centres (n, 2) in px


class United(NamedTuple):
    """Picks at n places. mic_ids (n); xy (n, 2), px; members (n, pickers): the row of each picker's pick, -1 for none.
    """
    mic_ids: np.ndarray
    xy: np.ndarray
    members: np.ndarray

    @property
    def counts(self) -> np.ndarray:
        """How many pickers picked each place (n)."""
        return (self.members >= 0).sum(axis=1)


def unite(pickers: Sequence[Picks], distance: float) -> United:
    """Unite the picks of pickers; those at most `distance` px apart are one, where the first of its pickers has it.

    A pick is one with at most one pick of each other picker: the pickers are joined one after the other, each one to
    one to the places so far, with as many pairs as there can be and the least sum of distances (see matching.match).
    """
    mic_ids, xy = np.zeros(0, np.int64), np.zeros((0, 2))
    members: List[np.ndarray] = []
    for other_mic_ids, other_xy in pickers:
        here, there = match(mic_ids, xy, other_mic_ids, other_xy, distance)
        new = np.setdiff1d(np.arange(len(other_mic_ids)), there)
        column = np.concatenate((np.full(len(mic_ids), -1), new))
        column[here] = there
        members = [np.concatenate((rows, np.full(len(new), -1))) for rows in members] + [column]
        mic_ids = np.concatenate((mic_ids, other_mic_ids[new]))
        xy = np.concatenate((xy, other_xy[new]))
    order = np.argsort(mic_ids, kind='stable')
    return United(mic_ids[order], xy[order], np.stack(members, axis=1)[order])
