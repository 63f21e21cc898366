"""The outputs of a prune run while they grow."""
import os

import numpy as np
from pyworkflow.utils import cleanPath

from ... import convert
from ...worker.exchange.errors import InputError


class GrowingOutputs:
    """Sets of the kept, the rejected and the unscored coordinates of a run, to which picks are added.

    minimum: the least particle probability of a kept pick, None for particle against junk to decide. resume: whether
    the sets of an earlier launch, which may have been killed at any moment, are added to; otherwise they are made anew.
    That of the unscored, which are tried again, is made anew in any case, when the first of them comes.
    """

    def __init__(self, run, minimum, resume):
        self._run, self._minimum = run, minimum
        *needed, self._unscored = run.OUTPUT_FILES
        self._sets = dict.fromkeys(run.OUTPUT_FILES)
        written = [np.zeros(0, np.int64)]
        for name in needed:
            itemSet = run.openedOutput(name) if resume and os.path.exists(run.outputPath(name)) else None
            if itemSet is not None and itemSet.getSize():      # a kill may leave tables without rows: these are no use
                self._sets[name] = itemSet
                written.append(np.array(itemSet.getUniqueValues('id'), np.int64))
                itemSet.close()
            else:
                self._make(name)
        if run.hasAttribute(self._unscored):
            self._make(self._unscored)
        else:
            cleanPath(run.outputPath(self._unscored))
        self._written = np.sort(np.concatenate(written))

    def append(self, scores):
        """Add the picks that these scores are of, but for those that an earlier launch added."""
        scores = scores.without(self._written)
        if len(scores.unscored()) and self._sets[self._unscored] is None:
            self._make(self._unscored)
        for itemSet in self._made().values():
            itemSet.enableAppend()
        convert.splitCoordinates(self._run.inputCoordinates.get(), scores, self._minimum, *self._sets.values(),
                                 nearJunk=self._run.junkDistance() > 0)

    def update(self, state):
        """Let others see what was added. state: Set.STREAM_OPEN or, when nothing more comes, STREAM_CLOSED.

        Raises InputError if not all was written: on a full disk the database gives up what was added, and Scipion,
        which tries again, takes that for success.
        """
        for name, itemSet in self._made().items():
            isNew, size = not self._run.hasAttribute(name), itemSet.getSize()
            self._run._updateOutputSet(name, itemSet, state)
            if isNew:
                self._run.relateToInputs(itemSet)
            itemSet.load()      # counts what the file holds
            itemSet.close()
            if itemSet.getSize() != size:
                raise InputError(f'{self._run.outputPath(name)}: only {itemSet.getSize()} of {size} picks could be '
                                 f'written: is the disk full? Mend that and continue the run.')

    def sizes(self):
        """Return how many picks are kept, and how many rejected."""
        kept, rejected, _ = self._sets.values()
        return kept.getSize(), rejected.getSize()

    def _make(self, name):
        self._sets[name] = self._run.newOutput(name)

    def _made(self):
        return {name: itemSet for name, itemSet in self._sets.items() if itemSet is not None}
