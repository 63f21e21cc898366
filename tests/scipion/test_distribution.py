"""What `make dist` makes, and its wheel in a Scipion home where nothing of the plugin was before."""
import os
import re
import subprocess
import sys
import sysconfig
import tarfile
import zipfile
from pathlib import Path

import pytest

from pickeroptimizer import __version__ as version
from pickeroptimizer.constants import WORKER_FOLDER

CHECKOUT = Path(__file__).parents[2]
PACKAGE = 'pickeroptimizer'
URL = 'https://github.com/somebody/their-project'
WHOLE = 'test_model_from_coordinate_sets or test_every_pick_comes_out_once'


def run(*command, **more):
    done = subprocess.run([str(word) for word in command], text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          **more)
    assert done.returncode == 0, done.stdout
    return done.stdout


@pytest.fixture(scope='module')
def dist(tmp_path_factory):
    """(wheel, source distribution), of which twine has nothing to say."""
    folder = tmp_path_factory.mktemp('dist')
    (folder / f'{PACKAGE}-0.0.0.tar.gz').touch()      # of an earlier version
    assert run(sys.executable, CHECKOUT / 'tools' / 'dist.py', '--output', folder, '--url', URL).count('PASSED') == 2
    (wheel,), (source,) = folder.glob('*.whl'), folder.glob('*.tar.gz')
    return wheel, source


def test_they_hold_the_package_and_nothing_else(dist):
    ours = {path.relative_to(CHECKOUT).as_posix() for path in (CHECKOUT / PACKAGE).rglob('*')
            if path.is_file() and '__pycache__' not in path.parts}
    with zipfile.ZipFile(dist[0]) as wheel:
        assert {name for name in wheel.namelist() if '.dist-info/' not in name} == ours | {'pickeroptimizer_engine.py'}
        facts, = (name for name in wheel.namelist() if name.endswith('METADATA'))
        told = wheel.read(facts).decode()
    assert 'openvino>=2025.0; extra == "worker"' in told.replace("'", '"')
    # An index has no files beside the README; what its pictures and links lead to is there in the checkout.
    targets = re.findall(r'(!?)\[[^]]*\]\(([^)]+)\)', told)
    own = [(picture, target) for picture, target in targets if target.startswith(URL)]
    assert len(own) > 20 and all(target.startswith('https://') for _, target in targets)
    for picture, target in own:
        kind, tag, path = target[len(URL) + 1:].split('/', 2)
        assert kind == ('raw' if picture else 'blob') and tag == f'v{version}'
        assert (CHECKOUT / path.partition('#')[0]).is_file()
    with tarfile.open(dist[1]) as source:
        names = {name.partition('/')[2] for name in source.getnames()}
    assert ours | {'README.md', 'LICENSE', 'CHANGES.txt', 'pyproject.toml'} <= names


@pytest.fixture(scope='module')
def clean(dist, tmp_path_factory):
    """(Python with Scipion and the wheel, variables of a new Scipion home)."""
    folder = tmp_path_factory.mktemp('clean')
    python = folder / 'venv' / 'bin' / 'python'
    run(sys.executable, '-m', 'venv', '--without-pip', folder / 'venv')
    run(sys.executable, '-m', 'pip', '--disable-pip-version-check', '--python', python, 'install', '--no-deps', dist[0])
    # Scipion itself is lent by the Python of these tests; its link to the checkout is not, for no .pth of it is read.
    site, = (folder / 'venv').glob('lib/python*/site-packages')
    (site / 'scipion.pth').write_text(f'{sysconfig.get_paths()["purelib"]}\n')
    environ = {name: value for name, value in os.environ.items() if name != 'PYTHONPATH'}
    environ.update(SCIPION_HOME=str(folder / 'home'), SCIPION_USER_DATA=str(folder / 'userdata'),
                   SCIPION_LOCAL_CONFIG=str(folder / 'none.conf'), VIRTUAL_ENV=str(folder / 'venv'))
    return python, environ


def test_a_clean_scipion_with_the_wheel(clean):
    python, environ = clean
    home, worker = Path(environ['SCIPION_HOME']), Path('software', 'em', WORKER_FOLDER)
    (home / worker).parent.mkdir(parents=True)

    def listed():
        line, = (line for line in run(python, '-m', 'scipion', 'installb', env=environ, cwd=home).splitlines()
                 if line.startswith(PACKAGE))
        return '[X]' in line

    assert Path(run(python, '-c', f'import {PACKAGE}; print({PACKAGE}.__file__)', env=environ, cwd=home).strip()
                ).is_relative_to(python.parents[1])
    assert not listed()
    said = run(python.parent / 'pickeroptimizer', 'prune', '--help', env=environ, cwd=home)      # the engine by itself
    assert '--coordinates' in said
    (home / worker).symlink_to(Path(os.environ['SCIPION_HOME']) / worker)      # torch is not installed a second time
    assert listed()
    # Fine-tune from the weights in the wheel and prune, in a project of that Scipion.
    workflow = CHECKOUT / 'tests' / 'scipion' / 'test_workflow.py'
    run(python, '-m', 'pytest', '-p', 'no:cacheprovider', workflow, '-k', WHOLE, env=environ, cwd=home)
