"""Whether the run that makes an input still goes on: a set stays open where nobody was left to close it."""
import os
import sqlite3

from pyworkflow.protocol import (
    STATUS_ABORTED,
    STATUS_FAILED,
    STATUS_FINISHED,
    STATUS_RUNNING,
    Protocol,
    getProtocolFromDb,
)
from pyworkflow.utils import getHostFullName, isProcessAlive

ENDED = 'has ended'      # as it should
_ENDINGS = {STATUS_FAILED: 'has failed', STATUS_ABORTED: 'was stopped', STATUS_FINISHED: ENDED}


class Producer:
    """The run whose output a pointer points to."""

    def __init__(self, pointer, project):
        run = pointer.getObjValue()
        if not isinstance(run, Protocol):
            run = project.mapper.selectById(run.getObjParentId()) if run.getObjParentId() else None
        self._run, self._project = run, project

    def ending(self):
        """Return how it ended, in words that follow its name; '' while it may go on or cannot be asked."""
        if self._run is None or not os.path.exists(self._run.getDbPath()):
            return ''
        try:
            run = getProtocolFromDb(self._project.path, self._run.getDbPath(), self._run.getObjId())
        except (OSError, sqlite3.Error):      # it is being written; there is a next time
            return ''
        try:
            if run.getStatus() == STATUS_RUNNING:
                here = run.getHostFullName() == getHostFullName() and run.getPid()
                return 'was killed' if here and not isProcessAlive(run.getPid()) else ''
            return _ENDINGS.get(run.getStatus(), '')
        finally:
            run.getProject().closeMapper()
            run.closeMappers()
