"""Files of sets that are gone, empty or cut: one line that names the file, and never an empty one in its place."""
import os
import shutil
import sqlite3
from contextlib import closing

import pytest
from made_sets import PICKS, Sets, reference
from test_form_checks import newRun

from pickeroptimizer import convert
from pickeroptimizer.protocols.protocol_base import PickerOptimizerProtocol
from pickeroptimizer.worker.exchange.errors import InputError


def remove(path):
    os.remove(path)


def empty(path):
    open(path, 'w').close()


def cut(path):
    os.truncate(path, os.path.getsize(path) // 2)


def overwrite(path):
    with open(path, 'r+b') as stream:
        stream.write(b'no database at all')


DAMAGE = {remove: 'is not there any more', empty: 'has lost its', cut: 'cannot be read', overwrite: 'cannot be read'}


@pytest.fixture(params=DAMAGE, ids=lambda damage: damage.__name__)
def damage(request):
    return request.param


@pytest.mark.parametrize('which', [0, 1])
def test_reading_a_damaged_set(tmp_path, damage, which):
    given = reference(Sets(tmp_path))[:2]
    path = given[which].getFileName()
    given[which].close()
    damage(path)
    reads = [lambda: convert.checkFile(given[which]), lambda: convert.reopen(given[which]),
             lambda: convert.firstItem(given[which]), lambda: convert.refresh(given[which]),
             lambda: convert.micrographNames(given[0]) if which == 0 else convert.readPicks(given[1]),
             lambda: convert.countPicks(given[1]), lambda: convert.MicrographOfPick(given[1]).of(None)
             if which == 0 else convert.writeCoordinates(given[1], tmp_path, {1})]
    for read in reads:
        with pytest.raises(InputError) as error:
            read()
        assert str(error.value).startswith(f'{path}: ') and DAMAGE[damage] in str(error.value)
        assert '\n' not in str(error.value) and os.path.exists(path) == (damage is not remove)
    assert not convert.isScored(given[1]) and not convert.isLabelled(given[1])
    # The very line, before anything opens the set.
    line, = PickerOptimizerProtocol._checkCoordinates(given[1], 'picks')
    assert line.startswith(f'{path}: ') and os.path.exists(path) == (damage is not remove)


def test_a_set_that_is_in_order(tmp_path):
    micrographs, coordinates, _ = reference(Sets(tmp_path))
    for given in (micrographs, coordinates):
        convert.checkFile(given)
    assert PickerOptimizerProtocol._checkCoordinates(coordinates, 'picks') == []
    assert convert.firstItem(coordinates).getObjId() == 1
    (tmp_path / 'other').mkdir()
    assert convert.firstItem(Sets(tmp_path / 'other').coordinates(micrographs, [])) is None


def test_a_set_that_is_being_written_is_in_order(tmp_path):
    _, coordinates, _ = reference(Sets(tmp_path))
    coordinates.close()
    with closing(sqlite3.connect(coordinates.getFileName(), isolation_level=None)) as writer:
        writer.execute('BEGIN EXCLUSIVE')
        convert.checkFile(coordinates)
        writer.execute('ROLLBACK')


def test_forms_tell_damaged_sets(lab, micrographs, simulated, picks, trained, damage):
    rows = [row for row in simulated.rows if row.mic_id <= 2][:20]
    fresh = lab.coordinates(micrographs, rows, f'damaged by {damage.__name__}')
    for name, fields in {'ProtPickerOptimizerPrune': ['inputCoordinates'],
                         'ProtPickerOptimizerTrain': ['inputCoordinates', 'inputLabels'],
                         'ProtPickerOptimizerEvaluate': ['inputLabels'],
                         'ProtPickerOptimizerCompare': ['inputCoordinates', 'truth']}.items():
        for field in fields:
            source, output = (fresh, 'outputCoordinates') if field == 'inputCoordinates' else (trained, 'outputLabels')
            if name == 'ProtPickerOptimizerCompare':
                run = lab.new(name, **{'inputCoordinates': (picks, 'outputCoordinates'), field: (source, output)})
                run.inputSets.append(picks.outputCoordinates)
            else:
                run = newRun(lab, name, picks, trained, **{field: (source, output)})
            path = getattr(source, output).getFileName()
            shutil.copy(path, path + '.whole')
            try:
                getattr(source, output).close()
                damage(path)
                line, = run.validate()
                assert line.startswith(f'{path}: ') and DAMAGE[damage] in line and '\n' not in line
                assert all('\n' not in line for line in run.warnings())
                assert os.path.exists(path) == (damage is not remove)
            finally:
                os.replace(path + '.whole', path)


def test_a_damaged_method_is_left_out(tmp_path, damage):
    from pyworkflow.object import Pointer
    sets = Sets(tmp_path)
    micrographs, _, picked = reference(sets)
    coordinates = sets.coordinates(micrographs, PICKS)
    damage(coordinates.getFileName())
    method = convert.readMethod(Pointer(coordinates), 'M', picked, 5.0)
    assert method.is_left_out and DAMAGE[damage] in method.notes[0]
    assert convert.checkNamedScores(convert.namedScores('_score'), [coordinates]) == [
        'No set has the attribute "_score" that is to be the score; their numbers are none.']
