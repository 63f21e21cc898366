"""The window in which masks are looked at on their micrographs, and sets made by the share that is usable."""
import tkinter as tk
from dataclasses import dataclass
from functools import lru_cache
from tkinter import messagebox, ttk
from typing import Callable, Dict, List, Sequence

import numpy as np

from ...convert.masks import Mask, binnedMask, readCells
from ...worker.exchange.classes import EMPTY, PARTICLE
from ...worker.exchange.errors import InputError
from ..micrograph import Micrograph
from ..palette import OUTSIDE, styles
from ..prune.histogram import ProbabilityHistogram
from ..widgets.canvas import MicrographCanvas
from ..widgets.display_controls import DisplayControls
from ..widgets.grey_picture import greyImage
from ..widgets.keys import Key, KeyTable
from ..widgets.look import buttonStyle, tickStyle
from ..widgets.micrograph_list import MicrographList
from ..widgets.micrographs import MicrographReader
from ..widgets.picture_canvas import MOUSE
from ..widgets.save_menu import SaveMenu
from ..widgets.screen import px
from ..widgets.swatch import Swatch
from ..widgets.toplevel import LEAST, openSized
from .tint import kindsOf, tinted

SIDE = 270      # px of the screen: of the histogram, and of the text below it


@dataclass
class MaskSession:
    """What the window is opened on.

    masks: {mic_id: Mask} of the micrographs that have one. classes: of the model. least: usable share, 0-1, of a
    micrograph that is kept. box: px; pixelSize: Å/px. create(least): makes sets, and returns a line; raises InputError.
    """
    title: str
    micrographs: List[Micrograph]
    masks: Dict[int, Mask]
    classes: Sequence[str]
    least: float
    box: float
    pixelSize: float
    create: Callable[[float], str]


class MaskWindow(tk.Toplevel):
    """Shows a MaskSession, the micrographs with the least usable area first. shown: mic_id of the one that is seen."""

    def __init__(self, master, session):
        super().__init__(master)
        self.title(session.title)
        openSized(self, *LEAST)
        self._session = session
        self._micrographs = [m for m in session.micrographs if m.id in session.masks]
        self._usable = np.array([session.masks[m.id].usable for m in self._micrographs])
        self._least = session.least
        self._reader = MicrographReader(self)
        self._readMask = lru_cache(maxsize=1)(self._maskOf)      # of the micrograph that is seen
        self._asked = self.shown = None      # mic_ids
        self.overlay = tk.BooleanVar(self, True)
        panes = ttk.PanedWindow(self, orient=tk.HORIZONTAL)
        self.table = MicrographList(panes, [m.name for m in self._micrographs], [('usable', 'Usable %', 80)],
                                    self._select)
        for place, share in enumerate(self._usable):
            self.table.setValues(place, (share,), (f'{100 * share:.1f}',))
        middle, side = ttk.Frame(panes), ttk.Frame(panes)
        self.canvas = MicrographCanvas(middle, session.box, makeGrey=self._makeGrey)
        DisplayControls(middle, self.canvas, session.pixelSize, session.box).pack(fill=tk.X)
        self.canvas.pack(fill=tk.BOTH, expand=True)
        panes.add(self.table, weight=1)
        panes.add(middle, weight=3)
        panes.add(side, weight=0)
        panes.pack(fill=tk.BOTH, expand=True, padx=4, pady=4)
        self._makeSide(side)
        self.keys = KeyTable(self, (
            *MOUSE, Key(('m',), 'show or hide the mask', self._toggle),
            Key(('Up', 'b'), 'previous micrograph', lambda: self._leaf(-1)),
            Key(('Down', 'n'), 'next micrograph', lambda: self._leaf(1)),
            Key(('f',), 'the whole micrograph', self.canvas.fit)))
        self.table.sort('usable', False)
        self.cut(self._least)
        first = self.table.neighbour(0)
        if first is not None:
            self.table.select(first)

    def _makeSide(self, side):
        ttk.Checkbutton(side, text='Show the mask (m)', variable=self.overlay, command=self.redraw, takefocus=False,
                        style=tickStyle(self)).pack(anchor=tk.W)
        for name, colour in self._legend():
            line = ttk.Frame(side)
            Swatch(line, colour).pack(side=tk.LEFT, padx=4)
            ttk.Label(line, text=name).pack(side=tk.LEFT)
            line.pack(anchor=tk.W)
        ttk.Label(side, text='Usable share of the micrographs').pack(anchor=tk.W, pady=(12, 0))
        self.histogram = ProbabilityHistogram(side, self.cut, SIDE)
        self.histogram.setProbabilities(self._usable)
        self.histogram.pack(fill=tk.X)
        self.line = ttk.Label(side, wraplength=px(self, SIDE))
        self.line.pack(anchor=tk.W, fill=tk.X, pady=4)
        self.create = ttk.Button(side, text='Create micrographs', command=self._create, style=buttonStyle(self))
        self.create.pack(fill=tk.X)
        self._told = ttk.Label(side, wraplength=px(self, SIDE))
        self._told.pack(fill=tk.X, pady=4)
        bottom = ttk.Frame(side)
        bottom.pack(side=tk.BOTTOM, fill=tk.X)
        SaveMenu(bottom, self.canvas, self._legend).pack(side=tk.LEFT)
        ttk.Button(bottom, text='Keys (F1)', command=lambda: self.keys.toggle()).pack(side=tk.RIGHT)

    def cut(self, least):
        """Keep the micrographs of which at least this share, 0-1, is usable, until sets are made of it."""
        self._least = least
        kept = self._usable >= least
        self.histogram.show(kept, least)
        self.line.configure(text=f'At least {100 * least:g} % usable: {int(kept.sum())} of {len(kept)} micrographs. '
                                 f'Drag the line to change it.')

    def redraw(self):
        """Show the micrograph with its mask, or without."""
        if self.shown is not None:
            self._reader.request(self._path(self.shown), self._show)

    def _legend(self):
        known = styles(self._session.classes)
        return [*((name, known[name].colour) for name in self._session.classes if name not in (PARTICLE, EMPTY)),
                ('no image', OUTSIDE.colour)]

    def _path(self, micId):
        return next(m.path for m in self._micrographs if m.id == micId)

    def _select(self, place):
        self._asked = self._micrographs[place].id
        self._reader.request(self._path(self._asked), self._show)

    def _show(self, image):
        if isinstance(image, str):
            self.shown = None
            self.canvas.showMessage(f'This micrograph cannot be shown.\n\n{image}')
            return
        self.shown = self._asked
        self.canvas.showImage(image)

    def _makeGrey(self, data, clipped, period, inverted):
        grey = greyImage(data, clipped, period, inverted)
        if not self.overlay.get():
            return grey
        try:
            bad, kinds = self._readMask(self.shown, data.pixels.shape)
        except InputError as error:
            self._told.configure(text=str(error))
            return grey
        return tinted(grey, bad, kinds, self._session.classes)

    def _maskOf(self, micId, shape):
        mask = self._session.masks[micId]
        return binnedMask(mask.path, shape), kindsOf(readCells(mask.classes_path), self._session.classes, shape)

    def _toggle(self):
        self.overlay.set(not self.overlay.get())
        self.redraw()

    def _leaf(self, step):
        place = self.table.neighbour(step)
        if place is not None:
            self.table.select(place)

    def _create(self):
        try:
            self._told.configure(text=self._session.create(100 * self._least))
        except InputError as error:
            messagebox.showerror('PickerOptimizer', str(error), parent=self)
