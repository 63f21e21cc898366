"""What people have made is not lost: by a restart, by a kill in the middle of one, by a second window, by moved ids."""
import logging
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from laboratory import NAMES
from pwem.protocols import EMProtocol
from pyworkflow.exceptions import PyworkflowException
from pyworkflow.protocol import MODE_RESTART

from pickeroptimizer.domain import corrections
from pickeroptimizer.domain.corrections import CORRECTIONS, Corrections, onPicks
from pickeroptimizer.domain.registered_labels import readRegistered, setAside, writeRegistered
from pickeroptimizer.protocols.interactive_labels import ELSEWHERE, REGISTERED
from pickeroptimizer.protocols.parameters.training_labels import LabelSource
from pickeroptimizer.worker.exchange.errors import InputError
from pickeroptimizer.worker.exchange.tables import CoordinateRow, read_labels

PACKAGE_FOLDER = Path(corrections.__file__).resolve().parents[2]


# ------------------------------ the table of labels ------------------------------

def test_labels_follow_the_names_of_their_micrographs(tmp_path):
    path = tmp_path / 'labels.csv'
    labels = [CoordinateRow(None, 1, 10.5, 20.0, 'ice'), CoordinateRow(None, 2, 30.0, 40.0, 'particle'),
              CoordinateRow(None, 3, 50.0, 60.0, 'carbon')]
    writeRegistered(path, labels, {1: 'a.mrc', 2: 'b.mrc', 3: 'c.mrc'}, 640)
    assert readRegistered(path, {1: 'a.mrc', 2: 'b.mrc', 3: 'c.mrc'}, 640) == (labels, [])
    # An import with one file more, in front, without suffixes: the ids have moved. One micrograph is not there.
    moved, lost = readRegistered(path, {1: 'new', 2: 'a', 3: 'b'}, 640)
    assert moved == [CoordinateRow(None, 2, 10.5, 20.0, 'ice'), CoordinateRow(None, 3, 30.0, 40.0, 'particle')]
    assert [row[1:] for row in lost] == [('3', '50.0', '60.0', 'carbon', 'c.mrc', '640', '0')]
    # Binned by two.
    assert readRegistered(path, {1: 'a.mrc'}, 320).labels == [CoordinateRow(None, 1, 5.25, 10.0, 'ice')]
    # The tables of earlier versions know ids alone.
    path.write_text('coord_id,mic_id,x,y,label\n,1,10.5,20.0,ice\n,9,1,1,ice\n')
    assert readRegistered(path, {1: 'a.mrc'}, 640) == (labels[:1], [('', '9', '1', '1', 'ice', '', '', '')])


def test_a_table_of_labels_knows_which_were_drawn_at_random(tmp_path):
    path, aside = tmp_path / 'labels.csv', tmp_path / 'aside.csv'
    labels = [CoordinateRow(None, 1, 10.5, 20.0, 'particle', True), CoordinateRow(None, 2, 30.0, 40.0, 'ice')]
    writeRegistered(path, labels, {1: 'a.mrc', 2: 'b.mrc'}, 640)
    held, lost = readRegistered(path, {1: 'b.mrc', 2: 'a.mrc'}, 640)
    assert held == [replace(labels[0], mic_id=2), replace(labels[1], mic_id=1)] and not lost
    # Rows that an earlier version set aside stay, in a table that has the new column, too.
    aside.write_text('coord_id,mic_id,x,y,label,mic_name,mic_width\n,3,5,6,ice,c.mrc,640\n')
    setAside(aside, readRegistered(path, {2: 'b.mrc'}, 640).lost)
    assert [row.random for row in read_labels(aside)] == [False, True]


# ------------------------------ restarts ------------------------------

def restarted(lab, run):
    run.runMode.set(MODE_RESTART)
    return lab.run(run)


@pytest.fixture()
def labelNow(lab, micrographs, simulated, monkeypatch):
    """A run that waits for labels, on picks of its own; its features are not made."""
    picks = lab.coordinates(micrographs, simulated.rows[:40], 'toLabel')
    run = lab.new('ProtPickerOptimizerTrain', inputCoordinates=(picks, 'outputCoordinates'),
                  labelSource=LabelSource.INTERACTIVE)

    def fail(self, command, arguments):
        raise PyworkflowException('not wanted')
    monkeypatch.setattr(type(run), '_runWorker', fail)
    lab.run(run)
    assert run.getStatus() == 'interactive'
    return run


def idsOf(run):
    return {m.getMicName(): m.getObjId() for m in run.inputCoordinates.get().getMicrographs().iterItems()}


def test_a_restart_keeps_labels(lab, labelNow, caplog):
    caplog.set_level(logging.INFO)
    assert not any('earlier launch' in line for line in labelNow.summary())
    labels = [CoordinateRow(None, idsOf(labelNow)[NAMES[i]], 10.5 * i, 20.0, 'ice') for i in range(3)]
    labelNow.registerLabels(labels)
    restarted(lab, labelNow)
    assert labelNow.getStatus() == 'interactive' and labelNow.getRegisteredLabels() == labels
    line = '3 labels were taken up from an earlier launch.'
    assert line in labelNow.summary() and line in caplog.messages
    assert labelNow.summary()[0] == 'Waiting for labels; so far: 3 ice.'

    labelNow.runMode.set(MODE_RESTART)      # as Scipion's menu resets a run
    labelNow.makePathsAndClean()
    assert [row.label for row in labelNow.getRegisteredLabels()] == ['ice'] * 3
    workingDir = labelNow._getPath()
    lab.project.deleteProtocol(labelNow)
    assert not [name for name in os.listdir(os.path.dirname(workingDir)) if os.path.basename(workingDir) in name]


def test_a_kill_in_the_middle_of_a_restart_loses_nothing(lab, labelNow, monkeypatch):
    labels = [CoordinateRow(None, idsOf(labelNow)[NAMES[0]], 10.0, 20.0, 'ice')]
    labelNow.registerLabels(labels)
    clean = EMProtocol.makePathsAndClean

    def die(run):
        clean(run)
        raise KeyboardInterrupt

    labelNow.runMode.set(MODE_RESTART)
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(EMProtocol, 'makePathsAndClean', die)
        labelNow.makePathsAndClean()
    assert not labelNow.hasRegisteredLabels()
    restarted(lab, labelNow)
    assert labelNow.getRegisteredLabels() == labels


def test_labels_after_the_micrographs_were_imported_again(lab, labelNow, simulated, tmp_path):
    """With one micrograph less, so that ids have moved: labels go with the names, those of the other are kept."""
    names = sorted(NAMES)
    labels = [CoordinateRow(None, idsOf(labelNow)[name], 10.0, 20.0, 'ice') for name in (names[0], names[2])]
    labelNow.registerLabels(labels)
    for name in names[1:]:
        shutil.copy(simulated.folder / name, tmp_path / name)
    rows = [row for row in simulated.rows if NAMES[row.mic_id - 1] != names[0]][:40]
    labelNow.inputCoordinates.set(lab.coordinates(lab.micrographs(tmp_path), rows, 'toLabelAgain'))
    labelNow.inputCoordinates.setExtended('outputCoordinates')
    restarted(lab, labelNow)
    there, = labelNow.getRegisteredLabels()
    assert there == CoordinateRow(None, idsOf(labelNow)[names[2]], 10.0, 20.0, 'ice')
    assert there.mic_id != labels[1].mic_id
    path = labelNow._getExtraPath(ELSEWHERE)
    assert f'*1 labels* are on micrographs that the picks do not have: they are kept in {path}.' in labelNow.summary()
    restarted(lab, labelNow)
    assert len(read_labels(path)) == 1 and os.path.exists(labelNow._getExtraPath(REGISTERED))


def test_a_restart_keeps_corrections(lab, few, trained, caplog):
    caplog.set_level(logging.INFO)
    run = lab.prune(few, trained)
    lab.project.saveProtocol(run)
    os.makedirs(run._getExtraPath(), exist_ok=True)
    pick = few.outputCoordinates.getFirstItem().clone()
    row = CoordinateRow(pick.getObjId(), pick.getMicId(), float(pick.getX()), float(pick.getY()), 'ice')
    run.corrections().change({row.coord_id: row})
    run.corrections().change({999999: CoordinateRow(999999, 1, 1.0, 1.0, 'ice')})      # of what the input was before
    Path(run._getExtraPath('labels_of_run_7.csv')).write_text('labels of a retraining')
    lab.finished(run)
    line = '1 correction was taken up from an earlier launch.'
    assert line in run.summary() and line in caplog.messages
    assert any(text.startswith('*1 corrections* are of picks that the input does not have') for text in run.summary())
    assert run.getCorrections() == {row.coord_id: row} and len(run.corrections().read()) == 2
    assert Path(run._getExtraPath('labels_of_run_7.csv')).exists()


# ------------------------------ two windows ------------------------------

WRITER = '''
import sys
sys.path.insert(0, {package!r})
from pickeroptimizer.domain.corrections import Corrections
from pickeroptimizer.worker.exchange.tables import CoordinateRow
for i in range({first}, {first} + {number}):
    Corrections({folder!r}).change({{i: CoordinateRow(i, 1, 1.0, 1.0, 'ice')}})
'''


def test_no_correction_is_lost_between_two_windows(tmp_path):
    number = 60
    writers = [subprocess.Popen([sys.executable, '-c', WRITER.format(package=str(PACKAGE_FOLDER), first=first,
                                                                     number=number, folder=str(tmp_path))])
               for first in (0, 1000)]
    assert [writer.wait(60) for writer in writers] == [0, 0]
    assert Corrections(tmp_path).read().keys() == {*range(number), *range(1000, 1000 + number)}


def test_corrections_that_another_program_holds(tmp_path, monkeypatch):
    monkeypatch.setattr(corrections, 'PATIENCE_S', 0.05)
    store, row = Corrections(tmp_path), CoordinateRow(1, 1, 1.0, 1.0, 'ice')
    with Corrections(tmp_path)._alone(), pytest.raises(InputError, match='another program holds the corrections'):
        store.change({1: row})
    assert store.change({1: row}) == {1: row}


def test_corrections_of_picks_that_are_there():
    rows = {i: CoordinateRow(i, 1, 10.0 * i, 5.0, 'ice') for i in (1, 2, 3, 4)}
    picks = np.array([1, 2, 3]), np.array([1, 2, 1]), np.array([10.0, 20.0, 31.0]), np.array([5.0, 5.0, 5.0])
    assert onPicks(rows, *picks) == {1: rows[1]}


def test_undo_leaves_what_another_window_has_corrected(tmp_path):
    from test_prune_window import someModel
    model, other = someModel(tmp_path), someModel(tmp_path)
    model.correct(0, 'ice')
    other.correct(0, 'carbon')
    with pytest.raises(InputError, match='another window has corrected this pick since'):
        model.undo()
    assert model.corrected == {0: 'carbon'} and model.undo() is None
    assert other.undo() == 0 and other.corrected == {0: 'ice'}
    assert (tmp_path / CORRECTIONS).exists()
