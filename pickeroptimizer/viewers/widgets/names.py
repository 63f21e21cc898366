"""Names of files, short enough for a list."""
from itertools import takewhile

LONG = 8      # letters: names that begin or end with more of the same ones are shown without


def shortened(names):
    """Return names with an ellipsis for the beginning and for the end that all have in common, where these are long."""
    begin = _inCommon(names)
    end = _inCommon([name[begin:][::-1] for name in names])
    begin, end = (length if length > LONG and len(names) > 1 else 0 for length in (begin, end))
    return [('…' if begin else '') + name[begin:len(name) - end] + ('…' if end else '') for name in names]


def inTheMiddle(name, most):
    """Return a name of more than `most` letters with an ellipsis for its middle: its two ends tell it apart."""
    if len(name) <= most:
        return name
    end = most // 2
    return f'{name[:most - end - 1]}…{name[-end:]}'


def _inCommon(names):
    """Return the number of letters that all names begin with."""
    return sum(1 for _ in takewhile(lambda letters: len(set(letters)) == 1, zip(*names)))
