"""Histogram of the particle probabilities, kept and rejected apart, with a cut that can be dragged."""
import tkinter as tk

import numpy as np

from ...worker.exchange.classes import PARTICLE
from ..palette import colours
from ..widgets.screen import px

HISTOGRAM_BINS = 50
INSET, AXIS = 6, 16      # px: beside and above the bars; below them, for the numbers
PAPER, INK, REJECTED_COLOUR, CUT_COLOUR = '#FFFFFF', '#000000', '#B0B0B0', '#D55E00'
KEPT_COLOUR = colours([PARTICLE])[PARTICLE]


class ProbabilityHistogram(tk.Canvas):
    """Heights go by the square root, so that the few picks in the middle are seen beside the many at the ends.

    onCut(probability): while the user drags the cut, or clicks to put it somewhere.
    """

    def __init__(self, master, onCut, width=270, height=110):
        super().__init__(master, width=px(master, width), height=px(master, height), background=PAPER,
                         highlightthickness=1, highlightbackground='#A0A0A0', cursor='sb_h_double_arrow')
        self._onCut = onCut
        self._inset, self._axis = px(self, INSET), px(self, AXIS)
        self._places = np.zeros(0, dtype=np.int64)      # the bin of each pick
        self._counts = np.zeros((2, HISTOGRAM_BINS), dtype=np.int64)
        self._minimum = None
        self.bind('<Configure>', lambda event: self._draw())
        self.bind('<Button-1>', self._cutAt)
        self.bind('<B1-Motion>', self._cutAt)

    def setProbabilities(self, probabilities):
        """Take the particle probabilities of all scored picks, (n,), nan for none; `show` draws them."""
        # Searched for, not multiplied: 0.58 is in the bin that begins with 0.58, on the right of a cut there.
        places = np.searchsorted(np.arange(1, HISTOGRAM_BINS) / HISTOGRAM_BINS, probabilities, side='right')
        self._places = np.where(np.isnan(probabilities), HISTOGRAM_BINS, places)      # beyond what is drawn

    def show(self, kept, minimum):
        """Draw. kept: bool (n,), whether each pick is kept; minimum: where the cut is, None for nowhere."""
        total, inside = (np.bincount(places, minlength=HISTOGRAM_BINS)[:HISTOGRAM_BINS]
                         for places in (self._places, self._places[kept]))
        self._counts = np.stack([inside, total - inside])
        self._minimum = minimum
        self._draw()

    def _draw(self):
        self.delete(tk.ALL)
        width, height = self.winfo_width(), self.winfo_height() - self._axis
        scale = (height - self._inset) / max(1.0, np.sqrt(self._counts.sum(axis=0).max()))
        step = (width - 2 * self._inset) / HISTOGRAM_BINS
        for i, (kept, rejected) in enumerate(self._counts.T.tolist()):
            left, right = self._inset + i * step, self._inset + (i + 1) * step
            top, border = (height - scale * value ** 0.5 for value in (kept + rejected, kept))
            if rejected:
                self.create_rectangle(left, top, right, border, fill=REJECTED_COLOUR, width=0)
            if kept:
                self.create_rectangle(left, border, right, height, fill=KEPT_COLOUR, width=0)
        self.create_line(self._inset, height, width - self._inset, height, fill=INK)
        for value, anchor in ((0, tk.NW), (0.5, tk.N), (1, tk.NE)):
            self.create_text(self._inset + value * (width - 2 * self._inset), height + 1, anchor=anchor,
                             text=f'{value:g}', fill=INK, font='TkSmallCaptionFont')
        if self._minimum is not None:
            x = self._inset + min(max(self._minimum, 0), 1) * (width - 2 * self._inset)
            self.create_line(x, 0, x, height, fill=CUT_COLOUR, width=2)

    def _cutAt(self, event):
        value = (event.x - self._inset) / max(1, self.winfo_width() - 2 * self._inset)
        self._onCut(round(min(max(value, 0.0), 1.0), 3))
