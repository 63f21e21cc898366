from .protocol_compare import PickerOptimizerCompareOutputs, ProtPickerOptimizerCompare
from .protocol_evaluate import PickerOptimizerEvaluateOutputs, ProtPickerOptimizerEvaluate
from .protocol_import_model import PickerOptimizerImportModelOutputs, ProtPickerOptimizerImportModel
from .protocol_library import ProtPickerOptimizerLibrary
from .protocol_mask import PickerOptimizerMaskOutputs, ProtPickerOptimizerMask
from .protocol_pretrain import PickerOptimizerPretrainOutputs, ProtPickerOptimizerPretrain
from .protocol_prune import PickerOptimizerPruneOutputs, ProtPickerOptimizerPrune
from .protocol_train import PickerOptimizerTrainOutputs, ProtPickerOptimizerTrain
from .protocol_unite import PickerOptimizerUniteOutputs, ProtPickerOptimizerUnite

__all__ = [
    'PickerOptimizerCompareOutputs', 'PickerOptimizerEvaluateOutputs', 'PickerOptimizerImportModelOutputs',
    'PickerOptimizerMaskOutputs', 'PickerOptimizerPretrainOutputs', 'PickerOptimizerPruneOutputs',
    'PickerOptimizerTrainOutputs', 'PickerOptimizerUniteOutputs', 'ProtPickerOptimizerCompare',
    'ProtPickerOptimizerEvaluate', 'ProtPickerOptimizerImportModel', 'ProtPickerOptimizerLibrary',
    'ProtPickerOptimizerMask', 'ProtPickerOptimizerPretrain', 'ProtPickerOptimizerPrune', 'ProtPickerOptimizerTrain',
    'ProtPickerOptimizerUnite',
]
