"""Progress as plain lines in a log: now and then, not at every step."""
import time
from typing import Callable, Set


class Progress:
    """Counts micrographs and picks, and tells `log` at most every `interval` seconds how far things are."""

    def __init__(self, log: Callable[[str], None], interval: float = 5.0, what: str = 'scored'):
        self.picks = self.boxes = 0
        self._micrographs: Set[int] = set()
        self._what = what
        self._log, self._interval = log, interval
        self._start = self._told = time.monotonic()

    def add(self, mic_id: int, boxes: int, picks: int, total: int) -> None:
        """Count more of a micrograph: of these `picks`, `boxes` were scored, or whatever `what` says.

        total: picks that are to be done, as far as is known.
        """
        self._micrographs.add(mic_id)
        self.boxes += boxes
        self.picks += picks
        now = time.monotonic()
        if now - self._told >= self._interval or self.picks == total:
            self._told = now
            left = (now - self._start) / self.picks * (total - self.picks)
            self._log(f'{self.picks} of {total} picks on {len(self._micrographs)} micrographs, {self.boxes} '
                      f'{self._what}, {self.rate():.0f} boxes/s, {int(left) // 60}:{int(left) % 60:02d} min left')

    def rate(self) -> float:
        """Return the boxes per second since the start."""
        return self.boxes / max(time.monotonic() - self._start, 1e-9)
