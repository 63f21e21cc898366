"""How the boxes of each class look, and which key stands for it: the same in every window and picture.

Needs neither Tk nor Scipion.
"""
from typing import Dict, Iterable, NamedTuple, Tuple
from zlib import crc32

from ..worker.exchange.classes import KNOWN, ordered
from ..worker.exchange.tables import NEAR_JUNK


class Style(NamedTuple):
    """The line of a box. colour: as #RRGGBB; dash: px of line and gap in turn, () for a line without gaps."""
    colour: str
    dash: Tuple[int, ...] = ()


# Okabe and Ito's colours, which colour-blind people tell apart on grey, and violet, which is none of theirs.
_KNOWN_STYLES = dict(zip(KNOWN, map(Style, ('#009E73', '#56B4E9', '#E69F00', '#0072B2', '#CC79A7', '#7F3FFF'))))
BELOW = Style('#F0E442')              # of a particle that is rejected, for its probability is below the minimum
OUTSIDE = Style('#D55E00')
_FIXED_STYLES = {**_KNOWN_STYLES, NEAR_JUNK: Style('#D55E00', (2, 3))}      # the place alone is to blame, as outside
UNSCORED = Style('#FFFFFF', (2, 3))
# Of classes with names of the user's. More colours cannot be told apart by everybody: the lines have gaps, too.
_LONG, _SHORT = (6, 3), (2, 3)
_OWN_STYLES = (Style('#00FF99', _LONG), Style('#996633', _SHORT), Style('#FF3366', _LONG), Style('#99CC66', _SHORT),
               Style('#CC66FF', _LONG), Style('#FFCCFF', _SHORT), Style('#993399', _LONG), Style('#FF00CC', _SHORT))


def styles(classes: Iterable[str]) -> Dict[str, Style]:
    """Return {class: Style} of classes, no two the same among up to 8 names of the user's.

    That of a known class is fixed, and so is that of NEAR_JUNK, which may be among them. That of another one follows
    from its name, unless one before it in the alphabet has it already.
    """
    found: Dict[str, Style] = {}
    for name in ordered(classes):
        first = crc32(name.encode()) % len(_OWN_STYLES)
        turns = _OWN_STYLES[first:] + _OWN_STYLES[:first]
        found[name] = _FIXED_STYLES.get(name) or next((s for s in turns if s not in found.values()), turns[0])
    return found


def colours(classes: Iterable[str]) -> Dict[str, str]:
    """Return {class: colour} of classes, where there are no lines."""
    return {name: style.colour for name, style in styles(classes).items()}


def keys(classes: Iterable[str]) -> Dict[str, str]:
    """Return {class: key}: of a known one its first letter, of others digits in their order, '' beyond nine.

    NEAR_JUNK, which nobody can say that a pick is, is left out.
    """
    digits = iter('123456789')
    return {name: name[0] if name in KNOWN else next(digits, '') for name in classes if name != NEAR_JUNK}
