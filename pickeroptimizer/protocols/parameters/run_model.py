"""Which model a protocol looks at picks with, as its form asks for it: one of a run, or the general one."""
from enum import IntEnum

from pyworkflow.protocol import params

from ...constants import GENERAL_MODEL
from ...worker.exchange.errors import InputError
from ...worker.exchange.model_header import read_header
from ..protocol_base import boxAngstrom


class ModelSource(IntEnum):
    """Values of the parameter modelSource; projects keep the numbers. Runs from before there was one have RUN."""
    RUN = 0
    GENERAL = 1


class RunModel:
    """For a protocol that looks at `inputCoordinates` with a model."""

    @staticmethod
    def _defineModelParams(form):
        form.addParam('modelSource', params.EnumParam, default=ModelSource.RUN.value, important=True,
                      choices=['of a training', 'general (no labels)'], display=params.EnumParam.DISPLAY_HLIST,
                      label='Model from',
                      help='Of a training: it has learnt from your labels.\n'
                           'General: it comes with the plugin and needs no labels. It was fitted to simulated '
                           'experiments alone and looks at what most of your picks are like. The summary tells how '
                           'sure it is of these picks. Then label a few boxes with "label and train", which starts '
                           'from it: every label helps.')
        # It may be empty for Scipion's form, which does not look again whether it is wanted when the line above
        # changes, and would leave "Execute" grey.
        form.addParam('inputModel', params.PointerParam, pointerClass='PickerOptimizerModel', important=True,
                      allowsNull=True, condition=f'modelSource=={ModelSource.RUN:d}', label='Model',
                      help='From "label and train" or "import model". Its box size in Å is used, whatever the pixel '
                           'size of the micrographs.')

    def usesGeneralModel(self):
        """Return whether the general model is used."""
        return self.modelSource.get() == ModelSource.GENERAL

    def runModel(self):
        """Return the PickerOptimizerModel that was chosen; None with the general model, and where none is chosen."""
        return None if self.usesGeneralModel() else self.inputModel.get()

    def _validateChosen(self):
        """A line where no model is chosen; one of a run that has not ended yet will do."""
        if self.usesGeneralModel() or self.inputModel.hasValue():
            return []
        return ['Choose a model, or "general (no labels)" in "Model from".']

    def modelFile(self):
        """Return the file of the model."""
        return GENERAL_MODEL if self.usesGeneralModel() else self.inputModel.get().getFileName()

    def modelBox(self):
        """Return the box in Å that a general model has to be told, None for a model that has its own."""
        return float(boxAngstrom(self.inputCoordinates.get())) if self.usesGeneralModel() else None

    def readModelHeader(self):
        """Return the header of the model. Raises InputError where it cannot be read."""
        return read_header(self.modelFile())

    def getModelHeader(self):
        """Return the header of the model; {} where there is none."""
        try:
            return self.readModelHeader() if self.usesGeneralModel() or self.inputModel.get() is not None else {}
        except InputError:
            return {}

    def _validateModel(self):
        """Lines about a model that cannot be used. The coordinates are there."""
        if self.usesGeneralModel() and not boxAngstrom(self.inputCoordinates.get()):
            return ['The input coordinates have no box size, which the general model has to know: give them one where '
                    'they are picked or imported.']
        try:
            header = self.readModelHeader()
        except InputError as error:
            return [str(error)]
        if not self.usesGeneralModel() and header['box_angstrom'] is None:
            return [f'{self.modelFile()} is a general model, which has no box of its own: choose "general" in "Model '
                    f'from".']
        return []
