"""What the protocols of this plugin share: running the worker, and showing errors as one line."""
import glob
import hashlib
import json
import os
import re
import shlex
import subprocess
from contextlib import contextmanager

from pwem.objects import SetOfCoordinates
from pwem.protocols import EMProtocol
from pyworkflow import BETA
from pyworkflow.exceptions import PyworkflowException
from pyworkflow.object import Set
from pyworkflow.protocol import MODE_RESTART, params
from pyworkflow.utils import cleanPath, makePath

from .. import Plugin, convert
from ..worker.exchange.errors import InputError

ERROR_FILE = 'error.txt'
REPORT = 'report.json'
MODEL = 'model.safetensors'
DEFAULT_GPUS = '0'
GPU_IDS = re.compile(r'(\d{1,4})(?:-(\d{1,4}))?', re.ASCII)      # one, or from one to another
RECIPES = ('default', 'paper')      # of the worker, in the order in which forms offer them


@contextmanager
def oneLineErrors():
    """Let what a user can mend become the protocol's own error, as one line and without a traceback."""
    try:
        yield
    except InputError as error:
        raise PyworkflowException(str(error)) from None


class WorkerStopped(PyworkflowException):
    """The worker ended before its work was done; `code`: its exit code, 0 where it is not known."""

    def __init__(self, line, code=0):
        super().__init__(line)
        self.code = code


class PickerOptimizerProtocol(EMProtocol):
    """Base of the protocols that run the worker in their folder `extra`, on files of fixed names."""
    _devStatus = BETA
    BY_HAND = ()      # patterns of files in `extra` that people have made

    def knownClasses(self):
        """Return the classes that are known without labels: none, unless a protocol says otherwise."""
        return ()

    # -------------------------- the folder ----------------------------------
    def makePathsAndClean(self):
        """Keep what people have made: for a restart, Scipion empties the folder of the run.

        It waits beside that folder, where the next launch finds it if this one is killed in between.
        """
        waiting = f'{os.path.normpath(self._getPath())}.by_hand'
        if self.runMode == MODE_RESTART:
            for pattern in self.BY_HAND:
                for path in glob.glob(os.path.join(glob.escape(self._getExtraPath()), pattern)):
                    makePath(waiting)
                    os.replace(path, os.path.join(waiting, os.path.basename(path)))
        super().makePathsAndClean()
        if os.path.isdir(waiting):
            for name in os.listdir(waiting):
                os.replace(os.path.join(waiting, name), self._getExtraPath(name))
            os.rmdir(waiting)

    def _takenUp(self, number, what):
        """Lines for the summary, which the log has then, too: so many things that people have made were there already.
        """
        if not number:
            return []
        line = f'{number} {what}{" was" if number == 1 else "s were"} taken up from an earlier launch.'
        self.info(line)
        return [line]

    # -------------------------- form ----------------------------------------
    @staticmethod
    def _defineGpuParams(form):
        form.addHidden(params.USE_GPU, params.BooleanParam, default=True, label='Use GPU (vs CPU)',
                       help='Yes: use an NVIDIA GPU if there is one, the CPU otherwise. No: use the CPU.')
        form.addHidden(params.GPU_LIST, params.StringParam, default=DEFAULT_GPUS, label='Choose GPU IDs',
                       help='The numbers of the GPUs to use, as nvidia-smi counts them, such as 0 or 0,1. Pruning '
                            'spreads the micrographs over all of them; everything else uses the first.')

    @staticmethod
    def _defineThreadsParams(form):
        # Steps run one after another, so these are the threads of the worker.
        form.addParallelSection(threads=4, mpi=0)

    # -------------------------- the worker ----------------------------------
    def _runWorker(self, command, arguments, onDevice=True):
        """Run a command of the worker inside `extra`. `onDevice`: it computes where the user says, GPU or CPU.

        Raises WorkerStopped with the worker's own line when it fails.
        """
        self._workerJob(command, arguments, onDevice)()

    def _workerJob(self, command, arguments, onDevice=True, errorFile=ERROR_FILE):
        """_runWorker as a function without arguments, to be called later and from another thread.

        errorFile: the name, in `extra`, of the file that the worker leaves its line in.
        """
        errorPath = self._getExtraPath(errorFile)
        gpus = self._stepsExecutor.getGpuList() if self.usesGpu() else []      # those of the step of this thread
        device = ['--device', 'auto' if self.usesGpu() else 'cpu'] if onDevice else []
        line = [command, *arguments, *device, '--threads', str(self.getBinThreads()), '--error-file', errorFile]

        def run():
            cleanPath(errorPath)
            code = 0
            try:
                self.runJob(Plugin.getWorkerProgram(), shlex.join(line), cwd=self._getExtraPath(),
                            env=Plugin.getWorkerEnviron(gpus=gpus), numberOfMpi=1, numberOfThreads=1)
            except subprocess.CalledProcessError as error:
                code = error.returncode
            if code or os.path.exists(errorPath):      # a queue does not tell the exit code
                raise WorkerStopped(self._workerError(errorPath, code), code)

        return run

    def _workerError(self, errorFile, code):
        if os.path.exists(errorFile):
            with open(errorFile, encoding='utf-8') as stream:
                line = stream.read().strip()
            # The worker sees links in `extra`, and the runs from there; a user knows the files themselves, and sees
            # the runs from the project's folder.
            for entry in os.scandir(self._getExtraPath()):
                if entry.is_symlink():
                    line = line.replace(entry.name, os.readlink(entry.path))
            return line.replace(os.path.join('..', '..', ''), os.path.join(os.path.dirname(self.getWorkingDir()), ''))
        how = f' (exit code {code})' if code else ''
        return (f'The worker stopped before its end{how}: the last lines of {self.getStderrLog()} tell more. Continue '
                f'the run to take it up where it stopped.')

    def _readReport(self):
        with open(self._getExtraPath(REPORT), encoding='utf-8') as stream:
            return json.load(stream)

    def _linkIntoExtra(self, path, name):
        """Show a file to the worker as `name`; the link holds when the project moves, if the file is within it."""
        link = self._getExtraPath(name)
        if os.path.lexists(link):
            os.remove(link)
        os.symlink(path if os.path.isabs(path) else os.path.relpath(path, self._getExtraPath()), link)

    # -------------------------- outputs -------------------------------------
    def _setOutput(self, name, output):
        """Define an output, or put new content into the one that an earlier launch of this run defined.

        Pointers and relations of other protocols to the output stay valid. Returns True if it is a new one.
        """
        isNew = not self.hasAttribute(name)
        if isinstance(output, Set):
            self._updateOutputSet(name, output, Set.STREAM_CLOSED)
        elif isNew:
            self._defineOutputs(**{name: output})
        else:
            getattr(self, name).copy(output, copyId=False)
            self._store(getattr(self, name))
        return isNew

    def _newCoordinatesLike(self, coordinates, suffix):
        """An empty SetOfCoordinates of this run with the box and the micrographs of another."""
        new = self._createSetOfCoordinates(coordinates.getMicrographs(asPointer=True), suffix)
        new.copyInfo(coordinates)
        return new

    def _leftOutputs(self, wanted):
        """A line for the summary about sets that an earlier launch made, and that are not among the names `wanted`."""
        left = [name for name, _ in self.iterOutputAttributes(SetOfCoordinates) if name not in wanted]
        return [f'*Of an earlier launch*, and not asked for any more: {", ".join(left)}.'] if left else []

    # -------------------------- checks --------------------------------------
    @classmethod
    def _checkCoordinates(cls, coordinates, what):
        """Lines that say why a SetOfCoordinates cannot be used; `what` names it in them."""
        errors = cls._checkItems(coordinates, what)
        if errors:
            return errors
        micrographs = coordinates.getMicrographs()
        if micrographs is None:
            return [f'The {what} are not linked to micrographs: import or pick them again with their micrographs.']
        return cls._checkMicrographs(micrographs, f'micrographs of the {what}')

    @classmethod
    def _checkMicrographs(cls, micrographs, what):
        """Lines that say why a SetOfMicrographs cannot be used; `what` names it in them."""
        errors = cls._checkItems(micrographs, what)
        if errors:
            return errors
        if micrographs.getSize() and not (micrographs.getSamplingRate() or 0) > 0:
            return [f'The {what} have no pixel size (sampling rate {micrographs.getSamplingRate()} Å/px): '
                    f'import them again with the right one.']
        return []

    @classmethod
    def _checkItems(cls, itemSet, what):
        """Lines that say why nothing can be read of a set; `what` names it in them."""
        if cls._isEmpty(itemSet):
            return [f'The {what} are an empty set.']
        try:
            if itemSet.getSize():
                convert.checkFile(itemSet)
        except InputError as error:
            return [str(error)]
        return []

    @classmethod
    def _isEmpty(cls, itemSet):
        """Whether there is nothing in a set and, if this protocol can wait for it, nothing will be."""
        return not itemSet.getSize() and not (cls.worksInStreaming() and itemSet.isStreamOpen())

    def validate(self):
        """Return lines that say why the run cannot begin.

        A number whose field was emptied is None, which neither the checks nor Scipion's own validators take.
        """
        return self._emptyNumbers() or super().validate()

    def _emptyNumbers(self):
        """Lines about the numbers that the form asks for and that are not there."""
        return [f'"{param.label.get()}" is empty: give a number.' for name, param in self.getDefinition().iterParams()
                if isinstance(param, (params.IntParam, params.FloatParam)) and self.evalParamCondition(name)
                and getattr(self, name).get() is None]

    def _validateWorker(self):
        """Lines that say why the worker cannot run, or not where the user says."""
        text = self.gpuList.get() or ''
        ranges = [GPU_IDS.fullmatch(word) for word in re.split(r'\s*,\s*|\s+', text.strip())]
        if all(ids and int(ids[1]) <= int(ids[2] or ids[1]) for ids in ranges):
            return Plugin.validateWorker()
        # Scipion itself, which reads the list even where no GPU is used, would die of it and leave the run "launched".
        return [*Plugin.validateWorker(), f'The list of GPUs, "{text}", cannot be read: give their numbers, such as 0 '
                                          f'or 0,1 or 0-3. To use none, choose "No" in "Use GPU".']

    def _gpuWarnings(self):
        named = self.gpuList.get() != DEFAULT_GPUS      # nobody is asked about what nobody chose
        if named and self.usesGpu() and not self.useQueue() and not glob.glob('/dev/nvidia[0-9]*'):
            return ['There is no NVIDIA GPU on this machine: the CPU will be used, which takes longer.']
        return []

    def _citations(self):
        return ['Li2022pickeroptimizer']


def boxAngstrom(coordinates):
    """Return the box of a SetOfCoordinates in Å, None if it has none."""
    box = coordinates.getBoxSize()
    return box * coordinates.getMicrographs().getSamplingRate() if box else None


def fileDigest(path):
    """Return the digest of a file's content, by which a changed file is noticed; '' when it is not there."""
    if not os.path.isfile(path):
        return ''
    with open(path, 'rb') as stream:
        return hashlib.sha256(stream.read()).hexdigest()


def countsText(counts):
    """Return {name: number} as '12 particle, 3 ice', or 'none'."""
    return ', '.join(f'{number} {name}' for name, number in counts.items() if number) or 'none'


def failedLines(failed, names):
    """Return a line for each failed micrograph of a worker's report; `names` is {mic_id: name}."""
    return [f'   {names.get(entry["mic_id"], entry["path"])}: {entry["reason"].removeprefix(entry["path"] + ": ")}'
            for entry in failed]
