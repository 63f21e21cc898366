"""Viewer of starting weights: of the output of "pretrain", or of the run, while it runs too."""
from pyworkflow.viewer import DESKTOP_TKINTER, Viewer

from ..objects import PickerOptimizerWeights
from ..protocols import ProtPickerOptimizerPretrain
from ..worker.exchange.errors import InputError
from .weights.window import WeightsWindow
from .widgets.window_view import WindowView

TITLE = 'PickerOptimizer weights'


class PickerOptimizerWeightsViewer(Viewer):
    """Shows the curve of a pretraining, and what it learnt from."""
    _name = 'Starting weights'
    _targets = [PickerOptimizerWeights, ProtPickerOptimizerPretrain]
    _environments = [DESKTOP_TKINTER]

    def _visualize(self, obj, **kwargs):
        try:
            report = obj.getReport()
        except InputError as error:
            return [self.errorMessage(str(error), TITLE)]
        if report is None:
            return [self.infoMessage('The training has not come to the end of its first epoch yet.', TITLE)]
        title = f'{TITLE}: {self.protocol.getRunName()}' if self.protocol else TITLE
        return [WindowView(self.getTkRoot(), lambda root: WeightsWindow(root, title, report),
                           'The summary of the run tells how the training went.')]
