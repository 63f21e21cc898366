"""A process that others can see the end of, where they share its machine. Standard library only."""
import os
from pathlib import Path
from typing import NamedTuple, Optional, Tuple

DEAD = 'ZX'      # states of a process that has ended, though nobody has asked how


class Process(NamedTuple):
    """A process: the place where its id is told, the id, and the time of its start in ticks, for ids are used again.

    A place is one start of one machine and, on it, a container or what is outside of all.
    """
    place: str
    pid: int
    started: int

    @classmethod
    def own(cls) -> 'Process':
        """Return this process; `place` is '' where the system does not tell."""
        _, started = _look(os.getpid()) or ('', 0)
        return cls(_place(), os.getpid(), started)

    @classmethod
    def parse(cls, text: str) -> 'Optional[Process]':
        """Return the process that `str` of one gave, None for any other text."""
        place, _, numbers = text.rpartition(' pid ')
        pid, _, started = numbers.partition(' started ')
        return cls(place, int(pid), int(started)) if pid.isdecimal() and started.isdecimal() and place else None

    def has_ended(self) -> bool:
        """Return whether it has certainly ended; False for one that cannot be seen from here."""
        if self.place != _place():
            return False
        found = _look(self.pid)
        if found is None:
            return not _exists(self.pid)
        state, started = found
        return state in DEAD or started != self.started

    def __str__(self) -> str:
        return f'{self.place} pid {self.pid} started {self.started}'


def _place() -> str:
    try:
        boot = Path('/proc/sys/kernel/random/boot_id').read_text(encoding='ascii').strip()
        return f'{boot} {os.readlink("/proc/self/ns/pid")}'
    except OSError:
        return ''


def _look(pid: int) -> Optional[Tuple[str, int]]:
    """State and start of a process (proc(5), fields 3 and 22); None if it is not shown."""
    try:
        after_name = Path(f'/proc/{pid}/stat').read_text(encoding='ascii', errors='replace').rpartition(')')[2].split()
        return after_name[0], int(after_name[19])
    except (OSError, IndexError, ValueError):
        return None


def _exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):      # it is another user's; it is no id
        pass
    return True
