"""Buttons to choose the class that labels are given."""
import tkinter as tk
from tkinter import ttk

from .. import palette
from ..widgets.colours import pale
from ..widgets.flow import Flow
from ..widgets.swatch import Swatch

LETTERS = 19      # that a button has room for at least


class ClassButtons(Flow):
    """One for each class, with its colour, its key and its labels, in as many lines as they need.

    variable: tk.StringVar, the name of the chosen class. state: tk.NORMAL or tk.DISABLED.
    """

    def __init__(self, master, variable, classes, state):
        super().__init__(master)
        self._keys = palette.keys(classes)
        self.buttons = {}
        letters = max(LETTERS, *(len(name) + LETTERS - len(classes[0]) for name in classes))
        for name, style in zip(classes, map(palette.styles(classes).get, classes)):
            cell = ttk.Frame(self)
            Swatch(cell, *style).pack(side=tk.LEFT, padx=2)
            self.buttons[name] = tk.Radiobutton(cell, variable=variable, value=name, indicatoron=False, width=letters,
                                                selectcolor=pale(style.colour), state=state, takefocus=False)
            self.buttons[name].pack(side=tk.LEFT, fill=tk.X, expand=True, ipady=2)
        self.arrange()

    def disable(self):
        """Let no class be chosen any more."""
        for button in self.buttons.values():
            button.configure(state=tk.DISABLED)

    def show(self, counts, wanted):
        """Show {class: number of labels}, and {class: how many are wanted} of those that are."""
        for name, button in self.buttons.items():
            key = f' ({self._keys[name]})' if self._keys[name] else ''
            of = f' of {wanted[name]}' if name in wanted else ''
            button.configure(text=f'{name}{key}: {counts.get(name, 0)}{of}')
