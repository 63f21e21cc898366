"""The picks that some methods kept and others rejected, as a gallery: where a user sees which of them to trust."""
import tkinter as tk
from tkinter import ttk

from ...comparison.names import NAME_LETTERS
from ..widgets.flow import Flow
from ..widgets.gallery import Gallery
from ..widgets.swatch import Swatch
from ..widgets.thumbnails import ThumbnailReader
from .model import Choice

DISPUTED_SHOWN, DISPUTED_SIDE = 120, 88      # thumbnails, and px of the screen of each


class DisagreementsTab(ttk.Frame):
    """Picks of a CompareModel; onGoTo(row, choice): after a click on one of them."""

    def __init__(self, master, model, onGoTo):
        super().__init__(master)
        self._model, self._onGoTo = model, onGoTo
        self._choice = None
        self._thumbnails = ThumbnailReader(self, model.comparison.box)
        tools = ttk.Frame(self)
        tools.pack(fill=tk.X, padx=4, pady=4)
        self.keeper, self.rejecter = (ttk.Combobox(tools, values=model.shortNames, state='readonly', width=NAME_LETTERS)
                                      for _ in range(2))
        for text, choice in (('Kept by', self.keeper), ('rejected by', self.rejecter)):
            ttk.Label(tools, text=text).pack(side=tk.LEFT, padx=4)
            choice.bind('<<ComboboxSelected>>', lambda event: self._chosen(event.widget))
            choice.pack(side=tk.LEFT)
        ttk.Button(tools, text='Swap', command=self._swap).pack(side=tk.LEFT, padx=8)
        self._title = ttk.Label(self, justify=tk.LEFT)
        self._title.bind('<Configure>', lambda event: self._title.configure(wraplength=event.width - 4))
        self._title.pack(fill=tk.X, padx=8)
        self._legend().pack(side=tk.BOTTOM, fill=tk.X, padx=8, pady=4)
        self.gallery = Gallery(self, lambda row: self._onGoTo(row, self._choice), side=DISPUTED_SIDE,
                               columns=4)
        self.gallery.pack(fill=tk.BOTH, expand=True, padx=4, pady=(4, 0))
        first = model.mostDivided()
        if first is None:
            self.gallery.setItems([], 'There is one method alone, so nobody disagrees.')
        else:
            self.show(first)

    def show(self, choice):
        """Show the picks of a Choice, those with the ranks most apart first."""
        self._choice = choice
        model = self._model
        for box, numbers in zip((self.keeper, self.rejecter), choice):
            box.set(model.shortNames[numbers[0]] if len(numbers) == 1 else '')
        rows, total = model.mostApart(choice, DISPUTED_SHOWN)
        shown = f', of which the first {DISPUTED_SHOWN} are shown' if total > DISPUTED_SHOWN else ''
        classes = model.trueClasses(choice)
        self._title.configure(text=f'{model.inWords(choice)}: {total:,} picks{shown}.' +
                              (f' True classes of all: {classes}.' if classes and total else '') +
                              (f'\n{model.orderInWords(choice)}' if total else ''))
        self.gallery.setItems([(row, None, model.caption(row, choice), model.truthStyles[model.trueClass(row)].colour)
                               for row in rows], 'There are none.')
        places, comparison = [model.micrographs[model.placeOf(row)].path for row in rows], model.comparison
        self._thumbnails.request([(row, path, float(comparison.x[row]), float(comparison.y[row]))
                                  for row, path in zip(rows, places)], self.gallery.setThumbnail)

    def _legend(self):
        frame = ttk.Frame(self)
        ttk.Label(frame, text='A click goes to the box on its micrograph.').pack(side=tk.LEFT, anchor=tk.N)
        if self._model.hasTruth:
            flow = Flow(frame)
            for name, style in self._model.truthStyles.items():
                line = ttk.Frame(flow)
                Swatch(line, style.colour).pack(side=tk.LEFT, padx=(0, 4))      # frames of thumbnails have no gaps
                ttk.Label(line, text=name or 'not known').pack(side=tk.LEFT)
            flow.arrange()
            flow.pack(side=tk.LEFT, fill=tk.X, expand=True, padx=(12, 0))
        return frame

    def _chosen(self, changed):
        changed.selection_clear()
        first, second = self.keeper.current(), self.rejecter.current()
        if first >= 0 and second >= 0:
            self.show(Choice((first,), (second,)))

    def _swap(self):
        if self._choice is not None:
            self.show(Choice(self._choice.rejecters, self._choice.keepers))
