"""Import this before `pickeroptimizer.domain` in the worker's Python: the __init__ of the package needs Scipion."""
import sys
import types
from pathlib import Path

PLUGIN = Path(__file__).resolve().parents[1] / 'pickeroptimizer'
_package = types.ModuleType('pickeroptimizer')
_package.__path__ = [str(PLUGIN)]
sys.modules['pickeroptimizer'] = _package
