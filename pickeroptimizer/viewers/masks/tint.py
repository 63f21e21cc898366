"""Micrographs with their masks over them, each kind of junk in its colour. Needs neither Tk nor Scipion's projects."""
from typing import Optional, Sequence, Tuple

import numpy as np
from PIL import Image

from ...worker.exchange.classes import EMPTY, PARTICLE
from ..palette import OUTSIDE, colours

SHARE = 0.4      # of a colour over the greys


def kindsOf(cells: Optional[np.ndarray], classes: Sequence[str], shape: Tuple[int, int]) -> np.ndarray:
    """Return the likeliest kind of junk that covers an area, as numbers of classes (rows, columns), of each px.

    cells: probabilities (classes, rows, columns), all 0 where there is no image: that is the number after the last
    class, as all is where they are None or of other classes.
    """
    junk = [number for number, name in enumerate(classes) if name not in (PARTICLE, EMPTY)]
    if cells is None or len(cells) != len(classes) or not junk:
        return np.full(shape, len(classes))
    likeliest = np.where(cells.any(axis=0), np.array(junk)[cells[junk].argmax(axis=0)], len(classes))
    return stretched(likeliest, shape)


def stretched(cells: np.ndarray, shape: Tuple[int, int]) -> np.ndarray:
    """Return values of cells (rows, columns) as those of the px of a picture of this shape that lie in them."""
    rows, columns = (np.minimum((np.arange(wanted) * there) // wanted, there - 1)
                     for wanted, there in zip(shape, cells.shape))
    return cells[np.ix_(rows, columns)]


def tinted(grey: Image.Image, bad: np.ndarray, kinds: np.ndarray, classes: Sequence[str]) -> Image.Image:
    """Return a picture in greys with what is bad in colours; bad: bool, kinds: numbers of classes, both of its shape.
    """
    known = colours(classes)
    palette = np.array([[int(colour[i:i + 2], 16) for i in (1, 3, 5)]
                        for colour in (*(known[name] for name in classes), OUTSIDE.colour)], float)
    pixels = np.repeat(np.asarray(grey, float)[..., None], 3, axis=2)
    pixels[bad] = (1 - SHARE) * pixels[bad] + SHARE * palette[kinds[bad]]
    picture = Image.fromarray(pixels.astype(np.uint8))
    picture.info['greys'] = grey.info['greys']
    return picture
