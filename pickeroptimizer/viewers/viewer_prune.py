"""Viewer of pruned coordinates, and of any coordinates with classes: opens the window on a run or on one set."""
import os

from pwem.objects import SetOfCoordinates
from pyworkflow.viewer import DESKTOP_TKINTER, Viewer

from ..convert import isLabelled, isScored
from ..protocols import ProtPickerOptimizerPrune
from ..worker.exchange.errors import InputError
from .prune.source import sessionOfRun, sessionOfSet
from .prune.window import PruneWindow
from .widgets.window_view import WindowView

HEADLESS = ('Without a window: choose in "Keep by" of the prune run and continue it; its summary and its outputs tell '
            'what was kept.')


class PickerOptimizerPruneViewer(Viewer):
    """Shows what a run kept and rejected, or one set of coordinates with classes."""
    _name = 'Kept and rejected boxes'
    _targets = [ProtPickerOptimizerPrune, SetOfCoordinates]
    _environments = [DESKTOP_TKINTER]

    @classmethod
    def can_handle_this_instance(cls, instance):
        if isinstance(instance, SetOfCoordinates):      # only sets that bear our classes
            if not instance.getSize():                  # none, in a set of ours
                return ProtPickerOptimizerPrune.__name__ in instance.getFileName()
            return isLabelled(instance) or isScored(instance)
        return True

    def _visualize(self, obj, **kwargs):
        try:
            if isinstance(obj, SetOfCoordinates):
                session = sessionOfSet(self.getProject(), obj, obj.getLastName() or os.path.basename(obj.getFileName()))
            else:
                session = sessionOfRun(self.getProject(), obj)
        except InputError as error:
            return [self.infoMessage(str(error), 'PickerOptimizer')]
        return [WindowView(self.getTkRoot(), lambda master: PruneWindow(master, session), HEADLESS)]
