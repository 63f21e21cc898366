"""Labels of a trained run that were put right where its model lists them, and a training with these."""
import os

from .. import convert
from ..domain import labels as labelling
from ..domain.registered_labels import readRegistered, writeRegistered
from ..worker.exchange.errors import InputError
from .parameters.training_labels import LabelSource
from .protocol_base import fileDigest

# All labels of a run as they are by now, beside its outputs, by the digest of those that it was trained with.
RELABELLED = 'relabelled_{}.csv'
AGAIN = 'labels_of_run_{}.csv'                 # those of a run that was trained again with them, by its id


def relabelled(run, labelled):
    """Return the labels of a trained run as they are by now, CoordinateRows; `labelled`: its output of labels.

    Raises InputError if they cannot be read.
    """
    path = _path(run)
    names = convert.micrographNames(labelled.getMicrographs())
    if os.path.exists(path):
        return readRegistered(path, names, None).labels
    return [row for row, _ in convert.readLabelled(labelled)]


def saveRelabelled(run, labelled, rows):
    """Store these labels, all of them, whole or not at all; the run and its outputs stay as they are."""
    writeRegistered(_path(run), rows, convert.micrographNames(labelled.getMicrographs()), None)


def _path(run):
    return run._getExtraPath(RELABELLED.format(fileDigest(run._getExtraPath(convert.LABELS))[:12]))


def trainAgain(project, run, labelled, rows, number):
    """Launch a copy of a run with these labels, CoordinateRows, and return it; `number`: how many were put right.

    Raises InputError, in one line, if it cannot run.
    """
    labelling.checkClasses(rows, run.knownClasses())
    again = project.copyProtocol(run)
    again.setObjLabel(f'{run.getRunName()} + {number} labels put right')
    project.saveProtocol(again)      # its id names the file
    path = run._getExtraPath(AGAIN.format(again.getObjId()))
    writeRegistered(path, rows, convert.micrographNames(labelled.getMicrographs()), None)
    again.labelSource.set(LabelSource.FILE)
    again.labelsFile.set(path)
    again.shots.set(0)
    again.emptyLabelSets()      # or the workflow would show them as its inputs
    again.inputLabels.set(None)
    project.saveProtocol(again)
    errors = again.validate()
    if errors:
        raise InputError(errors[0])
    project.launchProtocol(again)
    return again
