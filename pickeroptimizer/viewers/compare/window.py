"""The window of a comparison: which of the same picks each method kept. Knows nothing of Scipion."""
import tkinter as tk
from tkinter import ttk

from ...comparison.analysis import Analysis
from ..widgets.background import Background
from ..widgets.keys import Key, KeyTable
from ..widgets.picture_canvas import MOUSE
from ..widgets.toplevel import openSized
from .curves_tab import CurvesTab
from .disagreements_tab import DisagreementsTab
from .micrographs_tab import MicrographsTab
from .model import CompareModel
from .patterns_tab import PatternsTab
from .tables_tab import TablesTab


class CompareWindow(tk.Toplevel):
    """Shows a comparison.Comparison in tabs; each is made when it is looked at for the first time.

    report: path of the report as a web page.
    """

    def __init__(self, master, title, comparison, report):
        super().__init__(master)
        self.title(title)
        openSized(self)
        self.model = CompareModel(comparison)
        self._analysis = None        # the Future of the Analysis, once it is asked for
        self._waiting = []           # what is to be called with it
        self.tabs = ttk.Notebook(self)
        self.tabs.pack(fill=tk.BOTH, expand=True)
        # Not of the window itself: matplotlib may undo all that is bound to the end of a window with figures.
        self._background = Background(self.tabs)
        self._make = {'Micrographs': lambda master: MicrographsTab(master, self.model),
                      'Curves': self._curves,
                      'Who kept what': lambda master: PatternsTab(master, comparison, self._openChoice),
                      'Disagreements': lambda master: DisagreementsTab(master, self.model, self._goTo),
                      'Tables': lambda master: self._tables(master, report)}
        self._frames = {}
        self._made = {}
        for name in self._make:
            self._frames[name] = frame = ttk.Frame(self.tabs)
            self.tabs.add(frame, text=name)
        self.tabs.bind('<<NotebookTabChanged>>', lambda event: self._seen())
        self.keys = KeyTable(self, (
            Key(('Click',), 'choose a box, in all panels'), *MOUSE,
            Key(('Up', 'b'), 'previous micrograph', lambda: self._inMicrographs(lambda tab: tab.leaf(-1))),
            Key(('Down', 'n'), 'next micrograph', lambda: self._inMicrographs(lambda tab: tab.leaf(1))),
            Key(('f',), 'the whole micrograph', lambda: self._inMicrographs(lambda tab: tab.fit()))))
        self.update_idletasks()      # the panels know their size before the first picture
        self.open('Micrographs')

    def open(self, name):
        """Bring a tab to the front and return it."""
        self.tabs.select(self._frames[name])
        return self._tab(name)

    def _tab(self, name):
        if name not in self._made:
            self._made[name] = self._make[name](self._frames[name])
            self._made[name].pack(fill=tk.BOTH, expand=True)
        return self._made[name]

    def withAnalysis(self, callback):
        """Call back with the Analysis when it is there: the intervals take seconds on many picks."""
        self._waiting.append(callback)
        if self._analysis is None:
            self._analysis = self._background.submit(self._analysed, Analysis.of, self.model.comparison)
        elif self._analysis.done():
            self._analysed(self._analysis.result())

    def _analysed(self, analysis):
        waiting, self._waiting = self._waiting, []
        for callback in waiting:
            callback(analysis)

    def _curves(self, master):
        tab = CurvesTab(master, self.model.hasTruth)
        self.withAnalysis(tab.show)
        return tab

    def _tables(self, master, report):
        tab = TablesTab(master, report)
        self.withAnalysis(tab.show)
        return tab

    def _seen(self):
        self._tab(self.tabs.tab(self.tabs.select(), 'text'))

    def _openChoice(self, choice):
        self.open('Disagreements').show(choice)

    def _goTo(self, row, choice):
        """Show a pick on its micrograph, with the methods that the choice is about, as far as there is room."""
        tab = self.open('Micrographs')
        wanted = choice.keepers[:3] + choice.rejecters[:3]
        if not set(wanted) <= set(self.model.shown):
            tab.showMethods(sorted(wanted))
        self.update_idletasks()      # a tab that has not been seen before gets its size
        tab.goTo(row)

    def _inMicrographs(self, act):
        """Do something to the tab of the micrographs, if it is the one that is seen."""
        if self.tabs.select() == str(self._frames['Micrographs']):
            act(self._tab('Micrographs'))
