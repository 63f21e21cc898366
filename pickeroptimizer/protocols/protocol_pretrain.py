"""Protocol that makes starting weights from many labelled data sets."""
import os
import re
from enum import Enum

from pyworkflow.protocol import params
from pyworkflow.utils import Message, cleanPath

from ..domain import library
from ..domain.pretraining_report import describeData, readReport
from ..objects import PickerOptimizerWeights
from ..worker.exchange.errors import InputError
from .parameters.starting_weights import StartingWeights
from .protocol_base import RECIPES, REPORT, PickerOptimizerProtocol, fileDigest, oneLineErrors

WEIGHTS = 'weights.safetensors'
CATEGORIES = 'categories.safetensors'
LINK = 'dataset_{:03d}'      # in extra, to a data set


class PickerOptimizerPretrainOutputs(Enum):
    outputWeights = PickerOptimizerWeights


class ProtPickerOptimizerPretrain(StartingWeights, PickerOptimizerProtocol):
    """Make starting weights for fine-tune from the labelled data sets of a laboratory, from simulated ones, or both.

    Each class of each data set is a category, and the network learns to tell them apart. A library of data sets is
    filled by "add labels to library". The weights that come with the plugin were made from 150 simulated experiments
    in this way.
    """
    _label = 'pretrain'
    _possibleOutputs = PickerOptimizerPretrainOutputs

    # -------------------------- form ----------------------------------------
    def _defineParams(self, form):
        advanced = params.LEVEL_ADVANCED
        form.addSection(label=Message.LABEL_INPUT)
        self._defineGpuParams(form)
        form.addParam('libraryFolder', params.FolderParam, allowsNull=True, label='Library',
                      help='A folder of data sets, each a folder with micrographs.csv, labels.csv and '
                           'box_angstrom.txt. Empty: none.')
        form.addParam('leaveOut', params.StringParam, default='', label='Leave out',
                      help='Names of data sets, with commas between them, that must not be learnt from: such as the '
                           'one that the weights are to be judged on.')
        form.addParam('simulated', params.IntParam, default=100, label='Simulated experiments',
                      validators=[params.GE(0, error='must not be negative.')],
                      help='How many are simulated, each with particles and junk of its own kind. 100 take '
                           'about 7 minutes on 2 cores. 0: none.')
        form.addParam('most', params.IntParam, default=100, label='Boxes per category', validators=[params.Positive],
                      help='At most so many boxes of each class of each data set, drawn at random with the seed.')
        form.addSection(label='Training')
        self._defineStartParams(form)
        form.addParam('recipe', params.EnumParam, default=0, choices=list(RECIPES), label='Recipe',
                      help='Default: a box is told from the other classes of its own data set; features of all '
                           'depths, one cycle of the learning rate.\nPaper: all categories are told apart by the last '
                           'features, and the learning rate falls to a tenth every 7 epochs, as in the publication.')
        for name, kind, label, default, paper in (('epochs', params.IntParam, 'Epochs', '12', '200'),
                                                  ('learningRate', params.FloatParam, 'Learning rate', '0.02', '0.1'),
                                                  ('trainBatchSize', params.IntParam, 'Batch size', '128', '256')):
            form.addParam(name, kind, default=0, expertLevel=advanced, label=label,
                          validators=[params.GE(0, error='must not be negative.')],
                          help=f'0: that of the recipe, {default}, or {paper} for the one of the publication.')
        form.addParam('seed', params.IntParam, default=0, expertLevel=advanced, label='Seed',
                      validators=[params.GE(0, error='must not be negative.')],
                      help='Of everything that is drawn at random.')
        self._defineThreadsParams(form)

    # -------------------------- steps ---------------------------------------
    def _insertAllSteps(self):
        # Boxes are collected by a step of their own: a continued run has them already.
        data, key = self._dataArguments(), self._libraryKey()
        training = self._trainingArguments()
        start = self._startKey()
        self._insertFunctionStep(self.collectStep, data, key, needsGPU=False)
        self._insertFunctionStep(self.trainStep, data, key, training, start, needsGPU=True)
        self._insertFunctionStep(self.createOutputStep, data, key, training, start, needsGPU=False)

    def collectStep(self, arguments, key):
        """Cut the boxes of all data sets out of their micrographs, and simulate."""
        links = []
        with oneLineErrors():
            for number, folder in enumerate(self._dataSets(), start=1):
                links.append(LINK.format(number))
                self._linkIntoExtra(folder, links[-1])
        self._runWorker('categories', [*(['--data', *links] if links else []), '--output', CATEGORIES, *arguments],
                        onDevice=False)

    def trainStep(self, data, key, arguments, start):
        """Train. The report grows with every epoch, for a viewer to look on."""
        self._linkStart()
        cleanPath(self._getExtraPath(REPORT))
        self._runWorker('pretrain', ['--categories', CATEGORIES, '--output', WEIGHTS, '--report', REPORT, *arguments])

    def createOutputStep(self, data, key, arguments, start):
        """Register the weights."""
        with oneLineErrors():
            weights = PickerOptimizerWeights.fromFiles(self._getExtraPath(WEIGHTS), self._getExtraPath(REPORT))
        if self._setOutput(PickerOptimizerPretrainOutputs.outputWeights.name, weights):
            for pointer in self._startPointers():
                self._defineSourceRelation(pointer, weights)

    # -------------------------- what steps depend on ------------------------
    def _dataSets(self):
        """Folders of the data sets, [] without a library. Raises InputError."""
        return library.dataSets(self.libraryFolder.get()) if self.libraryFolder.get() else []

    def _libraryKey(self):
        with oneLineErrors():
            return [[folder, *(fileDigest(os.path.join(folder, name)) for name in library.DATA_SET),
                     library.micrographsDigest(folder)] for folder in self._dataSets()]

    def _dataArguments(self):
        return ['--simulate', str(self.simulated.get()), '--most', str(self.most.get()),
                '--seed', str(self.seed.get())]

    def _trainingArguments(self):
        """Arguments of the worker that change what it makes of the boxes."""
        arguments = ['--init', self._startName(), '--recipe', RECIPES[self.recipe.get()],
                     '--seed', str(self.seed.get())]
        for option, value in (('--epochs', self.epochs.get()), ('--learning-rate', self.learningRate.get()),
                              ('--batch-size', self.trainBatchSize.get())):
            if value:
                arguments += [option, repr(value)]
        return arguments + (['--leave-out', *self._leftOut()] if self._leftOut() else [])

    def _leftOut(self):
        return [name for name in (part.strip() for part in re.split(r'[,\n]', self.leaveOut.get(''))) if name]

    # -------------------------- information ---------------------------------
    def _validate(self):
        errors = []
        try:
            folders = self._dataSets()
            if not folders and not self.simulated.get():
                errors = ['There is nothing to learn from: give a library, or simulate some experiments.']
            names = [library.dataSetName(folder) for folder in folders]
            simulated = [f'sim{self.seed.get()}-{number:03d}' for number in range(self.simulated.get())]
            errors += [f'There is no data set {name} to leave out; there are {", ".join(names) or "none"}, and the '
                       f'simulated ones.' for name in self._leftOut() if name not in (*names, *simulated)]
            errors += [f'{name} is the name of a data set of the library and of a simulated one: rename its folder.'
                       for name in names if name in simulated]
            if (folders or simulated) and {*names, *simulated} <= set(self._leftOut()):
                errors.append('All data sets are left out: nothing is left to learn from.')
        except InputError as error:
            errors.append(str(error))
        if self.trainBatchSize.get() == 1:
            errors.append('The batch size must be 2 or more.')
        return self._validateWorker() + errors + self._validateStart()

    def _warnings(self):
        return self._gpuWarnings()

    def getReport(self):
        """Return what the training reported so far; None before its first epoch has ended. Raises InputError."""
        path = self._getExtraPath(REPORT)
        return readReport(path) if os.path.exists(path) else None

    def _summary(self):
        try:
            report = self.getReport()
        except InputError as error:
            return [str(error)]
        if report is None:
            return ['Not trained yet.']
        epochs = len(report['loss'])
        return [f'Starting weights: {self.getEnumText("startFrom")}. Learnt from {describeData(report)}.',
                *([f'Left out: {", ".join(report["left_out"])}.'] if report['left_out'] else []),
                f'Recipe {report["recipe"]}; {epochs} of {report["epochs"]} epochs; loss {report["loss"][-1]:.3f}, '
                f'accuracy {report["accuracy"][-1]:.3f} on the boxes that it learnt from.']

    def _methods(self):
        if not self.hasAttribute(PickerOptimizerPretrainOutputs.outputWeights.name):
            return []
        return [f'The feature extractor of PickerOptimizer [Li2022pickeroptimizer] was pretrained on '
                f'{self.outputWeights.getTrainedOn()}.']

