"""Prune all picks of a training with its model: the run that comes after "label and train"."""
from ..worker.exchange.errors import InputError
from . import PickerOptimizerTrainOutputs, ProtPickerOptimizerTrain
from .new_runs import launch, point, shareProcessors
from .parameters.run_model import ModelSource
from .protocol_prune import ProtPickerOptimizerPrune


def pruneAll(project, training: ProtPickerOptimizerTrain) -> ProtPickerOptimizerPrune:
    """Launch a prune of the picks that a finished training was labelled on, with its model, and return it.

    Raises InputError, in one line, if it cannot run.
    """
    if not training.hasAttribute(PickerOptimizerTrainOutputs.outputModel.name):
        raise InputError('The run has no model: refresh the project window (F5), and train again if it still has none.')
    run = project.newProtocol(ProtPickerOptimizerPrune, objLabel=f'prune with {training.getRunName()}',
                              modelSource=ModelSource.RUN.value)
    point(run.inputCoordinates, training.inputCoordinates)
    run.inputModel.set(training)
    run.inputModel.setExtended(PickerOptimizerTrainOutputs.outputModel.name)
    shareProcessors(run, training)
    project.saveProtocol(run)
    launch(project, run)
    return run
