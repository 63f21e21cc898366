"""Labelled boxes as rows, before they reach the worker: read from a file, counted, checked, drawn at random.

A label is a tables.CoordinateRow whose position is in px of the micrographs of the picks. Labels in Scipion's sets are
the business of convert.labelled_coordinates.
"""
import os
import random
import re
from difflib import SequenceMatcher
from itertools import combinations
from typing import Collection, Dict, Iterable, List, Mapping, Sequence, Tuple

from ..worker.exchange.classes import KNOWN, PARTICLE, checked_classes, count_by_class, ordered
from ..worker.exchange.errors import InputError
from ..worker.exchange.files import PathLike
from ..worker.exchange.tables import RANDOM, CoordinateRow, Table
from .micrograph_names import NameIndex

BY_ID = 'mic_id'
BY_NAME = 'mic_name'

FEW = 10      # labels of a class, below which models vary a good deal (docs/recogniser.md)
ALIKE = 0.85  # of the letters of two names, from which on one may be a slip of the pen


def readLabelsFile(path: PathLike, names: Mapping[int, str]) -> List[CoordinateRow]:
    """Return the labels of a CSV file with the columns x, y, label and either mic_id or mic_name.

    A column `random` that holds 1 or 0 may say whether a label was drawn at random; other columns are ignored.

    names: {mic_id: name} of the micrographs of the picks. A label belongs to a pick by its position, so a column
    coord_id may be there and is not needed. A name may come without folder and suffix, as sets match; where a file has
    both columns of the micrograph and they disagree, the name decides. Raises InputError, with the line, for anything
    that cannot be used.
    """
    if not os.path.exists(path):
        raise InputError(f'{path}: no such labels file.')
    index = NameIndex(names)
    table = Table(path, lambda header: _columns(path, header))
    labels = []
    for x, y, label, *others in table.rows():
        name = table.class_name(label)
        given = dict(zip((column for column in (BY_ID, BY_NAME, RANDOM) if column in _plain(table.header)), others))
        micId = _micIdOf(given, table, names, index)
        labels.append(CoordinateRow(None, micId, table.number(x, 'x'), table.number(y, 'y'), name,
                                    table.yes(given.get(RANDOM, ''))))
    return labels


def _columns(path: PathLike, header: Sequence[str]) -> Tuple[str, ...]:
    """Return the columns to read, as the header has them: x, y, label, those of the micrograph, and RANDOM."""
    found = _plain(header)
    wanted = ['x', 'y', 'label', *(column for column in (BY_ID, BY_NAME, RANDOM) if column in found)]
    if not {BY_ID, BY_NAME} & set(found) or not set(wanted) <= set(found):
        separator = next((name for sign, name in ((';', 'semicolons'), ('\t', 'tabs')) if sign in ''.join(header)), '')
        what = f'its columns are separated by {separator}: save it with commas' if separator else \
            f'it names {", ".join(header) or "nothing"}'
        raise InputError(f'{path}: the header must name {BY_ID} (or {BY_NAME}), x, y and label; {what}.')
    return tuple(header[found.index(column)] for column in wanted)


def _plain(header: Sequence[str]) -> List[str]:
    """Return the names of columns without blanks and capitals, as people write them."""
    return [name.strip().lower() for name in header]


def _micIdOf(given: Mapping[str, str], table: Table, names: Mapping[int, str], index: NameIndex) -> int:
    """Return the mic_id that a row means, by the id, the name or both in it."""
    text, name = given.get(BY_ID, '').strip(), given.get(BY_NAME, '').strip()
    byId = int(text) if re.fullmatch('-?[0-9]+', text) and int(text) in names else None
    if not name:
        if byId is None:
            raise InputError(f'{table.place}: no micrograph "{text}" among those of the picks.')
        return byId
    if byId is not None and index.mayMean(name, byId):
        return byId
    found = index.find(name)
    if len(found) > 1:
        raise InputError(f'{table.place}: several micrographs are called "{name}"; use a column {BY_ID} instead.')
    if not found:
        raise InputError(f'{table.place}: no micrograph "{name}" among those of the picks.')
    return found[0]


def countByClass(labels: Iterable[CoordinateRow]) -> Dict[str, int]:
    """Return {class: number of labels} in the order of classes, without those that have none."""
    return count_by_class([str(row.label) for row in labels])


def checkClasses(labels: Iterable[CoordinateRow], known: Collection[str] = ()) -> None:
    """Raise InputError unless there are labels of particles and of junk, of no more kinds than a model can tell.

    known: the classes that the training knows without labels; then one label of any class is enough.
    """
    found = list(countByClass(labels))
    if found and known:
        checked_classes(ordered([PARTICLE, *found, *([] if len(found) > 1 else known)]))
        return
    if not found:
        raise InputError('There are no labels: label some particles and some junk, such as ice or empty boxes.')
    if PARTICLE not in found:
        raise InputError(f'There are no labels of the class particle, only of {" and ".join(found)}.')
    if len(found) == 1:
        raise InputError('All labels are of the class particle: label some junk too, such as ice or empty boxes.')
    checked_classes(found)


def checkOffered(names: Iterable[str], classes: Sequence[str]) -> None:
    """Raise InputError if names of classes are not all among those that a run offers."""
    for name in names:
        if name not in classes:
            raise InputError(f'The class "{name}" is not among those of this run ({", ".join(classes)}): add it to '
                             f'"Classes that the window offers", or use one of these.')


def fewLines(counts: Mapping[str, int]) -> List[str]:
    """Return a line for each class with so few labels that a model is uncertain; counts: {class: labels}."""
    return [f'Labels of {name}: {number}. '
            + (f'With fewer than {FEW} of a class a model is uncertain.' if number > 1 else
               'What is learnt from a single box cannot be checked by another: label more, or let it be of another '
               'class.') for name, number in counts.items() if 0 < number < FEW]


def alikeLines(names: Iterable[str]) -> List[str]:
    """Return a line for each two classes that may be one, such as particle and particles."""
    used = set(names)
    return [f'The classes "{first}" and "{second}" are two: if they are meant to be one, give them one name.'
            for first, second in combinations(ordered({*used, *KNOWN}), 2) if used & {first, second}
            and SequenceMatcher(None, first, second).ratio() >= ALIKE]


def withoutRepeats(labels: Iterable[CoordinateRow], names: Mapping[int, str]) -> List[CoordinateRow]:
    """Return the labels, each place once; names: {mic_id: name}. Raises InputError for a place with two classes."""
    places: Dict[Tuple[int, float, float], CoordinateRow] = {}
    for row in labels:
        first = places.setdefault((row.mic_id, row.x, row.y), row)
        if first.label != row.label:
            raise InputError(f'The box at ({row.x:g}, {row.y:g}) of micrograph {names[row.mic_id]} is labelled '
                             f'{first.label} and {row.label}: keep one of them.')
    return list(places.values())


def drawShots(labels: Sequence[CoordinateRow], shots: int, seed: int) -> List[CoordinateRow]:
    """Return at most `shots` labels of each class (0: all of them), drawn at random with `seed`, in the given order."""
    if shots <= 0:
        return list(labels)
    generator = random.Random(seed)
    chosen = set()
    for name in countByClass(labels):
        places = [i for i, row in enumerate(labels) if row.label == name]
        chosen.update(generator.sample(places, min(shots, len(places))))
    return [row for i, row in enumerate(labels) if i in chosen]
