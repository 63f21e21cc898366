"""Curves of the methods that have a score: what they would keep at other thresholds."""
import tkinter as tk
from tkinter import ttk

import numpy as np

from ...comparison.describe import percent_interval
from ...comparison.plots import LITTLE_LOST, SHARE_KEPT, TRADE, draw_shares, draw_trade, labels
from ...comparison.truth import FIGURES
from ..widgets.figure_frame import FigureFrame
from ..widgets.look import tickStyle

CURVE_REACH = 40     # px of the screen within which a curve is pointed at
RING = 6             # radius in px
PLOT_COLUMNS = 4
FEW_CURVES = 6       # whose intervals can be told apart: those of more are shown when they are asked for


class CurvesTab(FigureFrame):
    """Shows the curves of a comparison.analysis.Analysis, once it is there. hasTruth: whether there is a truth."""

    def __init__(self, master, hasTruth):
        super().__init__(master)
        self._analysis = None
        self._points = []            # (curve, axes, x, y) of what is drawn
        self._buttons = []           # check buttons of the first view
        self.view = ttk.Combobox(self.tools, values=(TRADE, SHARE_KEPT) if hasTruth else (SHARE_KEPT,),
                                 state='readonly', width=38)
        self.view.current(0)
        self.view.bind('<<ComboboxSelected>>', lambda event: (self.view.selection_clear(), self._draw()))
        self.view.pack(side=tk.LEFT, padx=8, pady=4)
        self._whole, self._intervals = tk.BooleanVar(self, False), tk.BooleanVar(self, True)
        if hasTruth:
            for text, variable in (('Whole range', self._whole), ('95 % intervals', self._intervals)):
                button = ttk.Checkbutton(self.tools, text=text, variable=variable, command=self._draw,
                                         style=tickStyle(self))
                button.pack(side=tk.LEFT, padx=4)
                self._buttons.append(button)
        # Two lines, empty or not, so that the plot keeps its size.
        self._pointed = tk.Label(self, anchor=tk.NW, justify=tk.LEFT, height=2, text='Computing ...')
        self._pointed.bind('<Configure>', lambda event: self._pointed.configure(wraplength=event.width - 4))
        self._pointed.pack(side=tk.BOTTOM, fill=tk.X, padx=4)
        self.widget.bind('<Motion>', lambda event: self._point(event.x, event.y), add='+')
        self.widget.bind('<Configure>', lambda event: self.widget.delete('ring'), add='+')

    def show(self, analysis):
        """Show an Analysis."""
        self._analysis = analysis
        self._intervals.set(len(analysis.curves) <= FEW_CURVES)
        self._draw()

    def _draw(self):
        self.widget.delete('ring')
        self._points = []
        if self._analysis is None:
            return
        for button in self._buttons:
            button.configure(state=tk.NORMAL if self.view.get() == TRADE else tk.DISABLED)
        curves = self._analysis.curves
        self._pointed.configure(text='Point at a curve to see the threshold.' if curves else '')
        if not curves:
            self.redraw(lambda axes: (axes.set_axis_off(), axes.text(
                0.5, 0.5, 'None of the methods has a score.', ha='center', va='center', transform=axes.transAxes)))
        elif self.view.get() == TRADE:
            self.redraw(self._drawTrade)
        else:
            columns = min(PLOT_COLUMNS, len(curves))
            self.redraw(self._drawShares, columns, -(-len(curves) // columns))

    def _drawTrade(self, axes):
        curves = self._analysis.curves
        drawn = draw_trade(axes, curves, self._analysis.judgements, self._intervals.get(),
                           None if self._whole.get() else LITTLE_LOST)
        self._points = [(curve, axes, *xy) for curve, xy in zip(curves, drawn)]

    def _drawShares(self, *axes):
        curves = self._analysis.curves
        for one in axes[len(curves):]:
            one.set_axis_off()
        titles = labels([curve.name for curve in curves])
        self._points = [(curve, one, *draw_shares(one, curve, title))
                        for curve, one, title in zip(curves, axes, titles)]

    def _point(self, px, py):
        """Tell of the point of a curve that is nearest to the pointer."""
        best, found = CURVE_REACH, None
        for curve, axes, x, y in self._points:
            across, down = self.toWidget(axes, x, y)
            distance = np.hypot(across - px, down - py)
            distance[~np.isfinite(distance)] = np.inf
            nearest = int(distance.argmin())
            if distance[nearest] < best:
                best, found = distance[nearest], (curve, nearest, across[nearest], down[nearest])
        self.widget.delete('ring')
        if found is not None:
            curve, nearest, across, down = found
            self.widget.create_oval(across - RING, down - RING, across + RING, down + RING, width=2, tags='ring')
            self._pointed.configure(text=thresholdInWords(curve, nearest))


def thresholdInWords(curve, number):
    """Return a line about one threshold of a Curve, by its number: what it keeps, and what is known of that."""
    total = curve.scored + sum(curve.unscored)
    # All digits: a threshold that is typed in elsewhere is to keep the very same picks.
    threshold = 'above all scores' if number == len(curve.thresholds) - 1 else f'{float(curve.thresholds[number])!r}'
    parts = [f'{curve.name}, {curve.score_name or "score"} {threshold}: {curve.kept[number]:,} of {total:,} picks kept']
    parts += [f'{FIGURES[key]} {percent_interval(*(values[number] for values in figure))}'
              for key, figure in (curve.figures or {}).items()]
    return '; '.join(parts)
