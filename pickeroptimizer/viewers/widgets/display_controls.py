"""The bar above a MicrographCanvas: contrast, low-pass, size of the boxes, the whole picture."""
import tkinter as tk
from tkinter import ttk

from ...constants import CLIPPED
from .box_items import AUTO, DOTS, FULL
from .look import tickStyle
from .screen import px

SHAPES = {'Auto size': AUTO, 'Full boxes': FULL, 'Dots': DOTS}


class DisplayControls(ttk.Frame):
    """Controls of a MicrographCanvas, or of LinkedCanvases, in two lines: they fit into 500 px.

    pixelSize: Å/px, in which the low-pass and the scale bar are given; box: the largest low-pass in px, that of the
    boxes. line: the frame of the second line, for more.
    """

    def __init__(self, master, canvas, pixelSize, box):
        super().__init__(master)
        self._canvas = canvas
        self._pixelSize = pixelSize
        self._low = tk.DoubleVar(self, 0)
        self._clipped = tk.DoubleVar(self, CLIPPED)
        self._inverted = tk.BooleanVar(self, False)
        first, self.line = ttk.Frame(self), ttk.Frame(self)
        self._slider(first, 'Contrast', self._clipped, 0.1, 8, lambda value: canvas.setContrast(float(value)))
        self.auto = ttk.Button(first, text='Auto', width=5, command=self._setAuto, takefocus=False)
        self.auto.pack(side=tk.LEFT, padx=4)
        self.invert = ttk.Checkbutton(first, text='Invert', variable=self._inverted, takefocus=False,
                                      style=tickStyle(self),
                                      command=lambda: canvas.setInverted(self._inverted.get()))
        self.invert.pack(side=tk.LEFT, padx=4)
        self.greys = ttk.Label(first)
        self.greys.pack(side=tk.LEFT, padx=4)
        self._slider(self.line, 'Low-pass', self._low, 0, box * pixelSize, self._setLowPass)
        self._lowText = ttk.Label(self.line, width=6, text='none')
        self._lowText.pack(side=tk.LEFT)
        self.shape = ttk.Combobox(self.line, values=tuple(SHAPES), state='readonly', width=9, takefocus=False)
        self.shape.current(0)
        self.shape.bind('<<ComboboxSelected>>', lambda event: self._setShape())
        self.shape.pack(side=tk.LEFT, padx=6)
        ttk.Button(self.line, text='Whole', width=6, command=canvas.fit).pack(side=tk.LEFT)
        for line in (first, self.line):
            line.pack(fill=tk.X, pady=1)
        canvas.setPixelSize(pixelSize)
        canvas.tellGreys(self._showGreys)

    def _slider(self, line, text, variable, low, high, command):
        ttk.Label(line, text=text, width=8).pack(side=tk.LEFT, padx=(6, 2))
        ttk.Scale(line, variable=variable, from_=low, to=high, length=px(self, 90), command=command).pack(side=tk.LEFT)

    def _setAuto(self):
        self._clipped.set(CLIPPED)
        self._canvas.setContrast(CLIPPED)

    def _showGreys(self, black, white):
        self.greys.configure(text=f'{black:.3g} to {white:.3g}')

    def _setShape(self):
        self.shape.selection_clear()
        self._canvas.setShape(SHAPES[self.shape.get()])

    def _setLowPass(self, value):
        angstrom = float(value)
        if angstrom < 2 * self._pixelSize:      # nothing in the picture is finer
            angstrom = 0
        self._lowText.configure(text=f'{angstrom:.0f} Å' if angstrom else 'none')
        self._canvas.setLowPass(angstrom / self._pixelSize)
