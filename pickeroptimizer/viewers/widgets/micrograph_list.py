"""A list of micrographs with a few numbers each; sorted by any column, so that bad ones surface."""
import tkinter as tk
from tkinter import ttk

from ...comparison.names import apart, shortened
from .look import listStyle
from .screen import px
from .tooltip import Tooltip

UP, DOWN = ' ▲', ' ▼'


class MicrographList(ttk.Frame):
    """A micrograph is named by its place in `names`. onSelect(place): after another one is selected.

    columns: (name, heading, px) of each. The first column, '#0', has the micrographs' names.
    """

    def __init__(self, master, names, columns, onSelect):
        super().__init__(master)
        self._onSelect = onSelect
        self._names = names
        self._columns = [name for name, _, _ in columns]
        self._headings = {'#0': 'Micrograph', **{name: heading for name, heading, _ in columns}}
        self._values = [(None,) * len(columns)] * len(names)
        self._order = list(range(len(names)))
        self._sorted = '#0', False      # column, whether the largest come first
        self._selected = None
        self.tree = tree = ttk.Treeview(self, columns=self._columns, selectmode='browse', style=listStyle(self))
        bar = ttk.Scrollbar(self, command=tree.yview)
        tree.configure(yscrollcommand=bar.set)
        bar.pack(side=tk.RIGHT, fill=tk.Y)
        tree.pack(side=tk.LEFT, fill=tk.BOTH, expand=True)
        tree.column('#0', width=px(self, 140), minwidth=px(self, 80))
        tree.heading('#0', command=lambda: self.sort('#0'))
        for name, _, width in columns:
            tree.column(name, width=px(self, width), stretch=False, anchor=tk.E)
            tree.heading(name, command=lambda name=name: self.sort(name))
        for place, name in enumerate(apart(shortened(names))):
            tree.insert('', tk.END, iid=str(place), text=name)
        self._showHeadings()
        tree.bind('<<TreeviewSelect>>', self._selectionChanged)
        self.tooltip = Tooltip(tree, self._fullName)

    def setValues(self, place, values, texts):
        """Show these texts of a micrograph; sort it by the values, None for one not known. The same are not redrawn."""
        if values != self._values[place]:
            self._values[place] = values
            self.tree.item(str(place), values=texts)

    def sort(self, column, largestFirst=None):
        """Sort by a column; by the same one again: the other way round. Counts begin with the largest."""
        if largestFirst is None:
            largestFirst = not self._sorted[1] if self._sorted[0] == column else column != '#0'
        self._sorted = column, largestFirst
        if column == '#0':
            def key(place):
                return self._names[place]
        else:
            number = self._columns.index(column)

            def key(place):
                value = self._values[place][number]
                return -1 if value is None else value
        self._order = sorted(range(len(self._names)), key=key, reverse=largestFirst)
        self.tree.set_children('', *map(str, self._order))
        self._showHeadings()
        if self._selected is not None:
            self.tree.see(str(self._selected))

    def resort(self):
        """Sort as it is sorted, after the values have changed."""
        self.sort(*self._sorted)

    def select(self, place):
        """Select a micrograph; `onSelect` is called if it is another one."""
        self.tree.selection_set(str(place))
        self.tree.focus(str(place))      # from where the arrow keys go on
        self.tree.see(str(place))
        self._selectionChanged()

    def neighbour(self, step):
        """Return the place of the micrograph so many lines below the selected one, None beyond the end."""
        line = 0 if self._selected is None else self._order.index(self._selected) + step
        return self._order[line] if 0 <= line < len(self._order) else None

    def _fullName(self, event):
        line = self.tree.identify_row(event.y)
        return self._names[int(line)] if line and self.tree.item(line, 'text') != self._names[int(line)] else ''

    def _selectionChanged(self, event=None):
        chosen = self.tree.selection()
        if chosen and int(chosen[0]) != self._selected:
            self._selected = int(chosen[0])
            self._onSelect(self._selected)

    def _showHeadings(self):
        for name, text in self._headings.items():
            mark = (DOWN if self._sorted[1] else UP) if name == self._sorted[0] else ''
            self.tree.heading(name, text=text + mark)
