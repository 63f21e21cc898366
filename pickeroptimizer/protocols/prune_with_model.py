"""Prune all picks of a training with its model: the run that comes after "fine-tune"."""
from ..worker.exchange.errors import InputError
from . import PickerOptimizerTrainOutputs, ProtPickerOptimizerTrain
from .parameters.run_model import ModelSource
from .protocol_prune import ProtPickerOptimizerPrune


def pruneAll(project, training: ProtPickerOptimizerTrain) -> ProtPickerOptimizerPrune:
    """Launch a prune of the picks that a finished training was labelled on, with its model, and return it.

    Raises InputError, in one line, if it cannot run.
    """
    run = project.newProtocol(ProtPickerOptimizerPrune, objLabel=f'prune with {training.getRunName()}',
                              modelSource=ModelSource.RUN.value)
    run.inputCoordinates.set(training.inputCoordinates.getObjValue())
    run.inputCoordinates.setExtended(training.inputCoordinates.getExtended())
    run.inputModel.set(training)
    run.inputModel.setExtended(PickerOptimizerTrainOutputs.outputModel.name)
    for name in ('useGpu', 'gpuList', 'numberOfThreads'):
        getattr(run, name).set(getattr(training, name).get())
    project.saveProtocol(run)
    errors = run.validate()
    if errors:
        raise InputError(errors[0])
    project.launchProtocol(run)
    return run
