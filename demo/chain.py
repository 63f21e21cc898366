"""The runs of the demo's project."""
import hashlib
import os
import sys
import time
from pathlib import Path

from pyworkflow import Config
from pyworkflow.project import Manager
from pyworkflow.protocol import STATUS_INTERACTIVE

from pickeroptimizer import Plugin


class Chain:
    """Runs of the demo's project. A run is found again by its comment: a digest of all that its result depends on.

    code: a digest of the plugin's code, on which the results of its own protocols depend.
    """

    def __init__(self, name, code):
        manager = Manager()
        self.project = manager.loadProject(name) if manager.hasProject(name) else manager.createProject(name)
        os.chdir(self.project.getPath())         # paths of its files are relative to it
        self._code = code
        self._comments = {}

    def run(self, label, className, **parameters):
        """Run a protocol and wait, or find it finished. A (run, output name) is a pointer. Exits if the run fails.

        A run that waits for the user has come as far as it goes here.
        """
        inputs = {name: value for name, value in parameters.items() if isinstance(value, tuple)}
        values = {name: value for name, value in parameters.items() if name not in inputs}
        protocolClass = Config.getDomain().getProtocols()[className]
        code = self._code if protocolClass.__module__.startswith('pickeroptimizer') else ''
        key = digest(code, className, sorted(values.items()),
                     [(name, self._comments[run.getObjId()]) for name, (run, _) in sorted(inputs.items())])
        comment = f'Made by the demo, state {key}'
        protocol = self._finished(comment)
        if protocol is None:
            protocol = self.project.newProtocol(protocolClass, **values)
            protocol.setObjLabel(label)
            protocol.setObjComment(comment)
            for name, (run, output) in inputs.items():
                pointer = getattr(protocol, name)
                pointer.set(run)
                pointer.setExtended(output)
            self._launch(protocol, label)
        self._comments[protocol.getObjId()] = comment
        return protocol

    def _finished(self, comment):
        """The finished run with this comment, or None; runs of the same kind that did not finish are removed."""
        same = [run for run in self.project.getRuns() if run.getObjComment() == comment]
        for run in same:
            if _isThrough(run):
                print('  (finished before; kept)')
                return run
        if same:
            self.project.deleteProtocol(*same)
        return None

    def _launch(self, protocol, label):
        errors = protocol.validate()
        if not errors:
            started = time.monotonic()
            self.project.launchProtocol(protocol, wait=True)
            if _isThrough(protocol):
                print(f'  ({time.monotonic() - started:.0f} s)')
                return
            errors = [protocol.getErrorMessage() or 'it stopped without a word',
                      f'Its log: {os.path.abspath(protocol.getStdoutLog())}']
        sys.exit(f'The run "{label}" failed: ' + '\n'.join(errors))


def _isThrough(run):
    return run.isFinished() or run.getStatus() == STATUS_INTERACTIVE


def code_of(part):
    """A digest of the code and weights in a folder of the plugin."""
    folder = Path(Plugin().getPath()) / part
    files = sorted(path for path in folder.rglob('*') if path.suffix in ('.py', '.safetensors'))
    return digest(*(hashlib.sha256(path.read_bytes()).hexdigest() for path in files))


def digest(*parts):
    """A short digest of plain values."""
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:10]
