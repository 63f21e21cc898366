"""Viewer of pruned coordinates: kept and rejected boxes on a micrograph at a time."""
import tkinter as tk
from collections import defaultdict
from tkinter import ttk

import numpy as np
from matplotlib.backends.backend_tkagg import FigureCanvasTkAgg, NavigationToolbar2Tk
from matplotlib.figure import Figure

from pwem.emlib.image.image_readers import ImageReadersRegistry
from pwem.objects import SetOfCoordinates
from pyworkflow.viewer import DESKTOP_TKINTER, View, Viewer

from .. import convert
from ..constants import PO_CLASS
from ..protocols import PickerOptimizerPruneOutputs, ProtPickerOptimizerPrune
from ..worker.tables import UNREADABLE
from . import overlay


def boxesOnMicrograph(keptSet, otherSets, micId):
    """{kind of the overlay: centres in px} of the coordinates on one micrograph; `keptSet` may be None."""
    boxes = defaultdict(list)
    for coordinates in (keptSet, *otherSets):
        if coordinates is None or not coordinates.getSize():
            continue
        items = convert.reopen(coordinates)
        for pick in items.iterItems(where=f'_micId={micId}'):
            name = getattr(pick, PO_CLASS).get()
            kind = overlay.UNSCORED if name == UNREADABLE else name      # the others are called alike
            boxes[overlay.KEPT if coordinates is keptSet else kind].append(pick.getPosition())
        items.close()
    return boxes


class OverlayWindow(tk.Toplevel):
    """A list of micrographs, and the chosen one with its boxes."""

    def __init__(self, parent, title, keptSet, otherSets):
        super().__init__(parent)
        self.title(title)
        self._kept, self._others = keptSet, otherSets
        first = keptSet if keptSet is not None else otherSets[0]
        self._box = first.getBoxSize() or 100
        micrographs = convert.reopen(first.getMicrographs())
        self._micrographs = [(m.getObjId(), m.getMicName(), m.getFileName()) for m in micrographs.iterItems()]
        micrographs.close()
        self._list = ttk.Treeview(self, show='tree', selectmode='browse')
        for i, (_, name, _) in enumerate(self._micrographs):
            self._list.insert('', 'end', iid=str(i), text=name)
        self._list.pack(side=tk.LEFT, fill=tk.Y)
        figure = Figure(figsize=(9, 7), layout='constrained')      # no pyplot: it closes with the window
        self.axes = figure.add_subplot()
        self._canvas = FigureCanvasTkAgg(figure, master=self)
        NavigationToolbar2Tk(self._canvas, self).pack(side=tk.BOTTOM, fill=tk.X)
        self._canvas.get_tk_widget().pack(fill=tk.BOTH, expand=True)
        self._list.bind('<<TreeviewSelect>>', lambda event: self.showMicrograph(int(self._list.selection()[0])))
        self._list.selection_set('0')

    def showMicrograph(self, number):
        """Show the micrograph at this place of the list."""
        micId, name, path = self._micrographs[number]
        try:
            image = np.asarray(ImageReadersRegistry.open(path).getImage())
        except (OSError, ValueError) as error:
            self.axes.clear()
            self.axes.set_axis_off()
            self.axes.set_title(f'{name} cannot be shown: {error}', fontsize='small')
        else:
            overlay.draw_overlay(self.axes, image, boxesOnMicrograph(self._kept, self._others, micId), self._box)
            self.axes.set_title(name)
        self._canvas.draw_idle()


class OverlayView(View):
    """Shows an OverlayWindow."""

    def __init__(self, parent, *arguments):
        self._parent, self._arguments = parent, arguments

    def show(self):
        window = OverlayWindow(self._parent, *self._arguments)
        if self._parent is None:      # outside the project window nobody else runs a main loop
            window.wait_window()


class PickerOptimizerPruneViewer(Viewer):
    """Shows what a run kept and rejected, or one of its sets."""
    _name = 'Pruned coordinates (overlay)'
    _targets = [ProtPickerOptimizerPrune, SetOfCoordinates]
    _environments = [DESKTOP_TKINTER]

    @classmethod
    def can_handle_this_instance(cls, instance):
        if isinstance(instance, SetOfCoordinates):      # only sets that bear our classes
            return bool(instance.getSize()) and hasattr(instance.getFirstItem(), PO_CLASS)
        return True

    def _visualize(self, obj, **kwargs):
        if isinstance(obj, SetOfCoordinates):
            return [OverlayView(self.getTkRoot(), 'PickerOptimizer', None, [obj])]
        sets = [getattr(obj, output.name, None) for output in PickerOptimizerPruneOutputs]
        if sets[0] is None:
            return [self.infoMessage('There are no pruned coordinates yet.', 'PickerOptimizer')]
        return [OverlayView(self.getTkRoot(), f'PickerOptimizer: {obj.getRunName()}', sets[0], sets[1:])]
