"""Viewer of a comparison: of its output, or of the run."""
import os

from pyworkflow.viewer import DESKTOP_TKINTER, Viewer

from ..comparison import report
from ..objects import PickerOptimizerComparison
from ..protocols import ProtPickerOptimizerCompare
from ..worker.exchange.errors import InputError
from .compare.window import CompareWindow
from .widgets.window_view import WindowView

TITLE = 'PickerOptimizer comparison'


class PickerOptimizerComparisonViewer(Viewer):
    """Shows the same picks as several ways of pruning kept and rejected them, side by side."""
    _name = 'Comparison'
    _targets = [PickerOptimizerComparison, ProtPickerOptimizerCompare]
    _environments = [DESKTOP_TKINTER]

    def _visualize(self, obj, **kwargs):
        folder = obj.getFolder() if isinstance(obj, PickerOptimizerComparison) else obj._getExtraPath()
        try:
            comparison = obj.getComparison()
        except InputError as error:
            return [self.errorMessage(str(error), TITLE)]
        path = os.path.join(folder, report.REPORT_FILE)
        title = f'{TITLE}: {self.protocol.getRunName()}' if self.protocol else TITLE
        return [WindowView(self.getTkRoot(), lambda root: CompareWindow(root, title, comparison, path),
                           f'The report is here: {os.path.abspath(path)}')]
