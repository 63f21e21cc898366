"""The command `pickeroptimizer`: the engine on the command line, as `python -m worker` is, where the plugin is there.

It stands beside the package, whose own import wants Scipion, which the engine does without.
"""
import runpy
import sys
from importlib.util import find_spec


def main() -> None:
    """Run a command of the engine."""
    package = find_spec('pickeroptimizer')      # found, not imported
    if package is None or not package.submodule_search_locations:
        sys.exit('error: the package pickeroptimizer is not installed for this Python.')
    sys.path.insert(0, package.submodule_search_locations[0])
    runpy.run_module('worker', run_name='__main__')
