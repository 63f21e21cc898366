"""What a set is: the key of steps that read it, so that a continued run repeats them when it is not what it was."""
import hashlib
import marshal
import os
import sqlite3
from contextlib import closing

from pwem.objects import SetOfCoordinates, SetOfMicrographs

from ..domain.file_stamps import stampOf
from ..worker.exchange.errors import InputError

_NAME, _FILE = '_micName', '_filename'
WAIT_S = 60      # for a program that is writing a set
_ROWS, _BYTES = 16384, 2 ** 20      # read at a time


def setKey(itemSet):
    """Return what a step that reads a Scipion set depends on, as texts and lists: its file, and digests of its content.

    That of coordinates is their ids and attributes, and their micrographs; that of micrographs, their ids, names, files
    and pixel size, with the size and the time of each file. The time of the set's own file tells nothing: it may change
    without the content, or stay when an import is made again. [] for None. Raises InputError where the file of the set
    cannot be read.
    """
    if itemSet is None:
        return []
    path = itemSet.getFileName()
    if not os.path.exists(path):
        return [path, '']
    try:
        if isinstance(itemSet, SetOfCoordinates):
            return [path, _digest(_rows(path)), setKey(itemSet.getMicrographs())]
        if isinstance(itemSet, SetOfMicrographs):
            return [path, _digest(_micrographs(path, itemSet.getSamplingRate()))]
        with open(path, 'rb') as stream:      # particles, classes: as good as all that they hold matters
            return [path, _digest(iter(lambda: stream.read(_BYTES), b''))]
    except (OSError, sqlite3.Error) as error:
        raise InputError(f'{path}: cannot be read ({error}).') from None


def _digest(parts):
    total = hashlib.sha256()
    for part in parts:
        # The quickest that tells equal values the same way in every Python: version 2, for later ones depend on which
        # values are one object. Nothing is ever read back from it.
        total.update(part if isinstance(part, bytes) else marshal.dumps(part, 2))
    return total.hexdigest()[:20]


def _rows(path, wanted=None):
    """Yield the names of the attributes, then lists of rows: tuples of the id and these attributes, by growing id.

    wanted: names of attributes, None for all. Nothing where the set is empty. What Scipion notes of an item beside its
    attributes, such as when it was made, is left aside.
    """
    with closing(sqlite3.connect(path, timeout=WAIT_S)) as connection:
        if not connection.execute("SELECT 1 FROM sqlite_master WHERE name='Objects'").fetchone():
            return
        columns = sorted(row for row in connection.execute('SELECT label_property, column_name FROM Classes')
                         if row[0] != 'self' and (wanted is None or row[0] in wanted))
        yield [name for name, _ in columns]
        cursor = connection.execute(f'SELECT {", ".join(["id", *(column for _, column in columns)])} FROM Objects '
                                    f'ORDER BY id')
        yield from iter(lambda: cursor.fetchmany(_ROWS), [])


def _micrographs(path, pixelSize):
    """Yield what there is to tell of micrographs."""
    yield [pixelSize]
    rows = _rows(path, (_NAME, _FILE, '_index'))
    names = next(rows, None)
    yield names
    for block in rows:
        yield [(*row, *stampOf(row[1 + names.index(_FILE)])) for row in block]
