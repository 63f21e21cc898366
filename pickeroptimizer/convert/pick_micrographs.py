"""Which micrograph a pick is on, by its id and its name together, and how positions on one become those on another."""
from typing import NamedTuple, Optional

from ..domain.micrograph_names import NameIndex, plain
from ..worker.exchange.errors import InputError
from ..worker.exchange.micrograph_reader import read_size
from .micrographs import micrographFiles, micrographNames

CROPPED = 0.005       # of a width, by which cropping and padding may have changed it at one pixel size
ROUNDED_PX = 2.0      # px, by which binning may leave two widths off the ratio of the pixel sizes


class MicrographOfPick:
    """Finds the micrograph of a pick, of a SetOfCoordinates, among those of a SetOfMicrographs (by default their own).

    Ids alone do not tell: every import counts from 1, joined sets keep the ids of their parts, and an import that is
    made again with one file more moves them. Where id and name disagree, the name decides.
    """

    def __init__(self, coordinates, micrographs=None):
        own = coordinates.getMicrographs()
        micrographs = own if micrographs is None else micrographs
        self._isOwn = own.getFileName() == micrographs.getFileName()
        self._names = micrographNames(micrographs)
        self._ownNames = self._names if self._isOwn else micrographNames(own)
        self._index = NameIndex(self._names)
        self._known = {}

    def __call__(self, micId, micName, pickId) -> Optional[int]:
        """Return the mic_id among the micrographs, None if it is not there.

        micId, micName: of the pick, None where it has none. Raises InputError, which names the pick, where id and name
        disagree and the name is not that of exactly one micrograph.
        """
        key = micId, micName
        if key not in self._known:
            self._known[key] = self._find(micId, micName, pickId)
        return self._known[key]

    def of(self, pick) -> Optional[int]:
        """Return the mic_id of a Coordinate; see __call__."""
        return self(pick.getMicId(), pick.getMicName(), pick.getObjId())

    def _find(self, micId, micName, pickId):
        byId = self._ownNames.get(micId)      # the name of the micrograph that the id means
        if not micName:
            return (micId if byId is not None else None) if self._isOwn else self._byName(byId, pickId)
        if self._isOwn and self._index.mayMean(micName, micId):
            return micId
        found = self._byName(micName, pickId)
        if found is None and byId is not None and plain(byId) != plain(micName) and self._index.find(byId):
            raise InputError(f'Pick {pickId} is on the micrograph "{micName}" by its name and on "{byId}" by its id '
                             f'({micId}), and no micrograph is called "{micName}": were picks of several imports '
                             f'joined, or micrographs imported again? Give micrographs that have both, or the picks '
                             f'of each import apart.')
        return found

    def _byName(self, name, pickId):
        found = self._index.find(name) if name else []
        if len(found) > 1:
            raise InputError(f'Pick {pickId} is on a micrograph called "{name}", and several bear this name: which of '
                             f'them is meant cannot be known. Give every micrograph a name of its own.')
        return found[0] if found else None


class Scale(NamedTuple):
    """px of the target in a px of the source; note: a line that says so where the pixel sizes say otherwise, or ''."""
    factor: float
    note: str = ''


def scaleBetween(source, target) -> Scale:
    """Return the Scale from positions on the SetOfMicrographs `source` to those on `target`.

    1 where they have the same width, or nearly so at one pixel size. Else the ratio of the pixel sizes where the widths
    of a micrograph in both bear it out; otherwise that of the widths, for a pixel size may have been calibrated since,
    often by less than 1 %. Raises InputError where the widths cannot be known and the pixel sizes
    differ, or where the micrographs have other proportions.
    """
    if source.getFileName() == target.getFileName():
        return Scale(1.0)
    pixelSizes = source.getSamplingRate(), target.getSamplingRate()
    if not all(pixelSizes):
        raise InputError('The micrographs have no pixel size (sampling rate): import them again with the right one.')
    factor = pixelSizes[0] / pixelSizes[1]
    pair = _pair(source, target)
    if pair is None:      # then nothing is scaled
        return Scale(factor)
    sizes = [_size(micrographs, micId) for micrographs, micId in zip((source, target), pair)]
    if None in sizes:
        if factor != 1:
            raise InputError(f'The micrographs have pixel sizes of {pixelSizes[0]:g} and {pixelSizes[1]:g} Å/px, and '
                             f'how wide they are in px cannot be read, so how positions on the ones lie on the others '
                             f'is not known: import them again with their files at hand.')
        return Scale(1.0)
    (rows, columns), (otherRows, otherColumns) = sizes
    slack = CROPPED if factor == 1 else 0.0
    if _fits(rows * factor, otherRows, slack) and _fits(columns * factor, otherColumns, slack):
        return Scale(1.0 if columns == otherColumns else factor)
    byWidth = otherColumns / columns
    if not _fits(rows * byWidth, otherRows, CROPPED):
        raise InputError(f'A micrograph is {columns} x {rows} px in one set and {otherColumns} x {otherRows} px in '
                         f'the other: these are not the same images at two pixel sizes.')
    return Scale(byWidth, f'The pixel sizes, {pixelSizes[0]:g} and {pixelSizes[1]:g} Å/px, do not go with the widths '
                          f'of the micrographs, {columns} and {otherColumns} px: positions are scaled by the widths '
                          f'({byWidth:.4g}), as if a pixel size had been calibrated.')


def _fits(expected, width, slack):
    return abs(expected - width) <= max(ROUNDED_PX, slack * width)


def _pair(source, target):
    """The ids of one micrograph in both sets, None if they have none in common."""
    names, others = micrographNames(source), NameIndex(micrographNames(target))
    pairs = ((micId, others.find(name)) for micId, name in names.items())
    return next(((micId, found[0]) for micId, found in pairs if len(found) == 1), None)


def _size(micrographs, micId):
    try:
        return read_size(micrographFiles(micrographs)[micId])
    except InputError:      # the file is gone, or not of ours: Scipion noted the size of the first one
        dim = micrographs.getDim()
        return None if not dim or not dim[0] else (dim[1], dim[0])


def position(pick):
    """Return (x, y) of a Coordinate in px. Raises InputError, which names the pick, where it has none."""
    x, y = pick.getX(), pick.getY()
    if x is None or y is None:
        raise InputError(f'Pick {pick.getObjId()} has no position ({"x" if x is None else "y"} is missing): take it '
                         f'out of the set.')
    return x, y
