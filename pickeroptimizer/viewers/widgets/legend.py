"""A legend of kinds of boxes: a line for each with its colour and its counts; its check box shows or hides the kind."""
import tkinter as tk
from tkinter import ttk

from .look import tickStyle
from .swatch import Swatch


class Legend(ttk.Frame):
    """onChange(): after the user has shown or hidden a kind.

    kinds: (text, colour) or (text, colour, dash) of each, None for a text: no line. headings: of the columns of counts.
    """

    def __init__(self, master, kinds, onChange, headings=()):
        super().__init__(master)
        self.onChange = onChange
        self.shown = [tk.BooleanVar(self, True) for _ in kinds]
        self._counts = []
        self._texts = [kind[0] for kind in kinds]
        for column, text in enumerate(headings, start=2):
            ttk.Label(self, text=text).grid(row=0, column=column, sticky=tk.E, padx=4)
        for row, ((text, *style), shown) in enumerate(zip(kinds, self.shown), start=1):
            Swatch(self, *style).grid(row=row, column=0, padx=(2, 4))
            ttk.Checkbutton(self, text=text, variable=shown, command=onChange, takefocus=False,
                            style=tickStyle(self)).grid(row=row, column=1, sticky=tk.W)
            labels = [ttk.Label(self, anchor=tk.E, width=6 + 3 * place) for place in range(len(headings))]
            for column, label in enumerate(labels, start=2):
                label.grid(row=row, column=column, sticky=tk.E, padx=4)
            self._counts.append(labels)
        self.columnconfigure(1, weight=1)
        self._rows = [self.grid_slaves(row=row) for row in range(1, len(kinds) + 1)]
        self.setLines([True] * len(kinds))

    def setLines(self, wanted):
        """Have lines for some of the kinds only; wanted: bool of each."""
        for widgets, text, isWanted in zip(self._rows, self._texts, wanted):
            for widget in widgets:
                widget.grid() if isWanted and text is not None else widget.grid_remove()

    def show(self, *columns):
        """Show the counts of all kinds, a sequence for each heading."""
        for labels, numbers in zip(self._counts, zip(*columns)):
            for label, number in zip(labels, numbers):
                label.configure(text=f'{number:,}')
