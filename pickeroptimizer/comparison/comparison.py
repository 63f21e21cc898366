"""A comparison of pruned sets, as data and on disk: the picks before pruning, and which of them each method kept.

On disk it is two files in a folder: `comparison.npz` with the columns, never pickled, and `comparison.json` with the
rest. The second is written last: while it is not there, the comparison is not whole.
"""
import json
import os
from dataclasses import dataclass, field
from typing import Dict, List, Optional, Tuple

import numpy as np

from ..worker.exchange.classes import FORMER, PARTICLE
from ..worker.exchange.errors import InputError
from ..worker.exchange.feature_file import UNREADABLE
from ..worker.exchange.files import replacing

COLUMNS_FILE = 'comparison.npz'
FACTS_FILE = 'comparison.json'
FORMAT = 2      # 1: the classes of the truth are those of classes.FORMER
UNKNOWN = -1      # as the true class of a pick


@dataclass
class Method:
    """One way of pruning, and its decisions about the n reference picks.

    kept: bool (n,). covered: bool (n,), whether the method was given the pick's micrograph; picks that are not covered
    do not count for it. scores: float64 (n,), nan where a pick has none; higher is more a particle. unmatched: how many
    of its kept picks are no reference pick within the tolerance; elsewhere: how many are on micrographs where the
    reference has no picks. notes: sentences about this method for the user. decides: False for mere scores that nothing
    was decided by, such as the picker's own: `kept` is then true everywhere, and the method has a curve but no part in
    agreement, patterns and consensus. A set that could not be compared has no part in anything: it neither decides nor
    has scores, keeps and covers nothing, and its notes say why.
    """
    name: str
    kept: np.ndarray
    covered: np.ndarray
    scores: np.ndarray
    score_name: str = ''
    unmatched: int = 0
    elsewhere: int = 0
    notes: List[str] = field(default_factory=list)
    decides: bool = True

    @property
    def has_scores(self) -> bool:
        """Whether some pick has a score."""
        return bool(np.isfinite(self.scores).any())

    @property
    def is_left_out(self) -> bool:
        """Whether this is a set that could not be compared."""
        return not self.decides and not self.has_scores


@dataclass
class Comparison:
    """The n reference picks, by growing id, and the methods.

    ids, mic_ids: int64 (n,). x, y: float64 (n,), px of the reference's micrographs. truth: int8 (n,), an index into
    `classes` or UNKNOWN for each pick; None where no truth was given. micrographs: {mic_id: (name, path)}, in the order
    of Scipion's set, the path as Scipion has it, relative to the project. box: px. pixel_size: Å/px. tolerance: px, the
    farthest that two picks of one place may lie apart. notes: sentences for the user. classes: the names of those of
    the truth, the particle first.
    """
    ids: np.ndarray
    mic_ids: np.ndarray
    x: np.ndarray
    y: np.ndarray
    methods: List[Method]
    truth: Optional[np.ndarray]
    micrographs: Dict[int, Tuple[str, str]]
    box: float
    pixel_size: float
    tolerance: float
    reference: str = 'reference'
    notes: List[str] = field(default_factory=list)
    classes: Tuple[str, ...] = FORMER

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def deciding(self) -> List[Method]:
        """The methods that decide, in their order: those of which agreement, patterns and consensus are made."""
        return [method for method in self.methods if method.decides]

    @property
    def left_out(self) -> List[Method]:
        """The sets that could not be compared, in their order."""
        return [method for method in self.methods if method.is_left_out]

    def save(self, folder: str) -> None:
        """Write both files into `folder`."""
        facts_path = os.path.join(folder, FACTS_FILE)
        if os.path.exists(facts_path):
            os.remove(facts_path)
        columns = {'ids': self.ids, 'mic_ids': self.mic_ids, 'x': self.x, 'y': self.y}
        if self.truth is not None:
            columns['truth'] = self.truth
        for i, method in enumerate(self.methods):
            columns[f'kept_{i}'] = np.packbits(method.kept)
            columns[f'covered_{i}'] = np.packbits(method.covered)
            if method.has_scores:
                columns[f'scores_{i}'] = method.scores
        with replacing(os.path.join(folder, COLUMNS_FILE), 'wb') as stream:
            np.savez_compressed(stream, **columns)
        facts = {'format': FORMAT, 'picks': len(self), 'reference': self.reference, 'box_px': self.box,
                 'pixel_size': self.pixel_size, 'tolerance_px': self.tolerance, 'truth': self.truth is not None,
                 'classes': self.classes,
                 'notes': self.notes,
                 'methods': [{'name': m.name, 'score_name': m.score_name, 'has_scores': m.has_scores,
                              'unmatched': m.unmatched, 'elsewhere': m.elsewhere, 'notes': m.notes,
                              'decides': m.decides}
                             for m in self.methods],
                 'micrographs': [[mic_id, *named] for mic_id, named in self.micrographs.items()]}
        with replacing(facts_path, encoding='utf-8') as stream:
            json.dump(facts, stream, indent=1, ensure_ascii=False)

    @classmethod
    def load(cls, folder: str) -> 'Comparison':
        """Return the Comparison that was saved in `folder`.

        Raises InputError if a file is missing, damaged, or of a newer format.
        """
        path = os.path.join(folder, FACTS_FILE)
        try:
            with open(path, encoding='utf-8') as stream:
                facts = json.load(stream)
            if facts['format'] > FORMAT:
                raise InputError(f'{path}: written by a newer version of this plugin: update it.')
            path = os.path.join(folder, COLUMNS_FILE)
            with np.load(path, allow_pickle=False) as columns:
                comparison = cls._from(facts, columns)
        except FileNotFoundError:
            raise InputError(f'The comparison has not finished: there is no {path} yet.') from None
        except UNREADABLE as error:
            raise InputError(f'{path}: cannot be read as a comparison ({error}): run it again.') from None
        return comparison

    @classmethod
    def _from(cls, facts, columns):
        n = int(facts['picks'])

        def column(name, dtype):
            values = columns[name]
            if values.shape != (n,) or values.dtype != dtype:
                raise ValueError(f'the column {name} does not fit')
            return values

        def flags(name):
            packed = columns[name]
            if packed.shape != ((n + 7) // 8,) or packed.dtype != np.uint8:
                raise ValueError(f'the column {name} does not fit')
            return np.unpackbits(packed, count=n).astype(bool)

        methods = []
        for i, m in enumerate(facts['methods']):
            scores = column(f'scores_{i}', np.float64) if m['has_scores'] else np.full(n, np.nan)
            methods.append(Method(str(m['name']), flags(f'kept_{i}'), flags(f'covered_{i}'), scores,
                                  str(m['score_name']), int(m['unmatched']), int(m['elsewhere']),
                                  [str(note) for note in m['notes']], bool(m['decides'])))
        truth = column('truth', np.int8) if facts['truth'] else None
        classes = tuple(map(str, facts['classes'])) if facts['format'] > 1 else FORMER
        if classes[:1] != (PARTICLE,):
            raise ValueError('its classes do not begin with the particle')
        if truth is not None and n and (truth.min() < UNKNOWN or truth.max() >= len(classes)):
            raise ValueError('the column truth holds no classes')
        micrographs = {int(mic_id): (str(name), str(where)) for mic_id, name, where in facts['micrographs']}
        comparison = cls(column('ids', np.int64), column('mic_ids', np.int64), column('x', np.float64),
                         column('y', np.float64), methods, truth, micrographs, float(facts['box_px']),
                         float(facts['pixel_size']), float(facts['tolerance_px']), str(facts['reference']),
                         [str(note) for note in facts['notes']], classes)
        if not (np.isfinite(comparison.x).all() and np.isfinite(comparison.y).all()):
            raise ValueError('some positions are no numbers')
        if not set(np.unique(comparison.mic_ids).tolist()) <= set(micrographs):
            raise ValueError('some picks are on micrographs that it does not name')
        return comparison
