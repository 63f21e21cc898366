"""Viewer of a run that masks micrographs."""
from pyworkflow.viewer import DESKTOP_TKINTER, Viewer

from .. import convert
from ..protocols import ProtPickerOptimizerMask
from ..worker.exchange.errors import InputError
from .masks.window import MaskSession, MaskWindow
from .micrograph import Micrograph
from .widgets.window_view import WindowView

TITLE = 'PickerOptimizer masks'


def sessionOf(run):
    """Return the MaskSession of a ProtPickerOptimizerMask. Raises InputError where there are no masks yet."""
    micrographs, masks = run.inputMicrographs.get(), run.getMasks()
    if micrographs is None or not masks:
        raise InputError('There are no masks yet.')
    files, header = convert.micrographFiles(micrographs), run.readModelHeader()
    box = run.modelBox() or header['box_angstrom']

    def create(least):
        made = run.createMicrographs(least)
        return 'New outputs of this run: ' + ', '.join(f'{name} ({found.getSize()})' for name, found in made) + '.'

    return MaskSession(f'{TITLE}: {run.getRunName()}',
                       [Micrograph(micId, name, files[micId])
                        for micId, name in convert.micrographNames(micrographs).items()],
                       masks, header['classes'], run.leastUsable.get() / 100, box / micrographs.getSamplingRate(),
                       micrographs.getSamplingRate(), create)


class PickerOptimizerMaskViewer(Viewer):
    """Shows masks on their micrographs."""
    _name = 'Masks'
    _targets = [ProtPickerOptimizerMask]
    _environments = [DESKTOP_TKINTER]

    def _visualize(self, obj, **kwargs):
        try:
            session = sessionOf(obj)
        except InputError as error:
            return [self.infoMessage(str(error), TITLE)]
        return [WindowView(self.getTkRoot(), lambda root: MaskWindow(root, session),
                           'Without a window: the summary of the run tells the shares; the masks are in extra/masks.')]
