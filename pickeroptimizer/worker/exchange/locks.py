"""Locks on files: one owner at a time, over windows, programs and, where the file system can, machines.

They are flock's, which belong to the open file: two windows of one program exclude each other, a program that inherits
the file holds the lock too, and the system releases it when the last of them ends. Standard library only.
"""
import errno
import fcntl
import os
import time
from types import TracebackType
from typing import IO, Callable, Optional, Type, Union

from .errors import InputError

POLL = 1.0      # seconds between two tries to get a lock
_HELD = (errno.EACCES, errno.EAGAIN)      # the lock, by another


class LocksUnavailable(Exception):
    """The file system knows no locks, as some network file systems; the message is the system's."""


def try_lock(file: Union[int, IO]) -> bool:
    """Lock an open file, or descriptor of one, until it is closed. Returns False if another holds the lock.

    Raises LocksUnavailable where there are no locks.
    """
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in _HELD:
            return False
        raise LocksUnavailable(error.strerror) from None
    return True


def wait_for_lock(file: Union[int, IO], when_held: Callable[[], None],
                  still_wanted: Callable[[], None] = lambda: None) -> None:
    """Lock an open file, or descriptor of one, until it is closed; wait as long as another holds the lock.

    when_held: called once if there is need to wait; still_wanted: called between two tries, and may raise to give up.
    Raises LocksUnavailable where there are no locks.
    """
    if try_lock(file):
        return
    when_held()
    while not try_lock(file):
        time.sleep(POLL)
        still_wanted()


class FileLock:
    """A lock file that is held from `acquire` to `release`, or within a `with`."""

    def __init__(self, path: str, refusal: str):
        """path: a file that is made for it and left there; refusal: the line for who comes second."""
        self._path, self._refusal = path, refusal
        self._file: Optional[int] = None

    def acquire(self) -> None:
        """Take the lock. Raises InputError if another holds it, or the file cannot be made."""
        try:
            file = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o666)
        except OSError as error:
            raise InputError(f'{self._path}: cannot be written ({error.strerror}).') from None
        try:
            held = not try_lock(file)
        except LocksUnavailable:      # there one works as if alone
            held = False
        if held:
            os.close(file)
            raise InputError(self._refusal)
        self._file = file

    def release(self) -> None:
        """Give the lock back; does nothing if it is not held."""
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def __enter__(self) -> 'FileLock':
        self.acquire()
        return self

    def __exit__(self, kind: Optional[Type[BaseException]], error: Optional[BaseException],
                 traceback: Optional[TracebackType]) -> None:
        self.release()
