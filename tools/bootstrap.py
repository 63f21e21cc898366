"""Set up Scipion, this plugin and its worker inside the checkout, in `.scipion/`. Standard library only.

    python3 tools/bootstrap.py [--tests]

A second run is quick, and a run that was broken off is continued: every step leaves a stamp when it is whole.
    .scipion/scipion3    the command that a Scipion installation has
    .scipion/venv        Scipion's Python, with the plugin in editable mode
    .scipion/home        SCIPION_HOME: the configuration, and the worker environment below software/em
    .scipion/userdata    SCIPION_USER_DATA: projects and logs
    .scipion/xmipp       with --tests: the Python code of Xmipp's plugin, apart, for without its binaries every run of a
                         project would complain
    .scipion/tools       with --tests, or by tools/dist.py: what checks the code, and makes the distributions
A Scipion of your own is neither read nor changed.
"""
import argparse
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(CHECKOUT / 'pickeroptimizer'))
from constants import WORKER_FOLDER  # noqa: E402 (the package itself cannot be imported before Scipion is there)

ROOT = CHECKOUT / '.scipion'
VENV = ROOT / 'venv'
HOME = ROOT / 'home'
LAUNCHER = ROOT / 'scipion3'
SCIPION_PYTHON = VENV / 'bin' / 'python'
WORKER = HOME / 'software' / 'em' / WORKER_FOLDER
WORKER_PYTHON = WORKER / 'env' / 'bin' / 'python'
WORKER_MARKER = WORKER / 'WORKER_INSTALLED'
TEST_REQUIREMENTS = CHECKOUT / 'tests' / 'requirements.txt'
XMIPP = ROOT / 'xmipp'
TOOLS = ROOT / 'tools'
TOOLS_PYTHON = TOOLS / 'bin' / 'python'
TOOL_REQUIREMENTS = CHECKOUT / 'tools' / 'requirements.txt'
XMIPP_STUBS = CHECKOUT / 'tools' / 'xmipp_stubs'      # what its code wants of the binaries

SCIPION = ('scipion-em==3.11.*', 'scipion-app==3.8.*')
XMIPP_PLUGIN = ('scipion-em-xmipp==29.0.1', 'six==1.17.0')      # it imports six without saying so
VERSIONS = ('3.11', '3.10', '3.9')
GIGABYTES = 7

# What a Python must have: what it is, how to see it, and the packages of Debian and Fedora that bring it.
PARTS = (('venv', 'import ensurepip, venv', 'python{0}-venv', 'python{0}'),
         ('Tk', 'import tkinter', 'python3-tk', 'python{0}-tkinter'))

SCIPION_CONF = """\
# Written by tools/bootstrap.py.
[PYWORKFLOW]
SCIPION_NOTIFY = False
# Scipion's own choice of viewers for these needs the binaries of Xmipp; these do not.
VIEWERS = {"SetOfCoordinates": ["pwem.viewers.viewer_coordinates.CoordinateViewer"], "SetOfMicrographs": \
["pwem.viewers.mdviewer.MDViewer"]}
"""
HOSTS_CONF = """\
[localhost]
PARALLEL_COMMAND = mpirun -np %_(JOB_NODES)d %_(COMMAND)s
"""
SCIPION3 = """\
#!/bin/sh
# Written by tools/bootstrap.py: Scipion with the plugin of this checkout, apart from any other Scipion.
root=$(cd "$(dirname "$0")" && pwd)
unset PYTHONPATH PYTHONHOME PYTHONUSERBASE SCIPION_SOFTWARE SCIPION_HOSTS SCIPION_CONFIG EM_ROOT
export SCIPION_HOME="$root/home" SCIPION_USER_DATA="$root/userdata"
export SCIPION_LOCAL_CONFIG="$SCIPION_HOME/config/scipion.conf"
export VIRTUAL_ENV="$root/venv" PATH="$root/venv/bin:$PATH"
exec "$root/venv/bin/python" -m scipion "$@"
"""


class SetupError(Exception):
    """The machine lacks something, or a step failed. The message says what, and the way out."""


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--tests', action='store_true', help='also install what the tests need')
    arguments = parser.parse_args()
    started = time.monotonic()
    try:
        once(VENV / 'SCIPION_INSTALLED', '\n'.join(SCIPION), install_scipion)
        once(VENV / 'PLUGIN_INSTALLED', read(CHECKOUT / 'pyproject.toml'), install_plugin)
        write_home()
        install_worker()
        if arguments.tests:
            for python, stamp in ((SCIPION_PYTHON, VENV), (WORKER_PYTHON, WORKER)):
                once(stamp / 'TEST_TOOLS_INSTALLED', read(TEST_REQUIREMENTS),
                     lambda python=python: pip(python, 'The test tools', '-r', TEST_REQUIREMENTS))
            once(XMIPP / 'XMIPP_INSTALLED', '\n'.join(XMIPP_PLUGIN), install_xmipp)
            set_up_tools()
    except SetupError as error:
        sys.exit(f'\nNot set up: {error}')
    print(f'Scipion, the plugin and its worker are ready ({time.monotonic() - started:.0f} s).')


def once(stamp, content, action):
    """Run an action unless it has come to its end before with the same content of its stamp."""
    if stamp.is_file() and read(stamp) == content:
        return
    stamp.unlink(missing_ok=True)
    action()
    stamp.write_text(content, encoding='utf-8')


def set_up_tools():
    once(TOOLS / 'TOOLS_INSTALLED', read(TOOL_REQUIREMENTS), install_tools)


def install_scipion():
    python = find_python()
    ROOT.mkdir(exist_ok=True)
    free = shutil.disk_usage(ROOT).free / 1e9
    if free < GIGABYTES:
        raise SetupError(f'{ROOT} has {free:.1f} GB free; Scipion and the worker take {GIGABYTES} GB.')
    print(f'Setting up Scipion with {python} in {VENV} (about a minute) ...', flush=True)
    environment(python, VENV)
    pip(SCIPION_PYTHON, 'Scipion', *SCIPION)


def install_plugin():
    print('Setting up the plugin, in editable mode ...', flush=True)
    pip(SCIPION_PYTHON, 'The plugin', '--editable', CHECKOUT)


def write_home():
    for path, content in ((HOME / 'config' / 'scipion.conf', SCIPION_CONF),
                          (HOME / 'config' / 'hosts.conf', HOSTS_CONF), (LAUNCHER, SCIPION3)):
        if not path.is_file() or read(path) != content:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content, encoding='utf-8')
    LAUNCHER.chmod(0o755)


def install_worker():
    """By Scipion's own command, which repairs what an interrupted installation left; nothing if it is whole."""
    check = [str(WORKER_PYTHON), '-m', 'worker', 'check']
    if WORKER_MARKER.exists() and subprocess.run(check, capture_output=True, env={
            **os.environ, 'PYTHONPATH': str(CHECKOUT / 'pickeroptimizer')}).returncode == 0:
        return
    print('Setting up the worker: torch and what it needs, 5 GB (about two minutes) ...', flush=True)
    run('The worker', LAUNCHER, 'installb', 'pickeroptimizer')
    if not WORKER_PYTHON.exists():      # an unknown target is no error to Scipion
        raise SetupError('Scipion did not install the worker (the lines above say why).')


def install_xmipp():
    if XMIPP.exists():
        shutil.rmtree(XMIPP)
    pip(SCIPION_PYTHON, "The Python code of Xmipp's plugin", '--no-deps', '--target', XMIPP, *XMIPP_PLUGIN)


def install_tools():
    environment(find_python(), TOOLS)
    pip(TOOLS_PYTHON, 'The tools that check and build', '-r', TOOL_REQUIREMENTS)


def environment(python, folder):
    run('A virtual environment', python, '-m', 'venv', '--clear', folder)


def find_python():
    """A Python that Scipion runs on: the one that runs this, or the first on PATH."""
    lacks = []
    for version, python in candidates():
        missing = [part for part in PARTS if not succeeds(python, part[1])]
        if not missing:
            return python
        lacks += [f'{python} (Python {version}) has no {name}. Debian, Ubuntu: apt-get install '
                  f'{debian.format(version)}   Fedora: dnf install {fedora.format(version)}'
                  for name, _, debian, fedora in missing]
    if not lacks:
        lacks = [f'Scipion runs on Python {VERSIONS[-1]} to {VERSIONS[0]}, and there is none. Debian, Ubuntu: '
                 f'apt-get install python3.11 python3.11-venv python3-tk   Fedora: dnf install python3.11 '
                 f'python3.11-tkinter']
    raise SetupError('\n    '.join(lacks))


def candidates():
    """Yield (version, path) of the Pythons of a right version that can be started."""
    own = '{}.{}'.format(*sys.version_info)
    if own in VERSIONS:
        yield own, sys.executable
    for version in VERSIONS:
        path = shutil.which(f'python{version}')
        if path and succeeds(path, ''):       # a version manager puts stubs on PATH that start nothing
            yield version, path


def succeeds(python, code):
    return subprocess.run([python, '-c', code], capture_output=True).returncode == 0


def pip(python, what, *arguments):
    run(what, python, '-m', 'pip', '--disable-pip-version-check', 'install', '--quiet', *arguments)


def run(what, *command):
    # Another Python's variables must not reach the environments that are set up here.
    environ = {name: value for name, value in os.environ.items() if name not in ('PYTHONPATH', 'PYTHONHOME')}
    if subprocess.run([str(word) for word in command], env=environ).returncode != 0:
        raise SetupError(f'{what} could not be installed (the lines above say why). Run the same command again to '
                         f'go on from here.')


def read(path):
    return path.read_text(encoding='utf-8')


if __name__ == '__main__':
    main()
