"""New runs made from those that are there: trainings with other labels, and their launch."""
from .. import convert
from ..domain.registered_labels import writeRegistered
from ..worker.exchange.errors import InputError
from .parameters.training_labels import LabelSource

LABELS_OF_RUN = 'labels_of_run_{}.csv'      # in the folder of the run that they come from, by the id of the new run


def giveLabels(project, training, name, source, rows, micrographs):
    """Save a new training under a name, and let it take these labels from a file.

    source: the run in whose folder the file is put. rows: CoordinateRows, on `micrographs`. What is set here and
    by the caller has to be saved yet.
    """
    training.setObjLabel(name)
    project.saveProtocol(training)      # its id names the file
    path = source._getExtraPath(LABELS_OF_RUN.format(training.getObjId()))
    writeRegistered(path, rows, convert.micrographNames(micrographs), None)      # ids alone would not outlast an import
    training.labelSource.set(LabelSource.FILE)
    training.labelsFile.set(path)
    training.shots.set(0)
    training.emptyLabelSets()      # or the workflow would show them as its inputs
    training.inputLabels.set(None)


def point(pointer, other):
    """Let a Pointer mean what another one does."""
    pointer.set(other.getObjValue())
    pointer.setExtended(other.getExtended())


def shareProcessors(run, other):
    """Let a run use the GPUs and threads that another one does."""
    for name in ('useGpu', 'gpuList', 'numberOfThreads'):
        getattr(run, name).set(getattr(other, name).get())


def launch(project, run):
    """Launch a run that is saved. Raises InputError, in one line, if it cannot run as it is."""
    errors = run.validate()
    if errors:
        raise InputError(errors[0])
    project.launchProtocol(run)
