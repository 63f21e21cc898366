"""A scale bar on a canvas that shows a micrograph."""
import math
import tkinter as tk

from .colours import DARK, LIGHT
from .screen import px

MOST, THICK, INSET, PAD = 140, 4, 12, 6      # px of the screen: its length at most, its height, and around it
NICE = (5, 2, 1)                             # lengths, times a power of ten


def barLength(longest: float) -> float:
    """Return the longest of 1, 2, 5, 10, ... (and of 0.5, 0.2, ...) that is not above `longest`, in its unit."""
    power = 10.0 ** math.floor(math.log10(longest))
    return next((nice * power for nice in NICE if nice * power <= longest), power)


class ScaleBar:
    """A bar of so many nm in the lower left corner of a canvas; nothing as long as the pixel size is not known.

    pixelSize: Å/px of the micrograph, None while it is not known.
    """

    def __init__(self, canvas, view):
        self._canvas, self._view = canvas, view
        self.pixelSize = None

    def draw(self):
        """Draw it where it belongs, above all else."""
        self._canvas.delete('scale')
        if not self.pixelSize or self._view.shape is None:
            return
        most, thick, inset, pad = (px(self._canvas, one) for one in (MOST, THICK, INSET, PAD))
        perNm = self._view.scale * 10 / self.pixelSize      # px of the screen
        length = barLength(most / perNm)
        left, bottom = inset + pad, self._canvas.winfo_height() - inset - pad
        text = self._canvas.create_text(left, bottom - thick - 2, anchor=tk.SW, text=f'{length:g} nm', fill=LIGHT,
                                        tags='scale')
        right = left + length * perNm
        _, top, across, _ = self._canvas.bbox(text)
        ground = self._canvas.create_rectangle(left - pad, top - pad, max(right, across) + pad, bottom + pad, width=0,
                                               fill=DARK, tags='scale')
        self._canvas.tag_lower(ground, text)
        self._canvas.create_rectangle(left, bottom - thick, right, bottom, width=0, fill=LIGHT, tags=('scale', 'bar'))
