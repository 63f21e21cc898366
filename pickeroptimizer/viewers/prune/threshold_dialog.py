"""A dialog to choose the minimum particle probability by looking at a histogram of all picks."""
import tkinter as tk
from tkinter import ttk

from ...domain.decision import MINIMUM, expectedLines, isKept
from .histogram import ProbabilityHistogram

START = 0.5      # for a field that is empty
INSTRUCTION = 'Drag the cut: picks on its right are kept.'


class ThresholdDialog(tk.Toplevel):
    """shares: RunShares of the scored picks, with these particle probabilities (n,). `value` is what is chosen;
    `accepted`: whether by OK."""

    def __init__(self, master, probabilities, shares, value):
        super().__init__(master)
        self.title('Minimum particle probability')
        self._probabilities, self._shares = probabilities, shares
        self.value, self.accepted = value, False
        ttk.Label(self, text=INSTRUCTION).pack(anchor=tk.W, padx=10, pady=(10, 4))
        self.histogram = ProbabilityHistogram(self, self.choose, width=480, height=200)
        self.histogram.setProbabilities(self._probabilities)
        self.histogram.pack(fill=tk.BOTH, expand=True, padx=10)
        self.told = ttk.Label(self)
        self.told.pack(anchor=tk.W, padx=10, pady=4)
        self.expected = ttk.Label(self, wraplength=480, justify=tk.LEFT)
        self.expected.pack(anchor=tk.W, padx=10, pady=4)
        buttons = ttk.Frame(self)
        buttons.pack(anchor=tk.E, padx=10, pady=(0, 10))
        ttk.Button(buttons, text='OK', command=self._accept).pack(side=tk.LEFT)
        ttk.Button(buttons, text='Cancel', command=self.destroy).pack(side=tk.LEFT, padx=(6, 0))
        self.bind('<Return>', lambda event: self._accept())
        self.bind('<Escape>', lambda event: self.destroy())
        self.choose(value)

    def choose(self, value):
        """Show what a minimum keeps."""
        self.value = value
        kept = isKept((), self._probabilities, value)
        self.histogram.show(kept, value)
        share = f' ({100 * kept.mean():.1f} %)' if len(kept) else ''
        self.told.configure(text=f'{value} or more: {kept.sum():,} of {len(kept):,} picks are kept{share}.')
        self.expected.configure(text='\n'.join(expectedLines(MINIMUM, value, value, self._shares)))

    def _accept(self):
        self.accepted = True
        self.destroy()
