"""The sign of life of the one who feeds a worker: writes the file FEED of `worker prune --follow FEED`."""
import glob
import os
import threading
import uuid
from contextlib import suppress

from ...worker.exchange.processes import Process
from ...worker.exchange.signals import FEED_END

BEAT_S = 5.0


class Heartbeat:
    """A file of one's own in `folder`, from the beginning to the end of a `with`.

    As long as its time changes, more may come; a thread sees to that, for whoever feeds may have to wait long for a
    file that another program writes. It names this process: a worker on the same machine sees at once when that was
    killed. Files of earlier feeders are removed, so that their workers end. It is gone when the block is left, however
    that happens.
    """
    _PREFIX = 'feed-'

    def __init__(self, folder):
        self._folder = folder
        self.name = f'{self._PREFIX}{uuid.uuid4().hex[:12]}'
        self._path = os.path.join(folder, self.name)
        self._over = threading.Event()
        self._heart = threading.Thread(target=self._beat, daemon=True)

    def end(self):
        """Say that nothing more comes."""
        with suppress(FileNotFoundError), open(self._path, 'r+', encoding='utf-8') as stream:
            stream.seek(0, os.SEEK_END)
            stream.write(f'{FEED_END}\n')

    def isThere(self):
        """Return whether no later feeder has taken over yet."""
        return os.path.exists(self._path)

    def __enter__(self):
        for old in glob.glob(os.path.join(glob.escape(self._folder), f'{self._PREFIX}*')):
            os.remove(old)
        with open(self._path, 'x', encoding='utf-8') as stream:
            stream.write(f'{Process.own()}\n')
        self._heart.start()
        return self

    def __exit__(self, *error):
        self._over.set()
        self._heart.join()
        if self.isThere():
            os.remove(self._path)

    def _beat(self):
        while not self._over.wait(BEAT_S):
            try:
                os.utime(self._path)
            except FileNotFoundError:      # a later feeder has taken over
                return
            except OSError:      # a file server that does not answer just now
                continue
