"""Protocol that brings a model file into a project."""
from enum import Enum

from pyworkflow.protocol import params
from pyworkflow.utils import Message, copyFile

from .. import Plugin
from ..objects import PickerOptimizerModel
from ..worker.exchange.errors import InputError
from ..worker.exchange.model_header import read_header
from .protocol_base import MODEL, PickerOptimizerProtocol, fileDigest, oneLineErrors


class PickerOptimizerImportModelOutputs(Enum):
    outputModel = PickerOptimizerModel


class ProtPickerOptimizerImportModel(PickerOptimizerProtocol):
    """Bring a model of PickerOptimizer, one .safetensors file, into the project.

    To export a model, copy its one file: extra/model.safetensors in the folder of the run that made it. It holds
    everything: weights, classes, box size, and what the training reported.
    """
    _label = 'import model'
    _possibleOutputs = PickerOptimizerImportModelOutputs

    # -------------------------- form ----------------------------------------
    def _defineParams(self, form):
        form.addSection(label=Message.LABEL_INPUT)
        form.addParam('modelFile', params.FileParam, important=True, label='Model file',
                      help='A .safetensors file made by "label and train". It is copied into the project. To take a '
                           'model to another project or laboratory, copy extra/model.safetensors from the folder of '
                           'the run that made it: the one file is all.')

    # -------------------------- steps ---------------------------------------
    def _insertAllSteps(self):
        path = self.modelFile.get()
        self._insertFunctionStep(self.importStep, path, fileDigest(path), needsGPU=False)

    def importStep(self, path, digest):
        """Copy the file; check the copy, for that is what will be used."""
        target = self._getExtraPath(MODEL)
        copyFile(path, target)
        with oneLineErrors():
            self._setOutput(PickerOptimizerImportModelOutputs.outputModel.name, PickerOptimizerModel.fromFile(target))

    # -------------------------- information ---------------------------------
    def _validate(self):
        errors = Plugin.validateWorker()
        if not self.modelFile.get():
            return [*errors, 'Choose a model file.']
        try:
            if read_header(self.modelFile.get())['box_angstrom'] is None:
                errors.append(f'{self.modelFile.get()} is a general model, which has no box of its own: "prune" offers '
                              f'the one of the plugin, and "label and train" takes this file as starting weights.')
        except InputError as error:
            errors.append(str(error))
        return errors

    def _summary(self):
        if not self.hasAttribute(PickerOptimizerImportModelOutputs.outputModel.name):
            return ['Not imported yet.']
        return [f'Imported from {self.modelFile.get()}', str(self.outputModel)]

    def _methods(self):
        return []
