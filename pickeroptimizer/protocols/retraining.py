"""Correct and retrain: new runs of fine-tune and "prune" with the labels of a model and the corrections of a run."""
from collections import namedtuple
from dataclasses import replace

from .. import convert
from ..domain import labels as labelling
from ..domain.corrections import corrected
from ..worker.exchange.classes import PARTICLE
from ..worker.exchange.errors import InputError
from . import PickerOptimizerTrainOutputs, ProtPickerOptimizerTrain
from .new_runs import giveLabels, launch, point, shareProcessors
from .parameters.run_model import ModelSource

# Scipion looks again whether a scheduled run can start only after two minutes, but a training takes less than one.
FIRST_LOOK_S = 30

# training: the run that made the model, None for the general one. labels: CoordinateRows of the new one; new: how many
# of them are corrections. coordinates: Pointer to the picks whose micrographs they are on. lost: labels on micrographs
# that these do not have.
Plan = namedtuple('Plan', 'training labels new coordinates lost')


def plan(project, run):
    """Return what a retraining with the corrections of a prune run would use.

    Raises InputError, in one line, where there are no corrections or the labels of its model are not at hand.
    """
    corrections = list(run.getCorrections().values())
    if not corrections:
        raise InputError('There are no corrections yet: give some boxes another class first.')
    if run.usesGeneralModel():      # it has no labels that the corrections could be added to
        if all(row.label != PARTICLE for row in corrections):
            raise InputError('Give some particles their class, too, such as a few that were kept (draw round them, or '
                             'press their key): with labels of junk alone, particles are taken for it.')
        labelling.checkClasses(corrections, project.newProtocol(ProtPickerOptimizerTrain).knownClasses())
        return Plan(None, [replace(row, coord_id=None) for row in corrections], len(corrections), run.inputCoordinates,
                    0)
    training = _trainingOf(project, run.inputModel.get())
    labelled = getattr(training, PickerOptimizerTrainOutputs.outputLabels.name)
    # Labels stand on the micrographs of the picks of their run. Those of the training serve if they have the corrected
    # ones among them; otherwise those of the pruned picks do.
    coordinates = training.inputCoordinates
    old, new = (pointer.get().getMicrographs() for pointer in (coordinates, run.inputCoordinates))
    moved = convert.moveLabels(corrections, new, old)
    if len(moved) == len(corrections):
        corrections = moved
    else:
        coordinates = run.inputCoordinates
    micrographs = coordinates.get().getMicrographs()
    labels = convert.labelsFromClasses(labelled, micrographs)
    lost = labelled.getSize() - len(labels)
    near = _boxAngstromOf(run) / micrographs.getSamplingRate() / 4
    labels = corrected(labels, corrections, near)
    labelling.checkClasses(labels, training.knownClasses())
    return Plan(training, [replace(row, coord_id=None) for row in labels], len(corrections), coordinates, lost)


def _trainingOf(project, model):
    for run in project.getRuns():
        output, labels = (getattr(run, output.name, None) for output in PickerOptimizerTrainOutputs)
        if isinstance(run, ProtPickerOptimizerTrain) and None not in (output, labels, model) and \
                output.getObjId() == model.getObjId():
            return run
    raise InputError('The model was not trained in this project, so its labels are not here to add the corrections to: '
                     'prune with a model of a "label and train" run of this project.')


def _boxAngstromOf(run):
    return run.modelBox() or run.inputModel.get().getBoxAngstrom()


def prepare(project, run, planned):
    """Save the two new runs, (training, pruning), linked to each other; neither is started."""
    if planned.training is None:
        training = project.newProtocol(ProtPickerOptimizerTrain)
        shareProcessors(training, run)
        name = f'label and train: {planned.new} corrections'
    else:
        training = project.copyProtocol(planned.training)
        name = f'{planned.training.getRunName()} + {planned.new} corrections'
    giveLabels(project, training, name, run, planned.labels, planned.coordinates.get().getMicrographs())
    point(training.inputCoordinates, planned.coordinates)
    if planned.coordinates is run.inputCoordinates:
        pixelSize = run.inputCoordinates.get().getMicrographs().getSamplingRate()
        training.boxSize.set(round(_boxAngstromOf(run) / pixelSize))
    project.saveProtocol(training)
    pruning = project.copyProtocol(run)
    pruning.setObjLabel(f'{run.getRunName()} + {planned.new} corrections')
    pruning.modelSource.set(ModelSource.RUN.value)
    pruning.inputModel.set(training)
    pruning.inputModel.setExtended(PickerOptimizerTrainOutputs.outputModel.name)
    project.saveProtocol(pruning)
    return training, pruning


def start(project, training, pruning):
    """Launch the training, and the pruning to follow it. Raises InputError if the training cannot run as it is."""
    launch(project, training)
    project.scheduleProtocol(pruning, initialSleepTime=FIRST_LOOK_S)
