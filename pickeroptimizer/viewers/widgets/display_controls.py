"""The row of controls above a MicrographCanvas: contrast, low-pass, size of the boxes, the whole picture."""
import tkinter as tk
from tkinter import ttk

from ...constants import CLIPPED
from .box_items import AUTO, DOTS, FULL

SHAPES = {'Auto size': AUTO, 'Full boxes': FULL, 'Dots': DOTS}


class DisplayControls(ttk.Frame):
    """Controls of a MicrographCanvas.

    pixelSize: Å/px, in which the low-pass is given; box: its largest value in px, that of the boxes.
    """

    def __init__(self, master, canvas, pixelSize, box):
        super().__init__(master)
        self._canvas = canvas
        self._pixelSize = pixelSize
        self._low = tk.DoubleVar(self, 0)
        self._clipped = tk.DoubleVar(self, CLIPPED)
        self._slider('Contrast', self._clipped, 0.1, 8, lambda value: canvas.setContrast(float(value)))
        self._slider('Low-pass', self._low, 0, box * pixelSize, self._setLowPass)
        self._lowText = ttk.Label(self, width=6, text='none')
        self._lowText.pack(side=tk.LEFT)
        self.shape = ttk.Combobox(self, values=tuple(SHAPES), state='readonly', width=9, takefocus=False)
        self.shape.current(0)
        self.shape.bind('<<ComboboxSelected>>', lambda event: self._setShape())
        self.shape.pack(side=tk.LEFT, padx=6)
        ttk.Button(self, text='Whole', width=6, command=canvas.fit).pack(side=tk.LEFT)

    def _slider(self, text, variable, low, high, command):
        ttk.Label(self, text=text).pack(side=tk.LEFT, padx=(6, 2))
        ttk.Scale(self, variable=variable, from_=low, to=high, length=90, command=command).pack(side=tk.LEFT)

    def _setShape(self):
        self.shape.selection_clear()
        self._canvas.setShape(SHAPES[self.shape.get()])

    def _setLowPass(self, value):
        angstrom = float(value)
        if angstrom < 2 * self._pixelSize:      # nothing in the picture is finer
            angstrom = 0
        self._lowText.configure(text=f'{angstrom:.0f} Å' if angstrom else 'none')
        self._canvas.setLowPass(angstrom / self._pixelSize)
