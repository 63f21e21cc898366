"""Scores that the user names: any number that picks bear, in the place of the scores that are known by name."""
import re
from array import array
from contextlib import suppress
from dataclasses import dataclass, replace

import numpy as np
from pwem.objects import Coordinate, Particle, SetOfClasses
from pyworkflow.object import Float, Integer

from ..worker.exchange.errors import InputError
from .places import SCORE_NAMES, chooseScore
from .set_files import reopen

PLAIN = {name for item in (Coordinate(), Particle()) for name, _ in item.getAttributes()}      # what all picks have


@dataclass(frozen=True)
class NamedScore:
    """An attribute of picks; sign: -1 where lower is better."""
    attribute: str
    sign: int = 1

    def __str__(self):
        return f'{"-" if self.sign < 0 else ""}{self.attribute}'


def namedScores(text):
    """Return the NamedScores that a user has written: names with blanks or commas between them, some after a minus."""
    words = re.split(r'[\s,;]+', (text or '').strip())
    return [NamedScore(word.lstrip('+-'), -1 if word.startswith('-') else 1) for word in words if word]


def numericAttributes(itemSet):
    """Return the names of the numbers that the first pick of a set bears beyond what all picks have, in their order.

    The set is a SetOfCoordinates, a SetOfParticles or a SetOfClasses2D.
    """
    return [name for name, value in _attributes(itemSet).items() if name not in PLAIN and _isNumber(value)]


def checkNamedScores(wanted, sets):
    """Return lines that say why NamedScores cannot be used; sets: the picks before pruning and those of the methods."""
    bearers = [_attributes(itemSet) for itemSet in sets]
    lines = []
    for score in wanted:
        values = [attributes[score.attribute] for attributes in bearers if score.attribute in attributes]
        if not values:
            known = sorted({name for itemSet in sets for name in numericAttributes(itemSet)})
            lines.append(f'No set has the attribute "{score.attribute}" that is to be the score; their numbers are '
                         f'{", ".join(known) or "none"}.')
        elif not any(map(_isNumber, values)):
            lines.append(f'The attribute "{score.attribute}" that is to be the score is no number but '
                         f'{values[0].getClassName()}.')
    return lines


def numbersOf(itemSet, wanted):
    """Return the attributes of those NamedScores that are numbers of the first pick of a set."""
    attributes = _attributes(itemSet) if wanted else {}
    return [score.attribute for score in wanted if _isNumber(attributes.get(score.attribute))]


def chooseNamed(wanted, columns):
    """(name, scores, notes) of the first of NamedScores that has any value in `columns`, None without one.

    columns: {name: float64 (n,)}, and `id`. Higher is better in `scores`, whatever it is in the attribute.
    """
    for score in wanted:
        if score.attribute not in columns:
            continue
        values, notes = columns[score.attribute], []
        if score.attribute in SCORE_NAMES:      # what is known of it
            _, values, notes = chooseScore({'id': columns['id'], score.attribute: values})
        if np.isfinite(values).any():
            return str(score), score.sign * np.where(np.isfinite(values), values, np.nan), notes
    return None


def withNamedScore(picks, itemSet, wanted):
    """Return the PlacedPicks of a set with the first of NamedScores that has any value, as they are without one."""
    names = numbersOf(itemSet, wanted)
    if not names:
        return picks
    values = _read(itemSet, names)
    if len(values['id']) != len(picks.x):
        raise InputError(f'{itemSet.getFileName()}: this set has changed while it was read.')
    name, scores, notes = chooseNamed(wanted, values) or (picks.scoreName, picks.scores, ())
    return replace(picks, scoreName=name, scores=scores, notes=[*picks.notes, *notes])


def _read(itemSet, names):
    """{name: float64} of attributes of the items that have a position, in the order of the set, and their `id`."""
    ids, columns = array('q'), {name: array('d') for name in names}
    for item in _items(itemSet):
        coordinate = item if isinstance(item, Coordinate) else item.getCoordinate()
        if None in (coordinate.getX(), coordinate.getY()):
            continue
        ids.append(item.getObjId())
        for name, column in columns.items():
            value = getattr(item if hasattr(item, name) else coordinate, name).get()
            column.append(np.nan if value is None else value)
    return {'id': np.array(ids), **{name: np.array(column) for name, column in columns.items()}}


def _attributes(itemSet):
    """{name: attribute} of the first pick of a set, of a particle with those of its coordinate; {} without a pick, or
    where the set cannot be read: its method is left out."""
    with suppress(InputError):
        for item in _items(itemSet):
            coordinate = item if isinstance(item, Coordinate) else item.getCoordinate()
            return {**dict(coordinate.getAttributes() if coordinate is not None else ()), **dict(item.getAttributes())}
    return {}


def _items(itemSet):
    itemSet = reopen(itemSet)
    try:
        yield from itemSet.iterClassItems() if isinstance(itemSet, SetOfClasses) else itemSet.iterItems()
    finally:
        itemSet.close()


def _isNumber(attribute):
    return isinstance(attribute, (Float, Integer))
