"""Names of micrographs: when two of them mean the same micrograph.

A name may come with folders and with the suffix of an image file, or without; it may hold dots of its own, such as
`sq.1` or `fov_0.5s_fractions`, so that nothing but a known suffix is taken off.
"""
import re
from typing import Dict, List, Mapping, Optional

from ..worker.exchange.errors import InputError

# Of images as microscopes, motion correction and pickers write them, and of files that are compressed as a whole.
_SUFFIXES = re.compile(r'\.(mrcs?|map|rec|st|tiff?|eer|dm[34]|hdf|h5|ser|em|spi|xmp|vol|stk|png|jpe?g|bmp|gif)'
                       r'(\.(gz|bz2|xz|zst|zip))?$', re.IGNORECASE)


def plain(name: str) -> str:
    """Return a name without folders and without the suffix of an image file.

    Of a slice `n@file` the slice stays, without leading zeros. Blanks are underscores, for some programs make these of
    those.
    """
    index, at, path = name.rpartition('@')
    base = re.split(r'[/\\]', path.strip())[-1]
    return re.sub(r'\s', '_', f'{index.lstrip("0")}{at}{_SUFFIXES.sub("", base)}')


class NameIndex:
    """Finds micrographs by their names among {mic_id: name}."""

    def __init__(self, names: Mapping[int, Optional[str]]):
        self._exact: Dict[str, List[int]] = {}
        self._plain: Dict[str, List[int]] = {}
        for micId, name in names.items():
            if name:
                self._exact.setdefault(name, []).append(micId)
                self._plain.setdefault(plain(name), []).append(micId)

    def find(self, name: str) -> List[int]:
        """Return the ids of the micrographs of this very name or, where there is none, of the same plain name."""
        return self._exact.get(name) or self._plain.get(plain(name), [])

    def mayMean(self, name: str, micId: Optional[int]) -> bool:
        """Return whether a micrograph is one of those that are found by a name."""
        return micId in self.find(name)


def match(names: Mapping[int, str], others: Mapping[int, str]) -> Dict[int, int]:
    """Return {mic_id: mic_id among the others} of the micrographs that bear the same name, one to one.

    The very same name goes before the same plain name. Raises InputError, in one line, where a name is that of several.
    """
    index = NameIndex(others)
    exact: Dict[int, int] = {}
    alike: Dict[int, int] = {}
    for micId, name in names.items():
        same = index.find(name)
        if len(same) > 1:
            raise InputError(f'Several micrographs are called "{others[same[0]]}": which of them "{name}" means cannot '
                             f'be known. Give every micrograph a name of its own.')
        if same:
            (exact if others[same[0]] == name else alike)[micId] = same[0]
    taken = set(exact.values())
    alike = {micId: other for micId, other in alike.items() if other not in taken}
    found: Dict[int, int] = {}
    first: Dict[int, int] = {}
    for micId, other in {**exact, **alike}.items():
        if first.setdefault(other, micId) != micId:
            raise InputError(f'The micrographs "{names[first[other]]}" and "{names[micId]}" both match '
                             f'"{others[other]}": give every micrograph a name of its own.')
        found[micId] = other
    return found
