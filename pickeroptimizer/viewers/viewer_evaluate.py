"""Viewer of an evaluation: of its output, or of the run, while it runs too."""
from pyworkflow.viewer import DESKTOP_TKINTER, Viewer

from ..domain.evaluation_report import Evaluation
from ..objects import PickerOptimizerEvaluation
from ..protocols import ProtPickerOptimizerEvaluate
from ..worker.exchange.errors import InputError
from .evaluation.window import EvaluationWindow
from .widgets.window_view import WindowView

TITLE = 'PickerOptimizer evaluation'


class PickerOptimizerEvaluationViewer(Viewer):
    """Shows how well the training does with so many labels, variant by variant."""
    _name = 'Evaluation'
    _targets = [PickerOptimizerEvaluation, ProtPickerOptimizerEvaluate]
    _environments = [DESKTOP_TKINTER]

    def _visualize(self, obj, **kwargs):
        try:
            evaluation = (Evaluation.read(obj.getFileName()) if isinstance(obj, PickerOptimizerEvaluation) else
                          obj.getEvaluation())
        except InputError as error:
            return [self.errorMessage(str(error), TITLE)]
        if evaluation is None or not evaluation.finished():
            lines = evaluation.describe()[1:] if evaluation else []
            return [self.infoMessage('\n'.join(['No variant is evaluated yet.', *lines]), TITLE)]
        title = f'{TITLE}: {self.protocol.getRunName()}' if self.protocol else TITLE
        return [WindowView(self.getTkRoot(), lambda root: EvaluationWindow(root, title, evaluation),
                           'The folder extra of the run has the table and the plots: evaluation.md, evaluation.png.')]
