"""Several canvases that show the same part of the same micrograph."""
from functools import lru_cache

from .canvas import MicrographCanvas
from .grey_picture import greyImage


class LinkedCanvases:
    """MicrographCanvases that zoom and move together; what is told to all of them is told to this.

    One picture in greys serves them all.
    """

    def __init__(self):
        self.canvases = []
        self._makeGrey = lru_cache(maxsize=1)(greyImage)

    def add(self, master, boxSize, onClick=None, onHover=None):
        """Make one more MicrographCanvas and return it; the arguments are as there."""
        canvas = MicrographCanvas(master, boxSize, onClick, onHover, onView=self._follow, makeGrey=self._makeGrey)
        self.canvases.append(canvas)
        return canvas

    def setContrast(self, clipped):
        """Let this per cent of the pixels be black, and as many white."""
        for canvas in self.canvases:
            canvas.setContrast(clipped)

    def setLowPass(self, period):
        """Smooth away waves of fewer than `period` px of the micrograph; 0: none."""
        for canvas in self.canvases:
            canvas.setLowPass(period)

    def setInverted(self, inverted):
        """Let the low values be white, or black."""
        for canvas in self.canvases:
            canvas.setInverted(inverted)

    def setPixelSize(self, pixelSize):
        """Show scale bars; pixelSize: Å/px."""
        for canvas in self.canvases:
            canvas.setPixelSize(pixelSize)

    def tellGreys(self, onGreys):
        """Call onGreys(black, white) whenever other values of the pixels are black and white."""
        self.canvases[0].tellGreys(onGreys)

    def setShape(self, shape):
        """Draw the boxes as AUTO, FULL or DOTS of box_items.py."""
        for canvas in self.canvases:
            canvas.setShape(shape)

    def mark(self, key):
        """Emphasise one box by a white frame; None: none."""
        for canvas in self.canvases:
            canvas.mark(key)

    def fit(self):
        """Show the whole micrograph."""
        self.canvases[0].fit()

    def centreOn(self, x, y, across):
        """Put a place in the middle; zoom in until `across` px of a row are seen at most."""
        self.canvases[0].centreOn(x, y, across)

    def _follow(self, leader):
        for canvas in self.canvases:
            if canvas is not leader:
                canvas.showView(leader)
