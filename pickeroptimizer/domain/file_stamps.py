"""Whether a file is still the one that it was, without reading it: a micrograph may be replaced under its name."""
import os
from typing import List

from ..worker.exchange.files import PathLike
from ..worker.exchange.slices import split_slice


def stampOf(path: PathLike) -> List[int]:
    """Return [bytes, time of the last change in ns] of a file, or of the stack of a slice `n@file`; [] if none."""
    try:
        status = os.stat(split_slice(path)[0])
    except OSError:
        return []
    return [status.st_size, status.st_mtime_ns]
