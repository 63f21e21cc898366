"""PickerOptimizer for Scipion: prunes ice, carbon and other junk from picked particles after a few labels."""
import glob
import os
import shlex

import pwem
import pyworkflow as pw
from pyworkflow import VarTypes
from pyworkflow.utils import Environ

from .constants import (
    DEFAULT_TORCH,
    PICKEROPTIMIZER_ENV_ACTIVATION,
    PICKEROPTIMIZER_PYTHON,
    PICKEROPTIMIZER_TORCH,
    WORKER_FOLDER,
    WORKER_PACKAGE,
    WORKER_VERSION,
)
from .install import INSTALL_COMMAND, REQUIREMENTS, WorkerInstallation, check_worker

__version__ = '0.1.0'      # a plain literal: the build reads it without importing Scipion
_logo = 'logo.png'
_references = ['Li2022pickeroptimizer']

VIEWER = f'{__name__}.viewers.PickerOptimizerPruneViewer'

# What the Scipion launcher and an activated environment leave behind, and another Python would trip over.
_FOREIGN = ('PYTHONPATH', 'PYTHONHOME', 'PYTHONUSERBASE', 'VIRTUAL_ENV')


class Plugin(pwem.Plugin):
    _url = 'https://doi.org/10.1089/cmb.2022.0101'
    _supportedVersions = [WORKER_VERSION]
    _processingField = [pw.SPA]

    @classmethod
    def _defineVariables(cls):
        cls._defineEmVar(PICKEROPTIMIZER_PYTHON, os.path.join(WORKER_FOLDER, 'env', 'bin', 'python'),
                         description='Python of the worker environment. Change it to use an environment of your own.',
                         var_type=VarTypes.PATH)
        cls._defineVar(PICKEROPTIMIZER_ENV_ACTIVATION, '',
                       description='Optional shell command (of /bin/sh) that activates an environment of your own '
                                   'for the worker; its "python" is used then.',
                       var_type=VarTypes.STRING)
        cls._defineVar(PICKEROPTIMIZER_TORCH, DEFAULT_TORCH,
                       description='What pip installs as torch and torchvision, options included. '
                                   'Change it to choose another CUDA build.',
                       var_type=VarTypes.STRING)
        cls._preferViewer()

    @staticmethod
    def _preferViewer():
        """Let a double click on coordinates with our classes open our window: it shows no others, so these keep theirs.

        Scipion's launcher prefers one for all coordinates, and what is preferred goes before what is more special.
        """
        preferred = pw.Config.VIEWERS.setdefault('SetOfCoordinates', [])
        if VIEWER not in preferred:
            preferred.insert(0, VIEWER)

    @classmethod
    def defineBinaries(cls, env):
        # Not env.addPackage: before anything is installed it makes the folder that the listing takes for a sign
        # of installation, and it asks for wget. `always`: the installation itself knows whether it is whole.
        installation = cls._getInstallation()
        target = env.addTarget(WORKER_FOLDER, default=True, always=True)
        target.addCommand(installation, targets=[glob.escape(str(installation.marker))], always=True)
        env.addTargetAlias(WORKER_FOLDER, WORKER_PACKAGE)
        env.getPackages()[WORKER_PACKAGE] = [(WORKER_PACKAGE, WORKER_VERSION)]

    @classmethod
    def getWorkerEnviron(cls, gpus=None):
        """Environment variables for the worker: its code is this plugin's, nothing is left of Scipion's own Python.

        gpus: ids of the GPUs that it may see ([]: none); None leaves that as it is.
        """
        environ = Environ({name: value for name, value in os.environ.items() if name not in _FOREIGN})
        libraries = [path for path in environ.pop('LD_LIBRARY_PATH', '').split(os.pathsep)
                     if path and not _isBelow(path, pw.Config.SCIPION_SOFTWARE)]
        if libraries:
            environ['LD_LIBRARY_PATH'] = os.pathsep.join(libraries)
        environ.update({'PYTHONPATH': os.path.dirname(os.path.abspath(__file__)),
                        'PYTHONSAFEPATH': '1', 'PYTHONNOUSERSITE': '1', 'PYTHONUNBUFFERED': '1'})
        if gpus is not None:
            environ['CUDA_VISIBLE_DEVICES'] = ','.join(str(gpu) for gpu in gpus)
        return environ

    @classmethod
    def getWorkerProgram(cls):
        """The program for runJob: text for the shell, to which a command of the worker and its arguments are added."""
        return f'{cls._getPythonCommand()} -m worker'

    @classmethod
    def validateWorker(cls):
        """Lines that say what the worker environment lacks and which command mends it; [] if it is whole."""
        installation = cls._getInstallation()
        python = cls.getVar(PICKEROPTIMIZER_PYTHON)
        activation = cls._getActivation()
        own = bool(activation) or python != str(installation.python)
        if own and not activation and not os.access(python, os.X_OK):
            return [f'{PICKEROPTIMIZER_PYTHON} is {python}, and there is no such program. Correct it in scipion.conf; '
                    f'or take it out of there and run:  {INSTALL_COMMAND}']
        if not own and installation.is_half_done():
            return ['The installation of the worker environment of PickerOptimizer did not come to its end. '
                    f'Repair it with:  {INSTALL_COMMAND}']
        if not own and not installation.is_whole():
            return [f'The worker environment of PickerOptimizer is not installed. Install it with:  {INSTALL_COMMAND}']
        problem = check_worker(cls._getPythonCommand(), cls.getWorkerEnviron())
        if problem is None:
            return []
        if not own:
            return [f'The worker environment of PickerOptimizer is damaged: {problem} '
                    f'Repair it with:  {INSTALL_COMMAND}']
        pip = f'{cls._getPythonCommand()} -m pip install'
        return [f'Your own environment for the worker of PickerOptimizer does not do: {problem} Complete it with:  '
                f'{pip} {cls.getVar(PICKEROPTIMIZER_TORCH)}  and  {pip} -r {shlex.quote(str(REQUIREMENTS))}']

    @classmethod
    def _getInstallation(cls):
        return WorkerInstallation(pwem.Config.EM_ROOT, cls.getVar(PICKEROPTIMIZER_TORCH), cls.getWorkerEnviron(),
                                  pw.Config.CONDA_ACTIVATION_CMD)

    @classmethod
    def _getActivation(cls):
        return cls.getVar(PICKEROPTIMIZER_ENV_ACTIVATION).strip().rstrip('&;').strip()

    @classmethod
    def _getPythonCommand(cls):
        activation = cls._getActivation()
        return f'{activation} && python' if activation else shlex.quote(cls.getVar(PICKEROPTIMIZER_PYTHON))


def _isBelow(path, folder):
    return os.path.abspath(path).startswith(os.path.join(os.path.abspath(folder), ''))
