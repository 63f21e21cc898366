"""The file of a Scipion set: whether it can be read, what it has now, and a second object to read it through."""
import os
import sqlite3
from contextlib import closing

from ..worker.exchange.errors import InputError

_PROPERTIES = '_size', '_streamState', '_samplingRate', '_boxSize'      # not the path: a set may have been moved


def reopen(itemSet):
    """Return a second object on the items of a Scipion set: read through it, and close it.

    A set has one cursor and one item object, so reading through an object of our own leaves the caller's alone.
    Raises InputError as checkFile does.
    """
    checkFile(itemSet)
    return type(itemSet)(filename=itemSet.getFileName(), prefix=itemSet.getPrefix() or '')


def checkFile(itemSet):
    """Raise InputError if the file of a Scipion set is gone, damaged, or without the items that the set had.

    Scipion would make an empty one of a file that is gone, and take one of 0 bytes for a set without items.
    """
    path = itemSet.getFileName()
    if not os.path.exists(path):
        raise InputError(f'{path}: the file of this set is not there any more.')
    try:
        with closing(sqlite3.connect(path, timeout=0)) as connection:
            tables = {name for name, in connection.execute('SELECT name FROM sqlite_master')}
    except sqlite3.Error as error:
        if 'locked' in str(error):      # another program writes it at this moment; Scipion waits for that
            return
        raise InputError(f'{path}: the file of this set cannot be read ({error}).') from None
    if itemSet.getSize() and not {'Objects', 'Classes', 'Properties'} <= tables:
        raise InputError(f'{path}: the file of this set has lost its {itemSet.getSize()} items: make it again.')


def refresh(itemSet):
    """Let a Scipion set know what its file has now, which another program may be writing: size, stream state, ...

    The file of a set without items tells nothing but that. Raises InputError as checkFile does.
    """
    checkFile(itemSet)
    itemSet.close()
    itemSet.load()
    for name in _PROPERTIES:
        if itemSet.hasProperty(name):
            itemSet.loadProperty(name)
    itemSet.close()


def firstItem(itemSet):
    """Return a copy of the first item of a Scipion set, None where there is none. Raises InputError as checkFile does.
    """
    if not itemSet.getSize():
        return None
    itemSet = reopen(itemSet)
    item = itemSet.getFirstItem()
    itemSet.close()
    return None if item is None else item.clone()
