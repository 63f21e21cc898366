"""The worker environment: Scipion's own commands on it, what is told of its state, and what the worker is run with.

A stand-in for Python plays venv, pip and the worker's check, and one for conda makes it, so that nothing is
downloaded; everything else is real.
"""
import os
import shlex
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

PYTHON = """\
#!/bin/sh
echo "PYTHONPATH=$PYTHONPATH python $*" >> "$STANDIN/calls"
case "$*" in
"-m venv "*)
    mkdir -p "$3/bin" && cp "$0" "$3/bin/python" ;;
"-m pip "*no-such-torch*)
    echo "No matching distribution found" >&2; exit 1 ;;
"-m pip "*)
    if [ -e "$STANDIN/hang" ]; then mv "$STANDIN/hang" "$STANDIN/busy"; fi
    turns=0
    while [ -e "$STANDIN/busy" ] && [ $turns -lt 600 ]; do turns=$((turns + 1)); sleep 0.1; done ;;
"-m worker check")
    if [ -e "$STANDIN/lacking" ]; then echo "error: it lacks mrcfile." >&2; exit 2; fi ;;
esac
"""
CONDA = """\
#!/bin/sh
echo "conda $*" >> "$STANDIN/calls"
if [ "$1" = create ]; then mkdir -p "$4/bin" && cp "$STANDIN/python" "$4/bin/python"; fi
"""
LISTED, NOT_LISTED = '[X]', '[ ]'


class Machine:
    """A Scipion home of its own, with stand-ins for Python and conda."""

    def __init__(self, folder):
        self.home = folder / "a 'home' [of] Scipion"
        self.em = self.home / 'software' / 'em'
        self.link = self.em / 'pickeroptimizer-1.2'
        self.folder = self.em / 'pickeroptimizer-env-1.2'
        self.standin = folder / 'stand in'
        for name, text in (('python', PYTHON), ('conda', CONDA)):
            path = self.standin / name
            path.parent.mkdir(exist_ok=True)
            path.write_text(text)
            path.chmod(0o755)
        self.activation = f'export PATH={shlex.quote(str(self.standin))}:"$PATH"'
        self.em.mkdir(parents=True)

    def environ(self, **more):
        environ = dict(os.environ, SCIPION_HOME=str(self.home), SCIPION_USER_DATA=str(self.home / 'userdata'),
                       SCIPION_LOCAL_CONFIG=str(self.home / 'none.conf'), CONDA_ACTIVATION_CMD=self.activation,
                       STANDIN=str(self.standin))
        for name in ('PICKEROPTIMIZER_PYTHON', 'PICKEROPTIMIZER_ENV_ACTIVATION', 'PICKEROPTIMIZER_TORCH'):
            environ.pop(name, None)
        environ.update(more)
        return environ

    def start(self, *arguments, **more):
        return subprocess.Popen([sys.executable, '-m', 'scipion', *arguments], env=self.environ(**more), text=True,
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, cwd=self.home)

    def scipion(self, *arguments, **more):
        """Run a Scipion command: its exit code and output."""
        process = self.start(*arguments, **more)
        output, _ = process.communicate(timeout=120)
        return process.returncode, output

    def listing(self):
        """What `installb` alone shows of our package."""
        lines = [line for line in self.scipion('installb')[1].splitlines() if line.startswith('pickeroptimizer')]
        assert len(lines) == 1, lines
        return LISTED if LISTED in lines[0] else NOT_LISTED

    def calls(self):
        path = self.standin / 'calls'
        return path.read_text().splitlines() if path.exists() else []

    def left(self):
        """What a user sees in the folder of packages."""
        return sorted(path.name for path in self.em.iterdir() if not path.name.startswith('.'))


@pytest.fixture
def machine(tmp_path):
    return Machine(tmp_path)


@pytest.fixture
def plugin(machine, monkeypatch):
    """The Plugin of this process, on the machine's home."""
    import pwem
    import pyworkflow as pw

    pw.Config.getDomain().getPlugins()
    from pickeroptimizer import Plugin
    from pickeroptimizer.constants import PICKEROPTIMIZER_ENV_ACTIVATION, PICKEROPTIMIZER_PYTHON, PICKEROPTIMIZER_TORCH
    monkeypatch.setattr(pwem.Config, 'EM_ROOT', str(machine.em))
    monkeypatch.setattr(pw.Config, 'CONDA_ACTIVATION_CMD', machine.activation)
    monkeypatch.setattr(pw.Config, 'SCIPION_SOFTWARE', str(machine.home / 'software'))
    monkeypatch.setitem(Plugin._vars, PICKEROPTIMIZER_PYTHON, str(machine.link / 'env' / 'bin' / 'python'))
    monkeypatch.setitem(Plugin._vars, PICKEROPTIMIZER_ENV_ACTIVATION, '')
    monkeypatch.setitem(Plugin._vars, PICKEROPTIMIZER_TORCH, 'torch torchvision')
    monkeypatch.setenv('STANDIN', str(machine.standin))
    return Plugin


def oneLine(lines):
    assert len(lines) == 1 and '\n' not in lines[0], lines
    return lines[0]


# -------------------------- Scipion's commands ------------------------------
def test_install_list_uninstall(machine):
    assert machine.listing() == NOT_LISTED
    assert machine.calls() == [] and machine.left() == []      # listing only looks

    code, output = machine.scipion('installb', 'pickeroptimizer')
    assert code == 0, output
    assert machine.listing() == LISTED
    assert machine.left() == [machine.link.name, machine.folder.name]
    assert (machine.link / 'WORKER_INSTALLED').is_file()
    calls = machine.calls()
    assert calls[0] == 'conda --version'
    assert calls[1] == f'conda create --yes --prefix {machine.folder}/env python=3.11 pip'
    assert calls[2] == 'PYTHONPATH= python -m pip --no-input install torch==2.12.0 torchvision==0.27.0'
    assert calls[3].startswith('PYTHONPATH= python -m pip --no-input install -r ')
    assert calls[3].endswith('worker/requirements.txt')
    assert calls[4].endswith('pickeroptimizer python -m worker check')

    code, output = machine.scipion('installb', 'pickeroptimizer')
    assert code == 0 and 'is whole' in output
    assert machine.calls()[5:] == calls[4:]                    # nothing but the check

    machine.scipion('uninstallb', 'pickeroptimizer-1.2')
    assert machine.left() == []
    assert machine.listing() == NOT_LISTED


def test_failing_pip(machine):
    code, output = machine.scipion('installb', 'pickeroptimizer',
                                   PICKEROPTIMIZER_TORCH='no-such-torch==1 --index-url "an index"')
    assert code == 1
    line = oneLine([line for line in output.splitlines() if 'ERROR' in line])
    assert 'PICKEROPTIMIZER_TORCH' in line and 'no-such-torch==1' in line
    assert 'scipion3 installb pickeroptimizer' in line
    assert machine.calls()[-1].endswith('install no-such-torch==1 --index-url an index')
    assert machine.listing() == NOT_LISTED and machine.left() == []


def test_unreadable_torch_requirement(machine):
    code, output = machine.scipion('installb', 'pickeroptimizer', PICKEROPTIMIZER_TORCH='torch "==2')
    assert code == 1 and machine.calls() == []
    assert 'PICKEROPTIMIZER_TORCH' in oneLine([line for line in output.splitlines() if 'ERROR' in line])


def test_failing_check(machine):
    (machine.standin / 'lacking').touch()
    code, output = machine.scipion('installb', 'pickeroptimizer')
    assert code == 1 and 'it lacks mrcfile' in output
    assert machine.listing() == NOT_LISTED


def test_killed_and_run_again(machine):
    hang = machine.standin / 'hang'
    hang.touch()
    process = machine.start('installb', 'pickeroptimizer')
    deadline = time.monotonic() + 60
    while hang.exists():                                       # until pip is at work
        assert time.monotonic() < deadline and process.poll() is None
        time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert machine.left() == [machine.folder.name]
    assert machine.listing() == NOT_LISTED

    # pip outlives the installation that started it; the next one must not build beside it.
    process = machine.start('installb', 'pickeroptimizer', PYTHONUNBUFFERED='1')
    assert any('waiting for it' in line for line in process.stdout), 'it did not wait'
    (machine.standin / 'busy').unlink()
    process.communicate(timeout=120)
    assert process.returncode == 0
    assert machine.listing() == LISTED


def test_repairs_what_was_damaged(machine):
    machine.scipion('installb', 'pickeroptimizer')
    (machine.folder / 'env' / 'bin' / 'python').unlink()
    code, output = machine.scipion('installb', 'pickeroptimizer')
    assert code == 0 and 'damaged' in output
    assert (machine.folder / 'env' / 'bin' / 'python').exists()
    assert machine.listing() == LISTED


def test_leaves_a_foreign_folder_alone(machine):
    machine.link.mkdir()
    (machine.link / 'precious').touch()
    code, output = machine.scipion('installb', 'pickeroptimizer')
    assert code == 1 and 'is in the way' in output
    assert (machine.link / 'precious').exists()


# -------------------------- what is told of the state -----------------------
def test_not_installed(plugin):
    assert 'not installed' in oneLine(plugin.validateWorker())
    assert 'scipion3 installb pickeroptimizer' in oneLine(plugin.validateWorker())


def test_half_done(plugin, machine):
    machine.folder.mkdir()
    assert 'did not come to its end' in oneLine(plugin.validateWorker())
    assert 'scipion3 installb pickeroptimizer' in oneLine(plugin.validateWorker())


def test_whole_then_damaged(plugin, machine):
    plugin._getInstallation()()
    assert plugin.validateWorker() == []
    (machine.standin / 'lacking').touch()
    line = oneLine(plugin.validateWorker())
    assert 'it lacks mrcfile' in line and 'scipion3 installb pickeroptimizer' in line


def test_own_python(plugin, machine, monkeypatch):
    python = machine.standin / 'python'
    monkeypatch.setitem(plugin._vars, 'PICKEROPTIMIZER_PYTHON', str(python))
    assert plugin.validateWorker() == []
    (machine.standin / 'lacking').touch()
    line = oneLine(plugin.validateWorker())
    assert 'it lacks mrcfile' in line and f'{shlex.quote(str(python))} -m pip install torch' in line
    monkeypatch.setitem(plugin._vars, 'PICKEROPTIMIZER_PYTHON', str(python) + '3')
    line = oneLine(plugin.validateWorker())
    assert f'{python}3' in line and 'PICKEROPTIMIZER_PYTHON' in line


def test_own_activation(plugin, machine, monkeypatch):
    monkeypatch.setitem(plugin._vars, 'PICKEROPTIMIZER_ENV_ACTIVATION', f'{machine.activation} && ')
    assert plugin.getWorkerProgram() == f'{machine.activation} && python -m worker'
    assert plugin.validateWorker() == []
    monkeypatch.setitem(plugin._vars, 'PICKEROPTIMIZER_ENV_ACTIVATION', 'false')
    assert 'code 1' in oneLine(plugin.validateWorker())


# -------------------------- how the environment is made ---------------------
def test_venv_where_conda_does_not_work(machine, monkeypatch):
    from pickeroptimizer import install
    monkeypatch.setattr(install, 'base_python', lambda: str(machine.standin / 'python'))
    environ = machine.environ(PYTHONPATH='code of the worker')
    install.WorkerInstallation(machine.em, 'torch', environ, 'export PATH=/nowhere; conda')()
    assert machine.calls()[0] == f'PYTHONPATH= python -m venv {machine.folder}/env'
    assert machine.calls()[-1] == 'PYTHONPATH=code of the worker python -m worker check'
    assert (machine.link / 'WORKER_INSTALLED').is_file()


def test_python_for_the_venv(machine, monkeypatch):
    from pickeroptimizer import install
    assert install.base_python() == sys.executable
    monkeypatch.setattr(install, 'OLDEST_PYTHON', (99, 0))      # as on a Scipion with an old Python
    monkeypatch.setenv('PATH', str(machine.standin))
    (machine.standin / 'python3.11').write_text('#!/bin/sh\nexit 127\n')      # the stub of a version manager
    (machine.standin / 'python3.11').chmod(0o755)
    with pytest.raises(install.InstallationError, match='CONDA_ACTIVATION_CMD'):
        install.base_python()
    (machine.standin / 'python3.10').symlink_to(shutil.which('true', path='/usr/bin:/bin'))
    assert install.base_python() == str(machine.standin / 'python3.10')


# -------------------------- what the worker is run with ---------------------
def test_environment_of_the_worker(plugin, machine, monkeypatch):
    software = machine.home / 'software'
    for name in ('PYTHONPATH', 'PYTHONHOME', 'PYTHONUSERBASE', 'VIRTUAL_ENV'):
        monkeypatch.setenv(name, '/of/scipion')
    monkeypatch.setenv('LD_LIBRARY_PATH', f'{software}/lib::/opt/cuda/lib64:{software}-elsewhere')
    monkeypatch.setenv('CUDA_VISIBLE_DEVICES', '7')
    environ = plugin.getWorkerEnviron()
    package = Path(sys.modules['pickeroptimizer'].__file__).parent
    assert environ['PYTHONPATH'] == str(package)
    assert not {'PYTHONHOME', 'PYTHONUSERBASE', 'VIRTUAL_ENV'} & environ.keys()
    assert environ['LD_LIBRARY_PATH'] == f'/opt/cuda/lib64:{software}-elsewhere'
    assert environ['PYTHONNOUSERSITE'] == environ['PYTHONSAFEPATH'] == environ['PYTHONUNBUFFERED'] == '1'
    assert environ['CUDA_VISIBLE_DEVICES'] == '7'
    assert environ.getPrepend() == ''                          # runJob asks for it
    assert plugin.getWorkerEnviron(gpus=[1, 3])['CUDA_VISIBLE_DEVICES'] == '1,3'
    assert plugin.getWorkerEnviron(gpus=[])['CUDA_VISIBLE_DEVICES'] == ''


def test_program_is_quoted(plugin, machine):
    python = machine.link / 'env' / 'bin' / 'python'
    assert shlex.split(plugin.getWorkerProgram()) == [str(python), '-m', 'worker']
