"""A micrograph as a picture in greys: its contrast, its low-pass filter, and the part of it that a canvas shows."""
import tkinter as tk

import numpy as np
from PIL import Image, ImageTk

from ...constants import CLIPPED
from .micrographs import ImageData


def lowPassed(pixels: np.ndarray, period: float) -> np.ndarray:
    """Return pixels (rows, columns) after a Gaussian low-pass filter that halves waves of `period` px; 0: as they are.
    """
    if period <= 0:
        return pixels
    rows, columns = np.fft.fftfreq(pixels.shape[0]), np.fft.rfftfreq(pixels.shape[1])
    transfer = np.exp2(-(rows[:, None] ** 2 + columns ** 2) * period ** 2)
    return np.fft.irfft2(np.fft.rfft2(pixels) * transfer, pixels.shape).astype(np.float32)


def greyImage(data: ImageData, clipped: float, period: float, inverted: bool = False) -> Image.Image:
    """Return an ImageData in greys; info['greys'] of the picture are the values that are black and white.

    clipped: per cent of its pixels that are black, and as many white. period: of the low-pass filter, px of the
    micrograph; 0: none. inverted: whether the low values are white.
    """
    if period > 0:
        data = ImageData(lowPassed(data.pixels, period / data.step), data.step, data.shape)
    low, high = data.range(clipped)
    black, white = (high, low) if inverted else (low, high)
    grey = Image.fromarray(np.clip((data.pixels - black) * (255 / (white - black)), 0, 255).astype(np.uint8))
    grey.info['greys'] = black, white
    return grey


class GreyPicture:
    """The picture on a Tk canvas, of the part of a micrograph that its View shows.

    It is made for that part alone, at the size at which it is seen, and sent to the display once; so it stays quick
    over a slow connection. makeGrey: as greyImage.
    """

    def __init__(self, canvas, view, makeGrey=greyImage):
        self._canvas, self._view, self._makeGrey = canvas, view, makeGrey
        self._data = self._grey = self._photo = None
        self._clipped, self._period, self._inverted = CLIPPED, 0.0, False
        self.onGreys = None      # (black, white): after a picture has been made with these values

    def setData(self, data):
        """Take another micrograph, an ImageData, or None for none; `draw` shows it."""
        self._data, self._grey = data, None
        if data is None:
            self._photo = None
            self._canvas.delete('picture')

    def forget(self):
        """Ask makeGrey anew when it is drawn next."""
        self._grey = None

    def setContrast(self, clipped):
        """Let this per cent of the pixels be black, and as many white, when it is drawn next."""
        self._clipped, self._grey = clipped, None

    def setLowPass(self, period):
        """Smooth away waves of fewer than `period` px of the micrograph when it is drawn next; 0: none."""
        self._period, self._grey = period, None

    def setInverted(self, inverted):
        """Let the low values be white when it is drawn next, or black."""
        self._inverted, self._grey = inverted, None

    def grey(self):
        """Return the micrograph in greys, and of how many of its px each px is; None where there is none."""
        if self._data is None:
            return None
        if self._grey is None:
            self._grey = self._makeGrey(self._data, self._clipped, self._period, self._inverted)
            if self.onGreys is not None:
                self.onGreys(*self._grey.info['greys'])
        return self._grey, self._data.step

    def draw(self):
        """Draw what is seen of the micrograph, below all else."""
        self.grey()
        step, scale = self._data.step, self._view.scale
        part = self._view.seen(*(side * step for side in self._grey.size))
        if part is None:
            return
        left, top, right, bottom = part
        size = [max(1, round((end - start) * scale)) for start, end in ((left, right), (top, bottom))]
        image = self._grey.resize(size, Image.BILINEAR, [edge / step for edge in part])
        self._photo = ImageTk.PhotoImage(image, master=self._canvas)
        self._canvas.delete('picture')
        self._canvas.create_image((left - self._view.left) * scale, (top - self._view.top) * scale, anchor=tk.NW,
                                  image=self._photo, tags='picture')
        self._canvas.tag_lower('picture')
