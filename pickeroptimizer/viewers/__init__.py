from .viewer_model import PickerOptimizerModelViewer
from .viewer_prune import PickerOptimizerPruneViewer

__all__ = ['PickerOptimizerModelViewer', 'PickerOptimizerPruneViewer']
