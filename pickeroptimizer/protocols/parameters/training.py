"""How "label and train" trains: its recipe, starting weights included, and what follows for the worker."""
import math

from pyworkflow.protocol import params
from pyworkflow.utils import getFloatListFromValues

from ...constants import GENERAL_MODEL
from ...worker.exchange.errors import InputError
from ...worker.exchange.model_header import GENERAL, read_header
from ...worker.exchange.signals import ONE_FOLD
from ..protocol_base import RECIPES
from .starting_weights import StartFrom, StartingWeights


class NotOneFold(params.Conditional):
    """Refuses a single fold, in the words of the worker."""

    def __init__(self):
        super().__init__(f'{ONE_FOLD}.')

    def _condition(self, value):
        return value != 1


FOLDS_VALIDATORS = (params.GE(0, error='must not be negative.'), NotOneFold())


class TrainingParameters(StartingWeights):
    """For a protocol that trains a model on labels whose box is `_boxAngstrom()`."""

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
                      validators=list(FOLDS_VALIDATORS),
                      help='The labels are split into so many parts, by micrograph where possible; each part is judged '
                           'by a training on the others. This gives the macro-F1 and the confusion matrix. '
                           '0: no cross-validation, which is quicker.')
        form.addParam('seed', params.IntParam, default=0, expertLevel=advanced, label='Seed',
                      validators=[params.GE(0, error='must not be negative.')],
                      help='Of everything that is drawn at random. The same seed gives the same model.')

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

    def knownClasses(self):
        """Return the classes that the training knows without labels, as its starting weights do."""
        path = GENERAL_MODEL if self.startFrom.get() == StartFrom.PLUGIN else self._startFile()
        if RECIPES[self.recipe.get()] != 'default' or not path:
            return ()
        try:
            header = read_header(path)
        except InputError:      # weights alone
            return ()
        return tuple(header['classes']) if header['head'] == GENERAL else ()

    def _lossWeights(self):
        """The weights as floats, [] if they are not one to three positive numbers."""
        try:
            weights = getFloatListFromValues(self.lossWeights.get(''))
        except ValueError:
            return []
        return weights if 1 <= len(weights) <= 3 and all(0 < w < math.inf for w in weights) else []

    def _validateTraining(self):
        """Lines about the parameters of the training."""
        if RECIPES[self.recipe.get()] == 'paper' and not self._lossWeights():
            return ['The loss weights must be one to three positive numbers.']
        return []
