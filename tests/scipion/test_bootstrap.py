"""What `make` does on a machine that lacks something, and on its second run."""
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent / 'tools'))

import bootstrap


@pytest.fixture
def pythons(tmp_path, monkeypatch):
    """Makes Pythons on PATH that lack some modules; the one that runs this does not count."""
    monkeypatch.setattr(bootstrap, 'sys', type('OtherPython', (), {'version_info': (3, 13), 'executable': '/no'}))
    monkeypatch.setenv('PATH', f'{tmp_path}:/usr/bin:/bin')
    monkeypatch.setattr(bootstrap.shutil, 'which', lambda name: str(tmp_path / name)
                        if (tmp_path / name).exists() else None)

    def make(name, *lacking):
        path = tmp_path / name
        cases = ''.join(f'case "$2" in *{module}*) exit 1;; esac\n' for module in lacking)
        path.write_text(f'#!/bin/sh\n{cases}')
        path.chmod(0o755)
        return str(path)
    return make


def test_takes_the_first_python_that_will_do(pythons):
    pythons('python3.11', 'tkinter')
    whole = pythons('python3.10')
    pythons('python3.9')
    assert bootstrap.find_python() == whole


def test_tells_what_is_missing_and_its_packages(pythons):
    pythons('python3.11', 'ensurepip', 'tkinter')
    with pytest.raises(bootstrap.SetupError) as error:
        bootstrap.find_python()
    venv, tk = str(error.value).splitlines()
    assert 'no venv' in venv and 'apt-get install python3.11-venv' in venv
    assert 'no Tk' in tk and 'apt-get install python3-tk' in tk and 'dnf install python3.11-tkinter' in tk


def test_tells_the_versions_that_scipion_runs_on(pythons):
    with pytest.raises(bootstrap.SetupError, match=r'3\.9 to 3\.11.*apt-get install python3\.11'):
        bootstrap.find_python()


def test_a_step_is_done_once_and_again_when_it_broke_off(tmp_path):
    stamp, done = tmp_path / 'STAMP', []

    def break_off():
        raise bootstrap.SetupError('no network')

    with pytest.raises(bootstrap.SetupError):
        bootstrap.once(stamp, 'one', break_off)
    for content in ('one', 'one', 'two'):
        bootstrap.once(stamp, content, lambda: done.append(1))
    assert len(done) == 2
