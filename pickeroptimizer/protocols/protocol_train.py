"""Protocol that trains a model on a few labelled picks."""
import math
import os
import tkinter.messagebox
from dataclasses import replace
from enum import Enum

from pwem.objects import SetOfCoordinates
from pyworkflow import Config
from pyworkflow.exceptions import PyworkflowException
from pyworkflow.protocol import STATUS_INTERACTIVE, params
from pyworkflow.utils import Message, getFloatListFromValues

from .. import Plugin, convert
from ..constants import PO_CLASS
from ..domain import labels as labelling
from ..objects import PickerOptimizerModel
from ..worker.exchange.errors import InputError
from ..worker.exchange.locks import FileLock
from ..worker.exchange.tables import CLASSES, CoordinateRow, read_labels, write_labels
from .parameters.labels import EMPTY_FIELDS, LabelSets
from .parameters.starting_weights import StartingWeights
from .protocol_base import (
    MODEL,
    RECIPES,
    REPORT,
    PickerOptimizerProtocol,
    countsText,
    failedLines,
    fileDigest,
    oneLineErrors,
)

FROM_SETS, FROM_FILE, INTERACTIVE, FROM_LABELLED = range(4)
REGISTERED = 'registered_labels.csv'
LOCK = 'registered_labels.lock'
FEATURES = 'features.npz'          # of some picks, and
SAMPLED = 50                       # of how many micrographs at the most
SUSPICIOUS = 0.1      # probability of a label's own class below which it is worth another look
SHOWN = 5


class PickerOptimizerTrainOutputs(Enum):
    outputModel = PickerOptimizerModel
    outputLabels = SetOfCoordinates


class ProtPickerOptimizerTrain(LabelSets, StartingWeights, PickerOptimizerProtocol):
    """Train a model that tells particles from ice and carbon, on 10 to 30 labelled picks of each class.

    The labels are coordinate sets, a file, or given interactively: then the run stops after its preparation, waits
    for labels, and is taken on by "Train with the labels" in the menu of its box.
    outputModel is the model. outputLabels are the labelled picks with their class in _poClass and, in
    _poLabelProbability, how likely that class is to the cross-validation; a labelled place that is no pick is among
    them as a new coordinate.
    """
    _label = 'fine-tune'
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

    def _defineLabelParams(self, form):
        form.addParam('labelSource', params.EnumParam, default=FROM_SETS, important=True,
                      choices=['coordinate sets', 'file', 'label now', 'labelled set'],
                      display=params.EnumParam.DISPLAY_HLIST, label='Labels from',
                      help='Coordinate sets: one set for each class.\nFile: a table of labelled places.\n'
                           'Label now: the run prepares, and waits; "Analyze results" then opens the window to label '
                           'in. Labels to begin with may be given as sets.\n'
                           'Labelled set: coordinates that bear their class, such as outputLabels of another run.')
        form.addParam('inputLabels', params.PointerParam, pointerClass='SetOfCoordinates', allowsNull=True,
                      condition=f'labelSource in [{FROM_LABELLED}, {INTERACTIVE}]', label='Labelled coordinates',
                      help=f'Coordinates with a class, particle, ice or carbon, in their attribute {PO_CLASS}, on '
                           f'micrographs of the same names as those of the picks.')
        self._defineSetParams(form, f'labelSource in [{FROM_SETS}, {INTERACTIVE}]',
                              'They may be a subset of the picks or picked apart, and may stand on micrographs of the '
                              'same names and another pixel size.')
        form.addParam('labelsFile', params.FileParam, condition=f'labelSource=={FROM_FILE}', label='Labels file',
                      help='A CSV file with the header "mic_name,x,y,label": the name of the micrograph as Scipion '
                           'shows it (or a column mic_id with its id), the centre of the box in px of the micrographs '
                           'of the picks (row 0 at the top), and particle, ice or carbon. Other columns are ignored.')
        form.addParam('shots', params.IntParam, default=0, label='Labels per class',
                      validators=[params.GE(0, error='must not be negative.')],
                      help='Use at most so many labels of each class, drawn at random with the seed. 0: all of them.')

    def _defineTrainingParams(self, form):
        advanced = params.LEVEL_ADVANCED
        paper = f'recipe=={RECIPES.index("paper")}'
        form.addSection(label='Training')
        self._defineStartParams(form)
        form.addParam('recipe', params.EnumParam, default=0, choices=list(RECIPES), label='Recipe',
                      expertLevel=advanced,
                      help='Default: what was measured to be the most reliable.\n'
                           'Paper: the fine-tuning of the publication, with its parameters.')
        form.addParam('epochs', params.IntParam, default=30, condition=paper, expertLevel=advanced, label='Epochs',
                      validators=[params.Positive], help='How often all labels are shown to the network.')
        form.addParam('learningRate', params.FloatParam, default=0.01, condition=paper, expertLevel=advanced,
                      validators=[params.Positive], label='Learning rate',
                      help='Of stochastic gradient descent; it falls to a tenth every 7 epochs.')
        form.addParam('trainBatchSize', params.IntParam, default=24, condition=paper, expertLevel=advanced,
                      validators=[params.GE(2, error='must be 2 or more.')], label='Batch size',
                      help='Boxes per step of the training.')
        form.addParam('lossWeights', params.NumericListParam, default='0.5 0.5', condition=paper,
                      expertLevel=advanced, label='Loss weights',
                      help='Weight of the loss of each branch of the classifier.')
        form.addParam('folds', params.IntParam, default=5, expertLevel=advanced, label='Cross-validation folds',
                      validators=[params.GE(0, error='must not be negative.')],
                      help='The labels are split into so many parts, by micrograph where possible; each part is judged '
                           'by a training on the others. This gives the macro-F1 and the confusion matrix. '
                           '0: no cross-validation, which is quicker.')
        form.addParam('seed', params.IntParam, default=0, expertLevel=advanced, label='Seed',
                      validators=[params.GE(0, error='must not be negative.')],
                      help='Of everything that is drawn at random. The same seed gives the same model.')

    # -------------------------- steps ---------------------------------------
    def _insertAllSteps(self):
        # What a step depends on is among its arguments, so that a continued run repeats what has changed.
        labels = self._labelsKey()
        training = self._trainingArguments()
        if self.labelSource.get() == INTERACTIVE:
            self._insertFunctionStep(self.prepareStep, self._beginningKey(), needsGPU=True)
            self._insertFunctionStep(self.waitForLabelsStep, interactive=True, needsGPU=False)
        self._insertFunctionStep(self.convertStep, labels, needsGPU=False)
        self._insertFunctionStep(self.trainStep, labels, training, self._startKey(), needsGPU=True)
        self._insertFunctionStep(self.createOutputStep, labels, training, self._startKey(), needsGPU=False)

    def prepareStep(self, key):
        """Register the labels to begin with, and look at some of the picks, for the suggestions of the window."""
        coordinates = self.inputCoordinates.get()
        with oneLineErrors():
            begun = self.getRegisteredLabels()
            places = {(row.mic_id, row.x, row.y) for row in begun}
            given = self._labelsOfSets() + self._labelsOfClasses()
            self.registerLabels(begun + [row for row in given if (row.mic_id, row.x, row.y) not in places])
        sample = convert.sampleMicrographs(coordinates, SAMPLED)
        used = convert.writeCoordinates(coordinates, self._getExtraPath(), {micId: micId for micId in sample})
        convert.writeMicrographs(coordinates.getMicrographs(), self._getExtraPath(), used)
        try:
            self._runWorker('embed', ['--micrographs', convert.MICROGRAPHS, '--coordinates', convert.COORDINATES,
                                      '--box-angstrom', repr(float(self._boxAngstrom())), '--output', FEATURES])
        except PyworkflowException as error:      # suggestions help, but labels can be given without them
            self.warning(f'There will be no suggestions of what to label: {error}')

    def waitForLabelsStep(self):
        """Nothing to do but wait: labels come by registerLabels, `finish` takes the run on."""

    def convertStep(self, key):
        """Write the labels that the training will use, and the micrographs that they are on."""
        coordinates = self.inputCoordinates.get()
        micrographs = coordinates.getMicrographs()
        with oneLineErrors():
            labels = labelling.withoutRepeats(self._collectLabels(), convert.micrographNames(micrographs))
            labelling.checkClasses(labels)
            labels = labelling.drawShots(labels, self.shots.get(), self.seed.get())
            labels = convert.matchPicks(coordinates, labels)
        write_labels(self._getExtraPath(convert.LABELS), labels)
        convert.writeMicrographs(micrographs, self._getExtraPath(), {row.mic_id for row in labels})

    def trainStep(self, key, training, start):
        """Train, and judge by cross-validation."""
        self._linkStart()
        self._runWorker('finetune', ['--micrographs', convert.MICROGRAPHS, '--labels', convert.LABELS,
                                     '--output', MODEL, '--report', REPORT, *training])

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
        for output, value in ((outputs.outputModel, model), (outputs.outputLabels, labelled)):
            if self._setOutput(output.name, value):
                for pointer in self._sources():
                    self._defineSourceRelation(pointer, value)
        self.summaryVar.set('\n'.join(self._describe(names)))

    def _sources(self):
        """Pointers to what the outputs come from."""
        source = self.labelSource.get()
        sets = self._setPointers() if source in (FROM_SETS, INTERACTIVE) else []
        if source in (FROM_LABELLED, INTERACTIVE) and self.inputLabels.get() is not None:
            sets.append(self.inputLabels)
        return [self.inputCoordinates, *sets, *self._startPointers()]

    def _describe(self, names):
        report = self._readReport()
        lines = [f'Labels: {countsText(report["counts"])}; box {report["box_angstrom"]:g} Å; '
                 f'recipe {report["recipe"]}.']
        lines += qualityLines(report)
        lines += [f'*Warning*: {line}' for line in report['warnings']]
        if report['dropped_labels']:
            lines.append(f'*Not used*: {report["dropped_labels"]} labels outside their micrograph, or on one that '
                         f'could not be read.')
        if self.labelSource.get() == FROM_SETS:
            strange = sum(coordinates.getSize() for _, coordinates in self._labelSets()) - len(self._collectLabels())
            if strange:
                lines.append(f'*Not used*: {strange} labels on micrographs that the picks do not have.')
        lines += failedLines(report['failed_micrographs'], names)
        lines += suspiciousLines(report['labels'], names)
        lines.append(f'{report["device"]}: {report["seconds"]:.0f} s.')
        return lines

    # -------------------------- labels --------------------------------------
    def _collectLabels(self):
        """The labels of whatever source, in px of the micrographs of the picks. Raises InputError."""
        source = self.labelSource.get()
        if source == FROM_FILE:
            micrographs = self.inputCoordinates.get().getMicrographs()
            return labelling.readLabelsFile(self.labelsFile.get(), convert.micrographNames(micrographs))
        if source == INTERACTIVE:
            return self.getRegisteredLabels()
        return self._labelsOfSets() if source == FROM_SETS else self._labelsOfClasses()

    def _labelsOfSets(self):
        micrographs = self.inputCoordinates.get().getMicrographs()
        return [row for name, coordinates in self._labelSets()
                for row in convert.labelsFromSet(coordinates, name, micrographs)]

    def _labelsOfClasses(self):
        labelled = self.inputLabels.get()
        micrographs = self.inputCoordinates.get().getMicrographs()
        return [] if labelled is None else convert.labelsFromClasses(labelled, micrographs)

    def getBoxCoordinates(self):
        """The coordinates whose box size is used; None when they are not given yet."""
        return self.inputCoordinates.get()

    def registerLabels(self, rows):
        """Store the labels of an interactive run: all of them, in place of those stored before.

        `rows`: worker.tables.CoordinateRow, or (mic_id, x, y, label) in px of the micrographs of the picks. They
        are stored whole or not at all, and outlive any crash. Raises InputError for a label that cannot be used.
        """
        labels = [row if isinstance(row, CoordinateRow) else CoordinateRow(None, *row) for row in rows]
        names = convert.micrographNames(self.inputCoordinates.get().getMicrographs())
        for row in labels:
            if row.mic_id not in names:
                raise InputError(f'There is no micrograph with the id {row.mic_id} among those of the picks.')
            if row.label not in CLASSES:
                raise InputError(f'"{row.label}" is no class; use one of {", ".join(CLASSES)}.')
        labels = labelling.withoutRepeats(labels, names)
        write_labels(self._getExtraPath(REGISTERED), [replace(row, coord_id=None) for row in labels])

    def getRegisteredLabels(self):
        """The labels that are stored, [] if there are none yet. Raises InputError if they cannot be read."""
        return read_labels(self._getExtraPath(REGISTERED)) if self.hasRegisteredLabels() else []

    def hasRegisteredLabels(self):
        """Whether labels were stored: since its preparation an interactive run has a table of them, if an empty one."""
        return os.path.exists(self._getExtraPath(REGISTERED))

    def canBeLabelled(self):
        """Whether labels may be given: an interactive run waits for them, or stopped after that without a model."""
        stopped = (self.isFailed() or self.isAborted()) and self.hasRegisteredLabels()
        return self.labelSource.get() == INTERACTIVE and (self.getStatus() == STATUS_INTERACTIVE or stopped)

    def getBoxSize(self):
        """The box in px of the micrographs of the picks."""
        return self._boxAngstrom() / self.inputCoordinates.get().getMicrographs().getSamplingRate()

    def getFeatureFiles(self):
        """Paths of the features of some picks, which suggestions are made of, and of the table of these picks.

        They are there when the preparation of an interactive run has made them.
        """
        return self._getExtraPath(FEATURES), self._getExtraPath(convert.COORDINATES)

    def lockLabels(self):
        """A FileLock: who holds it, alone changes the labels of this run."""
        return FileLock(self._getExtraPath(LOCK), 'The labels of this run are open in another window: close it first.')

    def getActions(self):
        """Entries for the menu of the run's box: Scipion itself has none that takes an interactive run on."""
        if self.canBeLabelled():
            return [('Label boxes', self._labelFromMenu), ('Train with the labels', self._finishFromMenu)]
        return [('Show the labels', self._labelFromMenu)] if self.hasRegisteredLabels() else []

    def _labelFromMenu(self, event=None):      # Scipion's graph of runs gives an event, its list does not
        # The viewers import the protocols, so they are asked for by name.
        viewer = Config.getDomain().getViewers()['PickerOptimizerLabelViewer']
        viewer(project=self.getProject(), protocol=self).visualize(self)

    def _finishFromMenu(self, event=None):
        """Scipion's window would not show an exception."""
        try:
            self.finish()
        except InputError as error:
            tkinter.messagebox.showerror('PickerOptimizer', str(error))

    def finish(self):
        """Take an interactive run on. Raises InputError if its labels do not suffice or are open in a window; the run
        then waits on."""
        with self.lockLabels():
            labelling.checkClasses(self.getRegisteredLabels())
            self.getProject().continueProtocol(self)

    # -------------------------- what steps depend on ------------------------
    def _labelsKey(self):
        source = self.labelSource.get()
        if source == FROM_FILE:
            given = [fileDigest(self.labelsFile.get())]
        elif source == INTERACTIVE:
            given = [fileDigest(self._getExtraPath(REGISTERED))]
        elif source == FROM_LABELLED:
            given = self._labelledKey()
        else:
            given = self._setsKey()
        return [source, given, self.shots.get(), self.seed.get(), *self._picksKey()]

    def _picksKey(self):
        return [self.inputCoordinates.get().getFileName(), self.inputCoordinates.get().getSize()]

    def _labelledKey(self):
        labelled = self.inputLabels.get()
        return [] if labelled is None else [labelled.getFileName(), labelled.getSize()]

    def _beginningKey(self):
        """What the preparation of an interactive run depends on."""
        return [self._setsKey(), self._labelledKey(), self._boxAngstrom(), *self._picksKey()]

    def _trainingArguments(self):
        """Arguments of the worker that change its result."""
        recipe = RECIPES[self.recipe.get()]
        arguments = ['--box-angstrom', repr(float(self._boxAngstrom())), '--init', self._startName(),
                     '--recipe', recipe, '--folds', str(self.folds.get()), '--seed', str(self.seed.get())]
        if recipe == 'paper':
            arguments += ['--epochs', str(self.epochs.get()), '--learning-rate', repr(self.learningRate.get()),
                          '--batch-size', str(self.trainBatchSize.get()),
                          '--loss-weights', *map(repr, self._lossWeights())]
        return arguments

    def _lossWeights(self):
        """The weights as floats, [] if they are not one to three positive numbers."""
        try:
            weights = getFloatListFromValues(self.lossWeights.get())
        except ValueError:
            return []
        return weights if 1 <= len(weights) <= 3 and all(0 < w < math.inf for w in weights) else []

    # -------------------------- information ---------------------------------
    def _validate(self):
        coordinates = self.inputCoordinates.get()
        if coordinates is None:
            return []      # Scipion itself asks for them
        errors = self._checkCoordinates(coordinates, 'input coordinates')
        if not errors and not self._boxAngstrom():
            errors.append('The input coordinates have no box size: give one in "Box size (px)".')
        if not errors:
            errors = self._validateLabels()
        if RECIPES[self.recipe.get()] == 'paper' and not self._lossWeights():
            errors.append('The loss weights must be one to three positive numbers.')
        return Plugin.validateWorker() + errors + self._validateStart()

    def _validateLabels(self):
        """Lines about labels that can be known before the run."""
        source = self.labelSource.get()
        if source == FROM_SETS:
            return self._validateSets()
        if source == FROM_FILE and not self.labelsFile.get():
            return ['Choose a labels file.']
        labelled = self.inputLabels.get()
        if source == FROM_LABELLED and labelled is None:
            return ['Choose the labelled coordinates.']
        errors = []
        if source == INTERACTIVE:
            picks = self.inputCoordinates.get().getFileName()
            errors = self._checkSets() + [f'The labels of {name} to begin with are the picks themselves: {EMPTY_FIELDS}'
                                          for name, given in self._labelSets() if given.getFileName() == picks]
        if source != FROM_FILE and labelled is not None:
            errors += self._checkCoordinates(labelled, 'labelled coordinates')
        if errors:
            return errors
        try:
            if source == INTERACTIVE:
                self._labelsOfClasses()
            else:
                labelling.checkClasses(self._collectLabels())
        except InputError as error:
            return [f'{error} Or {EMPTY_FIELDS}' if source == INTERACTIVE else str(error)]
        return []

    def _warnings(self):
        source, warnings = self.labelSource.get(), []
        labelled = self.inputLabels.get() if source in (FROM_LABELLED, INTERACTIVE) else None
        if labelled is not None and convert.isScored(labelled):
            warnings.append('The classes of the labelled coordinates were given by "prune", not by a person: a model '
                            'learns from them what another one has learnt, its errors included.')
        if source != INTERACTIVE and not self._validateLabels():
            warnings += labelling.fewLines(labelling.countByClass(self._collectLabels()))
        return warnings + self._gpuWarnings()

    def _summary(self):
        if self.getStatus() == STATUS_INTERACTIVE:
            try:
                counts = labelling.countByClass(self.getRegisteredLabels())
            except InputError as error:
                return [f'The labels so far cannot be read: {error}']
            return [f'Waiting for labels; so far: {countsText(counts)}.',
                    'Press "Analyze results" to label boxes. Its button "Train", or "Train with the labels" in the '
                    'menu of the run\'s box, takes the run on.',
                    'Without a display: copy the run, with labels from coordinate sets or a file.']
        return self.summaryVar.get('').splitlines() or ['Not trained yet.']

    def _methods(self):
        name = PickerOptimizerTrainOutputs.outputModel.name
        if not self.hasAttribute(name):
            return []
        counts = countsText(getattr(self, name).getCounts())
        return [f'A PickerOptimizer model [Li2022pickeroptimizer] was fine-tuned with labelled boxes: {counts}.']


def qualityLines(header):
    """Lines with the cross-validated figures in a model's header, the confusion matrix among them."""
    crossed = header.get('cross_validation')
    if not crossed:
        return ['Not cross-validated.']
    lines = [f'Cross-validated (by {crossed["split"]}, {crossed["folds"]} folds): macro-F1 '
             f'*{crossed["macro_f1"]:.3f}*, {crossed["balanced_macro_f1"]:.3f} with each class counted the same; '
             f'accuracy {crossed["accuracy"]:.3f}; the probabilities are off by '
             f'{100 * crossed["calibration_error"]:.1f} %.',
             'What the labels were taken for (confusion matrix):']
    # In words: Scipion's window has no font in which columns would stand below each other.
    for name, row in zip(header['classes'], crossed['confusion']):
        lines.append(f'   {sum(row)} {name}: ' + ', '.join(f'{n} {taken}' for n, taken in zip(row, header['classes'])))
    return lines


def suspiciousLines(labels, names):
    """Lines about the labels that the others contradict most; `labels` of a report, `names` {mic_id: name}."""
    suspicious = sorted((row for row in labels if row['probability'] < SUSPICIOUS), key=lambda row: row['probability'])
    if not suspicious:
        return []
    lines = [f'*Look again* at {len(suspicious)} labels that the others contradict (in outputLabels, '
             f'_poLabelProbability is below {SUSPICIOUS:g}):']
    for row in suspicious[:SHOWN]:
        lines.append(f'   {row["label"]} at ({row["x"]:g}, {row["y"]:g}) of {names.get(row["mic_id"], row["mic_id"])}: '
                     f'more like {row["predicted"]}')
    return lines + ([f'   and {len(suspicious) - SHOWN} more'] if len(suspicious) > SHOWN else [])
