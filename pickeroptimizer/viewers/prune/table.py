"""The list of micrographs with their counts; sorted by any column, so that bad ones surface."""
import tkinter as tk
from tkinter import ttk

from ..widgets.names import shortened
from .model import KEPT, REJECTED, rejectedShare

COLUMNS = (('kept', 58), ('rejected', 58), ('share', 70))      # name, px
DECIDED, LABELS = ('Kept', 'Rej.', 'Rej. %'), ('Part.', 'Junk', 'Junk %')      # headings
UP, DOWN = ' ▲', ' ▼'


class MicrographTable(ttk.Frame):
    """A micrograph is named by its place in `names`. onSelect(place): after another one is selected.

    headings: DECIDED or LABELS.
    """

    def __init__(self, master, names, onSelect, headings):
        super().__init__(master)
        self._onSelect = onSelect
        self._names = names
        self._headings = dict(zip(['#0', *(name for name, _ in COLUMNS)], ('Micrograph', *headings)))
        self._values = [(None, None, None)] * len(names)
        self._order = list(range(len(names)))
        self._sorted = '#0', False      # column, whether the largest come first
        self._selected = None
        self.tree = tree = ttk.Treeview(self, columns=[name for name, _ in COLUMNS], selectmode='browse')
        bar = ttk.Scrollbar(self, command=tree.yview)
        tree.configure(yscrollcommand=bar.set)
        bar.pack(side=tk.RIGHT, fill=tk.Y)
        tree.pack(side=tk.LEFT, fill=tk.BOTH, expand=True)
        tree.column('#0', width=140, minwidth=80)
        tree.heading('#0', command=lambda: self.sort('#0'))
        for name, width in COLUMNS:
            tree.column(name, width=width, stretch=False, anchor=tk.E)
            tree.heading(name, command=lambda name=name: self.sort(name))
        for place, name in enumerate(shortened(names)):
            tree.insert('', tk.END, iid=str(place), text=name)
        self._showHeadings()
        tree.bind('<<TreeviewSelect>>', self._selectionChanged)

    def setCounts(self, counts):
        """Show the counts of model.PruneModel.counts; rows that stay as they are, are not redrawn."""
        for place, numbers in enumerate(counts.tolist()):
            values = numbers[KEPT], sum(numbers[REJECTED]), rejectedShare(numbers)
            if values != self._values[place]:
                self._values[place] = values
                share = '' if values[2] is None else f'{100 * values[2]:.1f}'
                self.tree.item(str(place), values=(*values[:2], share))

    def sort(self, column, largestFirst=None):
        """Sort by a column; by the same one again: the other way round. Counts begin with the largest."""
        if largestFirst is None:
            largestFirst = not self._sorted[1] if self._sorted[0] == column else column != '#0'
        self._sorted = column, largestFirst
        if column == '#0':
            def key(place):
                return self._names[place]
        else:
            number = [name for name, _ in COLUMNS].index(column)

            def key(place):
                value = self._values[place][number]
                return -1 if value is None else value
        self._order = sorted(range(len(self._names)), key=key, reverse=largestFirst)
        self.tree.set_children('', *map(str, self._order))
        self._showHeadings()
        if self._selected is not None:
            self.tree.see(str(self._selected))

    def select(self, place):
        """Select a micrograph; `onSelect` is called if it is another one."""
        self.tree.selection_set(str(place))
        self.tree.see(str(place))
        self._selectionChanged()

    def neighbour(self, step):
        """The place so many lines below the selected one, None beyond the end."""
        line = 0 if self._selected is None else self._order.index(self._selected) + step
        return self._order[line] if 0 <= line < len(self._order) else None

    def _selectionChanged(self, event=None):
        chosen = self.tree.selection()
        if chosen and int(chosen[0]) != self._selected:
            self._selected = int(chosen[0])
            self._onSelect(self._selected)

    def _showHeadings(self):
        for name, text in self._headings.items():
            mark = (DOWN if self._sorted[1] else UP) if name == self._sorted[0] else ''
            self.tree.heading(name, text=text + mark)
