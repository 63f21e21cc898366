from .viewer_compare import PickerOptimizerComparisonViewer
from .viewer_evaluate import PickerOptimizerEvaluationViewer
from .viewer_label import PickerOptimizerLabelViewer
from .viewer_mask import PickerOptimizerMaskViewer
from .viewer_model import PickerOptimizerModelViewer
from .viewer_prune import PickerOptimizerPruneViewer
from .viewer_weights import PickerOptimizerWeightsViewer

__all__ = ['PickerOptimizerComparisonViewer', 'PickerOptimizerEvaluationViewer', 'PickerOptimizerLabelViewer',
           'PickerOptimizerMaskViewer', 'PickerOptimizerModelViewer', 'PickerOptimizerPruneViewer',
           'PickerOptimizerWeightsViewer']
