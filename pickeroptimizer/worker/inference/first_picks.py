"""The first picks of a run, looked at before any is scored; none of them is lost."""
import time
from itertools import chain
from typing import Callable, Iterable, Iterator, List, Optional, Tuple

from .sources import MicrographPicks

TICK = 0.05          # seconds, while there is nothing to do


def first_picks(groups: Iterable[Optional[MicrographPicks]], is_enough: Callable[[MicrographPicks], bool]
                ) -> Tuple[List[MicrographPicks], Iterator[Optional[MicrographPicks]]]:
    """Return the first groups, up to the one that is said to be enough, or all; and all groups.

    They are the same ones whenever a run goes on. While none come, it waits.
    """
    groups = iter(groups)
    seen: List[MicrographPicks] = []
    for group in groups:
        if group is None:
            time.sleep(TICK)
            continue
        seen.append(group)
        if is_enough(group):
            break
    return seen, chain(seen, groups)
