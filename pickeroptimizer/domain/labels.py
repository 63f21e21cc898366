"""Labelled boxes before they reach the worker: read from a file, checked, drawn. Knows nothing of Scipion.

A label is a worker.tables.CoordinateRow: its position is in px of the micrographs of the picks.
"""
import csv
import math
import random
from collections import Counter

from ..worker.exchange.errors import InputError
from ..worker.exchange.tables import CLASSES, PARTICLE, CoordinateRow

BY_ID = 'mic_id'
BY_NAME = 'mic_name'

FEW = 10      # labels of a class, below which models vary a good deal (docs/recogniser.md)


def readLabelsFile(path, names):
    """Read a CSV file with the columns x, y, label and either mic_id or mic_name; others are ignored.

    `names` is {mic_id: micrograph name}. A label belongs to a pick by its position, so a column coord_id may be
    there and is not needed. Raises InputError, with the line, for anything that cannot be used.
    """
    ids = idsByName(names)
    try:
        with open(path, newline='', encoding='utf-8-sig') as stream:
            reader = csv.DictReader(stream)
            columns = reader.fieldnames or ()
            missing = [c for c in ('x', 'y', 'label') if c not in columns]
            if missing or not (BY_ID in columns or BY_NAME in columns):
                raise InputError(f'{path}: the header must name {BY_ID} (or {BY_NAME}), x, y and label; '
                                 f'it names {", ".join(columns) or "nothing"}.')
            return [_label(row, f'{path}, line {reader.line_num}', names, ids) for row in reader]
    except FileNotFoundError:
        raise InputError(f'{path}: no such labels file.') from None
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(f'{path}: cannot be read as a table ({error}).') from None


def _label(row, where, names, ids):
    if None in row:      # where DictReader puts what is beyond the header, such as the rest of decimal commas
        raise InputError(f'{where}: more values than columns.')
    label = (row['label'] or '').strip()
    if label not in CLASSES:
        raise InputError(f'{where}: "{label}" is no class; use one of {", ".join(CLASSES)}.')
    if BY_ID in row:
        text = row[BY_ID] or ''
        micId = int(text) if text.strip().isdecimal() else None
        known = micId in names
    else:
        text = row[BY_NAME] or ''
        micId = ids.get(text)
        known = text in ids
        if known and micId is None:
            raise InputError(f'{where}: several micrographs are called "{text}"; use a column {BY_ID} instead.')
    if not known:
        raise InputError(f'{where}: no micrograph "{text}" among those of the picks.')
    return CoordinateRow(None, micId, _number(row['x'], where, 'x'), _number(row['y'], where, 'y'), label)


def _number(text, where, column):
    try:
        value = float(text or '')
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise InputError(f'{where}: {column} "{text}" is no finite number.')
    return value


def idsByName(names):
    """{name: mic_id} of {mic_id: name}; the id is None for a name that several micrographs bear."""
    ids = {}
    for micId, name in names.items():
        ids[name] = None if name in ids else micId
    return ids


def countByClass(labels):
    """{class: number of labels} in the order of CLASSES, without the classes that have none."""
    counts = Counter(row.label for row in labels)
    return {name: counts[name] for name in CLASSES if counts[name]}


def checkClasses(labels):
    """Raise InputError unless there are labels of particles and of at least one kind of junk."""
    found = list(countByClass(labels))
    if not found:
        raise InputError('There are no labels: label some particles and some ice or carbon.')
    if PARTICLE not in found:
        raise InputError(f'There are no labels of the class particle, only of {" and ".join(found)}.')
    if len(found) == 1:
        raise InputError('All labels are of the class particle: label some ice or carbon too.')


def fewLines(counts):
    """A line for each class with so few labels that a model is uncertain; `counts` {class: labels}."""
    return [f'Labels of {name}: {number}. With fewer than {FEW} of a class a model is uncertain.'
            for name, number in counts.items() if 0 < number < FEW]


def withoutRepeats(labels, names):
    """The labels, each place once. Raises InputError for a place that has two classes."""
    places = {}
    for row in labels:
        first = places.setdefault((row.mic_id, row.x, row.y), row)
        if first.label != row.label:
            raise InputError(f'The box at ({row.x:g}, {row.y:g}) of micrograph {names[row.mic_id]} is labelled '
                             f'{first.label} and {row.label}: keep one of them.')
    return list(places.values())


def drawShots(labels, shots, seed):
    """At most `shots` labels of each class (0: all of them), drawn at random with `seed`, in the given order."""
    if shots <= 0:
        return list(labels)
    generator = random.Random(seed)
    chosen = set()
    for name in CLASSES:
        places = [i for i, row in enumerate(labels) if row.label == name]
        chosen.update(generator.sample(places, min(shots, len(places))))
    return [row for i, row in enumerate(labels) if i in chosen]
