"""Protocol that trains a model on a few labelled picks."""
from enum import Enum

from pwem.objects import SetOfCoordinates
from pyworkflow.protocol import STATUS_INTERACTIVE, params
from pyworkflow.utils import Message

from .. import convert
from ..domain import labels as labelling
from ..domain.training_report import qualityLines, suspiciousLines
from ..objects import PickerOptimizerModel
from ..worker.exchange.tables import read_labels, write_labels
from .interactive_labels import InteractiveLabels
from .parameters.training import TrainingParameters
from .parameters.training_labels import LabelSource, TrainingLabels
from .protocol_base import MODEL, REPORT, PickerOptimizerProtocol, countsText, failedLines, oneLineErrors


class PickerOptimizerTrainOutputs(Enum):
    outputModel = PickerOptimizerModel
    outputLabels = SetOfCoordinates


class ProtPickerOptimizerTrain(TrainingLabels, InteractiveLabels, TrainingParameters, PickerOptimizerProtocol):
    """Train a model that tells particles from junk, on 10 to 30 labelled picks of each class.

    The classes are particle and one to eight kinds of junk: ice, carbon, empty, aggregate, other, or names of your own.
    What is kept is decided between the particle and all junk together.

    The labels are coordinate sets, a file, or given interactively: then the run stops after its preparation, waits
    for labels, and is taken on by "Train with the labels" in the menu of its box.
    outputModel is the model. outputLabels are the labelled picks with their class in _poClass and, in
    _poLabelProbability, how likely that class is to the cross-validation; a labelled place that is no pick is among
    them as a new coordinate.
    """
    _label = 'label and train'
    _possibleOutputs = PickerOptimizerTrainOutputs

    # -------------------------- form ----------------------------------------
    def _defineParams(self, form):
        form.addSection(label=Message.LABEL_INPUT)
        self._defineGpuParams(form)
        form.addParam('inputCoordinates', params.PointerParam, pointerClass='SetOfCoordinates', important=True,
                      label='Input coordinates', help='The picks that are to be pruned later, or some of them. Their '
                                                      'micrographs and their box size are used.')
        self._defineBoxParam(form, 'the picks', 'The model keeps it in Å.')
        self._defineLabelParams(form)
        self._defineTrainingParams(form)
        self._defineThreadsParams(form)

    # -------------------------- steps ---------------------------------------
    def _insertAllSteps(self):
        # What a step depends on is among its arguments, so that a continued run repeats what has changed.
        labels = self._labelsKey()
        training = self._trainingArguments()
        if self._takes(LabelSource.INTERACTIVE):
            self._insertFunctionStep(self.prepareStep, self._beginningKey(), needsGPU=True)
            self._insertFunctionStep(self.waitForLabelsStep, interactive=True, needsGPU=False)
        self._insertFunctionStep(self.convertStep, labels, needsGPU=False)
        self._insertFunctionStep(self.trainStep, labels, training, self._startKey(), needsGPU=True)
        if self._takes(LabelSource.INTERACTIVE):
            self._insertFunctionStep(self.judgeStep, labels, training, self._startKey(), needsGPU=True)
        self._insertFunctionStep(self.createOutputStep, labels, training, self._startKey(), needsGPU=False)

    def convertStep(self, key):
        """Write the labels that the training will use, and the micrographs that they are on."""
        coordinates = self.inputCoordinates.get()
        micrographs = coordinates.getMicrographs()
        with oneLineErrors():
            labels = labelling.withoutRepeats(self._collectLabels(), convert.micrographNames(micrographs))
            labelling.checkClasses(labels, self.knownClasses())
            labels = labelling.drawShots(labels, self.shots.get(), self.seed.get())
            labels = convert.matchPicks(coordinates, labels)
        write_labels(self._getExtraPath(convert.LABELS), labels)
        convert.writeMicrographs(micrographs, self._getExtraPath(), {row.mic_id for row in labels})

    def trainStep(self, key, training, start):
        """Train, and judge by cross-validation."""
        self._linkStart()
        self._runWorker('finetune', ['--micrographs', convert.MICROGRAPHS, '--labels', convert.LABELS,
                                     '--output', MODEL, '--report', REPORT, *training])

    def judgeStep(self, key, training, start):
        """Judge the picks that were looked at for the suggestions, to show what the model would keep."""
        self.judgeSample()

    def createOutputStep(self, key, training, start):
        """Register the model and the labels."""
        outputs = PickerOptimizerTrainOutputs
        coordinates = self.inputCoordinates.get()
        names = convert.micrographNames(coordinates.getMicrographs())
        with oneLineErrors():
            model = PickerOptimizerModel.fromFile(self._getExtraPath(MODEL))
            labels = read_labels(self._getExtraPath(convert.LABELS))
        labelled = self._newCoordinatesLike(coordinates, 'Labels')
        if self.boxSize.get() > 0:
            labelled.setBoxSize(self.boxSize.get())
        agreement = {(row['mic_id'], row['x'], row['y']): row['probability'] for row in self._readReport()['labels']}
        convert.appendLabelled(coordinates, labels, names, labelled, agreement)
        sources = [self.inputCoordinates, *self._labelPointers(), *self._startPointers()]
        for output, value in ((outputs.outputModel, model), (outputs.outputLabels, labelled)):
            if self._setOutput(output.name, value):
                for pointer in sources:
                    self._defineSourceRelation(pointer, value)
        self.summaryVar.set('\n'.join(self._describe(names)))

    def _describe(self, names):
        report = self._readReport()
        lines = [f'Labels: {countsText(report["counts"])}; box {report["box_angstrom"]:g} Å; '
                 f'recipe {report["recipe"]}.']
        lines += self._judgedLines() + qualityLines(report)
        lines += [f'*Warning*: {line}' for line in (*report['warnings'], *self._labelScaleNotes())]
        if report['dropped_labels']:
            lines.append(f'*Not used*: {report["dropped_labels"]} labels outside their micrograph, in its blank or '
                         f'repeated border, or on one that could not be read.')
        elsewhere = self._countElsewhere()
        if elsewhere:
            lines.append(f'*Not used*: {elsewhere} labels on micrographs that the picks do not have.')
        lines += failedLines(report['failed_micrographs'], names)
        lines += suspiciousLines(report['labels'], names)
        lines.append(f'{report["device"]}: {report["seconds"]:.0f} s.')
        return lines

    def getTrainingWarnings(self):
        """Return the lines of warning of a finished training, the worst first."""
        return self._readReport()['warnings']

    # -------------------------- information ---------------------------------
    def _validate(self):
        if self.inputCoordinates.get() is None:
            return []      # Scipion itself asks for them
        errors = self._validatePicks() or self._validateLabels()
        return self._validateWorker() + errors + self._validateTraining() + self._validateStart()

    def _validatePicks(self):
        coordinates = self.inputCoordinates.get()
        errors = self._checkCoordinates(coordinates, 'input coordinates')
        if not errors and not self._boxAngstrom():
            errors = ['The input coordinates have no box size: give one in "Box size (px)".']
        return errors

    def _warnings(self):
        canTell = self.inputCoordinates.get() is not None and not self._validatePicks()
        return (self._labelWarnings() if canTell else []) + self._gpuWarnings()

    def _summary(self):
        if self.getStatus() == STATUS_INTERACTIVE:
            return self._waitingLines()
        if self.isRunning():
            return self._workingLines()
        return self.summaryVar.get('').splitlines() or ['Not trained yet.']

    def _methods(self):
        name = PickerOptimizerTrainOutputs.outputModel.name
        if not self.hasAttribute(name):
            return []
        counts = countsText(getattr(self, name).getCounts())
        return [f'A PickerOptimizer model [Li2022pickeroptimizer] was fine-tuned with labelled boxes: {counts}.']
