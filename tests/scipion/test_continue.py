"""A run that is continued repeats what its inputs have changed under, and nothing else."""
import json
import os

import mrcfile
import numpy as np
import pytest
from laboratory import NAMES, items
from pyworkflow.protocol import MODE_RESTART
from test_prune import pathOf, scoresOf

from pickeroptimizer.domain.decision import MINIMUM
from pickeroptimizer.protocols.parameters.labelled_input import LabelledSource
from pickeroptimizer.protocols.streaming.prune_stream import RECORD
from pickeroptimizer.protocols.streaming.scored_files import STAMPS


def argumentsOf(run):
    """The arguments of the steps of a run as it would be continued now."""
    run._steps = []
    run._insertAllSteps()
    return [step.argsStr.get() for step in run._steps]


@pytest.fixture()
def fragile(lab, simulated):
    """Micrographs of one's own to change: a run with copies of them."""
    return lab.micrographs(simulated.folder, copyFiles=True)


@pytest.fixture()
def inputs(lab, fragile, simulated):
    """{class: run with some true labels}, and picks under `picks`, all on these micrographs."""
    rows = [row for row in simulated.rows if row.mic_id <= 3]
    runs = {name: lab.coordinates(fragile, [row for row in rows if row.label == name][:8], f'again_{name}')
            for name in ('particle', 'ice', 'carbon')}
    return {**runs, 'picks': lab.coordinates(fragile, rows, 'again_picks')}


def importAgain(lab, fragile, run, rows):
    """Restart an import of coordinates after its file has got other rows."""
    lab.coordinatesFile(fragile, rows, run.getObjLabel())
    run.runMode.set(MODE_RESTART)
    lab.finished(run)


def runsOn(lab, inputs, trained, folder):
    """{what it is: a run that uses the inputs}."""
    sets = {f'{name}Labels': (inputs[name], 'outputCoordinates') for name in ('particle', 'ice', 'carbon')}
    picks = {'inputCoordinates': (inputs['picks'], 'outputCoordinates')}
    return {'train': lab.new('ProtPickerOptimizerTrain', **picks, **sets),
            'label now': lab.new('ProtPickerOptimizerTrain', labelSource=2, beginWithLabels=True, **picks, **sets),
            'evaluate': lab.new('ProtPickerOptimizerEvaluate', labelSource=LabelledSource.SET_A_CLASS, **sets),
            'library': lab.new('ProtPickerOptimizerLibrary', labelSource=LabelledSource.SET_A_CLASS,
                               libraryFolder=str(folder), dataSetName='x', **sets),
            'prune': lab.new('ProtPickerOptimizerPrune', **picks, inputModel=(trained, 'outputModel'))}


def test_steps_of_inputs_that_were_made_again(lab, fragile, inputs, trained, simulated, tmp_path):
    runs = runsOn(lab, inputs, trained, tmp_path)
    before = {name: argumentsOf(run) for name, run in runs.items()}

    def changed():
        return {name for name, run in runs.items() if argumentsOf(run) != before[name]}
    assert changed() == set()
    rows = [row for row in simulated.rows if row.mic_id <= 3]
    importAgain(lab, fragile, inputs['picks'], rows)
    assert changed() == set(), 'made again, but the same'
    moved = [rows[0]._replace(x=rows[0].x + 1), *rows[1:]]
    importAgain(lab, fragile, inputs['picks'], moved)
    assert changed() == {'train', 'label now', 'prune'}
    importAgain(lab, fragile, inputs['picks'], rows)
    carbon = [row for row in rows if row.label == 'carbon'][:8]
    importAgain(lab, fragile, inputs['carbon'], [carbon[0]._replace(y=carbon[0].y + 1), *carbon[1:]])
    assert changed() == {'train', 'label now', 'evaluate', 'library'}
    importAgain(lab, fragile, inputs['carbon'], carbon)
    assert changed() == set()
    os.utime(pathOf(fragile, NAMES[0]))      # replaced, as far as can be known without reading it
    assert changed() == set(runs)


def test_model_file_that_was_replaced(lab, trained, tmp_path):
    path = tmp_path / 'model.safetensors'
    path.write_bytes(b'one')
    run = lab.new('ProtPickerOptimizerImportModel', modelFile=str(path))
    before = argumentsOf(run)
    assert argumentsOf(run) == before
    path.write_bytes(b'two')
    assert argumentsOf(run) != before


def test_library_whose_micrographs_were_replaced(lab, tmp_path):
    folder = tmp_path / 'library' / 'sample'
    folder.mkdir(parents=True)
    (folder / 'a.mrc').write_bytes(b'1')
    (folder / 'micrographs.csv').write_text('mic_id,path,pixel_size\n1,a.mrc,1.0\n')
    (folder / 'labels.csv').write_text('coord_id,mic_id,x,y,label\n,1,1,1,ice\n')
    (folder / 'box_angstrom.txt').write_text('100\n')
    run = lab.new('ProtPickerOptimizerPretrain', libraryFolder=str(folder.parent))
    before = argumentsOf(run)
    assert argumentsOf(run) == before
    (folder / 'a.mrc').write_bytes(b'2')
    assert argumentsOf(run) != before


def rewrite(path, change):
    """Change the pixels of a micrograph; its size stays."""
    with mrcfile.open(path, 'r+') as mrc:
        mrc.set_data(change(mrc.data).astype(mrc.data.dtype))


def test_micrographs_that_were_replaced(lab, fragile, trained, simulated):
    """Two micrographs change places: their picks are scored on what is there now."""
    picks = lab.coordinates(fragile, [row for row in simulated.rows if row.mic_id in (2, 4, 5)][::3], 'onReplaced')
    run = lab.finished(lab.prune(picks, trained))
    before, table = scoresOf(run), run._getExtraPath('scores.csv')
    stamp = os.stat(table).st_mtime_ns
    run.keptJunk.set(3)
    lab.finished(run)
    assert os.stat(table).st_mtime_ns == stamp, 'nothing has changed'
    os.utime(picks.outputCoordinates.getFileName())
    lab.finished(run)
    assert os.stat(table).st_mtime_ns == stamp, 'the set was only touched'
    # A run of an earlier version, which noted less.
    with open(run._getExtraPath(RECORD), encoding='utf-8') as stream:
        record = json.load(stream)
    with open(run._getExtraPath(RECORD), 'w', encoding='utf-8') as stream:
        json.dump({name: record[name] for name in ('model', 'decision', 'classes')}, stream)
    os.remove(run._getExtraPath(STAMPS))
    run.minProbability.set(0.4)
    run.decision.set(MINIMUM)
    lab.finished(run)
    assert os.stat(table).st_mtime_ns == stamp, 'nothing that it can know has changed'

    first, second = (pathOf(fragile, NAMES[i]) for i in (1, 3))
    os.rename(first, f'{first}.away')
    os.rename(second, first)
    os.rename(f'{first}.away', second)
    lab.finished(run)
    after, names = scoresOf(run), {i: pick.getMicName() for i, pick in items(picks.outputCoordinates).items()}
    same = {name: sum(after[i] == before[i] for i in before if names[i] == name) for name in set(names.values())}
    assert after.keys() == before.keys() and same[NAMES[4]] == sum(name == NAMES[4] for name in names.values())
    assert same[NAMES[1]] == same[NAMES[3]] == 0


def test_contrast(lab, fragile, trained, simulated):
    """Micrographs that were inverted: the summary warns, and looked at as the model they are what they were."""
    picks = lab.coordinates(fragile, [row for row in simulated.rows if row.mic_id in (2, 4, 5)], 'onInverted')
    run = lab.finished(lab.prune(picks, trained))
    before = scoresOf(run)
    assert not any('*Warning*' in line for line in run.summary())
    for name in NAMES:
        rewrite(pathOf(fragile, name), lambda data: -data)
    lab.finished(run)
    assert any(line.startswith('*Warning*: the particles of these picks have the opposite contrast')
               for line in run.summary())
    wrong = scoresOf(run)
    assert sum(wrong[i][-1] == before[i][-1] for i in before) < len(before)
    assert np.mean([abs(wrong[i][0] - before[i][0]) for i in before if before[i][0] is not None]) > 0.02
    for contrast in (1, 2):
        run.contrast.set(contrast)
        lab.finished(run)
        assert 'The micrographs were looked at with inverted contrast.' in run.summary()
        assert not any('*Warning*' in line for line in run.summary())
        right = scoresOf(run)
        assert all(right[i][-1] == before[i][-1] and right[i][:3] == pytest.approx(before[i][:3], abs=0.02)
                   for i in before if before[i][0] is not None)
