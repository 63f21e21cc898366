"""Picks of other programs: star files (star, pick_job), cs files (cryosparc), folders of box and cbox files (folders).

They become the tables that the rest of the worker reads, and are written back with all that was in them.
"""
from pathlib import Path
from typing import Optional

from ..exchange.errors import InputError
from .picks import ForeignPicks

PACKED = '.gz', '.bz2', '.xz', '.zip'


def foreign_picks(coordinates: Path, micrographs: Path) -> Optional[ForeignPicks]:
    """Return the picks of another program's file, by how its name ends; None for a table of our own.

    Raises InputError where what a prune needs is not in the files.
    """
    suffix = coordinates.suffix.lower()
    for path in (coordinates, micrographs):
        if path.suffix.lower() in PACKED:
            raise InputError(f'{path}: is compressed; unpack it first.')
    if coordinates.is_dir():
        from .folders import BOX, CBOX, BoxPicks, CboxPicks
        kinds = {path.suffix.lower() for path in coordinates.iterdir()} & {BOX, CBOX}
        if len(kinds) != 1:
            raise InputError(f'{coordinates}: a folder of picks holds {BOX} or {CBOX} files, and not both.')
        return CboxPicks(coordinates, micrographs) if kinds == {CBOX} else BoxPicks(coordinates, micrographs)
    if suffix == '.star':
        from .pick_job import FILES, PickJobPicks
        from .star import StarPicks, read_star  # it loads pandas
        is_job = any(FILES in block for block in read_star(coordinates).values())
        return PickJobPicks(coordinates, micrographs) if is_job else StarPicks(coordinates, micrographs)
    if suffix == '.cs':
        from .cryosparc import CryosparcPicks
        return CryosparcPicks(coordinates, micrographs)
    return None
