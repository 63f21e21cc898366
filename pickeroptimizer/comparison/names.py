"""Names of files and of methods, short enough for a list, a table or a plot. Knows neither Tk nor Scipion."""
from collections import Counter
from itertools import takewhile
from typing import Dict, List, Sequence

LONG = 8               # letters: names that begin or end with more of the same ones are shown without
NAME_LETTERS = 28      # of the name of a method or of a micrograph where there is room for a column
ENDS = 4               # letters of what names share, on either side of the part that tells them apart


def shortened(names: Sequence[str]) -> List[str]:
    """Return names with an ellipsis for the beginning and for the end that all have in common, where these are long."""
    begin = _in_common(names)
    end = _in_common([name[begin:][::-1] for name in names])
    begin, end = (length if length > LONG and len(names) > 1 else 0 for length in (begin, end))
    return [('…' if begin else '') + name[begin:len(name) - end] + ('…' if end else '') for name in names]


def in_the_middle(name: str, most: int) -> str:
    """Return a name of more than `most` letters with an ellipsis for its middle: its two ends tell it apart."""
    if len(name) <= most:
        return name
    end = most // 2
    return f'{name[:most - end - 1]}…{name[-end:]}'


def apart(names: Sequence[str], most: int = NAME_LETTERS, ends: int = ENDS) -> List[str]:
    """Return names of more than `most` letters, 20 + 2 * ends at least, without their middle; different ones stay
    different.

    Those that would look the same without it are shown with the part in which they differ, between `ends` letters of
    what they share; whole, where even that is the same.
    """
    groups: Dict[str, List[str]] = {}
    for name in dict.fromkeys(names):
        groups.setdefault(in_the_middle(name, most), []).append(name)
    short = {}
    for text, group in groups.items():
        found = [text] if len(group) == 1 else [
            f'{text[:ends]}{middle}{text[len(text) - ends:]}' for middle in apart(shortened(group), most - 2 * ends, 0)]
        short.update(zip(group, found))
    times = Counter(short.values())
    return [short[name] if times[short[name]] == 1 else name for name in names]


def _in_common(names):
    """Return the number of letters that all names begin with."""
    return sum(1 for _ in takewhile(lambda letters: len(set(letters)) == 1, zip(*names)))
