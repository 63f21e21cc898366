"""From labels to a library, from a library and simulated experiments to starting weights, and from these to a model."""
import json
import os
import shlex

import pytest

from pickeroptimizer import Plugin
from pickeroptimizer.domain import library
from pickeroptimizer.domain.pretraining_report import describeData, readReport
from pickeroptimizer.protocols.parameters.starting_weights import StartFrom
from pickeroptimizer.worker.exchange.errors import InputError
from pickeroptimizer.worker.exchange.tables import read_labels, read_micrographs


@pytest.fixture(scope='module')
def shelf(tmp_path_factory):
    """A library with a nasty path, and something in it that is no data set."""
    folder = tmp_path_factory.mktemp('lab') / "of 'all' %s µ"
    (folder / 'notes').mkdir(parents=True)
    return folder


def add(lab, trained, shelf, **values):
    return lab.new('ProtPickerOptimizerLibrary', inputLabels=(trained, 'outputLabels'),
                   **{'libraryFolder': str(shelf), **values})


@pytest.fixture(scope='module')
def filled(lab, trained, shelf):
    return lab.finished(add(lab, trained, shelf, dataSetName="my 'first'"))


def test_labels_are_added_to_a_library(filled, trained, shelf):
    folder = shelf / "my 'first'"
    assert library.dataSets(str(shelf)) == [str(folder)]
    assert sorted(os.listdir(shelf)) == ["my 'first'", 'notes'] and os.stat(folder).st_mode & 0o055
    micrographs = read_micrographs(folder / 'micrographs.csv')
    for row in micrographs.values():
        assert row.path.is_absolute() and row.path.is_file() and not row.path.is_symlink() and row.pixel_size == 3
    rows = {(row.mic_id, row.x, row.y, row.label) for row in read_labels(folder / 'labels.csv')}
    assert rows == {(pick.getMicId(), *map(float, pick.getPosition()), pick._poClass.get())
                    for pick in trained.outputLabels.iterItems()}
    assert float((folder / 'box_angstrom.txt').read_text()) == 180
    assert filled.summary() == [f'Added 20 particle, 20 ice, {len(rows) - 40} carbon to {folder}.']


def test_nothing_in_a_library_is_overwritten(lab, trained, shelf, filled):
    def line(**values):
        lines = add(lab, trained, shelf, **values).validate()
        return lines[0] if lines else ''

    assert 'nothing is overwritten; give another name' in line(dataSetName="my 'first'")
    for name in ('../up', '.hidden', 'a/b', '..'):
        assert 'cannot be the name of a data set' in line(dataSetName=name)
    assert line(libraryFolder=str(shelf / 'none')) == f'{shelf / "none"}: no such folder; make it first.'
    assert line() == '', 'the name of the project'
    lab.finished(filled)      # again: it is there, and the same
    path = shelf / "my 'first'" / 'labels.csv'
    text = path.read_text()
    path.write_text(text.replace('ice', 'carbon'))
    try:
        run = add(lab, trained, shelf, dataSetName="my 'first'")
        assert 'nothing is overwritten' in lab.error(run)
        assert 'ice' not in path.read_text() and not [name for name in os.listdir(shelf) if name.startswith('.')]
    finally:
        path.write_text(text)


def test_a_broken_off_writing_leaves_nothing(tmp_path):
    with pytest.raises(ZeroDivisionError), library.addingDataSet(str(tmp_path), 'new') as folder:
        (tmp_path / folder / 'labels.csv').write_text('')
        raise ZeroDivisionError
    assert os.listdir(tmp_path) == []
    with pytest.raises(InputError, match='no data set in it'):
        library.dataSets(str(tmp_path))


TINY = {'simulated': 2, 'most': 6, 'epochs': 1, 'startFrom': StartFrom.PLUGIN, 'numberOfThreads': 2}


@pytest.fixture(scope='module')
def pretrained(lab, shelf, filled, tmp_path_factory):
    """A pretraining whose training is killed at its start, continued with another number of epochs."""
    killer = tmp_path_factory.mktemp('killer') / 'worker'
    killer.write_text(f'#!/bin/sh\n[ "$1" = pretrain ] && kill -9 $$\nexec {Plugin.getWorkerProgram()} "$@"\n')
    killer.chmod(0o755)
    run = lab.new('ProtPickerOptimizerPretrain', libraryFolder=str(shelf), leaveOut='sim0-001', **TINY)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Plugin, 'getWorkerProgram', lambda: shlex.quote(str(killer)))
        assert 'The worker stopped before its end (exit code 137)' in lab.error(run)
    assert run.summary()[0] == 'Not trained yet.'
    categories = run._getExtraPath('categories.safetensors')
    before = os.stat(categories).st_mtime_ns
    run.epochs.set(2)
    lab.finished(run)
    assert os.stat(categories).st_mtime_ns == before, 'collected again'
    return run


def test_weights(pretrained):
    report = pretrained.getReport()
    assert set(report['data_sets']) == {"my 'first'", 'sim0-000'} and report['left_out'] == ['sim0-001']
    assert report['data_sets']["my 'first'"] == {'particle': 6, 'ice': 6, 'carbon': 6, 'empty': 0}
    assert len(report['loss']) == len(report['accuracy']) == 2 == report['epochs']
    summary = '\n'.join(pretrained.summary())
    assert '2 data sets, 7 categories, 42 boxes' in summary and '2 of 2 epochs' in summary
    assert pretrained.outputWeights.getTrainedOn() in str(pretrained.outputWeights)
    assert not os.path.isabs(pretrained.outputWeights.getFileName())


def test_weights_are_used(lab, picks, labelSets, pretrained, trained):
    sets = {f'{name}Labels': (run, 'outputCoordinates') for name, run in labelSets.items()}
    run = lab.finished(lab.new('ProtPickerOptimizerTrain', inputCoordinates=(picks, 'outputCoordinates'), folds=0,
                               numberOfThreads=2, startFrom=StartFrom.PRETRAINED_RUN,
                               inputWeights=(pretrained, 'outputWeights'), **sets))
    related = {(relation['object_parent_id'], relation['object_child_id']) for relation in run.getRelations()}
    assert (pretrained.getObjId(), run.outputModel.getObjId()) in related
    with open(run.outputModel.getFileName(), 'rb') as mine, open(trained.outputModel.getFileName(), 'rb') as other:
        assert mine.read() != other.read()
    run = lab.finished(lab.new('ProtPickerOptimizerEvaluate', inputLabels=(trained, 'outputLabels'), shots='2', draws=1,
                               startFrom=StartFrom.PRETRAINED_RUN, inputWeights=(pretrained, 'outputWeights'),
                               numberOfThreads=1))
    assert os.path.samefile(run._getExtraPath('start.safetensors'), pretrained.outputWeights.getFileName())
    assert run._variants()['default'][4:6] == ['--init', 'start.safetensors']


def test_viewer(lab, pretrained):
    from pickeroptimizer.viewers import PickerOptimizerWeightsViewer
    from pickeroptimizer.viewers.weights.window import WeightsWindow
    assert PickerOptimizerWeightsViewer in lab.domain.findViewers(pretrained.getClassName(), 'tkinter')
    viewer = PickerOptimizerWeightsViewer(project=lab.project, protocol=pretrained)
    for target in (pretrained, pretrained.outputWeights):
        view, = viewer._visualize(target)
        assert view.__class__.__name__ == 'WindowView'
    view, = viewer._visualize(lab.new('ProtPickerOptimizerPretrain', **TINY))
    assert 'first epoch' in view.getMessage()
    if 'DISPLAY' in os.environ:
        import tkinter
        root = tkinter.Tk()
        try:
            WeightsWindow(root, 'test', pretrained.getReport()).update()
        finally:
            root.destroy()


def test_bad_input(lab, shelf, filled, tmp_path):
    def lines(**values):
        return lab.new('ProtPickerOptimizerPretrain', **{**TINY, **values}).validate()

    assert lines() == []
    assert lines(simulated=0) == ['There is nothing to learn from: give a library, or simulate some experiments.']
    assert lines(leaveOut='sim0-001, sim0-002') == [
        'There is no data set sim0-002 to leave out; there are none, and the simulated ones.']
    assert lines(libraryFolder=str(shelf), leaveOut="my 'first'", simulated=0) == [
        'All data sets are left out: nothing is left to learn from.']
    assert lines(leaveOut='sim0-000, sim0-001')[:1] == ['All data sets are left out: nothing is left to learn from.']
    folder = tmp_path / 'names' / 'sim0-001'
    folder.mkdir(parents=True)
    for name in library.DATA_SET:
        (folder / name).touch()
    assert lines(libraryFolder=str(tmp_path / 'names'), simulated=2) == [
        'sim0-001 is the name of a data set of the library and of a simulated one: rename its folder.']
    assert 'no data set in it' in lines(libraryFolder=str(tmp_path))[0]
    assert lines(trainBatchSize=1) == ['The batch size must be 2 or more.']
    first = lines(startFrom=StartFrom.PRETRAINED_RUN)[0]
    assert first.startswith('You should provide') or 'Pretrained weights' in first


@pytest.mark.parametrize('key, value', [
    (None, None), ('loss', []), ('loss', 0.5), ('loss', ['x']), ('accuracy', None), ('data_sets', []),
    ('data_sets', {'a': 3}), ('data_sets', {'a': {'ice': 'x'}}), ('left_out', None), ('left_out', [1]),
    ('learning_rate', None), ('seed', KeyError)])
def test_a_report_that_lacks_anything_is_told(tmp_path, key, value):
    report = {'recipe': 'default', 'epochs': 2, 'learning_rate': 0.1, 'batch_size': 8, 'seed': 0, 'device': 'CPU',
              'data_sets': {'a': {'ice': 3}}, 'left_out': ['b'], 'loss': [0.5, 0.4], 'accuracy': [0.6, 0.7]}
    path = tmp_path / 'report.json'
    path.write_text(json.dumps(report))
    assert describeData(readReport(path)) == '1 data sets, 1 categories, 3 boxes'
    report[key] = value
    path.write_text(json.dumps({k: v for k, v in report.items() if v is not KeyError} if key else []))
    with pytest.raises(InputError, match='report.json: cannot be read as the report of a pretraining'):
        readReport(path)


def test_data_sets_of_one_name_are_refused(tmp_path):
    """Leaving one of them out would leave the other in."""
    for folder in ('one/data', 'two/data', 'other'):
        (tmp_path / folder).mkdir(parents=True)
        for name in library.DATA_SET:
            (tmp_path / folder / name).touch()
    shelf = tmp_path / 'shelf'
    shelf.mkdir()
    (shelf / 'a').symlink_to(tmp_path / 'one' / 'data')
    (shelf / 'c').symlink_to(tmp_path / 'other')
    assert [library.dataSetName(folder) for folder in library.dataSets(str(shelf))] == ['data', 'other']
    for target in ('two/data', 'one/data'):
        (shelf / 'b').symlink_to(tmp_path / target)
        with pytest.raises(InputError, match='both are the data set "data"') as error:
            library.dataSets(str(shelf))
        assert '\n' not in str(error.value)
        (shelf / 'b').unlink()


def test_a_data_set_that_cannot_be_read(lab, tmp_path):
    folder = tmp_path / 'lab' / 'bad'
    folder.mkdir(parents=True)
    (folder / 'micrographs.csv').write_text('mic_id,path,pixel_size\n1,none.mrc,3\n')
    (folder / 'labels.csv').write_text('coord_id,mic_id,x,y,label\n,1,2,3,dog!\n')
    (folder / 'box_angstrom.txt').write_text('180\n')
    run = lab.new('ProtPickerOptimizerPretrain', libraryFolder=str(tmp_path / 'lab'), **{**TINY, 'simulated': 0})
    assert lab.error(run).startswith(f'{folder}/labels.csv, line 2: "dog!" is no name of a class; use a letter')
    with open(run._getExtraPath('error.txt'), encoding='utf-8') as stream:
        assert 'dataset_001' in stream.read()
    assert not os.path.exists(run._getExtraPath('categories.safetensors'))
