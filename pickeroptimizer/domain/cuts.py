"""Further cuts of a prune run as a text, such as "min 0.6, share 95, junk 2, class": a parameter keeps it.

A second output of the same rule is "min 0.6 no2"; "corrected" says that the corrections go into it.
"""
import re
from dataclasses import dataclass
from typing import List, Optional

from ..worker.exchange.errors import InputError
from .decision import MINIMUM, MOST_PROBABLE, PURITY, SHARE

# By the number of the rule: its word, what outputs are called after `kept` or `rejected`, and the range of its number.
_WORDS = {MOST_PROBABLE: 'class', MINIMUM: 'min', SHARE: 'share', PURITY: 'junk'}
_NAMES = {MOST_PROBABLE: 'MostProbable', MINIMUM: 'Min', SHARE: 'Share', PURITY: 'MaxJunk'}
_RANGES = {MINIMUM: (0.0, 1.0), SHARE: (1.0, 99.9), PURITY: (0.01, 99.0)}
_OUTPUT = re.compile('no([2-9]|[1-9][0-9]+)')


@dataclass(frozen=True)
class Cut:
    """A rule and what is wanted of it (see decision.minimumFor), which output by it, and whether it is corrected."""
    rule: int
    wanted: Optional[float] = None
    number: int = 1
    corrected: bool = False

    @property
    def text(self) -> str:
        """Return the cut as readCuts reads it."""
        words = [_WORDS[self.rule], *([] if self.wanted is None else [f'{self.wanted}'.removesuffix('.0')])]
        words += [f'no{self.number}'] * (self.number > 1) + ['corrected'] * self.corrected
        return ' '.join(words)

    @property
    def name(self) -> str:
        """Return what its outputs are called after `kept` or `rejected`."""
        number = '' if self.wanted is None else re.sub(r'\W', '_', f'{self.wanted:g}')
        return f'{_NAMES[self.rule]}{number}' + (f'_no{self.number}' if self.number > 1 else '')


def readCuts(text: str) -> List[Cut]:
    """Return the cuts of a text, which are between commas or line breaks. Raises InputError for what is none."""
    cuts: List[Cut] = []
    for part in filter(None, map(str.strip, re.split(r'[,;\n]', text or ''))):
        cut = _cut(part)
        if cut is None:
            raise InputError(f'"{part}" is no cut: give "class", "min" with a probability from 0 to 1, "share" with 1 '
                             f'to 99.9 (% of the particles), or "junk" with 0.01 to 99 (%), and commas in between.')
        if any(other.name == cut.name for other in cuts):
            raise InputError(f'The cut "{part}" is given twice: take one out, or call it "{part} no2".')
        cuts.append(cut)
    return cuts


def _cut(text: str) -> Optional[Cut]:
    word, *words = text.lower().split()
    rule = next((rule for rule, name in _WORDS.items() if name == word), None)
    corrected = words[-1:] == ['corrected']
    words = words[:-1] if corrected else words
    output = _OUTPUT.fullmatch(words[-1]) if words else None
    words = words[:-1] if output else words
    if rule is None or len(words) != (rule != MOST_PROBABLE):
        return None
    number = int(output[1]) if output else 1
    return Cut(rule, None, number, corrected) if rule == MOST_PROBABLE else _numbered(rule, words[0], number, corrected)


def _numbered(rule: int, word: str, number: int, corrected: bool) -> Optional[Cut]:
    low, high = _RANGES[rule]
    try:
        wanted = float(word)
    except ValueError:
        return None
    return Cut(rule, wanted, number, corrected) if low <= wanted <= high else None      # nan is in no range
