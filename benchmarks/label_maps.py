"""Boxes from label maps, pictures that colour every pixel of a micrograph, as CASSPER publishes them.

github.com/airis4d/CASSPER: Labelling_Tool/Created_labels/EMPIAR-ID/NAME.png. Colours are those of its class_dict.csv;
what CASSPER paints over the padding of EMPIAR-10017 counts as background. Row 0 is the first row of the micrograph's
file. A map may have another number of px than its micrograph.
"""
from pathlib import Path
from typing import Dict, List, NamedTuple, Tuple

import numpy as np
from picked import FILM
from PIL import Image, UnidentifiedImageError
from scipy import ndimage
from worker.exchange.classes import PARTICLE
from worker.exchange.errors import InputError

BACKGROUND = 'background'
COLOURS = {(0, 0, 255): BACKGROUND, (255, 0, 255): BACKGROUND, (255, 0, 0): PARTICLE, (255, 255, 0): 'ice',
           (0, 255, 0): 'carbon'}
NAMES = list(dict.fromkeys(COLOURS.values()))
LARGEST = 1024            # px across, to which maps are thinned out
FAR = 120                 # from a pixel's colour to the next of COLOURS, sum over red, green and blue
MOST_FAR = 0.02           # share of such pixels
ALIKE = (0.5, 2.0)        # areas of particles, as shares of the median: others are several, or parts
STEP = 0.5                # boxes between those on film and on large ice
LEAST_ICE = 0.1           # boxes: what is smaller across is a speck


class LabelMap(NamedTuple):
    """Classes (rows, columns) as numbers of NAMES; px of the micrograph for each px of the map, across and down."""
    classes: np.ndarray
    scale: Tuple[float, float]


def read_map(path: Path, shape: Tuple[int, int]) -> LabelMap:
    """Read the map of a micrograph of that shape (rows, columns). Raises InputError if it is none."""
    try:
        with Image.open(path) as image:
            across = max(1, -(-max(image.size) // LARGEST))
            pixels = np.asarray(image.convert('RGB'))[across // 2::across, across // 2::across].astype(np.int16)
    except (OSError, UnidentifiedImageError, Image.DecompressionBombError) as error:
        raise InputError(f'{path}: no readable label map ({" ".join(str(error).split())}).') from None
    rows, columns = pixels.shape[:2]
    if abs(np.log(shape[0] * columns / (shape[1] * rows))) > 0.02:
        raise InputError(f'{path}: the map is {columns} : {rows}, its micrograph {shape[1]} : {shape[0]} px.')
    apart = np.stack([np.abs(pixels - np.array(colour)).sum(axis=2) for colour in COLOURS])
    if (apart.min(axis=0) > FAR).mean() > MOST_FAR:
        raise InputError(f'{path}: no label map of CASSPER, whose colours are red, green, blue, yellow and magenta.')
    numbers = np.array([NAMES.index(name) for name in COLOURS.values()])
    return LabelMap(numbers[apart.argmin(axis=0)], (shape[1] / columns, shape[0] / rows))


def junk_boxes(labels: LabelMap, box: float) -> List[Tuple[float, float, str]]:
    """Return (x, y, class) in px of boxes of `box` px on film, and on ice: one on each piece, more on large ones."""
    step = STEP * box / np.mean(labels.scale)
    rows, columns = labels.classes.shape
    film = _share(labels, 'carbon', box)
    found = [(x, y, 'carbon') for x, y in _grid(step / 2, step / 2, rows, columns, step)
             if film[int(y), int(x)] >= FILM[1]]
    pieces, number = ndimage.label(labels.classes == NAMES.index('ice'))
    areas = np.bincount(pieces.ravel())
    for piece, (y, x) in enumerate(ndimage.center_of_mass(pieces > 0, pieces, range(1, number + 1)), start=1):
        if areas[piece] < (LEAST_ICE * box) ** 2 / np.prod(labels.scale):
            continue
        on_it = [place for place in _grid(x % step, y % step, rows, columns, step)
                 if pieces[int(place[1]), int(place[0])] == piece]
        found += [(*place, 'ice') for place in on_it or [(x, y)]]
    return [(*_of_micrograph(labels, x, y), name) for x, y, name in found]


def particles(labels: LabelMap) -> List[Tuple[float, float, float]]:
    """Return (x, y, diameter) in px of the particles that stand alone, by their area."""
    pieces, number = ndimage.label(labels.classes == NAMES.index(PARTICLE))
    if not number:
        return []
    areas = np.bincount(pieces.ravel())[1:]
    centres = ndimage.center_of_mass(pieces > 0, pieces, range(1, number + 1))
    scale = float(np.mean(labels.scale))
    low, high = (share * np.median(areas) for share in ALIKE)
    return [(*_of_micrograph(labels, x, y), scale * 2 * (area / np.pi) ** 0.5)
            for (y, x), area in zip(centres, areas) if low <= area <= high]


def maps_of(folders: List[Path], entry: str) -> Dict[str, Path]:
    """Return {name of a micrograph: its map} of an EMPIAR entry, from folders that hold one folder for each."""
    return {path.stem: path for folder in folders for path in sorted((folder / entry).glob('*.png'))}


def _share(labels, name, box):
    """The share of the box around each px of the map that is of a class."""
    across, down = (max(1, round(box / scale)) for scale in labels.scale)
    return ndimage.uniform_filter((labels.classes == NAMES.index(name)).astype(np.float32), (down, across),
                                  mode='constant')


def _grid(x, y, rows, columns, step):
    return [(u, v) for v in np.arange(y, rows, step) for u in np.arange(x, columns, step)]


def _of_micrograph(labels, x, y):
    return (float((x + 0.5) * labels.scale[0] - 0.5), float((y + 0.5) * labels.scale[1] - 0.5))
