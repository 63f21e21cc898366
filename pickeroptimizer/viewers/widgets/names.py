"""Names of files and of runs, short enough for a list."""
from itertools import takewhile

from ...worker.exchange.names import LETTERS, in_the_middle

LONG = 8      # letters: names that begin or end with more of the same ones are shown without


def shortened(names):
    """Return names with an ellipsis for the beginning and for the end that all have in common, where these are long."""
    begin = _inCommon(names)
    end = _inCommon([name[begin:][::-1] for name in names])
    begin, end = (length if length > LONG and len(names) > 1 else 0 for length in (begin, end))
    return [('…' if begin else '') + name[begin:len(name) - end] + ('…' if end else '') for name in names]


def brief(names, most=LETTERS):
    """Return names of at most so many letters: without what all share, then without their middle.

    All are whole if two of them would be the same.
    """
    found = [in_the_middle(name, most) for name in (shortened(names) if any(len(name) > most for name in names) else
                                                    names)]
    return found if len(set(found)) == len(set(names)) else list(names)


def _inCommon(names):
    """Return the number of letters that all names begin with."""
    return sum(1 for _ in takewhile(lambda letters: len(set(letters)) == 1, zip(*names)))
