"""Fixtures: simulated micrographs and a Scipion project with runs on them, made once. Needs no Scipion to import."""
import csv
import gc
import os
import shutil
import subprocess

import pytest
from laboratory import BOX, NAMES, PIXEL_SIZE, Lab, Row, Simulated


@pytest.fixture(scope='session')
def simulated(tmp_path_factory):
    """Micrographs from the worker's simulator, under the names in NAMES."""
    from pickeroptimizer import Plugin
    lacking = Plugin.validateWorker()
    assert not lacking, lacking
    folder = tmp_path_factory.mktemp('simulated')
    subprocess.run(f'{Plugin.getWorkerProgram()} simulate --output sim --micrographs {len(NAMES)} --size 640 '
                   f'--pixel-size {PIXEL_SIZE} --box-angstrom {BOX * PIXEL_SIZE} --seed 7', shell=True, check=True,
                   cwd=folder, env=Plugin.getWorkerEnviron(), stdout=subprocess.DEVNULL)
    with open(folder / 'sim' / 'micrographs.csv', newline='') as stream:
        paths = {int(row['mic_id']): row['path'] for row in csv.DictReader(stream)}
    (folder / 'mics').mkdir()
    for micId, name in enumerate(NAMES, start=1):
        shutil.move(folder / 'sim' / paths[micId], folder / 'mics' / name)
    with open(folder / 'sim' / 'labels.csv', newline='') as stream:
        rows = [Row(int(r['coord_id']), int(r['mic_id']), round(float(r['x'])), round(float(r['y'])), r['label'])
                for r in csv.DictReader(stream)]
    return Simulated(folder / 'mics', rows)


@pytest.fixture(scope='session')
def lab(request, tmp_path_factory):
    before = os.getcwd()
    request.addfinalizer(lambda: os.chdir(before))
    # Scipion itself starts its processes by shell commands that bear spaces and quotes, but no $ and no ".
    folder = tmp_path_factory.mktemp('projects') / "of 'mine' %s µ;"
    folder.mkdir()
    return Lab(folder)


@pytest.fixture(scope='session')
def micrographs(lab, simulated):
    return lab.micrographs(simulated.folder)


@pytest.fixture(scope='session')
def picks(lab, micrographs, simulated):
    """All simulated picks, with ids that have gaps."""
    return lab.coordinates(micrographs, [row._replace(coord_id=3 * row.coord_id) for row in simulated.rows], 'picks')


@pytest.fixture(scope='session')
def labelSets(lab, micrographs, simulated):
    """Runs that hold up to 20 true labels of each class, on the first four micrographs."""
    sets = {}
    for name in ('particle', 'ice', 'carbon'):
        rows = [row for row in simulated.rows if row.label == name and row.mic_id <= 4]
        step = max(1, len(rows) // 20)
        sets[name] = lab.coordinates(micrographs, rows[::step][:20], f'{name}Labels', score=False)
    return sets


@pytest.fixture(scope='session')
def trained(lab, picks, labelSets):
    """A model, trained from coordinate sets."""
    return lab.finished(lab.new('ProtPickerOptimizerTrain', inputCoordinates=(picks, 'outputCoordinates'), folds=3,
                                numberOfThreads=2,
                                **{f'{name}Labels': (run, 'outputCoordinates') for name, run in labelSets.items()}))


@pytest.fixture(scope='session')
def pruned(lab, picks, trained):
    """The picks, pruned with that model, by a process of its own."""
    return lab.finished(lab.prune(picks, trained), separately=True)


@pytest.fixture(scope='session')
def few(lab, micrographs, simulated):
    """Some 60 picks on three micrographs, two of them outside."""
    rows = [row for row in simulated.rows if row.mic_id in (2, 4, 5)][::3]
    rows += [Row(9001, 2, -30, 100, 'particle'), Row(9002, 5, 100, 640, 'particle')]
    return lab.coordinates(micrographs, rows, 'few')


@pytest.fixture(scope='session')
def fewPruned(lab, few, trained):
    return lab.finished(lab.prune(few, trained))


@pytest.fixture
def root():
    """A hidden Tk root; what goes wrong in a callback fails the test."""
    import tkinter as tk
    gc.collect()      # here, not later in some thread: Tcl ends the process when another thread frees what it made
    root = tk.Tk()
    root.withdraw()
    errors = []
    root.report_callback_exception = lambda *error: errors.append(error[1])
    yield root
    root.destroy()
    gc.collect()
    assert not errors
