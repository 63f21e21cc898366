"""Several canvases that show the same part of the same micrograph."""
from functools import lru_cache

from .canvas import MicrographCanvas, greyImage


class LinkedCanvases:
    """MicrographCanvases that zoom and move together; what is told to all of them is told to this.

    One picture in greys serves them all.
    """

    def __init__(self):
        self.canvases = []
        self._makeGrey = lru_cache(maxsize=1)(greyImage)

    def add(self, master, boxSize, onClick=None, onHover=None):
        """Make one more and return it."""
        canvas = MicrographCanvas(master, boxSize, onClick, onHover, onView=self._follow, makeGrey=self._makeGrey)
        self.canvases.append(canvas)
        return canvas

    def setContrast(self, clipped):
        for canvas in self.canvases:
            canvas.setContrast(clipped)

    def setLowPass(self, period):
        for canvas in self.canvases:
            canvas.setLowPass(period)

    def setShape(self, shape):
        for canvas in self.canvases:
            canvas.setShape(shape)

    def mark(self, key):
        for canvas in self.canvases:
            canvas.mark(key)

    def fit(self):
        self.canvases[0].fit()

    def centreOn(self, x, y, across):
        self.canvases[0].centreOn(x, y, across)

    def _follow(self, leader):
        for canvas in self.canvases:
            if canvas is not leader:
                canvas.showView(leader)
