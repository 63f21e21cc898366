"""The classes of boxes: `particle`, and kinds of junk that the user names. Needs numpy and the standard library.

Which classes there are is said by labels, by a model's header and by the header of a table of scores; what a name may
be, how names are ordered, and which class probabilities stand for, is said here.
"""
import re
from collections import Counter
from typing import Dict, Iterable, Sequence, Tuple

import numpy as np

from .errors import InputError

PARTICLE = 'particle'
EMPTY = 'empty'
# Offered from the start, in the order in which they are shown everywhere; names of the user's own come after them.
KNOWN = (PARTICLE, 'ice', 'carbon', EMPTY, 'aggregate', 'other')
FORMER = KNOWN[:3]      # those of what was written when there were no others
MOST_JUNK = 8
MOST_LETTERS = 30
KEPT_FROM = 0.5      # of the particle's probability: particle against all junk together
_NAME = re.compile('[a-z0-9][a-z0-9 _-]*')
# What is in the same places as the names of classes: columns of tables, attributes of coordinates, statuses.
_TAKEN = {'class', 'classes', 'coordid', 'kept', 'label', 'labelprobability', 'labelrandom', 'micid', 'micname',
          'nearjunk', 'notscored', 'novelty', 'outside', 'particlerejected', 'picks', 'reason', 'rejected',
          'rejectedshare', 'scored', 'status', 'unreadable'}


def class_name(text: str) -> str:
    """Return the name of a class as it is used: in small letters, single blanks between words.

    Raises InputError for a name with other characters than letters, digits, space, - and _, or one that means
    something else already.
    """
    name = ' '.join(text.split()).lower()
    if not _NAME.fullmatch(name) or len(name) > MOST_LETTERS:
        raise InputError(f'"{text}" is no name of a class; use a letter or digit first, then letters, digits, space, - '
                         f'and _, {MOST_LETTERS} at most.')
    if _letters(name) in _TAKEN:
        raise InputError(f'"{text}" cannot be the name of a class, for it means something else in tables; use another.')
    return name


def safe_name(name: str) -> str:
    """Return the name of a class as a part of identifiers: `gold edge` becomes `GoldEdge`."""
    return ''.join(word.capitalize() for word in re.split('[ _-]+', name))


def _letters(name):
    """What is left of a name where blanks, - and _ do not count."""
    return safe_name(name).lower()


def ordered(names: Iterable[str]) -> Tuple[str, ...]:
    """Return the different ones among names of classes in the order in which they are shown."""
    return tuple(sorted(set(names), key=lambda name: (KNOWN.index(name) if name in KNOWN else len(KNOWN), name)))


def checked_classes(names: Iterable[str]) -> Tuple[str, ...]:
    """Return the classes of a model or a run, as `class_name` has them, in their order.

    Raises InputError for a name that is none, names that differ in nothing but blanks, - and _, no particle, no junk,
    or more than MOST_JUNK kinds of it.
    """
    classes = ordered(map(class_name, names))
    clashing = [letters for letters, number in Counter(map(_letters, classes)).items() if number > 1]
    if clashing:
        same = ', '.join(f'"{name}"' for name in classes if _letters(name) == clashing[0])
        raise InputError(f'the classes {same} are too much alike; give all of these boxes one name.')
    if PARTICLE not in classes:
        raise InputError(f'there must be a class "{PARTICLE}" among {", ".join(classes) or "the classes"}.')
    junk = len(classes) - 1
    if not 1 <= junk <= MOST_JUNK:
        raise InputError(f'{junk} kinds of junk ({", ".join(classes[1:])}): there can be {MOST_JUNK} at most; give '
                         f'several of them one name.' if junk else 'there must be a kind of junk besides the particle.')
    return classes


def is_particle(probabilities: np.ndarray) -> np.ndarray:
    """Return whether probabilities (n,) of being a particle stand for one, bool (n,); not so for nan."""
    return probabilities >= KEPT_FROM


def decide(probabilities: np.ndarray) -> np.ndarray:
    """Return the numbers (n,) of the classes that probabilities (n, classes) stand for; the first is the particle.

    It is decided between the particle and all junk together, and then among the kinds of junk: into how many kinds
    junk is divided says nothing about what is a particle.
    """
    return np.where(is_particle(probabilities[:, 0]), 0, 1 + probabilities[:, 1:].argmax(axis=1))


def count_by_class(names: Sequence[str]) -> Dict[str, int]:
    """Return {class: how many of the names} in their order."""
    counts = Counter(names)
    return {name: counts[name] for name in ordered(counts)}
