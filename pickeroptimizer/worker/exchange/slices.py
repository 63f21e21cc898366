"""Slices of a stack, named `n@file` as Scipion and RELION do. Standard library only."""
import os
import re
from pathlib import Path
from typing import Optional, Tuple

from .files import PathLike

_SLICE = re.compile(r'(\d+)@(.+)', re.DOTALL)


def split_slice(path: PathLike) -> Tuple[Path, Optional[int]]:
    """Return (file, number of the slice from 1 on) of `n@file`; the number is None for a plain path."""
    match = None if os.path.exists(path) else _SLICE.fullmatch(str(path))
    return (Path(match[2]), int(match[1])) if match else (Path(path), None)
