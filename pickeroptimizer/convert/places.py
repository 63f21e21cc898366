"""The picks of a set as columns, be it of coordinates, of particles or of 2D classes: places, micrographs, scores."""
from array import array
from dataclasses import dataclass, field
from typing import List, Optional, Tuple

import numpy as np
from pwem.objects import SetOfClasses, SetOfCoordinates

from ..constants import PO_CLASS, PO_NEAR_JUNK, PO_PARTICLE
from ..worker.exchange.errors import InputError
from .micrographs import micrographNames
from .picks import PICKER_SCORES, readColumns
from .set_files import reopen

# The attributes that hold a score, each higher for what is more a particle; the first that a set has counts.
CLEANER_SCORE = '_xmipp_goodRegionScore'
SCORE_NAMES = PO_PARTICLE, CLEANER_SCORE, *PICKER_SCORES
MASKED = -1.0      # MicrographCleaner's score of all picks of a micrograph that is masked for the most part


@dataclass
class PlacedPicks:
    """The picks of a set as columns, in its order.

    x, y: float64, px. micrographs: int64, an index into `keys`, [(mic_id or None, name or None)]. scores: float64, nan
    where there is none; scoreName: '' where the set has none. classes: text, '' for none; None unless asked for.
    """
    x: np.ndarray
    y: np.ndarray
    micrographs: np.ndarray
    keys: List[Tuple]
    scores: np.ndarray
    scoreName: str
    classes: Optional[np.ndarray] = None
    notes: List[str] = field(default_factory=list)


def readPlaces(itemSet, name, pixelSize, withClasses=False):
    """(PlacedPicks, [scales that positions may need], its SetOfMicrographs or None) of a set of any of the three kinds.

    A scale is px of `pixelSize` in a px of the set; there are several where the set does not say in which px its
    positions are, the likeliest first. Raises InputError, which calls the set by `name`, where that cannot be told.
    """
    if isinstance(itemSet, SetOfCoordinates):
        micrographs = itemSet.getMicrographs()
        if micrographs is None:
            raise InputError(f'{name}: its coordinates are not linked to micrographs.')
        columns = readColumns(itemSet, (*SCORE_NAMES, PO_NEAR_JUNK), (PO_CLASS,) if withClasses else ())
        if PO_NEAR_JUNK in columns and PO_PARTICLE in columns:      # no threshold keeps these
            columns[PO_PARTICLE][columns[PO_NEAR_JUNK] > 0] = np.nan
        scoreName, scores, notes = chooseScore(columns)
        names = micrographNames(micrographs)
        micIds, codes = np.unique(columns['_micId'], return_inverse=True)
        picks = PlacedPicks(columns['_x'], columns['_y'], codes,
                            [(micId, names.get(micId)) for micId in micIds.tolist()],
                            scores, scoreName, columns.get(PO_CLASS), notes)
        return _withoutPlaceless(picks), [_pixelSize(micrographs, name) / pixelSize], micrographs
    particles = itemSet.getImages() if isinstance(itemSet, SetOfClasses) else itemSet
    if particles is None:
        raise InputError(f'{name}: its classes are not linked to the particles that they were made of.')
    coordinates = particles.getCoordinates()
    micrographs = None if coordinates is None else coordinates.getMicrographs()
    # The extraction of Xmipp and of RELION writes positions in px of the particles, which may be binned, and pwem reads
    # them so. Deep Consensus and some imports leave them in px of the micrographs. What fits is taken.
    sizes = [_pixelSize(particles, name)]
    if micrographs is not None:
        sizes.append(_pixelSize(micrographs, name))
    sizes.append(pixelSize)
    scales = list(dict.fromkeys(round(size / pixelSize, 6) for size in sizes))
    return _withoutPlaceless(_particles(itemSet, name)), scales, micrographs


def _pixelSize(images, name):
    size = images.getSamplingRate()
    if not (size or 0) > 0:
        raise InputError(f'{name}: its micrographs or particles have no pixel size, so positions cannot be compared.')
    return size


def chooseScore(columns):
    """(name, scores, notes) of the first attribute of SCORE_NAMES with any value; ('', nan, []) without."""
    for name in SCORE_NAMES:
        if name not in columns:
            continue
        scores, notes = np.where(np.isfinite(columns[name]), columns[name], np.nan), []
        if name == CLEANER_SCORE:
            masked = scores == MASKED
            scores[masked] = np.nan
            if masked.any():
                notes.append(f'{int(masked.sum())} picks bear MicrographCleaner\'s score -1: it keeps all picks of a '
                             f'micrograph that it takes for junk for the most part. They count as kept, without score.')
        if np.isfinite(scores).any():
            return name, scores, notes
    return '', np.full(len(columns['id']), np.nan), []


def _particles(itemSet, name):
    """The PlacedPicks that the particles of a SetOfParticles or SetOfClasses2D were extracted at."""
    xs, ys, codes, keys = array('d'), array('d'), array('q'), {}
    scores, names = {}, None
    itemSet = reopen(itemSet)
    try:
        classes = isinstance(itemSet, SetOfClasses)
        for particle in itemSet.iterClassItems() if classes else itemSet.iterItems():
            coordinate = particle.getCoordinate()
            if coordinate is None:
                raise InputError(f'{name}: its particles do not know their coordinates, so that they cannot be '
                                 f'compared with picks.')
            if names is None:
                holders = [particle if hasattr(particle, s) else coordinate for s in SCORE_NAMES]
                names = [(s, holder is particle) for s, holder in zip(SCORE_NAMES, holders) if hasattr(holder, s)]
                scores = {s: array('d') for s, _ in names}
            x, y = coordinate.getPosition()
            xs.append(np.nan if x is None else x)
            ys.append(np.nan if y is None else y)
            key = coordinate.getMicId(), coordinate.getMicName()
            codes.append(keys.setdefault(key, len(keys)))
            for s, own in names:
                value = getattr(particle if own else coordinate, s).get()
                try:
                    scores[s].append(np.nan if value is None else float(value))
                except ValueError:
                    raise InputError(f'{name}: the score {s} of its particle {particle.getObjId()} is no number '
                                     f'("{value}").') from None
    finally:
        itemSet.close()
    columns = {s: np.array(values, dtype=np.float64) for s, values in scores.items()}
    columns['id'] = xs
    scoreName, values, notes = chooseScore(columns)
    return PlacedPicks(np.array(xs), np.array(ys), np.array(codes, dtype=np.int64), list(keys), values, scoreName,
                       notes=notes)


def _withoutPlaceless(picks):
    placed = np.isfinite(picks.x) & np.isfinite(picks.y)
    if placed.all():
        return picks
    notes = [*picks.notes, f'{int((~placed).sum())} picks have no position: they are left out.']
    return PlacedPicks(picks.x[placed], picks.y[placed], picks.micrographs[placed], picks.keys, picks.scores[placed],
                       picks.scoreName, None if picks.classes is None else picks.classes[placed], notes)
