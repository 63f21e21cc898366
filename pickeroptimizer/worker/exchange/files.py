"""Files that are whole or not there."""
import os
import secrets
from contextlib import contextmanager
from typing import IO, Any, Iterator, Union

PathLike = Union[str, 'os.PathLike[str]']


@contextmanager
def replacing(path: PathLike, mode: str = 'w', **options: Any) -> Iterator[IO]:
    """Open a temporary file beside `path` for writing; it takes its place when the block ends, and only then.

    An error inside the block, or in writing, leaves `path` as it was and no temporary file. Nobody can foresee its name
    and put a link there, and two programs that write the same file do not meet.
    """
    temporary = f'{path}.{secrets.token_hex(4)}.part'
    try:
        with open(temporary, mode.replace('w', 'x'), **options) as stream:
            yield stream
        os.replace(temporary, path)
    finally:
        if os.path.exists(temporary):
            os.remove(temporary)
