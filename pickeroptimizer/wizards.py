"""Wizards: buttons beside a parameter that fill it in."""
from pyworkflow.gui.dialog import ListDialog
from pyworkflow.gui.tree import ListTreeProviderString
from pyworkflow.object import String
from pyworkflow.wizard import Wizard

from . import convert
from .domain.shares import RunShares
from .protocols import (
    ProtPickerOptimizerCompare,
    ProtPickerOptimizerEvaluate,
    ProtPickerOptimizerLibrary,
    ProtPickerOptimizerPrune,
    ProtPickerOptimizerTrain,
)
from .protocols.parameters.label_sets import AUTOMATIC_BOX
from .viewers.box.model import modelOf
from .viewers.box.window import BoxWindow
from .viewers.prune.threshold_dialog import START, ThresholdDialog
from .worker.exchange.errors import InputError


class PickerOptimizerBoxSizeWizard(Wizard):
    """Fills in the box size, chosen on pictures of some of the picks."""
    _targets = [(protocol, ['boxSize']) for protocol in (ProtPickerOptimizerEvaluate, ProtPickerOptimizerLibrary,
                                                         ProtPickerOptimizerTrain)]

    def show(self, form, *params):
        coordinates = form.protocol.getBoxCoordinates()
        if coordinates is None:
            form.showWarning('Select the input coordinates first.')
            return
        try:
            model = modelOf(coordinates, form.protocol.boxSize.get(AUTOMATIC_BOX))
        except InputError as error:
            form.showWarning(str(error))
            return
        window = BoxWindow(form.root, model)
        _waitFor(window, form.root)
        if window.accepted:
            form.setVar('boxSize', window.value)


class PickerOptimizerThresholdWizard(Wizard):
    """Fills in the minimum particle probability, chosen in a histogram of the scores of the run."""
    _targets = [(ProtPickerOptimizerPrune, ['minProbability'])]

    def show(self, form, *params):
        try:
            scores = convert.readScores(form.protocol._getExtraPath(convert.SCORES))
        except InputError:
            form.showWarning('This run has no scores yet. Run it, choose here, and continue it.')
            return
        probabilities = scores.particleProbabilities()
        shares = RunShares(probabilities, form.protocol.getModelHeader())
        dialog = ThresholdDialog(form.root, probabilities, shares, form.protocol.minProbability.get(START))
        _waitFor(dialog, form.root)
        if dialog.accepted:
            form.setVar('minProbability', dialog.value)


class PickerOptimizerScoreWizard(Wizard):
    """Fills in the attributes that are the scores, chosen among the numbers that the picks bear."""
    _targets = [(ProtPickerOptimizerCompare, ['scoreNames'])]

    def show(self, form, *params):
        names = dict.fromkeys(name for itemSet in form.protocol.getScoredSets()
                              for name in convert.numericAttributes(itemSet))
        if not names:
            form.showWarning('None of the picks bear a number that could be a score. (Are the sets selected?)')
            return
        dialog = ListDialog(form.root, 'Score', ListTreeProviderString([String(name) for name in names]),
                            'Higher must mean more of a particle; where lower does, put a minus before the name.')
        if dialog.resultYes():
            form.setVar('scoreNames', ' '.join(name.get() for name in dialog.values))


def _waitFor(window, master):
    """Let the user answer in a window over another one."""
    window.transient(master)
    window.wait_visibility()
    window.grab_set()
    window.focus_set()
    window.wait_window()
