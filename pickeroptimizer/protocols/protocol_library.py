"""Protocol that adds labels to a laboratory's library of data sets, which "pretrain" learns from."""
import os

from pyworkflow.protocol import params
from pyworkflow.utils import Message

from .. import convert
from ..domain import labels as labelling
from ..domain import library
from ..worker.exchange.errors import InputError
from .parameters.labelled_input import LabelledInput
from .protocol_base import PickerOptimizerProtocol, countsText, oneLineErrors


class ProtPickerOptimizerLibrary(LabelledInput, PickerOptimizerProtocol):
    """Add labelled coordinates to a library: a folder, outside the project, with a data set for each sample.

    "pretrain" makes starting weights from such a library. A data set names the micrographs where they lie, copies
    none, and is written whole or not at all; nothing in the library is ever overwritten.
    """
    # A protocol and no option of fine-tune: labels that were corrected later, or made before, can be added too, and
    # a library that cannot be written to fails no training.
    _label = 'add labels to library'

    # -------------------------- form ----------------------------------------
    def _defineParams(self, form):
        form.addSection(label=Message.LABEL_INPUT)
        self._defineLabelledParams(form, 'The data set keeps it in Å.')
        form.addParam('libraryFolder', params.FolderParam, important=True, label='Library',
                      help='The folder of all data sets; it has to be there.')
        form.addParam('dataSetName', params.StringParam, default='', label='Name of the data set',
                      help='A new folder of this name is made in the library. Empty: the name of the project.')

    # -------------------------- steps ---------------------------------------
    def _insertAllSteps(self):
        self._insertFunctionStep(self.addStep, self._labelsKey(), self._boxAngstrom(), self.libraryFolder.get(),
                                 self._name(), needsGPU=False)

    def addStep(self, key, box, folder, name):
        """Write the data set."""
        with oneLineErrors():
            labels = self._collectLabels()
            try:
                with library.addingDataSet(folder, name) as target:
                    convert.writeDataSet(labels, self.getBoxCoordinates().getMicrographs(), box, target)
            except OSError as error:
                raise InputError(f'{error.filename or folder}: cannot be written ({error.strerror}).') from None
        counts = countsText(labelling.countByClass(labels))
        self.summaryVar.set(f'Added {counts} to {os.path.join(folder, name)}.')

    def _name(self):
        return self.dataSetName.get('').strip() or os.path.basename(self.getProject().getShortName())

    # -------------------------- information ---------------------------------
    def _validate(self):
        errors, _ = self._validateLabelled()
        try:
            target = library.checkName(self.libraryFolder.get() or '', self._name())
            launched = not (self.isNew() or self.isSaved())      # then it may have written it itself
            if os.path.lexists(target) and not launched:
                errors.append(f'{target}: there is something of this name already, and nothing is overwritten; give '
                              f'another name.')
        except InputError as error:
            errors.append(str(error))
        return errors

    def _warnings(self):
        return self._labelWarnings()

    def _summary(self):
        return [self.summaryVar.get('') or 'Nothing added yet.']

    def _methods(self):
        return []
