"""The picker's score beside the decision: what a threshold on it would have done to the same picks."""
import tkinter as tk
from tkinter import ttk

import numpy as np

STEPS = 200      # of the slider


class PickerPanel(ttk.Frame):
    """A slider over the picker's scores of a PruneModel, and a line about them; at first, as many are kept as by ours.
    """

    def __init__(self, master, model, wrap):
        super().__init__(master)
        self._model = model
        self._least = None      # what the slider was moved to; None: as many as ours keeps
        score = model.picks.score[np.isfinite(model.picks.score)]
        self._levels = np.quantile(score, np.linspace(0, 1, STEPS + 1))
        ttk.Label(self, text=model.picks.scoreName.lstrip('_')).grid(row=0, column=0, padx=(0, 4))
        self.slider = ttk.Scale(self, from_=0, to=STEPS)
        self.slider.grid(row=0, column=1, sticky=tk.EW)
        ttk.Button(self, text='As many', width=8, takefocus=False,
                   command=self._asMany).grid(row=0, column=2, padx=(4, 0))
        self.line = ttk.Label(self, font='TkSmallCaptionFont', wraplength=wrap)
        self.line.grid(row=1, column=0, columnspan=3, sticky=tk.W)
        self.columnconfigure(1, weight=1)
        self.refresh()

    def refresh(self):
        """Compare with the rule as it is now."""
        found = self._model.pickersCut(self._least)
        if found is None:
            self.line.configure(text='')
            return
        least, kept, removed, lost = found
        self.slider.configure(command='')
        self.slider.set(int(np.searchsorted(self._levels, least)))
        self.slider.configure(command=self._slid)
        self.line.configure(text=f'{least:.3g} or more keeps {kept:,}: it removes {100 * removed:.0f} % of what ours '
                                 f'rejects, and {100 * lost:.1f} % of what ours keeps.')

    def _slid(self, value):
        self._least = float(self._levels[round(float(value))])
        self.refresh()

    def _asMany(self):
        self._least = None
        self.refresh()
