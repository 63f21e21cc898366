"""The list of methods, of which a few are chosen to be seen side by side."""
import tkinter as tk
from tkinter import ttk

from ...comparison.names import apart
from ..widgets.look import listStyle
from ..widgets.tooltip import Tooltip

LINES_SHOWN = 7        # at most; more scroll
ON, OFF = '☑ ', '☐ '


class MethodList(ttk.Frame):
    """A click on a method, or the space bar, shows or hides it.

    names: of the methods. most: how many may be seen. onChange(chosen): places of those to be seen, in their order.
    onRefused(line): why a choice cannot be.
    """

    def __init__(self, master, names, most, onChange, onRefused):
        super().__init__(master)
        self._names, self._short = names, apart(names)
        self._most, self._onChange, self._onRefused = most, onChange, onRefused
        self._chosen = ()
        self.tree = tree = ttk.Treeview(self, selectmode='browse', height=min(LINES_SHOWN, len(names)),
                                        style=listStyle(self))
        tree.heading('#0', text=f'Side by side (at most {most})' if len(names) > most else 'Side by side')
        bar = ttk.Scrollbar(self, command=tree.yview)
        tree.configure(yscrollcommand=bar.set)
        if len(names) > LINES_SHOWN:
            bar.pack(side=tk.RIGHT, fill=tk.Y)
        tree.pack(side=tk.LEFT, fill=tk.BOTH, expand=True)
        for place in range(len(names)):
            tree.insert('', tk.END, iid=str(place))
        tree.bind('<ButtonRelease-1>', lambda event: self._toggle(tree.identify_row(event.y)))
        self.tooltip = Tooltip(tree, self._fullName)
        tree.bind('<space>', lambda event: self._toggle(tree.focus()))

    def show(self, chosen):
        """Show what is chosen without telling of it."""
        self._chosen = tuple(chosen)
        for place, name in enumerate(self._short):
            self.tree.item(str(place), text=(ON if place in self._chosen else OFF) + name)

    def _fullName(self, event):
        line = self.tree.identify_row(event.y)
        return self._names[int(line)] if line else ''

    def _toggle(self, iid):
        if not iid:
            return
        chosen = sorted(set(self._chosen) ^ {int(iid)})
        if not chosen:
            self._onRefused('One method at least has to be seen.')
        elif len(chosen) > self._most:
            self._onRefused(f'At most {self._most} methods can be seen side by side: hide one of them first.')
        else:
            self.show(chosen)
            self._onChange(self._chosen)
