"""Both sides of the project are tested from here, each with its own Python: `make test` runs the two.

tests/worker needs torch, tests/scipion needs Scipion. A Python that lacks one leaves that side out and says so; naming
the folder of a side that cannot run is an error. Neither folder is a package: `worker` and `scipion` are real ones.
"""
import importlib.util
import os
import sys
import tempfile
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parent
NEEDED = {'worker': 'torch', 'scipion': 'pyworkflow'}

collect_ignore = [side for side, module in NEEDED.items() if importlib.util.find_spec(module) is None]

if 'worker' not in collect_ignore:      # as the plugin runs it: the folder of the plugin's package is on the path
    package = str(TESTS.parent / 'pickeroptimizer')
    sys.path.insert(0, package)
    os.environ['PYTHONPATH'] = package

if 'scipion' not in collect_ignore:     # Scipion reads its environment when it is imported, so before any test is
    home = Path(os.environ.setdefault('SCIPION_HOME',
                                      str(Path(tempfile.gettempdir()) / f'pickeroptimizer-tests-{os.getuid()}')))
    os.environ.setdefault('SCIPION_USER_DATA', str(home / 'userdata'))
    os.environ.setdefault('SCIPION_DOMAIN', 'pwem')
    os.environ.setdefault('SCIPION_PYTHON', sys.executable)
    os.environ.setdefault('SCIPION_NOTIFY', 'False')
    hosts = home / 'config' / 'hosts.conf'
    if not hosts.exists():
        hosts.parent.mkdir(parents=True, exist_ok=True)
        hosts.write_text('[localhost]\nPARALLEL_COMMAND = mpirun -np %_(JOB_NODES)d %_(COMMAND)s\n')


def pytest_configure(config):
    if config.args_source is not config.ArgsSource.ARGS:
        return
    for argument in config.args:
        path = Path(argument.split('::')[0]).resolve()
        for side in collect_ignore:
            if TESTS / side in (path, *path.parents):
                raise pytest.UsageError(f'tests/{side} needs {NEEDED[side]}, which {sys.executable} does not have: '
                                        f'run "make test", which takes the right Python for each side.')


def pytest_report_header():
    return [f'tests/{side} is left out: {sys.executable} has no {NEEDED[side]}' for side in collect_ignore]
