"""Small pictures of single boxes, in the grey scale of their micrograph: its contrast tells ice from protein."""
from collections import OrderedDict
from functools import partial
from itertools import groupby

import numpy as np
from PIL import Image

from ...worker.exchange.errors import InputError
from ...worker.exchange.micrograph_reader import read_micrograph
from .background import Background
from .micrographs import ImageData

THUMBNAIL_SIDE = 72              # px of the screen
ACROSS = 2.0                     # boxes across a thumbnail in a gallery: as much as the network looks at
CUT_SIDE = 160                   # px, of what is cut for a gallery, which shows it larger under the pointer
THUMBNAILS_IN_MEMORY = 1000      # 26 MB


def cut(source, xy, boxPx, side=THUMBNAIL_SIDE):
    """Return a box as an array (side, side) of uint8; beyond its border the micrograph is reflected.

    source: the path of a micrograph, for full resolution, or an ImageData. xy: centre, and boxPx: side of the box, both
    in px of the micrograph. Raises InputError where the micrograph cannot be read.
    """
    if isinstance(source, ImageData):
        return _cut(source.pixels, source.step, xy, boxPx, side, source.range())
    image = read_micrograph(source)
    return _cut(image, 1, xy, boxPx, side, ImageData.of(image).range())


def _cut(pixels, step, xy, boxPx, side, valueRange):
    width = max(2, round(boxPx / step))
    places = []
    for centre, length in zip(xy, pixels.shape[::-1]):
        first = round((centre + 0.5) / step - width / 2)
        places.append(_reflected(np.arange(first, first + width), length))
    box = pixels[np.ix_(places[1], places[0])]
    low, high = valueRange
    small = Image.fromarray(box).resize((side, side), Image.BICUBIC)      # PIL antialiases where it makes smaller
    return np.clip((np.asarray(small) - low) * (255 / (high - low)), 0, 255).astype(np.uint8)


def _reflected(places, length):
    """Places on a line of `length` px, and beyond its ends, in the mirrors there, as the network sees it."""
    places = places % (2 * length)
    return np.minimum(places, 2 * length - 1 - places)


def _cutMany(path, boxes, boxPx, side):
    """{key: thumbnail} of (key, x, y) on one micrograph, None where it cannot be read."""
    try:
        image = read_micrograph(path)
    except InputError:
        return {key: None for key, _, _ in boxes}
    valueRange = ImageData.of(image).range()
    return {key: _cut(image, 1, (x, y), boxPx, side, valueRange) for key, x, y in boxes}


class ThumbnailReader:
    """Cuts thumbnails at full resolution in a thread and keeps them; it ends with the Tk widget that they are for."""

    def __init__(self, widget, boxPx, side=CUT_SIDE):
        """boxPx: side of the boxes, of which ACROSS go across a thumbnail of `side` px."""
        self._background = Background(widget)
        self._boxPx, self._side = ACROSS * boxPx, side
        self._thumbnails = OrderedDict()      # {(path, x, y): thumbnail}

    def request(self, boxes, callback):
        """Call `callback(key, thumbnail)` for each (key, path, x, y), as they come; x, y in px of the micrograph.

        The thumbnail is None where the micrograph cannot be read. What an earlier request still lacks is forgotten.
        """
        self._background.cancel()
        missing = []
        for key, path, x, y in boxes:
            thumbnail = self._thumbnails.get((path, x, y))
            if thumbnail is None:
                missing.append((key, path, x, y))
            else:
                callback(key, thumbnail)
        for path, group in groupby(sorted(missing, key=lambda box: box[1]), lambda box: box[1]):
            group = [(key, x, y) for key, _, x, y in group]
            self._background.submit(partial(self._done, path, group, callback),
                                    _cutMany, path, group, self._boxPx, self._side)

    def _done(self, path, boxes, callback, thumbnails):
        for key, x, y in boxes:
            if thumbnails[key] is not None:
                self._thumbnails[path, x, y] = thumbnails[key]
                if len(self._thumbnails) > THUMBNAILS_IN_MEMORY:
                    self._thumbnails.popitem(last=False)
            callback(key, thumbnails[key])
