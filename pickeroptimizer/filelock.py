"""One owner at a time, over windows, programs and, where the file system can, machines."""
import errno
import fcntl
import os

from .worker.errors import InputError

# Some network file systems know no locks: there one works without, as if alone.
_NO_LOCKS = (errno.ENOLCK, errno.ENOTSUP, errno.ENOSYS)


class FileLock:
    """Held from `acquire` to `release`, or within a `with`; the system releases it when the program dies."""

    def __init__(self, path, refusal):
        """`path`: a file that is made for it and left there. `refusal`: the line for who comes second."""
        self._path, self._refusal = path, refusal
        self._file = None

    def acquire(self):
        """Raises InputError if another holds it, or the file cannot be made."""
        try:
            file = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o666)
        except OSError as error:
            raise InputError(f'{self._path}: cannot be written ({error.strerror}).') from None
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            if error.errno not in _NO_LOCKS:
                os.close(file)
                raise InputError(self._refusal) from None
        self._file = file

    def release(self):
        """Does nothing if it is not held."""
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def __enter__(self):
        self.acquire()
        return self

    def __exit__(self, *error):
        self.release()
