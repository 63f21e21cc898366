"""The histogram and the dialog of the minimum probability: their counts are those of the keep rule."""
import os

import numpy as np
import pytest

from pickeroptimizer.domain.decision import isKept
from pickeroptimizer.domain.shares import RunShares
from pickeroptimizer.viewers.prune.histogram import (
    CUT_COLOUR,
    HISTOGRAM_BINS,
    KEPT_COLOUR,
    REJECTED_COLOUR,
    ProbabilityHistogram,
)
from pickeroptimizer.viewers.prune.threshold_dialog import ThresholdDialog

pytestmark = pytest.mark.skipif('DISPLAY' not in os.environ, reason='needs a display')


def test_bars_lie_on_the_side_of_the_cut_that_the_rule_says(root):
    histogram = ProbabilityHistogram(root, lambda value: None)
    histogram.pack()
    root.deiconify()
    root.update()
    edges = np.arange(HISTOGRAM_BINS) / HISTOGRAM_BINS
    probabilities = np.append(edges, np.nan)      # a pick that was corrected where its micrograph cannot be read
    histogram.setProbabilities(probabilities)

    def ends(colour, side):
        """The left or right ends of the bars of a colour, px."""
        return [histogram.coords(item)[side] for item in histogram.find_all()
                if histogram.type(item) == 'rectangle' and histogram.itemcget(item, 'fill') == colour]
    for number, cut in enumerate(edges.tolist()):
        histogram.show(isKept((), probabilities, cut), cut)
        line, = (histogram.coords(item)[0] for item in histogram.find_all()
                 if histogram.itemcget(item, 'fill') == CUT_COLOUR)
        kept, rejected = ends(KEPT_COLOUR, 0), ends(REJECTED_COLOUR, 2)
        assert len(kept) == HISTOGRAM_BINS - number and len(rejected) == number
        assert min(kept) >= line - 1e-6 and max(rejected, default=0) <= line + 1e-6


def test_dialog_counts_as_the_rule_does(root):
    probabilities = np.array([0.9, 0.9, 0.8999999, 0.1])
    shares = RunShares(probabilities, {'cross_validation': {'junk_probabilities': [0.01, 0.1, 0.2]}})
    dialog = ThresholdDialog(root, probabilities, shares, 0.9)
    assert dialog.told.cget('text') == '0.9 or more: 2 of 4 picks are kept (50.0 %).'
    assert str(shares.at(0.9)) in dialog.expected.cget('text')
    dialog.choose(0.8999999)
    assert dialog.told.cget('text').startswith('0.8999999 or more: 3 of 4')
    assert str(shares.at(0.8999999)) in dialog.expected.cget('text')
    dialog.destroy()
