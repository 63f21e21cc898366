"""Viewer of a model: of its output, or of the run that made or imported it."""
from pyworkflow.viewer import DESKTOP_TKINTER, Viewer

from .. import convert
from ..domain.training_report import SUSPICIOUS
from ..objects import PickerOptimizerModel
from ..protocols import (
    PickerOptimizerTrainOutputs,
    ProtPickerOptimizerImportModel,
    ProtPickerOptimizerTrain,
    relabelling,
)
from ..worker.exchange.errors import InputError
from .labelling.model import Labels, Place
from .model.window import ModelFacts, ModelLabels, ModelWindow
from .prune_all import pruneAllWith
from .widgets.window_view import WindowView

TITLE = 'PickerOptimizer model'
HEADLESS = 'Without a window: the summary of the run tells how the model did on its labels.'
MODEL_OUTPUT, LABELS_OUTPUT = (output.name for output in PickerOptimizerTrainOutputs)


def factsOf(model, run):
    """Return the ModelFacts of a PickerOptimizerModel. run: the protocol that has it as an output, or None.

    Raises InputError if the model file cannot be read.
    """
    labels = getattr(run, LABELS_OUTPUT, None)
    return ModelFacts(TITLE if run is None else f'{TITLE}: {run.getRunName()}', model.getHeader(),
                      labelsOf(labels, run) if labels is not None and labels.getSize() else None,
                      pruneAll=(lambda: pruneAllWith(run)) if _hasTrained(run) else None)


def _hasTrained(run):
    return isinstance(run, ProtPickerOptimizerTrain) and run.isFinished() and run.inputCoordinates.get() is not None


def labelsOf(labelled, run):
    """Return the ModelLabels of the outputLabels, a SetOfCoordinates, of a run.

    Raises InputError if what was put right among them cannot be read.
    """
    micrographs = labelled.getMicrographs()
    found = ModelLabels([(Place(row.mic_id, row.x, row.y), row.label, probability)
                         for row, probability in convert.readLabelled(labelled)],
                        convert.micrographNames(micrographs), convert.micrographFiles(micrographs),
                        labelled.getBoxSize(), micrographs.getSamplingRate(), SUSPICIOUS)
    if _hasTrained(run):
        found.now = Labels(relabelling.relabelled(run, labelled),
                           lambda rows: relabelling.saveRelabelled(run, labelled, rows))
        found.trainAgain = lambda: _trainAgain(run, labelled, found)
    return found


def _trainAgain(run, labelled, labels):
    number = len(labels.changed())
    again = relabelling.trainAgain(run.getProject(), run, labelled, labels.now.rows(), number)
    return f'Started: "{again.getRunName()}". Prune with its model when it is done.'


class PickerOptimizerModelViewer(Viewer):
    """Shows what a model was trained with, and how well it did."""
    _name = 'Model'
    _targets = [PickerOptimizerModel, ProtPickerOptimizerTrain, ProtPickerOptimizerImportModel]
    _environments = [DESKTOP_TKINTER]

    def _visualize(self, obj, **kwargs):
        if isinstance(obj, PickerOptimizerModel):
            parent = obj.getObjParentId()
            model, run = obj, self.getProject().getProtocol(parent) if parent else None
        else:
            if isinstance(obj, ProtPickerOptimizerTrain):
                obj.lookAgain()
            model, run = getattr(obj, MODEL_OUTPUT, None), obj
        if model is None:
            working = obj.progressLine() if isinstance(obj, ProtPickerOptimizerTrain) and obj.isActive() else ''
            return [self.infoMessage(f'There is no model yet. {working}'.strip(), TITLE)]
        try:
            facts = factsOf(model, run)
        except InputError as error:
            return [self.errorMessage(str(error), TITLE)]
        return [WindowView(self.getTkRoot(), lambda root: ModelWindow(root, facts), HEADLESS)]
