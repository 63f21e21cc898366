"""The gallery beside the micrograph: which picks it shows, in which order and size, page by page."""
import tkinter as tk
from tkinter import ttk

from ..widgets.gallery import Gallery
from ..widgets.look import tickStyle
from ..widgets.thumbnails import ThumbnailReader
from .model import KEPT_PICKS, MOST_NOVEL, REJECTED_PICKS

PAGE = 60                                                 # boxes at a time
SIDES = {'small': 64, 'middle': 96, 'large': 144}         # px of the screen


class PickGallery(ttk.Frame):
    """Shows picks of a PruneModel; onGoTo(row), onMenu(row, event): after a click and a right click on one.

    boxSize: px. place(): that of the micrograph that is looked at. gallery: the Gallery. rows: all that it can show.
    """

    def __init__(self, master, model, boxSize, onGoTo, onMenu, place):
        super().__init__(master)
        self._model, self._place = model, place
        self._thumbnails = ThumbnailReader(self, boxSize)
        self.rows, self._first, self._page = [], 0, PAGE
        self.subset, self.order = (ttk.Combobox(self, state='readonly', width=14) for _ in range(2))
        self.size = ttk.Combobox(self, state='readonly', width=7, values=list(SIDES))
        self.here = tk.BooleanVar(self, False)
        self._sets = (self.subset, model.subsets()), (self.order, model.orders())
        for combobox, values in self._sets:
            combobox.configure(values=values)
            combobox.set(values[0])
            combobox.bind('<<ComboboxSelected>>', self._chosen)
        if model.hasScores and not model.isKept().any():
            self.subset.set(REJECTED_PICKS)
        self.size.set('small')
        self.size.bind('<<ComboboxSelected>>', self._sized)
        self._hereButton = ttk.Checkbutton(self, text='of this micrograph', variable=self.here, takefocus=False,
                                           style=tickStyle(self), command=self._fromTheTop)
        self._where = ttk.Label(self, anchor=tk.E)
        pages = ttk.Frame(self)
        for text, step in (('\u25c0', -1), ('\u25b6', 1)):
            ttk.Button(pages, text=text, width=2, takefocus=False,
                       command=lambda step=step: self.turn(step)).pack(side=tk.LEFT)
        self.gallery = Gallery(self, onGoTo, onMenu, SIDES['small'], columns=4)
        self.subset.grid(row=0, column=0, sticky=tk.EW)
        self.order.grid(row=0, column=1, columnspan=2, sticky=tk.EW, padx=(2, 0))
        self._hereButton.grid(row=1, column=0, sticky=tk.W)
        self._where.grid(row=1, column=1, sticky=tk.EW)
        pages.grid(row=1, column=2, sticky=tk.E)
        self.gallery.grid(row=2, column=0, columnspan=3, sticky=tk.NSEW)
        self.size.grid(row=3, column=2, sticky=tk.E, pady=(2, 0))
        ttk.Label(self, text='Shift, Ctrl or a band: several', font='TkSmallCaptionFont').grid(
            row=3, column=0, columnspan=2, sticky=tk.W)
        self.columnconfigure((0, 1), weight=1)
        self.rowconfigure(2, weight=1)

    def refresh(self):
        """Show the picks as they are now; the page stays as far as it can."""
        for combobox, values in ((self.subset, self._model.subsets()), (self.order, self._model.orders())):
            if list(combobox['values']) != values:
                combobox.configure(values=values)
        if self.subset.get() not in self.subset['values']:
            self.subset.set(KEPT_PICKS)
        place = self._place() if self.here.get() else None
        self._page = PAGE
        self.rows = self._model.listed(self.subset.get(), self.order.get(), place).tolist()
        self._first = min(self._first, max(0, len(self.rows) - 1) // PAGE * PAGE)
        self._show()

    def showRows(self, rows):
        """Show these picks and no others, all taken, until something else is chosen."""
        self.rows, self._first, self._page = list(rows), 0, max(PAGE, len(rows))
        self._show()
        self.gallery.take(self.gallery.keys())

    def turn(self, step):
        """Show the next page (1), or the one before (-1)."""
        first = self._first + step * self._page
        if 0 <= first < len(self.rows):
            self._first = first
            self._show()

    def micrographChanged(self):
        """Another micrograph is looked at."""
        if self.here.get():
            self._fromTheTop()

    def _chosen(self, event):
        event.widget.selection_clear()
        self._fromTheTop()

    def _fromTheTop(self):
        self._first = 0
        self.refresh()

    def _sized(self, event):
        event.widget.selection_clear()
        self.gallery.setSide(SIDES[self.size.get()])

    def _show(self):
        model, rows = self._model, self.rows[self._first:self._first + self._page]
        last = self._first + len(rows)
        self._where.configure(text=f'{self._first + 1:,}-{last:,} of {len(self.rows):,}' if rows else 'none')
        if rows and rows == self.gallery.keys():
            for row in rows:
                self.gallery.recolour(row, self._colour(row))
            return
        self.gallery.setItems([(row, None, self._caption(row), self._colour(row)) for row in rows],
                              message='There are none.')
        picks, places = model.picks, [model.micrographs[model.placeOf(row)].path for row in rows]
        self._thumbnails.request([(row, path, float(picks.x[row]), float(picks.y[row]))
                                  for row, path in zip(rows, places)], self.gallery.setThumbnail)

    def _caption(self, row):
        picks, order = self._model.picks, self.order.get()
        if order == MOST_NOVEL:
            return f'{picks.novelty[row]:.2f}'
        if 'score' in order:
            return f'{picks.score[row]:.3g}'
        if picks.probabilities is None:
            return str(picks.ids[row])
        return f'{picks.probabilities[row, 0]:.3f}'

    def _colour(self, row):
        return self._model.kinds[self._model.outcomes[row]].colour
