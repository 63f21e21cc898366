"""Who kept what, and how the methods agree. All are plain functions of a Comparison; rows and columns of methods are
in the order of `comparison.deciding`."""
from dataclasses import dataclass
from typing import Dict, List, NamedTuple, Optional, Tuple

import numpy as np

from .comparison import Comparison

BOTH, FIRST, SECOND, NEITHER = range(4)      # of a pick that two methods cover: which of them kept it


class Count(NamedTuple):
    """Numbers of picks of one method; unmatched and elsewhere as in Method.

    micrographs: those with picks that the method covers; emptied: of these, where it kept none.
    """
    name: str
    covered: int
    kept: int
    rejected: int
    unmatched: int
    elsewhere: int
    micrographs: int
    emptied: int


class Pair(NamedTuple):
    """Two methods, indices into `deciding`, and the numbers of picks that both cover.

    both, only_first, only_second, neither: of these `shared`, by which of the two kept them. agreement: share of them
    that both kept or both rejected. kappa: Cohen's, nan where both made one and the same decision for all.
    """
    first: int
    second: int
    shared: int
    both: int
    only_first: int
    only_second: int
    neither: int
    agreement: float
    kappa: float


@dataclass(frozen=True)
class Pattern:
    """How many picks were kept by just these methods; kept: a bool for each."""
    kept: Tuple[bool, ...]
    count: int


def counts(comparison: Comparison) -> List[Count]:
    """Return a Count for each method."""
    rows = []
    index, size = micrograph_index(comparison)
    for method in comparison.deciding:
        covered = np.bincount(index[method.covered], minlength=size) > 0
        used = np.bincount(index[method.covered & method.kept], minlength=size) > 0
        total, kept = int(method.covered.sum()), int((method.covered & method.kept).sum())
        rows.append(Count(method.name, total, kept, total - kept, method.unmatched, method.elsewhere,
                          int(covered.sum()), int((covered & ~used).sum())))
    return rows


def micrograph_index(comparison: Comparison) -> Tuple[np.ndarray, int]:
    """Return for each pick the index of its micrograph in `comparison.micrographs`, int (n,), and their number."""
    ids = np.array(list(comparison.micrographs), dtype=np.int64)
    order = np.argsort(ids)
    return order[np.searchsorted(ids, comparison.mic_ids, sorter=order)], len(ids)


def pair_tables(comparison: Comparison) -> np.ndarray:
    """Return how many picks BOTH, FIRST, SECOND, NEITHER of two methods kept, int64 (micrographs, pairs, 4).

    Only picks that both methods cover count. Micrographs are in the order of `comparison.micrographs`, pairs in that of
    pair_indices.
    """
    index, size = micrograph_index(comparison)
    pairs = pair_indices(comparison)
    tables = np.zeros((size, len(pairs), 4), dtype=np.int64)
    for number, (a, b) in enumerate(pairs):
        first, second = comparison.deciding[a], comparison.deciding[b]
        shared = first.covered & second.covered
        which = 2 * ~first.kept[shared] + ~second.kept[shared]
        tables[:, number] = np.bincount(4 * index[shared] + which, minlength=4 * size).reshape(size, 4)
    return tables


def pair_indices(comparison: Comparison) -> List[Tuple[int, int]]:
    """Return all pairs of methods that decide, as indices into `comparison.deciding`."""
    n = len(comparison.deciding)
    return [(a, b) for a in range(n) for b in range(a + 1, n)]


def agreement_of(tables: np.ndarray) -> np.ndarray:
    """Return the share of the picks that both kept or both rejected, (...), of tables (..., 4); nan without picks."""
    total = tables.sum(axis=-1)
    return _ratio(tables[..., BOTH] + tables[..., NEITHER], total)


def kappa_of(tables: np.ndarray) -> np.ndarray:
    """Return Cohen's kappa (Educ. Psychol. Meas. 20, 37-46, 1960), (...), of tables (..., 4).

    The agreement beyond that of two methods which keep as much as these, but at random. nan where nothing is shared,
    or where both made one and the same decision for all picks.
    """
    total = tables.sum(axis=-1)
    kept = _ratio(tables[..., BOTH] + tables[..., FIRST], total), _ratio(tables[..., BOTH] + tables[..., SECOND], total)
    expected = kept[0] * kept[1] + (1 - kept[0]) * (1 - kept[1])
    return _ratio(agreement_of(tables) - expected, 1 - expected)


def pairs(comparison: Comparison, tables: Optional[np.ndarray] = None) -> List[Pair]:
    """Return a Pair for each two methods. tables: what pair_tables returns, if it has been called already."""
    tables = (pair_tables(comparison) if tables is None else tables).sum(axis=0)
    shares, kappas = agreement_of(tables), kappa_of(tables)
    found = []
    for (a, b), table, share, kappa in zip(pair_indices(comparison), tables, shares, kappas):
        both, first, second, neither = table.tolist()
        found.append(Pair(a, b, int(table.sum()), both, first, second, neither, float(share), float(kappa)))
    return found


def votes(comparison: Comparison) -> Tuple[np.ndarray, np.ndarray]:
    """Return how many methods kept each pick, and how many cover it, both int64 (n,)."""
    kept = np.zeros(len(comparison), dtype=np.int64)
    covering = np.zeros(len(comparison), dtype=np.int64)
    for method in comparison.deciding:
        kept += method.kept & method.covered
        covering += method.covered
    return kept, covering


def kept_by_all(comparison: Comparison) -> np.ndarray:
    """Return which picks every method keeps that covers them, bool (n,); False for those that none covers."""
    kept, covering = votes(comparison)
    return (kept == covering) & (covering > 0)


def kept_by_majority(comparison: Comparison) -> np.ndarray:
    """Return which picks more than half of the methods keep that cover them, bool (n,)."""
    kept, covering = votes(comparison)
    return 2 * kept > covering


def kept_by_one(comparison: Comparison) -> np.ndarray:
    """Return which picks exactly one method keeps, of two or more that cover them, bool (n,)."""
    kept, covering = votes(comparison)
    return (kept == 1) & (covering > 1)


def patterns(comparison: Comparison) -> Tuple[List[Pattern], int]:
    """Return the Patterns of who kept what, as an UpSet chart shows them, the most frequent first.

    Only picks that all methods cover count; the second number returned is that of the others.
    """
    code = np.zeros(len(comparison), dtype=np.int64)
    shared = np.ones(len(comparison), dtype=bool)
    for bit, method in enumerate(comparison.deciding):
        code |= method.kept.astype(np.int64) << bit
        shared &= method.covered
    codes, numbers = np.unique(code[shared], return_counts=True)
    found = [Pattern(tuple(bool(c >> bit & 1) for bit in range(len(comparison.deciding))), n)
             for c, n in zip(codes.tolist(), numbers.tolist())]
    return sorted(found, key=lambda p: (-p.count, p.kept)), int((~shared).sum())


def select(comparison: Comparison, decisions: Dict[int, bool]) -> np.ndarray:
    """Return which picks the named methods decided so, bool (n,). decisions: {index into `deciding`: whether it kept}.

    Picks that one of these methods does not cover are not among them.
    """
    chosen = np.ones(len(comparison), dtype=bool)
    for which, kept in decisions.items():
        method = comparison.deciding[which]
        chosen &= method.covered & (method.kept == kept)
    return chosen


@dataclass(frozen=True)
class PerMicrograph:
    """Picks by micrograph: mic_ids (mics,); picks (mics,); kept and covered (mics, methods); disputed (mics,), picks
    that some of the methods kept that cover them, and some did not."""
    mic_ids: np.ndarray
    picks: np.ndarray
    kept: np.ndarray
    covered: np.ndarray
    disputed: np.ndarray


def per_micrograph(comparison: Comparison) -> PerMicrograph:
    """Return the PerMicrograph, in the order of `comparison.micrographs`."""
    index, size = micrograph_index(comparison)

    def count(chosen):
        return np.bincount(index[chosen], minlength=size)

    methods = comparison.deciding
    kept, covering = votes(comparison)
    table = np.zeros((2, size, len(methods)), dtype=np.int64)
    for column, method in enumerate(methods):
        table[0, :, column] = count(method.kept & method.covered)
        table[1, :, column] = count(method.covered)
    return PerMicrograph(np.array(list(comparison.micrographs), dtype=np.int64), np.bincount(index, minlength=size),
                         table[0], table[1], count((kept > 0) & (kept < covering)))


def _ratio(part, whole):
    """part / whole, nan where the whole is 0 (or next to it, for differences of shares)."""
    part, whole = np.asarray(part, dtype=float), np.asarray(whole, dtype=float)
    return np.divide(part, whole, out=np.full(np.broadcast(part, whole).shape, np.nan), where=np.abs(whole) > 1e-12)
