"""Viewer of a model: what it was trained with, and how well it did on labels that it had not seen."""
from pwem.viewers import EmPlotter
from pyworkflow.viewer import DESKTOP_TKINTER, Viewer

from ..objects import PickerOptimizerModel
from ..protocols import PickerOptimizerTrainOutputs, ProtPickerOptimizerImportModel, ProtPickerOptimizerTrain
from ..worker.errors import InputError
from .confusion import draw_confusion


class PickerOptimizerModelViewer(Viewer):
    """Shows the confusion matrix of a model, or, where there is none, its counts."""
    _name = 'Model (confusion matrix)'
    _targets = [PickerOptimizerModel, ProtPickerOptimizerTrain, ProtPickerOptimizerImportModel]
    _environments = [DESKTOP_TKINTER]

    def _visualize(self, obj, **kwargs):
        model = obj if isinstance(obj, PickerOptimizerModel) else \
            getattr(obj, PickerOptimizerTrainOutputs.outputModel.name, None)
        if model is None:
            return [self.infoMessage('There is no model yet.', 'PickerOptimizer model')]
        try:
            header = model.getHeader()
        except InputError as error:
            return [self.errorMessage(str(error), 'PickerOptimizer model')]
        crossed = header.get('cross_validation')
        if not crossed:
            return [self.infoMessage(str(model), 'PickerOptimizer model')]
        plotter = EmPlotter(windowTitle='PickerOptimizer model')
        axes = plotter.createSubPlot('', '', '')
        draw_confusion(axes, header['classes'], crossed['confusion'])
        axes.set_title(f'macro-F1 {crossed["macro_f1"]:.3f}, balanced {crossed["balanced_macro_f1"]:.3f} '
                       f'(by {crossed["split"]}, {crossed["folds"]} folds)')
        return [plotter]
