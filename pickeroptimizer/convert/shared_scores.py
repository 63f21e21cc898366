"""Tables of scores of some rows of the picks each, which several jobs make side by side, and joining them."""
import glob
import os
import re

import numpy as np

from ..worker.exchange.errors import InputError
from ..worker.exchange.files import replacing

SHARES = 'scores_*_*.csv'
_JOINED = 'joined.csv'
_NAME = re.compile(r'scores_(\d+)_(\d+)\.csv')


def shareName(rows):
    """Return the name of the table of scores of a range of rows."""
    return f'scores_{rows.start}_{rows.stop}.csv'


def keepShares(folder, first, end):
    """Return the ranges of rows of which there are tables, whole or not, within these rows; in order.

    Tables of other rows, or of rows that another table has, too, are removed.
    """
    names = (os.path.basename(path) for path in _tables(folder))
    found = {tuple(map(int, match.groups())) for match in map(_NAME.match, names) if match}
    kept, stop = [], first
    for rows in (range(*ends) for ends in sorted(found)):
        if stop <= rows.start < rows.stop <= end:
            kept.append(rows)
            stop = rows.stop
        else:
            removeShares(folder, shareName(rows))
    return kept


def gaps(shares, first, end):
    """Return the ranges of these rows that lie between `shares`, ranges in order."""
    starts, stops = [first, *(rows.stop for rows in shares)], [*(rows.start for rows in shares), end]
    return [range(start, stop) for start, stop in zip(starts, stops) if start < stop]


def cutRows(micIds, first, number):
    """Return so many ranges of rows at the most, about equal, that end where a micrograph does.

    micIds: of the rows from row `first` on, an array, in which those of a micrograph stand together.
    """
    ends = np.append(np.flatnonzero(np.diff(micIds)) + 1, len(micIds))
    wanted = np.linspace(0, len(micIds), number + 1)[1:]
    cuts = np.unique(ends[np.searchsorted(ends, wanted).clip(max=len(ends) - 1)])
    return [range(first + start, first + end) for start, end in zip([0, *cuts[:-1].tolist()], cuts.tolist())]


def joinShares(folder, partial, shares):
    """Append the tables of `shares`, ranges of rows one after the other, to the table of all; then remove them.

    partial: the path of the table that the worker goes on with; its rows are those before the first share. Raises
    InputError if a table does not have the rows that it should.
    """
    whole = os.path.join(folder, _JOINED)      # not of a name that a reader of the scores may take for theirs
    with replacing(whole, 'wb') as joined:
        if os.path.exists(partial):
            _copy(partial, joined, shares[0].start, True)
        for place, rows in enumerate(shares):
            isFirst = place == 0 and not os.path.exists(partial)
            _copy(os.path.join(folder, shareName(rows)), joined, len(rows), isFirst)
    os.replace(whole, partial)
    removeShares(folder)


def removeShares(folder, name=SHARES):
    """Remove the tables of shares, whole or not; those of one `name`, or of all."""
    for path in _tables(folder, name):
        os.remove(path)


def _copy(path, joined, rows, withHeader):
    """Copy so many rows of a table, and its header if it is wanted."""
    with open(path, 'rb') as stream:
        header = stream.readline()
        if withHeader:
            joined.write(header)
        for _ in range(rows):
            line = stream.readline()
            if not line.endswith(b'\n'):
                raise InputError(f'{path}: {rows} rows of scores were expected. Restart the run.')
            joined.write(line)


def isWholeShare(folder, rows):
    """Return whether the worker has given the table of these rows its final name."""
    return os.path.exists(os.path.join(folder, shareName(rows)))


def rowsSoFar(folder, rows):
    """Return how many rows the table of a share has, whole or not."""
    return max((_countLines(path) - 1 for path in _tables(folder, shareName(rows))), default=0)


def _tables(folder, name=SHARES):
    return glob.glob(os.path.join(glob.escape(folder), f'{name}*'))


def _countLines(path):
    try:
        with open(path, 'rb') as stream:
            return sum(block.count(b'\n') for block in iter(lambda: stream.read(2 ** 20), b''))
    except FileNotFoundError:      # renamed this moment
        return 0
