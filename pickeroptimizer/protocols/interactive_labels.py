"""The interactive part of fine-tune: a run that prepares, waits for labels, and is taken on when they are there."""
import os
import tkinter.messagebox
from dataclasses import replace

import numpy as np
from pyworkflow import Config
from pyworkflow.exceptions import PyworkflowException
from pyworkflow.protocol import STATUS_INTERACTIVE
from pyworkflow.utils import cleanPath

from .. import convert
from ..domain import labels as labelling
from ..domain import suggestions
from ..domain.registered_labels import Registered, readRegistered, setAside, writeRegistered
from ..domain.run_log import lastProgress
from ..worker.exchange.classes import KEPT_FROM, class_name, ordered
from ..worker.exchange.errors import InputError
from ..worker.exchange.locks import FileLock
from ..worker.exchange.tables import (
    COORDINATE_COLUMNS,
    CoordinateRow,
    read_coordinates,
    read_labels,
    write_rows,
)
from .new_runs import LABELS_OF_RUN
from .parameters.training_labels import LabelSource
from .protocol_base import MODEL, countsText, fileDigest, oneLineErrors
from .relabelling import RELABELLED

REGISTERED = 'registered_labels.csv'
ELSEWHERE = 'labels_of_other_micrographs.csv'      # labels on micrographs that the picks do not have any more
LOCK = 'registered_labels.lock'
JUDGED = 'judged.csv'              # what the trained model says of the picks that were looked at,
SAMPLE = 'looked_at.csv'           # their table,
SAMPLE_MICROGRAPHS = 'looked_at_on.csv'      # and that of their micrographs
FEATURES = 'features.npz'          # of some picks, and
SAMPLED = 50                       # of how many micrographs at the most
LOOKED_AT = 'described'            # in the log's lines about that


class InteractiveLabels:
    """For a protocol with TrainingLabels: the labels that are stored in its folder, by a window or by a script."""
    BY_HAND = REGISTERED, ELSEWHERE, RELABELLED.format('*'), LABELS_OF_RUN.format('*')

    # -------------------------- steps ---------------------------------------
    def prepareStep(self, key):
        """Register the labels to begin with, and look at some of the picks, for the suggestions of the window."""
        coordinates = self.inputCoordinates.get()
        with oneLineErrors():
            begun = self.getRegisteredLabels()
            self.summaryVar.set('\n'.join(self._takenUp(len(begun), 'label')))
            places = {(row.mic_id, row.x, row.y) for row in begun}
            given = self._labelsOfSets() + self._labelsOfClasses()
            self.registerLabels(begun + [row for row in given if (row.mic_id, row.x, row.y) not in places])
        sample = convert.sampleMicrographs(coordinates, SAMPLED)
        used = convert.writeCoordinates(coordinates, self._getExtraPath(), set(sample))
        convert.writeMicrographs(coordinates.getMicrographs(), self._getExtraPath(), used)
        try:
            self._runWorker('embed', ['--micrographs', convert.MICROGRAPHS, '--coordinates', convert.COORDINATES,
                                      '--box-angstrom', repr(float(self._boxAngstrom())), '--output', FEATURES])
        except PyworkflowException as error:      # suggestions help, but labels can be given without them
            self.warning(f'There will be no suggestions of what to label: {error}')

    def judgeSample(self):
        """Let the new model judge the picks that were looked at; without, only the picture of them is missing."""
        cleanPath(self._getExtraPath(JUDGED))
        if not os.path.exists(self._getExtraPath(FEATURES)):
            return
        try:
            with oneLineErrors():
                ids = set(suggestions.load(self._getExtraPath(FEATURES)).ids.tolist())
                rows = [row for row in read_coordinates(self._getExtraPath(convert.COORDINATES)) if row.coord_id in ids]
                write_rows(self._getExtraPath(SAMPLE), COORDINATE_COLUMNS,
                           ((row.coord_id, row.mic_id, row.x, row.y) for row in rows))
                convert.writeMicrographs(self.inputCoordinates.get().getMicrographs(), self._getExtraPath(),
                                         {row.mic_id for row in rows}, name=SAMPLE_MICROGRAPHS)
            self._runWorker('prune', ['--micrographs', SAMPLE_MICROGRAPHS, '--coordinates', SAMPLE,
                                      '--model', MODEL, '--output', JUDGED])
        except PyworkflowException as error:
            self.warning(f'What the model would keep is not shown: {error}')

    def getJudged(self):
        """Return the convert.Scores of the picks that were looked at by the trained model, None if there are none."""
        path = self._getExtraPath(JUDGED)
        return convert.readScores(path) if os.path.exists(path) else None

    def _judgedLines(self):
        scores = self.getJudged() if self._takes(LabelSource.INTERACTIVE) else None
        if scores is None:
            return []
        particle = scores.particleProbabilities()
        kept = int(np.count_nonzero(particle >= KEPT_FROM))
        return [f'Of the {len(particle)} picks that were looked at, this model keeps *{kept}* '
                f'({100 * kept / max(len(particle), 1):.0f} %). "Analyze results" shows the labels; to prune, use '
                f'outputModel in "prune".']

    def waitForLabelsStep(self):
        """Nothing to do but wait: labels come by registerLabels, `finish` takes the run on."""

    def _beginningKey(self):
        """What the preparation depends on."""
        return [self._setsKey(), convert.setKey(self._labelledSet()), self._boxAngstrom(), self._picksKey()]

    def _registeredKey(self):
        """What a step that uses the stored labels depends on."""
        return fileDigest(self._getExtraPath(REGISTERED))

    # -------------------------- labels --------------------------------------
    def registerLabels(self, rows):
        """Store the labels of an interactive run: all of them, in place of those stored before.

        `rows`: tables.CoordinateRow, or (mic_id, x, y, label) in px of the micrographs of the picks. They
        are stored whole or not at all, and outlive any crash. Raises InputError for a label that cannot be used.
        """
        labels = [row if isinstance(row, CoordinateRow) else CoordinateRow(None, *row) for row in rows]
        labels = [replace(row, label=class_name(row.label)) for row in labels]
        names, width = self._namesAndWidth()
        before = self._readRegistered() if self.hasRegisteredLabels() else Registered([], [])
        # What was given before the list was changed can be saved, so that a window can give it another class.
        labelling.checkOffered((row.label for row in labels),
                               ordered({*self.getClasses(), *(row.label for row in before.labels)}))
        for row in labels:
            if row.mic_id not in names:
                raise InputError(f'There is no micrograph with the id {row.mic_id} among those of the picks.')
        labels = labelling.withoutRepeats(labels, names)
        if before.lost:
            setAside(self._getExtraPath(ELSEWHERE), before.lost)
        writeRegistered(self._getExtraPath(REGISTERED), labels, names, width)

    def getRegisteredLabels(self):
        """Return the labels that are stored, [] if there are none yet; those on micrographs that the picks do not have
        are left aside. Raises InputError if they cannot be read."""
        return self._readRegistered().labels if self.hasRegisteredLabels() else []

    def _readRegistered(self):
        return readRegistered(self._getExtraPath(REGISTERED), *self._namesAndWidth())

    def _namesAndWidth(self):
        """{mic_id: name} of the micrographs of the picks, and their width in px, None if Scipion does not know it."""
        micrographs = self.inputCoordinates.get().getMicrographs()
        dimensions = micrographs.getDim()
        return convert.micrographNames(micrographs), dimensions[0] if dimensions else None

    def hasRegisteredLabels(self):
        """Return whether labels were stored: an interactive run has a table of them, if an empty one, once prepared."""
        return os.path.exists(self._getExtraPath(REGISTERED))

    def canBeLabelled(self):
        """Return whether labels may be given: an interactive run waits for them, or stopped later without a model."""
        stopped = (self.isFailed() or self.isAborted()) and self.hasRegisteredLabels()
        return self._takes(LabelSource.INTERACTIVE) and (self.getStatus() == STATUS_INTERACTIVE or stopped)

    def getBoxSize(self):
        """Return the box in px of the micrographs of the picks."""
        return self._boxAngstrom() / self.inputCoordinates.get().getMicrographs().getSamplingRate()

    def getFeatureFiles(self):
        """Return paths of the features of some picks, which suggestions are made of, and of the table of these picks.

        They are there when the preparation of an interactive run has made them.
        """
        return self._getExtraPath(FEATURES), self._getExtraPath(convert.COORDINATES)

    def lockLabels(self):
        """Return a FileLock: who holds it, alone changes the labels of this run."""
        return FileLock(self._getExtraPath(LOCK), 'The labels of this run are open in another window: close it first.')

    def lookAgain(self):
        """Take over what the process of the run has written: the project window may hold an older state of it."""
        project = self.getProject()
        project._updateProtocol(self)
        project.mapper.commit()      # or the project's file stays locked for other programs

    def finish(self):
        """Take an interactive run on. Raises InputError if its labels do not suffice or are open in a window, and the
        run then waits on; or if it does not wait any more."""
        self.lookAgain()      # an older state would be written over outputs that are there by now
        if not self.canBeLabelled():
            raise InputError('This run does not wait for labels any more: refresh the project window (F5).')
        with self.lockLabels():
            labelling.checkClasses(self._collectLabels(), self.knownClasses())
            self.getProject().continueProtocol(self)

    # -------------------------- what a user sees ----------------------------
    def getActions(self):
        """Return entries for the menu of the run's box: Scipion itself has none that takes an interactive run on."""
        if self.canBeLabelled():
            return [('Label boxes', self._labelFromMenu), ('Train with the labels', self._finishFromMenu)]
        return [('Show the labels', self._labelFromMenu)] if self.hasRegisteredLabels() else []

    def _labelFromMenu(self, event=None):      # Scipion's graph of runs gives an event, its list does not
        # The viewers import the protocols, so they are asked for by name.
        viewer = Config.getDomain().getViewers()['PickerOptimizerLabelViewer']
        viewer(project=self.getProject(), protocol=self).visualize(self)

    def _finishFromMenu(self, event=None):
        """Scipion's window would not show an exception."""
        try:
            self.finish()
        except InputError as error:
            tkinter.messagebox.showerror('PickerOptimizer', str(error))

    def progressLine(self):
        """Return a line about how far a running run is."""
        trains = not self._takes(LabelSource.INTERACTIVE) or (
            self.hasRegisteredLabels() and os.path.exists(self._getExtraPath(FEATURES)))
        what = 'Training' if trains else 'Looking at some of the picks, to suggest what to label'
        progress = lastProgress(self.getStdoutLog(), LOOKED_AT if trains else '')
        return f'{what}: {progress}.' if progress else f'{what} ...'

    def _workingLines(self):
        """The summary of a run that works."""
        after = ['It then waits for you: "Analyze results" opens the window to label in.'] if self._takes(
            LabelSource.INTERACTIVE) and not os.path.exists(self._getExtraPath(FEATURES)) else []
        return [self.progressLine(), *after]

    def _waitingLines(self):
        """The summary of a run that waits for labels."""
        registered, elsewhere = map(self._getExtraPath, (REGISTERED, ELSEWHERE))
        try:      # as rows: Scipion asks for a summary all the time, and names of micrographs take theirs
            counts = labelling.countByClass(read_labels(registered) if self.hasRegisteredLabels() else [])
            lost = len(read_labels(elsewhere)) if os.path.exists(elsewhere) else 0
        except InputError as error:
            return [f'The labels so far cannot be read: {error}']
        lines = [f'Waiting for labels; so far: {countsText(counts)}.', *self.summaryVar.get('').splitlines()]
        if lost:
            lines.append(f'*{lost} labels* are on micrographs that the picks do not have: they are kept in '
                         f'{elsewhere}.')
        return [*lines,
                'Press "Analyze results" to label boxes. Its button "Train", or "Train with the labels" in the '
                'menu of the run\'s box, takes the run on.',
                'Without a display: copy the run, with labels from coordinate sets or a file.']
