"""The legend: a line for each kind of pick with its colour and its counts; its box shows or hides the kind."""
import tkinter as tk
from tkinter import ttk

from .. import overlay
from .model import KINDS

# Where the kind's name does not tell enough: of picks that were decided, and of labels.
DECIDED = {overlay.PARTICLE: 'particle, rejected'}
LABELS = {overlay.KEPT: 'particle', overlay.PARTICLE: None, overlay.OUTSIDE: None, overlay.UNSCORED: None}


class Legend(ttk.Frame):
    """onChange(): after the user has shown or hidden a kind. texts: DECIDED or LABELS, {kind: text, None: no line}."""

    def __init__(self, master, onChange, texts):
        super().__init__(master)
        self.onChange = onChange
        self.shown = [tk.BooleanVar(self, True) for _ in KINDS]
        self._counts = []
        for column, text in ((2, 'here'), (3, 'in all')):
            ttk.Label(self, text=text).grid(row=0, column=column, sticky=tk.E, padx=4)
        for row, (kind, shown) in enumerate(zip(KINDS, self.shown), start=1):
            tk.Frame(self, background=overlay.COLOURS[kind], width=14, height=14).grid(row=row, column=0, padx=(2, 4))
            ttk.Checkbutton(self, text=texts.get(kind, kind), variable=shown, command=onChange, takefocus=False).grid(
                row=row, column=1, sticky=tk.W)
            labels = [ttk.Label(self, anchor=tk.E, width=width) for width in (6, 9)]
            for column, label in enumerate(labels, start=2):
                label.grid(row=row, column=column, sticky=tk.E, padx=4)
            self._counts.append(labels)
            if texts.get(kind, kind) is None:
                for widget in self.grid_slaves(row=row):
                    widget.grid_remove()
        self.columnconfigure(1, weight=1)

    def show(self, here, total):
        """Show the counts of each kind on this micrograph, and in all."""
        for labels, numbers in zip(self._counts, zip(here, total)):
            for label, number in zip(labels, numbers):
                label.configure(text=f'{number:,}')
