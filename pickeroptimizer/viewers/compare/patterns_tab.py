"""Who kept what: a bar for each pattern of keeping and rejecting."""
import tkinter as tk
from tkinter import ttk

from ...comparison.agreement import patterns
from ...comparison.plots import draw_patterns
from ..widgets.figure_frame import FigureFrame
from .model import Choice

BARS_SHOWN = 30


class PatternsTab(FigureFrame):
    """The patterns of a Comparison, the most frequent first. onOpen(choice): after a click on the column of one."""

    def __init__(self, master, comparison, onOpen):
        super().__init__(master)
        self._onOpen = onOpen
        found, left = patterns(comparison)
        self._patterns = found[:BARS_SHOWN]
        lines = ['Each column is a group of picks: black dots are the methods that kept them. A click opens them in '
                 'the gallery.']
        if len(found) > BARS_SHOWN:
            lines.append(f'Here the {BARS_SHOWN} largest of {len(found)} groups.')
        if left:
            lines.append(f'{left:,} picks that not all methods were given are left out.')
        label = ttk.Label(self.tools, text=' '.join(lines), padding=(8, 4))
        label.bind('<Configure>', lambda event: label.configure(wraplength=event.width - 16))
        label.pack(fill=tk.X)
        names = [method.name for method in comparison.deciding]
        self.figure.clear()
        bars, self._matrix = self.figure.subplots(2, 1, sharex=True, height_ratios=(
            3, min(3.0, 0.5 + 0.25 * len(names))))
        if self._patterns:
            draw_patterns(bars, self._matrix, names, self._patterns)
        else:
            for axes in (bars, self._matrix):
                axes.set_axis_off()
            bars.text(0.5, 0.5, 'There are no picks that all methods were given.', ha='center', va='center',
                      transform=bars.transAxes)
        self.widget.bind('<Button-1>', self._clicked, add='+')
        self.widget.bind('<Motion>', lambda event: self.widget.configure(
            cursor='hand2' if self._at(event) is not None else ''), add='+')

    def _at(self, event):
        """Return the number of the pattern whose column is under the pointer, None beside them."""
        if not self._patterns:
            return None
        x, _ = self.fromWidget(self._matrix, event.x, event.y)
        number = round(float(x))
        return number if 0 <= number < len(self._patterns) and abs(x - number) < 0.5 else None

    def _clicked(self, event):
        number = self._at(event)
        if number is not None:
            kept = self._patterns[number].kept
            self._onOpen(Choice(tuple(i for i, one in enumerate(kept) if one),
                                tuple(i for i, one in enumerate(kept) if not one)))
