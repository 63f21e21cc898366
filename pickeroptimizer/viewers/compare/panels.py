"""The panels of one micrograph, one for each method that is seen: its name, counts by kind, and the boxes."""
import tkinter as tk
from tkinter import ttk

from ..widgets.linked import LinkedCanvases
from ..widgets.saved_picture import joinedPictures
from ..widgets.tooltip import Tooltip
from .model import MOST_PANELS

PANEL_COLUMNS = {1: 1, 2: 2, 3: 2, 4: 2}      # by how many panels there are; else 3


class Panels(ttk.Frame):
    """The panels of a CompareModel.

    onClick(row): after a click on a box; None: beside them. onHover(row): whenever another one is pointed at.
    """

    def __init__(self, master, model, onClick, onHover):
        super().__init__(master)
        self._model = model
        self._shown = []             # whether boxes of each kind are seen
        self.canvases = LinkedCanvases()
        self._panels = [Panel(self, self.canvases, model.comparison.box, onClick, onHover)
                        for _ in range(MOST_PANELS)]

    def arrange(self):
        """Have a panel for each method that is seen; they show nothing until they are told."""
        shown = self._model.shown
        columns = self._columns()
        for line in range(MOST_PANELS):
            for configure, used in ((self.columnconfigure, line < columns),
                                    (self.rowconfigure, line * columns < len(shown))):
                configure(line, weight=int(used), uniform='panels' if used else '')
        for place, panel in enumerate(self._panels):
            if place < len(shown):
                panel.showName(self._model.shortNames[shown[place]], self._model.methods[shown[place]].name)
                panel.grid(row=place // columns, column=place % columns, sticky=tk.NSEW, padx=1, pady=1)
            else:
                panel.grid_remove()
                panel.showMessage('')
        self.update_idletasks()      # they have their sizes before a picture is made

    def showMessage(self, line):
        """Show a line of text in the place of the pictures."""
        for panel in self._seen():
            panel.showMessage(line)

    def showImage(self, image):
        """Show an ImageData in all panels, without boxes."""
        panels = self._seen()
        for panel in panels:
            panel.canvas.setBoxes({})
            panel.canvas.showImage(image)
        for panel in panels[1:]:
            panel.canvas.showView(panels[0].canvas)

    def showBoxes(self, place, shown):
        """Show the boxes of a micrograph, by its place, as the model has their kinds; shown: as in showKinds."""
        self._shown = shown
        rows, kinds = self._model.kindsOn(place)
        comparison, legend = self._model.comparison, self._model.kindsOf()
        keys, x, y = rows.tolist(), comparison.x[rows].tolist(), comparison.y[rows].tolist()
        colours = [kind.colour for kind in legend]
        for panel, line in zip(self._seen(), kinds.tolist()):
            panel.kinds = dict(zip(keys, line))
            panel.canvas.setBoxes({key: (u, v, colours[kind]) for key, u, v, kind in zip(keys, x, y, line)})
            panel.showCounts([(colour, line.count(kind)) for kind, colour in enumerate(colours)])
        self.showKinds(shown)

    def showKinds(self, shown):
        """Show the boxes of those kinds for which a list has True, hide the others."""
        self._shown = shown
        for panel in self._seen():
            panel.canvas.setVisible(lambda row, panel=panel: self._shown[panel.kinds[row]])

    def picture(self, whole, legend=()):
        """Return the panels as they are seen as a PIL image, or of the whole micrograph for print; as that of a
        MicrographCanvas."""
        columns = self._columns()
        found = [panel.canvas.picture(whole, across=columns) for panel in self._seen()]
        if None in found:
            return None
        return joinedPictures(found, [self._model.shortNames[number] for number in self._model.shown], columns, legend)

    def _columns(self):
        return PANEL_COLUMNS.get(len(self._model.shown), 3)

    def _seen(self):
        return self._panels[:len(self._model.shown)]


class Panel(ttk.Frame):
    """The panel of one method. kinds: {row: kind} of the boxes that it shows."""

    def __init__(self, master, canvases, box, onClick, onHover):
        super().__init__(master)
        self.kinds = {}
        head = ttk.Frame(self)
        head.pack(fill=tk.X)
        self._chips = []
        self._counts = ttk.Frame(head)
        self._counts.pack(side=tk.RIGHT)
        self.name = ttk.Label(head, font='TkHeadingFont', anchor=tk.W, width=1)
        self.name.pack(side=tk.LEFT, fill=tk.X, expand=True, padx=4)
        self._fullName = ''
        self.tooltip = Tooltip(self.name, lambda event: self._fullName)
        self.canvas = canvases.add(self, box, lambda x, y, row: onClick(row), onHover)
        self.canvas.pack(fill=tk.BOTH, expand=True)

    def showName(self, short, full):
        """Show the short name of the method; the full one is told where one points at it."""
        self.name.configure(text=short)
        self._fullName = full

    def showMessage(self, line):
        """Show a line of text in the place of the picture."""
        self.kinds = {}
        self.showCounts([])
        self.canvas.showMessage(line)

    def showCounts(self, counts):
        """Show (colour, number) of each kind; those of which there are none are left out."""
        for chip in self._chips:
            chip.destroy()
        self._chips = [tk.Label(self._counts, text=f'{number:,}', background=colour, foreground='black', padx=4, pady=0)
                       for colour, number in counts if number]
        for chip in self._chips:
            chip.pack(side=tk.LEFT, padx=1)
