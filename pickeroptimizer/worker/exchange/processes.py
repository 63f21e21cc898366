"""A process of some host, by which others see whether it is still alive. Standard library only."""
import os
import socket
from pathlib import Path
from typing import NamedTuple, Optional


class Process(NamedTuple):
    """A process: host, id, and the time of its start in ticks, for ids are used again."""
    host: str
    pid: int
    started: int

    @classmethod
    def own(cls) -> 'Process':
        """Return this process; `started` is 0 where the system does not tell."""
        return cls(socket.gethostname(), os.getpid(), _started(os.getpid()) or 0)

    @classmethod
    def parse(cls, text: str) -> 'Optional[Process]':
        """Return the process that `str` of one gave, None for any other text."""
        host, _, numbers = text.rpartition(' pid ')
        pid, _, started = numbers.partition(' started ')
        return cls(host, int(pid), int(started)) if pid.isdecimal() and started.isdecimal() and host else None

    def is_alive(self) -> bool:
        """Whether it runs on this host; False if it is one of another host, or cannot be seen from here."""
        return self.host == socket.gethostname() and _started(self.pid) == self.started

    def __str__(self) -> str:
        return f'{self.host} pid {self.pid} started {self.started}'


def _started(pid: int) -> Optional[int]:
    """When a process began, in ticks since the start of the system (proc(5), field 22); None if there is none."""
    try:
        after_name = Path(f'/proc/{pid}/stat').read_text(encoding='ascii', errors='replace').rpartition(')')[2].split()
    except OSError:
        return None
    return None if after_name[0] in 'ZX' else int(after_name[19])      # a zombie is dead
