"""Files that are whole or not there."""
import os
from contextlib import contextmanager


@contextmanager
def replacing(path, mode='w', **options):
    """Open a temporary file beside `path` for writing; it takes its place when the block ends, and only then.

    An error inside the block, or in writing, leaves `path` as it was and no temporary file.
    """
    temporary = f'{path}.part'
    try:
        with open(temporary, mode, **options) as stream:
            yield stream
        os.replace(temporary, path)
    finally:
        if os.path.exists(temporary):
            os.remove(temporary)
