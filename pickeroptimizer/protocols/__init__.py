from .protocol_import_model import PickerOptimizerImportModelOutputs, ProtPickerOptimizerImportModel
from .protocol_prune import PickerOptimizerPruneOutputs, ProtPickerOptimizerPrune
from .protocol_train import PickerOptimizerTrainOutputs, ProtPickerOptimizerTrain

__all__ = ['PickerOptimizerImportModelOutputs', 'PickerOptimizerPruneOutputs', 'PickerOptimizerTrainOutputs',
           'ProtPickerOptimizerImportModel', 'ProtPickerOptimizerPrune', 'ProtPickerOptimizerTrain']
