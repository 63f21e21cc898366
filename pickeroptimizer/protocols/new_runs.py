"""New runs made from those that are there: copies of a training with other labels, and their launch."""
from .. import convert
from ..domain.registered_labels import writeRegistered
from ..worker.exchange.errors import InputError
from .parameters.training_labels import LabelSource

LABELS_OF_RUN = 'labels_of_run_{}.csv'      # in the folder of the run that they come from, by the id of the new run


def copyWithLabels(project, training, name, source, rows, micrographs):
    """Return a copy of a training, saved under a name, that is to take these labels from a file.

    source: the run in whose folder the file is put. rows: CoordinateRows, on `micrographs`. What is set here and
    by the caller has to be saved yet.
    """
    copy = project.copyProtocol(training)
    copy.setObjLabel(name)
    project.saveProtocol(copy)      # its id names the file
    path = source._getExtraPath(LABELS_OF_RUN.format(copy.getObjId()))
    writeRegistered(path, rows, convert.micrographNames(micrographs), None)      # ids alone would not outlast an import
    copy.labelSource.set(LabelSource.FILE)
    copy.labelsFile.set(path)
    copy.shots.set(0)
    copy.emptyLabelSets()      # or the workflow would show them as its inputs
    copy.inputLabels.set(None)
    return copy


def point(pointer, other):
    """Let a Pointer mean what another one does."""
    pointer.set(other.getObjValue())
    pointer.setExtended(other.getExtended())


def launch(project, run):
    """Launch a run that is saved. Raises InputError, in one line, if it cannot run as it is."""
    errors = run.validate()
    if errors:
        raise InputError(errors[0])
    project.launchProtocol(run)
