"""All statistics of a comparison, computed once: what the tables, the report and the summary say."""
from dataclasses import dataclass
from typing import List, Tuple

import numpy as np

from . import agreement
from .agreement import Count, Pair, Pattern, PerMicrograph
from .bootstrap import interval
from .comparison import Comparison
from .curves import Curve, curves
from .truth import Judgement, judge


@dataclass(frozen=True)
class Analysis:
    """The statistics of a Comparison. Methods are those that decide, in their order; curves are of all with a score.

    intervals: for each of `pairs` the 95 % intervals of its agreement and of its kappa, ((low, high), (low, high)).
    left_out: picks that are not in `patterns`, because some method does not cover them. judgements: [] without a truth.
    """
    comparison: Comparison
    counts: List[Count]
    pairs: List[Pair]
    intervals: List[Tuple]
    patterns: List[Pattern]
    left_out: int
    micrographs: PerMicrograph
    curves: List[Curve]
    judgements: List[Judgement]

    @classmethod
    def of(cls, comparison: Comparison) -> 'Analysis':
        """Return the Analysis of a Comparison. It takes seconds for some 100,000 picks, mostly for the intervals."""
        tables = agreement.pair_tables(comparison)
        pairs = agreement.pairs(comparison, tables)
        low, high = interval(tables, lambda sums: np.stack([agreement.agreement_of(sums), agreement.kappa_of(sums)],
                                                           axis=-1))
        patterns, left_out = agreement.patterns(comparison)
        return cls(comparison, agreement.counts(comparison), pairs,
                   [tuple(zip(map(float, a), map(float, b))) for a, b in zip(low, high)], patterns, left_out,
                   agreement.per_micrograph(comparison), curves(comparison), judge(comparison))
