"""Viewer of a fine-tune run that waits for labels: the window to give them in."""
import os
from tkinter import messagebox

import numpy as np
from pyworkflow.viewer import DESKTOP_TKINTER, Viewer

from .. import convert
from ..domain import suggestions
from ..protocols import PickerOptimizerTrainOutputs, ProtPickerOptimizerTrain
from ..protocols.parameters.training_labels import LabelSource
from ..worker.exchange.classes import decide, ordered
from ..worker.exchange.errors import InputError
from ..worker.exchange.tables import read_coordinates
from .labelling.model import Labels, Place, RunState, Session, Suggestions, trainedText
from .labelling.window import LabellingWindow
from .micrograph import Micrograph
from .prune_all import pruneAllWith
from .widgets.window_view import WindowView

HEADLESS = ('Labels can be given without a window: as coordinate sets or a file in the form of "label and train", or '
            'by registerLabels(rows) and finish() of the run in a script.')


def sessionOf(protocol):
    """Return the Session of a ProtPickerOptimizerTrain.

    Raises InputError if its picks are gone or its labels cannot be read.
    """
    coordinates = protocol.inputCoordinates.get()
    if coordinates is None:
        raise InputError('The input coordinates of this run are not there any more.')
    micrographs = coordinates.getMicrographs()
    names, files, picks = (convert.micrographNames(micrographs), convert.micrographFiles(micrographs),
                           convert.countPicks(coordinates))
    labels = protocol.getRegisteredLabels()
    session = Session(
        title=f'Label boxes: {protocol.getRunName()}',
        micrographs=[Micrograph(micId, name, files[micId], picks.get(micId, 0)) for micId, name in names.items()],
        picksOn=lambda micId: [Place(micId, *xy) for xy in convert.readPositions(coordinates, micId)],
        boxSize=protocol.getBoxSize(), pixelSize=micrographs.getSamplingRate(),
        labels=Labels(labels, protocol.registerLabels),
        # The form may have been changed since some were given.
        classes=ordered({*protocol.getClasses(), *(row.label for row in labels)}), known=protocol.knownClasses())
    if protocol.canBeLabelled():
        session.train = protocol.finish
        session.suggestions, session.withoutSuggestions = _suggestions(protocol, session.classes)
    else:
        session.readOnly = 'The labels of this run are in use: they can be looked at, and not be changed.'
        if protocol.hasAttribute(PickerOptimizerTrainOutputs.outputLabels.name):
            session.labelOn = lambda: _labelOn(protocol)
    return session


def _suggestions(protocol, classes):
    """(Suggestions or None, the line that says why there are none)."""
    features, table = protocol.getFeatureFiles()
    if not os.path.exists(features):
        return None, 'The run made no features of its picks, so there are no suggestions (see its log): label by hand.'
    try:
        suggester = suggestions.Suggester(*suggestions.load(features))
        places = {row.coord_id: Place(row.mic_id, row.x, row.y) for row in read_coordinates(table)}
    except InputError as error:
        return None, f'There are no suggestions ({error}): label by hand.'
    return Suggestions(suggester, places, classes), ''


def _labelOn(protocol):
    """Launch a copy of the run that begins with its labels."""
    project = protocol.getProject()
    copy = project.copyProtocol(protocol)
    copy.labelSource.set(LabelSource.INTERACTIVE)
    copy.beginWithLabels.set(True)
    copy.inputLabels.set(protocol)
    copy.inputLabels.setExtended(PickerOptimizerTrainOutputs.outputLabels.name)
    copy.emptyLabelSets()
    copy.offerClasses(row.label for row in convert.labelsFromClasses(protocol.outputLabels))
    project.launchProtocol(copy)
    return f'"{copy.getRunName()}" begins with these labels. Press "Analyze results" on it as soon as it waits.'


def openLabels(root, protocol):
    """Open the LabellingWindow of a run and return it.

    Where its labels cannot be opened, a dialog says why, and None is returned. The window holds the lock of the labels
    as long as it is there.
    """
    protocol.lookAgain()
    lock = protocol.lockLabels()
    try:
        if protocol.canBeLabelled():
            lock.acquire()
        session = sessionOf(protocol)
    except InputError as error:
        lock.release()
        messagebox.showerror('PickerOptimizer', str(error), parent=root)
        return None
    if session.train:
        session.train = lambda: _train(protocol, lock)
        session.state = lambda: _stateOf(protocol, session)
        session.pruneAll = lambda: pruneAllWith(protocol)
        session.labelOn = lambda: _labelOn(protocol)
    window = LabellingWindow(root, session)
    window.bind('<Destroy>', lambda event: lock.release() if event.widget is window else None, add='+')
    return window


def _train(protocol, lock):
    """Take the run on, which takes the lock itself; after an error the window goes on, and holds it again."""
    lock.release()
    try:
        protocol.finish()
    except InputError:
        lock.acquire()
        raise


def _stateOf(protocol, session):
    """The RunState of a run that was taken on, read from its files."""
    protocol.lookAgain()
    if protocol.isFinished():
        scores = protocol.getJudged()
        isShown = scores is not None and session.suggestions is not None
        judged = session.suggestions.placed(_classesOf(scores)) if isShown else None
        before = session.suggestions.withoutLabels() if isShown else {}
        warning = ''.join(f' Warning: {line}' for line in protocol.getTrainingWarnings()[:1])
        return RunState(f'Trained. {trainedText(judged or {}, before)}{warning}', True, True, judged)
    if protocol.isActive():
        return RunState(protocol.progressLine())
    return RunState(f'The training has ended without a model: {protocol.getErrorMessage() or protocol.getStatus()} '
                    f'Close the window and open it again to go on.', True)


def _classesOf(scores):
    """{coord_id: class} of the convert.Scores that are of a class."""
    scored = np.isfinite(scores.values[:, 0])
    numbers = decide(scores.values[scored, :-1])
    return {coordId: scores.classes[number] for coordId, number in zip(scores.ids[scored].tolist(), numbers.tolist())}


class PickerOptimizerLabelViewer(Viewer):
    """Opens the labelling window of a run that waits for labels; the labels that a run was trained with."""
    _name = 'Label boxes'
    _targets = [ProtPickerOptimizerTrain]
    _environments = [DESKTOP_TKINTER]

    @classmethod
    def can_handle_this_instance(cls, instance):
        instance.lookAgain()
        return instance.canBeLabelled()      # what a trained run is, its model's viewer shows

    def _visualize(self, obj, **kwargs):
        return [WindowView(self.getTkRoot(), lambda root: openLabels(root, obj), HEADLESS)]
