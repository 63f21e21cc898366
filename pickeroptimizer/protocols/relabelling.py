"""Labels of a trained run that were put right where its model lists them, and a training with these."""
import os

from .. import convert
from ..domain import labels as labelling
from ..domain.registered_labels import readRegistered, writeRegistered
from .new_runs import giveLabels, launch
from .protocol_base import fileDigest

# All labels of a run as they are by now, beside its outputs, by the digest of those that it was trained with.
RELABELLED = 'relabelled_{}.csv'


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
    giveLabels(project, again, f'{run.getRunName()} + {number} labels put right', run, rows, labelled.getMicrographs())
    project.saveProtocol(again)
    launch(project, again)
    return again
