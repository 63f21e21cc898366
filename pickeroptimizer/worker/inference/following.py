"""Follows tables that grow while they are read, as long as their feeder lives."""
import os
import time
from pathlib import Path
from typing import Callable, Iterator, Optional

import numpy as np

from ..exchange.errors import FeederGone
from ..exchange.files import PathLike
from ..exchange.processes import Process
from ..exchange.signals import FEED_END
from ..exchange.tables import CoordinateTable, MicrographTable
from .sources import MicrographPicks, columns, runs, unknown_micrograph

POLL = 1.0               # seconds between two looks at what another process may have changed
MOST_BYTES = 512         # of a feed that are read
LONG_WAIT = 30.0         # seconds after which the log tells what the picks wait for
LONGEST_LOOK = 10.0      # seconds; more between two looks means that this process stood still, perhaps the feeder too


class Feed:
    """The file by which the feeder says that it lives (it changes the time of change) or that all is there (FEED_END).

    Only this process's own monotonic clock is read: what the clocks of the hosts say, and when, does not matter. A line
    of the file may name the feeder's process (exchange.processes): where it can be seen from here its death is noticed
    at once, also after all is there.
    """

    def __init__(self, path: PathLike, patience: float):
        self._path, self._patience = Path(path), patience
        self._looked, self._silence = time.monotonic() - POLL, 0.0
        self._stamp: Optional[int] = None
        self._feeder: Optional[Process] = None
        self.ended = False

    def look(self) -> None:
        """See, at most once in POLL seconds, how things stand. Raises FeederGone."""
        now = time.monotonic()
        if now - self._looked < POLL:
            return
        self._silence += min(now - self._looked, LONGEST_LOOK)
        self._looked = now
        try:
            self._read()
        except FileNotFoundError:
            if not self.ended:
                raise FeederGone(f'{self._path} is gone: whoever started this run has ended or starts anew; what is '
                                 f'scored stays for the next run.') from None
        except OSError:      # a file server that does not answer just now
            pass
        if self._feeder is not None and self._feeder.has_ended():
            raise FeederGone(f'{self._path}: the process that started this run has ended without a word; what is '
                             f'scored stays for the next run.')
        if self._silence > self._patience and not self.ended:
            raise FeederGone(f'{self._path} has not changed for {self._patience:g} s: whoever started this run is '
                             f'gone; what is scored stays for the next run.')

    def _read(self):
        with open(self._path, 'rb') as stream:
            lines = stream.read(MOST_BYTES).decode('utf-8', 'replace').splitlines()
            stamp = os.fstat(stream.fileno()).st_mtime_ns
        self.ended = self.ended or FEED_END in map(str.strip, lines)
        self._feeder = next(filter(None, map(Process.parse, lines)), self._feeder)
        if stamp != self._stamp:
            self._stamp, self._silence = stamp, 0.0


class FollowedTables:
    """The groups of tables that grow, in the order of the table of coordinates, as they come.

    A PickSource. picks: how many have come so far. Iterating ends when the feed has ended and everything was given.
    """

    def __init__(self, micrographs: PathLike, coordinates: PathLike, feed: Feed, log: Callable[[str], None]):
        self.picks = 0
        self._path, self._log = coordinates, log
        self._lacking: Optional[int] = None      # the id of the micrograph that is waited for,
        self._since = 0.0                        # and since when
        self._micrographs, self._coordinates = MicrographTable(micrographs), CoordinateTable(coordinates)
        self._feed = feed

    def __iter__(self) -> Iterator[Optional[MicrographPicks]]:
        """Yield each group once, and None where there is nothing at the moment. Raises FeederGone and InputError."""
        waiting = ()      # columns of the picks that were read but not given
        read = -POLL
        while True:
            self._feed.look()
            ended = self._feed.ended      # known before the tables are read: what is in them then is all
            if ended or time.monotonic() - read >= POLL:
                read = time.monotonic()
                waiting = self._join(waiting, columns(self._coordinates.read(growing=not ended)))
                # A micrograph's row is written before its picks, so it is read after them.
                self._micrographs.read(growing=not ended)
                waiting = yield from self._known(*waiting)
                if ended:
                    if len(waiting[0]):
                        raise unknown_micrograph(self._path, waiting[1][0], waiting[0][0])
                    return
                self._tell(waiting[1])
            yield None

    def _tell(self, mic_ids):
        """Say once what the waiting picks wait for, if they have done so for long."""
        lacking = int(mic_ids[0]) if len(mic_ids) else None
        if lacking != self._lacking:
            self._lacking, self._since = lacking, time.monotonic()
        elif lacking is not None and time.monotonic() - self._since >= LONG_WAIT:
            self._log(f'warning: {len(mic_ids)} picks wait for micrograph {lacking}, which the table of micrographs '
                      f'does not have yet')
            self._since = float('inf')

    def _join(self, waiting, come):
        self.picks += len(come[0])
        return tuple(map(np.concatenate, zip(waiting, come))) if waiting and len(waiting[0]) else come

    def _known(self, ids, mic_ids, xy):
        """Yield the groups up to the first whose micrograph is not known yet; return the columns of the others."""
        found = runs(mic_ids)
        for run in found:
            row = self._micrographs.rows.get(int(mic_ids[run.start]))
            if row is None:      # a network file system may show the tables' growth in another order
                return ids[run.start:], mic_ids[run.start:], xy[run.start:]
            self._feed.look()
            yield MicrographPicks(row, ids[run], xy[run])
        return ids[:0], mic_ids[:0], xy[:0]
