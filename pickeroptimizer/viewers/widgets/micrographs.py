"""Micrographs for the screen: read as the worker reads them, binned once, kept for a while, read ahead."""
from collections import OrderedDict
from dataclasses import dataclass
from typing import Optional, Tuple

import numpy as np

from ...constants import CLIPPED
from ...worker.exchange.borders import Borders, find_borders
from ...worker.exchange.errors import InputError
from ...worker.exchange.micrograph_reader import read_micrograph
from ..overlay import binned
from .background import Background

SCREEN_SIDE = 1400             # px: enough for a screen, and 8 MB a micrograph
MICROGRAPHS_IN_MEMORY = 8


@dataclass(frozen=True, eq=False)
class ImageData:
    """A binned micrograph: pixels (rows, columns) float32, each the mean of step x step px; shape of the file's.

    borders: what is no image in it, None where that was not looked for.
    """
    pixels: np.ndarray
    step: int
    shape: Tuple[int, int]
    borders: Optional[Borders] = None

    @classmethod
    def of(cls, image):
        """Return the ImageData of a micrograph (rows, columns), binned to at most SCREEN_SIDE px a side."""
        return cls(*binned(image, SCREEN_SIDE), image.shape, find_borders(image))

    def range(self, clipped=CLIPPED):
        """Return the values that are black and white when so many per cent of the pixels are clipped at either end."""
        stride = max(1, max(self.pixels.shape) // 400)
        low, high = np.percentile(self.pixels[::stride, ::stride], (clipped, 100 - clipped))
        return float(low), float(max(high, np.nextafter(low, np.inf, dtype=np.float32)))


def readImageData(path):
    """Return the ImageData of the micrograph in a file, or a line that says why it cannot be read."""
    try:
        return ImageData.of(read_micrograph(path))
    except InputError as error:
        return str(error)


class MicrographReader:
    """Reads micrographs in a thread and keeps the last ones.

    widget: the Tk window that they are for; reading ends with it.
    """

    def __init__(self, widget):
        self._background = Background(widget)
        self._images = OrderedDict()      # {path: ImageData}, the least recently used first
        self._reading = {}                # {path: Future}
        self._wanted = None               # (path, callback) of the one that is waited for

    def request(self, path, callback):
        """Call back with what readImageData returns of a micrograph.

        At once when it is in memory, otherwise later in the main loop. A request takes the place of the one before:
        who leafs through quickly gets the last one.
        """
        self._wanted = None
        image = self._images.get(path)
        if image is not None:
            self._images.move_to_end(path)
            callback(image)
            return
        self._wanted = path, callback
        self._background.cancel()
        self._reading = {p: future for p, future in self._reading.items() if not future.cancelled()}
        self._read(path)

    def readAhead(self, path):
        """Read a micrograph that will be asked for next, unless there is something else to read."""
        if path not in self._images:
            self._read(path)

    def _read(self, path):
        if path not in self._reading:
            self._reading[path] = self._background.submit(lambda image: self._done(path, image), readImageData, path)

    def _done(self, path, image):
        self._reading.pop(path, None)
        if isinstance(image, ImageData):
            self._images[path] = image
            while len(self._images) > MICROGRAPHS_IN_MEMORY:
                self._images.popitem(last=False)
        if self._wanted is not None and self._wanted[0] == path:
            callback = self._wanted[1]
            self._wanted = None
            callback(image)
