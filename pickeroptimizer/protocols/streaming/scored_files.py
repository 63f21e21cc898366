"""The files of the micrographs as they were when the worker was given them: they may be replaced under their names."""
import json
import os

import numpy as np

from ... import convert
from ...domain.file_stamps import stampOf
from ...worker.exchange.files import replacing
from ...worker.exchange.tables import CoordinateTable, MicrographTable

STAMPS = 'scored_files.json'


class ScoredFiles:
    """Size and time of the files in the worker's table of micrographs, kept in a file of its own in `folder`."""

    def __init__(self, folder):
        self._folder, self._path = folder, os.path.join(folder, STAMPS)
        self.forget()

    def forget(self):
        """Begin with none: the table is another one."""
        self._table = MicrographTable(os.path.join(self._folder, convert.MICROGRAPHS))
        self._stamps = {}      # by mic_id as text, as JSON has it

    def resume(self, since):
        """Take up what an earlier launch has noted. Raises CannotResume where a file that was scored has changed.

        since: the time, in s, from which on a change counts where an earlier version noted nothing.
        """
        self.forget()
        self._look()
        try:
            with open(self._path, encoding='utf-8') as stream:
                before = json.load(stream)
            changed = {int(micId) for micId, stamp in self._stamps.items()
                       if before.get(micId) not in (None, [], stamp)}
        except (OSError, ValueError):
            changed = {int(micId) for micId, stamp in self._stamps.items() if stamp and stamp[1] > since * 1e9}
        changed &= self._scored() if changed else set()
        if changed:
            raise convert.CannotResume(f'{self._table.rows[min(changed)].path} is not the file that was scored.')
        self._write()

    def note(self):
        """Note the files that have come to the table."""
        if self._look():
            self._write()

    def noteAgain(self, ids):
        """Note the files of the micrographs of these picks anew, for they have changed until they could be read."""
        for micId in self._micrographsOf(ids):
            self._stamps[str(micId)] = stampOf(self._table.rows[micId].path)
        self._write()

    def _look(self):
        """Return whether files have come."""
        self._table.read(growing=True)
        new = [micId for micId in self._table.rows if str(micId) not in self._stamps]
        self._stamps.update((str(micId), stampOf(self._table.rows[micId].path)) for micId in new)
        return bool(new)

    def _write(self):
        with replacing(self._path, encoding='utf-8') as stream:
            json.dump(self._stamps, stream)

    def _scored(self):
        """The mic_ids of picks that have been looked at; those whose file could not be read are tried again anyway."""
        scores = convert.scoresSoFar(self._folder)
        if scores is None:
            return set()
        return self._micrographsOf(scores.without(scores.unscored()).ids)

    def _micrographsOf(self, ids):
        """The mic_ids of these picks, an array, in the worker's table."""
        picks = CoordinateTable(os.path.join(self._folder, convert.COORDINATES)).read(growing=True)
        return set(np.unique(np.asarray(picks.mic_ids)[np.isin(np.asarray(picks.ids), ids)]).tolist())
