"""Reads what somebody decided who looked at the averages of a 2D classification."""
import csv
from collections import Counter

from worker.exchange.errors import InputError

YES = 'yes'


def read_classes(path):
    """{coord_id: class} of a table coord_id,class."""
    with open(path, newline='') as stream:
        return {int(row['coord_id']): int(row['class']) for row in csv.DictReader(stream)}


def read_choice(path):
    """{class: row} of a table class,particles,keep,why; `keep` is yes or no."""
    with open(path, newline='') as stream:
        return {int(row['class']): row for row in csv.DictReader(stream)}


def kept_by_classes(classes, choice):
    """{coord_id: whether its class was kept}, from the two tables.

    Raises InputError if `particles` are not those of the classes: then the choice was made for other averages.
    """
    number, rows = read_classes(classes), read_choice(choice)
    if Counter(number.values()) != Counter({key: int(row['particles']) for key, row in rows.items()}):
        raise InputError(f'{choice} was written for other averages than those of {classes}: look at averages.png '
                         f'beside it and write a choice of your own.')
    return {coord_id: rows[key]['keep'] == YES for coord_id, key in number.items()}
