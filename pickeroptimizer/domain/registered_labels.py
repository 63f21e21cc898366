"""The table of the labels that were given to a run by hand: it outlasts whatever becomes of the micrographs' ids.

Ids move when an import is made again, so each label bears the name of its micrograph, too, and how wide that was.
"""
import os
from typing import Dict, Iterator, List, Mapping, NamedTuple, Optional, Sequence, Tuple

from ..worker.exchange.files import PathLike
from ..worker.exchange.tables import LABEL_COLUMNS, RANDOM, CoordinateRow, Table, write_rows
from .labels import BY_NAME
from .micrograph_names import NameIndex

WIDTH = 'mic_width'      # px
COLUMNS = (*LABEL_COLUMNS, BY_NAME, WIDTH, RANDOM)


class Registered(NamedTuple):
    """labels: on the micrographs as they are now; lost: rows of the table, in COLUMNS, on none of these."""
    labels: List[CoordinateRow]
    lost: List[Tuple[str, ...]]


def writeRegistered(path: PathLike, labels: Sequence[CoordinateRow], names: Mapping[int, str], width: Optional[int]
                    ) -> None:
    """Write the labels, whole or not at all; names: {mic_id: name}; width: of a micrograph in px, None if not known."""
    write_rows(path, COLUMNS, (('', row.mic_id, row.x, row.y, row.label, names[row.mic_id], width or '',
                                int(row.random)) for row in labels))


def readRegistered(path: PathLike, names: Mapping[int, str], width: Optional[int]) -> Registered:
    """Return the labels of a table of writeRegistered, for micrographs with these names and this width in px.

    Where id and name of a label disagree, the name decides; where the width is another one, the position is scaled. A
    table without names, of an earlier version, goes by the ids. Raises InputError if it cannot be read.
    """
    table = Table(path, _columns)
    index = NameIndex(names)
    found: Dict[Tuple[str, str], Optional[int]] = {}
    labels: List[CoordinateRow] = []
    lost: List[Tuple[str, ...]] = []
    for row in _rows(table):
        _, text, x, y, label, name, before, random = row
        key = text, name
        if key not in found:
            found[key] = _micIdOf(table.integer(text, 'mic_id'), name, names, index)
        micId = found[key]
        place = table.number(x, 'x'), table.number(y, 'y')
        if micId is None:
            lost.append(row)
            continue
        if before and width and table.integer(before, WIDTH) != width:
            place = (place[0] * width / int(before), place[1] * width / int(before))
        labels.append(CoordinateRow(None, micId, *place, table.class_name(label), table.yes(random)))
    return Registered(labels, lost)


def setAside(path: PathLike, rows: Sequence[Tuple[str, ...]]) -> None:
    """Add rows that are lost to a table of such rows, whole or not at all."""
    before = list(_rows(Table(path, _columns))) if os.path.exists(path) else []
    write_rows(path, COLUMNS, [*before, *rows])


def _columns(header: Sequence[str]) -> Tuple[str, ...]:
    """Return those of COLUMNS that a table has: one of an earlier version lacks some of the last ones."""
    return (*LABEL_COLUMNS, *(name for name in COLUMNS[len(LABEL_COLUMNS):] if name in header))


def _rows(table: Table) -> Iterator[Tuple[str, ...]]:
    """Yield the rows of a table in COLUMNS, empty where it has no such column."""
    for row in table.rows():
        held = dict(zip(_columns(table.header), row))
        yield tuple(held.get(name, '') for name in COLUMNS)


def _micIdOf(micId: int, name: str, names: Mapping[int, str], index: NameIndex) -> Optional[int]:
    if not name or index.mayMean(name, micId):
        return micId if micId in names else None
    same = index.find(name)
    return same[0] if len(same) == 1 else None
