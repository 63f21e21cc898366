"""Building the worker's environment: what `scipion3 installb pickeroptimizer` does. Standard library only.

The environment is built where it stays, in `<EM_ROOT>/pickeroptimizer-env-<version>`, since a conda prefix cannot be
moved. Once its check has passed, the link `<EM_ROOT>/pickeroptimizer-<version>` makes it known under the name that
Scipion looks for. Whatever stops an installation (an error, kill -9, a full disk), there is no link, and so nobody
takes it for installed. Scipion's uninstallb follows the link and removes both.
"""
import shlex
import shutil
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

from .constants import PICKEROPTIMIZER_TORCH, WORKER_FOLDER, WORKER_PACKAGE, WORKER_VERSION
from .worker.exchange.locks import LocksUnavailable, wait_for_lock

INSTALL_COMMAND = f'scipion3 installb {WORKER_PACKAGE}'
REQUIREMENTS = Path(__file__).resolve().parent / 'worker' / 'requirements.txt'
MARKER = 'WORKER_INSTALLED'

OLDEST_PYTHON = (3, 10)      # of the worker: torch asks for it; Scipion's own Python may be older
CONDA_PYTHON = '3.11'
OTHER_PYTHONS = ('python3.11', 'python3.12', 'python3.10', 'python3.13')
CHECK_SECONDS = 120


class InstallationError(Exception):
    """The environment could not be made. Its message is one line, written for the user."""


class WorkerInstallation:
    """The worker environment below one EM_ROOT. Called, it makes the environment whole.

    em_root: Scipion's folder of packages.
    torch: requirements of torch and torchvision, and pip options, as one line.
    environ: what the worker is run with; PYTHONPATH leads to its code.
    conda_activation: a shell command that makes `conda` known; '' or one that does not work: venv is used.
    """

    def __init__(self, em_root, torch, environ, conda_activation=''):
        self.link = Path(em_root) / WORKER_FOLDER
        self.folder = Path(em_root) / f'{WORKER_PACKAGE}-env-{WORKER_VERSION}'
        self.python = self.link / 'env' / 'bin' / 'python'
        self.marker = self.link / MARKER
        self._torch = torch
        self._environ = environ
        self._conda_activation = conda_activation.strip().rstrip('&;')

    def __str__(self):
        return f'Build the worker environment of PickerOptimizer in {self.folder}'

    def __call__(self):
        """Install, repair, or leave a whole environment alone. Exits with 1 after one line on what went wrong."""
        try:
            self.link.parent.mkdir(parents=True, exist_ok=True)
            with _exclusive(self.folder.with_name(f'.{self.folder.name}.lock')) as lock:
                self._install(lock)
        except (InstallationError, OSError) as error:
            print(f'ERROR: {error}', flush=True)
            sys.exit(1)

    def is_whole(self):
        """True if an installation came to its end here."""
        return self.marker.is_file()

    def is_half_done(self):
        """True if an installation was begun here and has not come to its end."""
        return self.folder.exists() and not self.is_whole()

    def _install(self, lock):
        python = self.folder / 'env' / 'bin' / 'python'
        if self.is_whole():
            problem = check_worker(shlex.quote(str(self.python)), self._environ)
            if problem is None:
                print(f'The worker environment is whole: {self.marker}')
                return
            print(f'The worker environment is damaged ({problem}); building it anew.')
        torch = self._torch_arguments()
        self._make_room()
        try:
            self._run(lock, 'No environment could be made', *self._creation())
            pip = (str(python), '-m', 'pip', '--no-input', 'install')
            self._run(lock, f'pip could not install what {PICKEROPTIMIZER_TORCH} asks for ("{self._torch}")',
                      *pip, *torch)
            self._run(lock, f'pip could not install {REQUIREMENTS}', *pip, '-r', str(REQUIREMENTS))
            problem = check_worker(shlex.quote(str(python)), self._environ)
            if problem is not None:
                raise InstallationError(f'The new environment does not work: {problem}')
            (self.folder / MARKER).write_text(f'{self._torch}\n', encoding='utf-8')
            self.link.symlink_to(self.folder.name)
        finally:
            if not self.is_whole():          # several GB of no use to anyone
                shutil.rmtree(self.folder, ignore_errors=True)

    def _torch_arguments(self):
        try:
            return shlex.split(self._torch)
        except ValueError as error:
            raise InstallationError(f'{PICKEROPTIMIZER_TORCH} ("{self._torch}") cannot be read: {error}') from None

    def _make_room(self):
        """Remove the link first: from here on nothing is installed."""
        if self.link.is_symlink():
            self.link.unlink()
        elif self.link.exists():
            raise InstallationError(f'{self.link} is in the way and was not made by this installation; '
                                    f'remove it, then run: {INSTALL_COMMAND}')
        if self.folder.exists():
            shutil.rmtree(self.folder)

    def _creation(self):
        """The command that makes an empty environment with pip."""
        prefix = str(self.folder / 'env')
        if self._conda_activation:
            probe = conda_command(self._conda_activation, '--version')
            if subprocess.run(probe, env=self._build_environ(), capture_output=True).returncode == 0:
                return conda_command(self._conda_activation, 'create', '--yes', '--prefix', prefix,
                                     f'python={CONDA_PYTHON}', 'pip')
            print(f'CONDA_ACTIVATION_CMD ("{self._conda_activation}") brings no working conda; using venv.')
        return [base_python(), '-m', 'venv', prefix]

    def _build_environ(self):
        """The worker's environment less its code, which pip has no business with."""
        return {name: value for name, value in self._environ.items() if name != 'PYTHONPATH'}

    def _run(self, lock, failure, *command):
        print(shlex.join(command), flush=True)
        done = subprocess.run(command, env=self._build_environ(), stdout=sys.stdout, stderr=sys.stderr,
                              pass_fds=(lock,))
        if done.returncode != 0:
            raise InstallationError(f'{failure} (the lines above say why). Then run again: {INSTALL_COMMAND}')


def check_worker(python, environ):
    """Ask a worker environment whether every package is there: None, or one line that says what is not.

    python: text of the shell command that runs its Python, as the protocols will run it.
    """
    try:
        done = subprocess.run(f'{python} -m worker check', shell=True, env=environ, capture_output=True, text=True,
                              timeout=CHECK_SECONDS)
    except subprocess.TimeoutExpired:
        return f'its check did not answer within {CHECK_SECONDS} s.'
    if done.returncode == 0:
        return None
    lines = done.stderr.strip().splitlines() or [f'its check ended with code {done.returncode}.']
    return lines[-1].split('error: ', 1)[-1]


def conda_command(activation, *arguments):
    """Argument list that runs conda, often a shell function, after the site's own shell command for it."""
    return ['bash', '-c', f'{activation} && "$@"', 'bash', 'conda', *arguments]


def base_python():
    """The Python to make a venv with: this one, or if it is too old the first on PATH that will do."""
    if sys.version_info >= OLDEST_PYTHON:
        return sys.executable
    for name in OTHER_PYTHONS:
        found = shutil.which(name)
        # A name on PATH may be a stub of a version manager, or a Python without venv.
        if found and subprocess.run([found, '-c', 'import ensurepip, venv'], capture_output=True).returncode == 0:
            return found
    raise InstallationError(f'torch needs Python {OLDEST_PYTHON[0]}.{OLDEST_PYTHON[1]} or newer, Scipion runs '
                            f'{sys.version_info[0]}.{sys.version_info[1]}, and PATH has no other with venv: install '
                            f'one (Debian: python3.11 and python3.11-venv), or set CONDA_ACTIVATION_CMD')


@contextmanager
def _exclusive(path):
    """Hold a lock on a file, which is made and stays; yields its descriptor.

    The programs started meanwhile inherit it: a pip that outlives a killed installation still holds the lock, and the
    next installation waits for it instead of building in the same place.
    """
    with open(path, 'a') as stream:      # over NFS only a file that is open for writing can be locked
        try:
            wait_for_lock(stream, lambda: print('Another installation of the worker environment is running; waiting '
                                                'for it.', flush=True))
        except LocksUnavailable as error:
            print(f'No lock on {path} ({error}): take care that no other installation runs meanwhile.')
        yield stream.fileno()
