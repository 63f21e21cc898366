"""Protocol that measures how well the training does with few labels, on one's own data."""
import os
from enum import Enum

from pyworkflow.protocol import params
from pyworkflow.utils import Message, cleanPath

from .. import convert
from ..domain import evaluation_report
from ..domain import labels as labelling
from ..domain.evaluation_report import Evaluation
from ..objects import PickerOptimizerEvaluation
from ..worker.exchange import plots
from ..worker.exchange.errors import InputError
from ..worker.exchange.files import replacing
from ..worker.exchange.splits import AT_RANDOM, BY_MICROGRAPH, check_split
from ..worker.exchange.studies import STUDIES
from ..worker.exchange.tables import write_labels
from .parameters.labelled_input import LabelledInput
from .parameters.starting_weights import StartFrom, StartingWeights
from .parameters.training import FOLDS_VALIDATORS
from .protocol_base import RECIPES, PickerOptimizerProtocol, countsText, oneLineErrors

SPLITS = (BY_MICROGRAPH, AT_RANDOM)
ALONE = 0
OWN_START = {'imagenet', 'scratch'}      # variants of a study with these start from nothing else


class PickerOptimizerEvaluateOutputs(Enum):
    outputEvaluation = PickerOptimizerEvaluation


class ProtPickerOptimizerEvaluate(LabelledInput, StartingWeights, PickerOptimizerProtocol):
    """Measure how many labels are needed, and which way of training does best, on labelled coordinates of your own.

    The labels are split into halves; from one of them some labels of each class are drawn to train on, and the model
    is judged by the other half. This is repeated with other draws. More labels than are needed to train are needed
    here: 30 and more of each class, on several micrographs, tell more than 10.

    Results are in the folder extra of the run: evaluation.md (a table), evaluation.png (plots), and a JSON file for
    each variant with all its draws.
    """
    _label = 'evaluate'
    _possibleOutputs = PickerOptimizerEvaluateOutputs

    # -------------------------- form ----------------------------------------
    def _defineParams(self, form):
        form.addSection(label=Message.LABEL_INPUT)
        self._defineGpuParams(form)
        self._defineLabelledParams(form, '')
        form.addSection(label='Evaluation')
        form.addParam('shots', params.NumericListParam, default='5 10 20 30', label='Labels per class',
                      help='Numbers of labels of each class to train on. A class that has fewer gives all it has.')
        form.addParam('draws', params.IntParam, default=10, label='Draws', validators=[params.Positive],
                      help='How often labels are drawn at random and a model is trained, for each number of labels.')
        form.addParam('split', params.EnumParam, default=0, choices=['by micrograph', 'at random'],
                      display=params.EnumParam.DISPLAY_HLIST, label='Split',
                      help='By micrograph: judged on other micrographs than trained on, as in real use.\n'
                           'At random: judged on other boxes, maybe of the same micrographs, as in the publication.')
        form.addParam('study', params.EnumParam, default=ALONE, choices=['this recipe alone', *STUDIES],
                      label='Compare',
                      help='This recipe alone: only how many labels are needed.\n'
                           'Recipes: the default and that of the publication, from the weights of the plugin and of '
                           'ImageNet.\nAblations: the recipe of the publication with and without its parts.\n'
                           'Two losses, three losses: the recipe of the publication with other weights of its '
                           'losses.\nThe recipe of the publication takes minutes for each training without a GPU.')
        form.addParam('recipe', params.EnumParam, default=0, choices=list(RECIPES), label='Recipe',
                      condition=f'study=={ALONE}', help='As in "label and train".')
        self._defineStartParams(form)
        form.getParam('startFrom').help.set(
            f'{form.getParam("startFrom").help.get()}\nIn a comparison they take the place of those of the plugin.')
        form.addParam('folds', params.IntParam, default=0, expertLevel=params.LEVEL_ADVANCED,
                      condition=f'study=={ALONE}', label='Calibration folds',
                      validators=list(FOLDS_VALIDATORS),
                      help='Calibrate the probabilities of each model by a cross-validation with so many folds, as '
                           '"label and train" does. It changes the calibration error alone, and takes so many times '
                           'longer. 0: no calibration.')
        form.addParam('seed', params.IntParam, default=0, expertLevel=params.LEVEL_ADVANCED, label='Seed',
                      validators=[params.GE(0, error='must not be negative.')],
                      help='Of everything that is drawn at random.')
        self._defineThreadsParams(form)

    # -------------------------- steps ---------------------------------------
    def _insertAllSteps(self):
        # One step a variant, with all that its result depends on among its arguments: a continued run repeats what
        # has changed. Within a variant, the worker itself goes on where it was stopped.
        data = [self._labelsKey(), self._boxAngstrom()]
        start = self._startKey()
        variants = self._variants()
        self._insertFunctionStep(self.convertStep, data, needsGPU=False)
        for name, arguments in variants.items():
            self._insertFunctionStep(self.evaluateStep, name, arguments, data, start, needsGPU=True)
        self._insertFunctionStep(self.createOutputStep, variants, data, start, needsGPU=False)

    def convertStep(self, data):
        """Write the labels and their micrographs. What was measured on other boxes is gone."""
        with oneLineErrors():
            labels = self._collectLabels()
        micrographs = self.getBoxCoordinates().getMicrographs()
        for name in self._variants():
            cleanPath(self._getExtraPath(evaluation_report.fileOf(name)))
        write_labels(self._getExtraPath(convert.LABELS), labels)
        convert.writeMicrographs(micrographs, self._getExtraPath(), {row.mic_id for row in labels})

    def evaluateStep(self, name, arguments, data, start):
        """Train and judge one variant."""
        self.info(f'Evaluating {name}')
        self._writeIndex()      # so that a viewer can look on
        self._linkStart()
        self._runWorker('evaluate', ['--micrographs', convert.MICROGRAPHS, '--labels', convert.LABELS,
                                     '--output', evaluation_report.fileOf(name), *arguments])

    def createOutputStep(self, variants, data, start):
        """Write the table and the plots, register the result."""
        index = self._writeIndex()
        with oneLineErrors():
            result = Evaluation.read(index)
        reports = result.finished()
        with replacing(self._getExtraPath(evaluation_report.TABLE), encoding='utf-8') as stream:
            stream.write(result.table())
        plots.save_sheet(self._getExtraPath(evaluation_report.SHEET), reports)
        best = plots.best_variant(reports)
        shots, row = plots.most_shots(reports[best])
        evaluation = PickerOptimizerEvaluation.fromResult(index, best, int(shots),
                                                          row[evaluation_report.FIGURE]['mean'])
        if self._setOutput(PickerOptimizerEvaluateOutputs.outputEvaluation.name, evaluation):
            for pointer in (*self._labelPointers(), *self._startPointers()):
                self._defineSourceRelation(pointer, evaluation)

    # -------------------------- variants ------------------------------------
    def _variants(self):
        """{name: arguments of the worker that its result depends on}."""
        common = ['--box-angstrom', repr(float(self._boxAngstrom())), '--shots', *map(str, self._shots()),
                  '--draws', str(self.draws.get()), '--split', SPLITS[self.split.get()], '--seed', str(self.seed.get())]
        return {name: [*arguments, *([] if OWN_START & set(arguments) else ['--init', self._startName()]), *common]
                for name, arguments in self._study().items()}

    def _study(self):
        """{name: arguments that make the variant what it is}."""
        if self.study.get() == ALONE:
            recipe = RECIPES[self.recipe.get()]
            return {recipe: ['--recipe', recipe, '--folds', str(self.folds.get())]}
        return list(STUDIES.values())[self.study.get() - 1]

    def _shots(self):
        """Numbers of labels, each once and growing; [] if they are not all whole and positive."""
        try:
            shots = sorted({int(word) for word in self.shots.get('').replace(',', ' ').split()})
        except ValueError:
            return []
        return shots if shots and shots[0] > 0 else []

    def _writeIndex(self):
        return evaluation_report.writeIndex(self._getExtraPath(), self._variants(),
                                            len(self._shots()) * self.draws.get())

    # -------------------------- information ---------------------------------
    def _validate(self):
        errors, labels = self._validateLabelled()
        if labels:
            errors = self._validateSplit(labels)
        if not self._shots():
            errors.append('The labels per class must be whole numbers above 0, such as "5 10 20 30".')
        return self._validateWorker() + errors + self._validateStart()

    def _validateSplit(self, labels):
        """Lines about labels that are too few to train on one half and judge by the other."""
        try:
            check_split([row.label for row in labels], [row.mic_id for row in labels], SPLITS[self.split.get()])
        except InputError as error:
            return [f'{error} The labels are {countsText(labelling.countByClass(labels))}; micrographs that have any: '
                    f'{len({row.mic_id for row in labels})}.']
        return []

    def _warnings(self):
        lines = self._gpuWarnings() + self._labelWarnings()
        if self.study.get() != ALONE and self.startFrom.get() == StartFrom.IMAGENET:
            lines.append('The comparison will have the same twice: with ImageNet as starting weights, variants from '
                         'the weights of the plugin are those from ImageNet.')
        return lines

    def getEvaluation(self):
        """Return the Evaluation so far, None before the first variant. Raises InputError if it is damaged."""
        index = self._getExtraPath(evaluation_report.INDEX)
        return Evaluation.read(index) if os.path.exists(index) else None

    def _summary(self):
        try:
            result = self.getEvaluation()
        except InputError as error:
            return [str(error)]
        return result.describe() if result else ['Not evaluated yet.']

    def _methods(self):
        if not self.hasAttribute(PickerOptimizerEvaluateOutputs.outputEvaluation.name):
            return []
        return [f'Trainings of PickerOptimizer [Li2022pickeroptimizer] with few labels were judged on labels that they '
                f'had not seen, split {self.getEnumText("split")}, {self.draws.get()} times each.']
