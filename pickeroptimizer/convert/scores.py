"""The worker's scores, joined to the picks that they are of."""
import csv
from array import array
from collections import Counter

import numpy as np

from pyworkflow.object import Float, String

from ..constants import PO_CARBON, PO_CLASS, PO_ICE, PO_NOVELTY, PO_PARTICLE
from ..worker import tables
from ..worker.errors import InputError
from .micrographs import reopen

SCORES = 'scores.csv'
NUMBERS = (PO_PARTICLE, PO_ICE, PO_CARBON, PO_NOVELTY)      # in the order of tables.SCORE_NUMBERS


class Scores:
    """The worker's scores in the order of the coordinate ids: 41 bytes a pick."""

    STATUSES = (tables.UNREADABLE, tables.SCORED, tables.OUTSIDE)

    def __init__(self, path):
        """Read scores.csv. Raises InputError if it is not the table that the worker writes."""
        ids, statuses, values = array('q'), array('b'), array('d')
        codes = {name: code for code, name in enumerate(self.STATUSES)}
        try:
            with open(path, newline='', encoding='utf-8') as stream:
                reader = csv.reader(stream)
                if tuple(next(reader, ())) != tables.SCORE_COLUMNS:
                    raise InputError(f'{path}: not a table of scores.')
                for coordId, *numbers, status, _reason in reader:
                    ids.append(int(coordId))
                    statuses.append(codes[status])
                    values.extend(float(number or 0) for number in numbers)
        except (OSError, ValueError, KeyError) as error:
            raise InputError(f'{path}: not a whole table of scores ({error}).') from None
        if len(values) != len(tables.SCORE_NUMBERS) * len(ids):
            raise InputError(f'{path}: not a whole table of scores.')
        order = np.argsort(np.asarray(ids), kind='stable')
        self._ids = np.asarray(ids)[order]
        self._statuses = np.asarray(statuses)[order]
        self._values = np.asarray(values).reshape(-1, len(tables.SCORE_NUMBERS))[order]

    def countUnscored(self, total):
        """How many of `total` picks are neither scored nor outside: their micrograph could not be read."""
        return total - int(np.count_nonzero(self._statuses))

    def particleProbabilities(self):
        """Of all scored picks, an array."""
        return self._values[self._statuses == self.STATUSES.index(tables.SCORED), 0]

    def countNovel(self, above):
        """How many scored picks have a novelty above this."""
        novelty = self._values[self._statuses == self.STATUSES.index(tables.SCORED), NUMBERS.index(PO_NOVELTY)]
        return int(np.count_nonzero(novelty > above))

    def columns(self):
        """Arrays of ids, of statuses (numbers into STATUSES), and (n, SCORE_NUMBERS), in the order of the ids."""
        return self._ids, self._statuses, self._values

    def merge(self, picks):
        """Yield (pick, status, floats in the order of SCORE_NUMBERS) for picks in the order of their ids.

        A pick that the worker was not given has the status `unreadable` and zeros.
        """
        rows = self._rows()
        missing = (None, tables.UNREADABLE, (0.0,) * len(tables.SCORE_NUMBERS))
        row = next(rows, missing)
        for pick in picks:
            while row[0] is not None and row[0] < pick.getObjId():
                row = next(rows, missing)
            _, status, numbers = row if row[0] == pick.getObjId() else missing
            yield pick, status, numbers

    def _rows(self, chunk=8192):
        """The rows as Python values; chunks, because converting numpy scalars one by one is slow."""
        for start in range(0, len(self._ids), chunk):
            part = slice(start, start + chunk)
            for coordId, code, values in zip(self._ids[part].tolist(), self._statuses[part].tolist(),
                                             self._values[part].tolist()):
                yield coordId, self.STATUSES[code], values


def splitCoordinates(coordinates, scores, minimum, kept, rejected, unscored=None, corrected=None):
    """Append every pick to one of three sets, with its id, its attributes and the five of this plugin.

    `minimum` is the least particle probability of a kept pick, None for the most probable class to decide.
    Picks without a score are left out when `unscored` is None. `corrected` is {coord_id: class} of the picks that a
    user has given another class: that is their `_poClass`, and particles are kept, others not.
    Returns two Counters {_poClass: picks}, of the kept and of the rejected, and one {mic_id: picks} of the unscored.
    """
    counts = Counter(), Counter(), Counter()
    coordinates = reopen(coordinates)
    for pick, status, numbers in scores.merge(coordinates.iterItems()):
        name, keep = status, False
        if status == tables.SCORED:
            probabilities = numbers[:len(tables.CLASSES)]
            name = tables.CLASSES[probabilities.index(max(probabilities))]
            keep = name == tables.PARTICLE if minimum is None else probabilities[0] >= minimum
        if corrected and pick.getObjId() in corrected:
            name = corrected[pick.getObjId()]
            keep, status = name == tables.PARTICLE, tables.SCORED
        _annotate(pick, numbers, name)
        if status == tables.UNREADABLE:
            if unscored is not None:
                unscored.append(pick)
            counts[2][pick.getMicId()] += 1
        else:
            (kept if keep else rejected).append(pick)
            counts[0 if keep else 1][name] += 1
    coordinates.close()
    return counts


def _annotate(pick, numbers, name):
    """Set the five attributes. The item object is shared by the whole pass: reuse its attributes too."""
    if not isinstance(getattr(pick, PO_CLASS, None), String):
        setattr(pick, PO_CLASS, String())
        for attribute in NUMBERS:
            setattr(pick, attribute, Float())
    for attribute, value in zip(NUMBERS, numbers):
        getattr(pick, attribute).set(value)
    getattr(pick, PO_CLASS).set(name)
