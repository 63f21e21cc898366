"""Two sets of positions joined one to one, by the optimal assignment, not the greedy one."""
from typing import Callable, Optional, Tuple

import numpy as np
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import min_weight_full_bipartite_matching
from scipy.spatial import cKDTree


def match(mic_ids: np.ndarray, xy: np.ndarray, other_mic_ids: np.ndarray, other_xy: np.ndarray, tolerance: float,
          progress: Optional[Callable[[int, int], None]] = None) -> Tuple[np.ndarray, np.ndarray]:
    """Join positions to other positions of the same micrograph, at most `tolerance` px away (0: the very same).

    mic_ids, other_mic_ids: (n,), (m,) int. xy, other_xy: (n, 2), (m, 2) float, px.
    Of all one-to-one assignments within each micrograph the one with the most pairs, and of these the one with the
    least sum of distances. The order of the input does not matter, save among positions that are exactly equal: of
    these the first come first. Returns two int arrays (k,), indices of the first and of the other positions, by
    growing first index. `progress`, if given, is called with (micrographs done, of how many) now and then.
    """
    order, other_order = _by_place(mic_ids, xy), _by_place(other_mic_ids, other_xy)
    micrographs = np.intersect1d(mic_ids, other_mic_ids)
    edges = _edges(mic_ids, order, micrographs), _edges(other_mic_ids, other_order, micrographs)
    found = []
    for number, (first, second) in enumerate(zip(*edges)):
        rows, columns = order[first], other_order[second]
        pairs = _match_places(xy[rows], other_xy[columns], tolerance)
        found.append((rows[pairs[0]], columns[pairs[1]]))
        if progress and (number + 1) % 500 == 0:
            progress(number + 1, len(micrographs))
    rows, columns = (np.concatenate([part[side] for part in found]) if found else np.zeros(0, np.int64)
                     for side in (0, 1))
    by_row = np.argsort(rows)
    return rows[by_row], columns[by_row]


def _by_place(mic_ids, xy):
    return np.lexsort((xy[:, 1], xy[:, 0], mic_ids))


def _edges(mic_ids, order, micrographs):
    """Return a slice of `order` for each of the micrographs."""
    ordered = mic_ids[order]
    return [slice(*ends) for ends in zip(np.searchsorted(ordered, micrographs, 'left').tolist(),
                                         np.searchsorted(ordered, micrographs, 'right').tolist())]


def _match_places(xy, other_xy, tolerance):
    """Return the pairs of one micrograph: two arrays of indices."""
    near = cKDTree(xy).sparse_distance_matrix(cKDTree(other_xy), tolerance, output_type='ndarray')
    rows, columns, distances = near['i'], near['j'], near['v']
    # Where each has but the other within reach, there is nothing to choose: nearly all picks.
    alone = ((np.bincount(rows, minlength=len(xy)) == 1)[rows] &
             (np.bincount(columns, minlength=len(other_xy)) == 1)[columns])
    if alone.all():
        return rows, columns
    chosen = _assign(rows[~alone], columns[~alone], distances[~alone], tolerance)
    return tuple(np.concatenate([side[alone], side[~alone][chosen]]) for side in (rows, columns))


def _assign(rows, columns, distances, tolerance):
    """Which of the candidate pairs make the optimal assignment: indices into them.

    Solved as a full assignment of the rows, for which there is a sparse method (LAPJVsp of scipy): each row may also
    go to a column of its own that stands for no partner and costs more than all distances together.
    """
    names, i = np.unique(rows, return_inverse=True)
    others, j = np.unique(columns, return_inverse=True)
    n, m = len(names), len(others)
    nothing = (tolerance + 1) * (n + 1)
    # Costs must not be 0, which would mean no edge: each is 1 more, which is the same for all assignments.
    weights = csr_matrix((np.concatenate([distances + 1, np.full(n, nothing + 1.0)]),
                          (np.concatenate([i, np.arange(n)]), np.concatenate([j, m + np.arange(n)]))),
                         shape=(n, m + n))
    partners = np.full(n, -1)
    left, right = min_weight_full_bipartite_matching(weights)
    partners[left] = right
    return np.flatnonzero(partners[i] == j)
