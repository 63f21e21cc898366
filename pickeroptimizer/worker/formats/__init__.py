"""Picks in the files of other programs: RELION's star files (star), cryoSPARC's cs files (cryosparc).

They become the tables that the rest of the worker reads, and are written back with all that was in them.
"""
from pathlib import Path
from typing import Optional

from .picks import ForeignPicks


def foreign_picks(coordinates: Path, micrographs: Path) -> Optional[ForeignPicks]:
    """Return the picks of another program's file, by how its name ends; None for a table of our own.

    Raises InputError where what a prune needs is not in the files.
    """
    suffix = coordinates.suffix.lower()
    if suffix == '.star':
        from .star import StarPicks  # it loads pandas
        return StarPicks(coordinates, micrographs)
    if suffix == '.cs':
        from .cryosparc import CryosparcPicks
        return CryosparcPicks(coordinates, micrographs)
    return None
