"""What the box window shows: some picks, and what a size of the box means. Knows no Tk."""
from dataclasses import dataclass
from typing import Optional, Tuple

import numpy as np

from ... import convert
from ...worker.exchange.errors import InputError
from ..prune.source import DEFAULT_BOX, micrographsOf

PICTURES = 12                # picks that are shown at a time
MICROGRAPHS = 4              # that they come from: each takes a while to be read
LEAST, MOST = 8, 2048        # px of a box
LOOKED_AT = 2.0              # boxes across of the wider view of the network
CUT = 3.0                    # boxes across of a picture
PARTICLE_SHARE = 1 / 1.5     # of the box, that the largest particle takes which leaves it enough ground
TIGHT = 1.25                 # a box so many times the picker's says that the picker's is tight


@dataclass(frozen=True)
class SeenPick:
    """A pick: the name and the path of its micrograph, and its centre there, px."""
    name: str
    path: str
    x: float
    y: float


class BoxModel:
    """The picks of which some are shown.

    picks: all of them. pickerBox: the box size of their set, px, None if it has none. value: the box size that the form
    has, px, None if it leaves that to the picks. pixelSize: Å/px. Raises InputError where there are no picks.
    """

    def __init__(self, picks: Tuple[SeenPick, ...], pickerBox: Optional[float], value: Optional[int],
                 pixelSize: float, seed: Optional[int] = None):
        if not picks:
            raise InputError('There are no picks on the micrographs of the input coordinates.')
        self.pickerBox, self.pixelSize = pickerBox, pixelSize
        self.start = min(max(round(value or pickerBox or DEFAULT_BOX), LEAST), MOST)
        self._byPath: dict = {}
        for pick in picks:
            self._byPath.setdefault(pick.path, []).append(pick)
        self._random = np.random.default_rng(seed)

    def draw(self) -> Tuple[SeenPick, ...]:
        """Return PICTURES picks at random from MICROGRAPHS micrographs, fewer where there are not as many."""
        paths = [list(self._byPath)[i] for i in self._random.permutation(len(self._byPath))[:MICROGRAPHS]]
        piles = [[self._byPath[path][i] for i in self._random.permutation(len(self._byPath[path]))[:PICTURES]]
                 for path in paths]
        rounds = (pile[number] for number in range(PICTURES) for pile in piles if number < len(pile))
        drawn = [pick for pick, _ in zip(rounds, range(PICTURES))]
        return tuple(sorted(drawn, key=lambda pick: paths.index(pick.path)))

    def sizeText(self, box: float) -> str:
        """Return a length in px as one in px and Å."""
        return f'{box:g} px ({box * self.pixelSize:.0f} Å)'

    def isTight(self, box: int) -> bool:
        """Whether the picker's own box is tight where this one is right."""
        return bool(self.pickerBox) and box >= TIGHT * self.pickerBox

    def pickerLine(self, box: int) -> str:
        """Return a line about the picker's box beside this one."""
        if not self.pickerBox:
            return 'The input coordinates tell no box size.'
        line = f"The picker's box is {self.sizeText(self.pickerBox)}"
        return f'{line}: tight, if this one is right.' if self.isTight(box) else f'{line}.'


def parsedBox(text: str) -> int:
    """Return a text as the size of a box, px. Raises InputError for any other text."""
    try:
        box = int(text)
    except ValueError:
        raise InputError('That is no whole number of px.') from None
    if not LEAST <= box <= MOST:
        raise InputError(f'Give {LEAST} to {MOST} px.')
    return box


def modelOf(coordinates, value: int) -> BoxModel:
    """Return the BoxModel of a SetOfCoordinates.

    value: what the form has, px; 0 or less leaves the size to the picks. Raises InputError where it has no picks or no
    micrographs.
    """
    micrographs = {micrograph.id: micrograph for micrograph in micrographsOf(coordinates)}
    columns = convert.readPicks(coordinates)
    rows = zip(*(columns[name].tolist() for name in ('_micId', '_x', '_y')))
    picks = tuple(SeenPick(micrographs[micId].name, micrographs[micId].path, x, y) for micId, x, y in rows
                  if micId in micrographs and np.isfinite(x) and np.isfinite(y))
    return BoxModel(picks, coordinates.getBoxSize() or None, value if value > 0 else None,
                    coordinates.getMicrographs().getSamplingRate() or 1.0)
