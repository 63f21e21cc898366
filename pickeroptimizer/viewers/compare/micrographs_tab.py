"""The same micrograph in panels side by side, one for each method."""
import tkinter as tk
from tkinter import ttk

from ...comparison.kinds import AGREEMENT
from ..widgets.display_controls import DisplayControls
from ..widgets.legend import Legend
from ..widgets.micrograph_list import MicrographList
from ..widgets.micrographs import ImageData, MicrographReader
from ..widgets.save_menu import SaveMenu
from .methods import MethodList
from .model import MOST_PANELS, RIGHT
from .panels import Panels

AGREEMENT_COLUMNS = (('picks', 'Picks', 54), ('all', 'All', 46), ('none', 'None', 50), ('share', 'Differ %', 82))
HINT = 'Wheel zooms, drag moves, F1: keys'
AGREE, TRUTH = 'Agreement', 'Right or wrong'
CLOSE = 6       # boxes across: what is seen of a micrograph around a pick that is gone to


class MicrographsTab(ttk.Frame):
    """Micrographs of a CompareModel, those that the methods disagree about most first."""

    def __init__(self, master, model):
        super().__init__(master)
        self._model = model
        self._reader = MicrographReader(self)
        self._place = None           # of the micrograph that is asked for, and
        self.shownPlace = None       # of the one that is seen
        self._target = None          # row to go to when it is shown
        self._marked = self._hovered = None
        self._makeSide().pack(side=tk.LEFT, fill=tk.Y, padx=4, pady=4)
        self._makeMiddle().pack(fill=tk.BOTH, expand=True, padx=(0, 4), pady=4)
        self._methods.show(model.shown)
        self.panels.arrange()
        self._refreshTable()
        self.table.sort('share', largestFirst=True)
        first = self.table.neighbour(0)
        if first is None:
            self.panels.showMessage('There are no micrographs.')
        else:
            self.table.select(first)

    # ------------------------------ widgets ------------------------------

    def _makeSide(self):
        frame, model = ttk.Frame(self), self._model
        bottom = ttk.Frame(frame)
        bottom.pack(side=tk.BOTTOM, fill=tk.X)
        self._methods = MethodList(bottom, [method.name for method in model.methods], MOST_PANELS,
                                   self.showMethods, self._tell)
        self._methods.pack(fill=tk.X, pady=(4, 4))
        if model.hasTruth:
            choice = ttk.Frame(bottom)
            ttk.Label(choice, text='Colours').pack(side=tk.LEFT)
            self.colours = ttk.Combobox(choice, values=(AGREE, TRUTH), state='readonly', width=16)
            self.colours.set(AGREE)
            self.colours.bind('<<ComboboxSelected>>', lambda event: self._colour())
            self.colours.pack(side=tk.LEFT, padx=4, fill=tk.X, expand=True)
            choice.pack(fill=tk.X, pady=(0, 2))
        legends = ttk.Frame(bottom)
        legends.columnconfigure(0, weight=1)
        legends.pack(fill=tk.X)
        self._legends = [Legend(legends, kinds, self._showKinds) for kinds in (AGREEMENT, RIGHT)]
        for legend in self._legends:      # one lies upon the other
            legend.grid(row=0, column=0, sticky=tk.NSEW)
        self.legend = self._legends[0]
        self.legend.tkraise()
        self.table = MicrographList(frame, [micrograph.name for micrograph in model.micrographs],
                                   AGREEMENT_COLUMNS, self._showMicrograph)
        self.table.tree.configure(height=4)      # at least; it takes what is left
        self.table.pack(fill=tk.BOTH, expand=True)
        return frame

    def _makeMiddle(self):
        frame, comparison = ttk.Frame(self), self._model.comparison
        self.panels = Panels(frame, self._model, self._mark, self._hover)
        controls = DisplayControls(frame, self.panels.canvases, comparison.pixel_size, comparison.box)
        ttk.Label(controls.line, text=HINT, foreground='#606060').pack(side=tk.LEFT, padx=10)
        SaveMenu(controls.line, self.panels, self._pictureLegend).pack(side=tk.RIGHT)
        controls.pack(fill=tk.X)
        # Three lines, empty or not, so that the pictures keep their size.
        self._info = tk.Label(frame, anchor=tk.NW, justify=tk.LEFT, height=3)
        self._info.bind('<Configure>', lambda event: self._info.configure(wraplength=event.width - 4))
        self._info.pack(side=tk.BOTTOM, fill=tk.X)
        self.panels.pack(fill=tk.BOTH, expand=True)
        return frame

    # ------------------------------ showing ------------------------------

    def showMethods(self, shown):
        """See these methods side by side."""
        self._model.show(shown)
        self._methods.show(shown)
        self.panels.arrange()
        self._refreshTable()
        self.table.resort()
        self._requestImage()

    def goTo(self, row):
        """Show the micrograph of a pick, zoom in to the pick and emphasise it."""
        place, comparison = self._model.placeOf(row), self._model.comparison
        if place == self.shownPlace:
            self._mark(row)
            self.panels.canvases.centreOn(comparison.x[row], comparison.y[row], CLOSE * comparison.box)
        else:
            self._target = row
            self.table.select(place)

    def leaf(self, step):
        """Go so many lines down the list of micrographs."""
        place = self.table.neighbour(step)
        if place is not None:
            self.table.select(place)

    def fit(self):
        """Show the whole micrograph."""
        self.panels.canvases.fit()

    def _refreshTable(self):
        for place, (picks, kept, rejected, differ) in enumerate(self._model.counts().tolist()):
            share = differ / picks if picks else None
            texts = picks, kept, rejected, '' if share is None else f'{100 * share:.1f}'
            self.table.setValues(place, (picks, kept, rejected, share), texts)

    def _showMicrograph(self, place):
        self._place = place
        self._requestImage()

    def _requestImage(self):
        if self._place is not None:
            self._reader.request(self._model.micrographs[self._place].path, self._imageCame)

    def _imageCame(self, image):
        following = self.table.neighbour(1)
        if following is not None:
            self._reader.readAhead(self._model.micrographs[following].path)
        self._hovered = self._marked = None
        target, self._target = self._target, None
        if not isinstance(image, ImageData):
            self.shownPlace = None
            self.panels.showMessage(f'This micrograph cannot be shown.\n\n{image}')
            self._describe()
            return
        self.panels.showImage(image)
        self.shownPlace = self._place
        self._showBoxes()
        self._describe()
        if target is not None and self._model.placeOf(target) == self.shownPlace:      # nobody has leafed on since
            self.goTo(target)

    def _showBoxes(self):
        if self.shownPlace is not None:
            self.panels.showBoxes(self.shownPlace, self._shownKinds())

    def _showKinds(self):
        self.panels.showKinds(self._shownKinds())

    def _shownKinds(self):
        return [variable.get() for variable in self.legend.shown]

    def _pictureLegend(self):
        """The kinds of boxes that are seen in some panel: (text, colour)."""
        there = set() if self.shownPlace is None else set(self._model.kindsOn(self.shownPlace)[1].ravel().tolist())
        return [(kind.text, kind.colour) for number, (kind, shown) in enumerate(zip(
            self._model.kindsOf(), self._shownKinds())) if shown and number in there]

    def _colour(self):
        self.colours.selection_clear()
        self._model.byTruth = self.colours.get() == TRUTH
        self.legend = self._legends[int(self._model.byTruth)]
        self.legend.tkraise()
        self._showBoxes()

    # ------------------------------ picks ------------------------------

    def _mark(self, row):
        self._marked = row
        self.panels.canvases.mark(row)
        self._describe()

    def _hover(self, row):
        self._hovered = row
        self._describe()

    def _describe(self):
        row = self._marked if self._hovered is None else self._hovered
        if row is not None:
            self._tell(self._model.describe(row))
        else:
            self._tell('' if self._place is None else self._model.micrographs[self._place].name)

    def _tell(self, line):
        self._info.configure(text=line)
