"""Progress as plain lines in a log: now and then, not at every step."""
import time
from typing import Callable


class Progress:
    """Counts micrographs and boxes, and tells `log` at most every `interval` seconds how far things are."""

    def __init__(self, log: Callable[[str], None], interval: float = 5.0, what: str = 'scored'):
        self.done = self.boxes = 0
        self._what = what
        self._log, self._interval = log, interval
        self._start = self._told = time.monotonic()

    def add(self, boxes: int, total: int):
        """One more of `total` micrographs is done, and `boxes` boxes on it were scored, or whatever `what` says."""
        self.done += 1
        self.boxes += boxes
        now = time.monotonic()
        if now - self._told >= self._interval or self.done == total:
            self._told = now
            left = (now - self._start) / self.done * (total - self.done)
            self._log(f'{self.done} of {total} micrographs, {self.boxes} boxes {self._what}, {self.rate():.0f} '
                      f'boxes/s, {int(left) // 60}:{int(left) % 60:02d} min left')

    def rate(self) -> float:
        """Boxes per second since the start."""
        return self.boxes / max(time.monotonic() - self._start, 1e-9)
