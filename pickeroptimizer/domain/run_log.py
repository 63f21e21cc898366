"""How far a run is, from the last lines of its log."""
import os
import re
from typing import Optional

TAIL = 16384      # bytes of the log that are looked at
_TELLING = re.compile(r'\d+ of \d+ picks .*|epoch \d+ of .*|cross-validation: .*|fold \d+ of .*')


def lastProgress(path: str, past: str = '') -> Optional[str]:
    """Return the last line of the worker's progress in a log, None if there is none (yet).

    past: a word of the lines of an earlier part of the run, which do not count; '': of none.
    """
    try:
        with open(path, 'rb') as stream:
            stream.seek(max(0, os.fstat(stream.fileno()).st_size - TAIL))
            lines = stream.read().decode('utf-8', 'replace').splitlines()
    except OSError:
        return None
    return next((line.strip() for line in reversed(lines)
                 if _TELLING.fullmatch(line.strip()) and not (past and past in line)), None)
