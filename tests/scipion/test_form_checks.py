"""What a form refuses or asks before the run, in one line: never a crash, never a run that is left "launched"."""
import sqlite3
from contextlib import closing

import pytest
from laboratory import items

from pickeroptimizer import convert
from pickeroptimizer.protocols.parameters.labelled_input import LabelledSource
from pickeroptimizer.protocols.parameters.training_labels import LabelSource
from pickeroptimizer.worker.exchange.signals import ONE_FOLD

GPU_PROTOCOLS = 'ProtPickerOptimizerTrain', 'ProtPickerOptimizerPrune', 'ProtPickerOptimizerEvaluate'
ALL_PROTOCOLS = (*GPU_PROTOCOLS, 'ProtPickerOptimizerPretrain', 'ProtPickerOptimizerLibrary',
                 'ProtPickerOptimizerImportModel', 'ProtPickerOptimizerCompare')


def newRun(lab, name, picks, trained, **values):
    """A run that validates."""
    given = {'ProtPickerOptimizerTrain': {'inputCoordinates': (picks, 'outputCoordinates'),
                                          'labelSource': LabelSource.LABELLED_SET,
                                          'inputLabels': (trained, 'outputLabels')},
             'ProtPickerOptimizerPrune': {'inputCoordinates': (picks, 'outputCoordinates'),
                                          'inputModel': (trained, 'outputModel')},
             'ProtPickerOptimizerEvaluate': {'inputLabels': (trained, 'outputLabels'), 'shots': '2'},
             'ProtPickerOptimizerPretrain': {}}
    return lab.new(name, **{**given[name], **values})


# ------------------------------ GPUs ------------------------------

@pytest.mark.parametrize('text', ['0;1', '0-', 'all', '-1', '0,,1', 'a', '', ' ', ',', '0,', '0.5', 'cuda:0', '3-1',
                                  '0-1-2', '0 - 1', '0-99999999999', '²', '0_1', None])
def test_gpu_lists_that_scipion_cannot_read(lab, picks, trained, text):
    for name in (*GPU_PROTOCOLS, 'ProtPickerOptimizerPretrain'):
        run = newRun(lab, name, picks, trained)
        run.gpuList.set(text)
        for useGpu in (True, False):      # Scipion reads the list in any case
            run.useGpu.set(useGpu)
            line, = run.validate()
            assert f'"{text or ""}", cannot be read: give their numbers' in line and '\n' not in line


@pytest.mark.parametrize('text, ids', [('0', [0]), ('0,1', [0, 1]), ('0, 1', [0, 1]), ('0 2', [0, 2]),
                                       ('1-3', [1, 2, 3]), (' 2 5, 6-8', [2, 5, 6, 7, 8])])
def test_gpu_lists_that_it_reads(lab, picks, trained, text, ids):
    run = newRun(lab, 'ProtPickerOptimizerPrune', picks, trained, gpuList=text)
    assert run.validate() == [] and run.getGpuList() == ids


# ------------------------------ numbers, classes ------------------------------

def test_one_fold(lab, picks, trained):
    for name in ('ProtPickerOptimizerTrain', 'ProtPickerOptimizerEvaluate'):
        line, = newRun(lab, name, picks, trained, folds=1).validate()
        assert line.endswith(f'{ONE_FOLD}.')
        for folds in (0, 2):
            assert newRun(lab, name, picks, trained, folds=folds).validate() == []


@pytest.mark.parametrize('given, line', [
    (('particle',), 'All labels are of the class particle: label some junk too, such as ice or empty boxes.'),
    (('ice', 'carbon'), 'There are no labels of the class particle, only of ice and carbon.'),
    (('carbon',), 'There are no labels of the class particle, only of carbon.')])
def test_evaluation_of_particles_or_junk_alone(lab, labelSets, trained, given, line):
    sets = {f'{name}Labels': (labelSets[name], 'outputCoordinates') for name in given}
    run = lab.new('ProtPickerOptimizerEvaluate', labelSource=LabelledSource.SET_A_CLASS, **sets)
    assert run.validate() == [line]
    labelled = items(trained.outputLabels)
    some = lab.project.getTmpPath(f'{"_".join(given)}.sqlite')
    from pwem.objects import SetOfCoordinates
    coordinates = SetOfCoordinates(filename=some)
    coordinates.copyInfo(trained.outputLabels)
    coordinates.setMicrographs(trained.outputLabels.getMicrographs())
    for pick in labelled.values():
        if pick._poClass.get() in given:
            coordinates.append(pick)
    coordinates.write()
    run = lab.new('ProtPickerOptimizerEvaluate')
    run.inputLabels.set(coordinates)
    assert run.validate() == [line]


# ------------------------------ numbers ------------------------------

NUMBERS = {'ProtPickerOptimizerTrain': {'boxSize': {}, 'folds': {}, 'seed': {}, 'shots': {}, 'numberOfThreads': {},
                                        'epochs': {'recipe': 1}, 'learningRate': {'recipe': 1},
                                        'trainBatchSize': {'recipe': 1}},
           'ProtPickerOptimizerPrune': {'minProbability': {'decision': 1}, 'keptParticles': {'decision': 2},
                                        'keptJunk': {'decision': 3}, 'batchSize': {}, 'streamingSleepOnWait': {}},
           'ProtPickerOptimizerEvaluate': {'draws': {}, 'folds': {}, 'seed': {}, 'boxSize': {}},
           'ProtPickerOptimizerPretrain': {'simulated': {}, 'most': {}, 'epochs': {}, 'learningRate': {},
                                           'trainBatchSize': {}, 'seed': {}}}


@pytest.mark.parametrize('name, field', [(name, field) for name, fields in NUMBERS.items() for field in fields])
def test_emptied_numbers(lab, picks, trained, name, field):
    run = newRun(lab, name, picks, trained, **NUMBERS[name][field])
    getattr(run, field).set(None)      # as Scipion's form has it
    assert run.validate() == [f'"{run.getParam(field).label.get()}" is empty: give a number.']


def test_emptied_numbers_of_a_comparison(lab, picks, trained):
    for field in ('tolerance', 'pictures'):
        run = lab.new('ProtPickerOptimizerCompare', inputCoordinates=(picks, 'outputCoordinates'))
        run.inputSets.append(picks.outputCoordinates)
        getattr(run, field).set(None)
        assert run.validate() == [f'"{run.getParam(field).label.get()}" is empty: give a number.']


def test_emptied_texts(lab, picks, trained):
    """None in the place of any text is told, or is nothing; it is no crash."""
    from pyworkflow.protocol import params
    for name in GPU_PROTOCOLS + ALL_PROTOCOLS[3:]:
        for values in ({}, {'recipe': 1}, {'labelSource': 1}, {'startFrom': 2}):
            run = newRun(lab, name, picks, trained) if name in GPU_PROTOCOLS else lab.new(name)
            if not all(hasattr(run, field) for field in values):
                continue
            for field, value in values.items():
                getattr(run, field).set(value)
            for field, param in run.getDefinition().iterParams():
                attribute = getattr(run, field)
                if isinstance(param, params.StringParam) and field != 'gpuList' and not attribute.isPointer():
                    before = attribute.get()
                    attribute.set(None)
                    assert all('\n' not in line for line in (*run.validate(), *run.warnings())), (name, field)
                    attribute.set(before)


def test_box_sizes(lab, picks, trained):
    for name in ('ProtPickerOptimizerTrain', 'ProtPickerOptimizerEvaluate'):
        for box, right in ((-1, True), (60, True), (0, False), (-60, False)):
            lines = newRun(lab, name, picks, trained, boxSize=box).validate()
            assert lines == ([] if right else ['*Box size (px)* must be a number of px, or -1 for that of the '
                                               'coordinates.'])


def test_emptied_numbers_that_are_not_asked_for(lab, picks, trained):
    run = newRun(lab, 'ProtPickerOptimizerPrune', picks, trained)
    run.minProbability.set(None)
    assert run.validate() == []
    run = newRun(lab, 'ProtPickerOptimizerTrain', picks, trained)
    run.epochs.set(None)
    assert run.validate() == []


# ------------------------------ nothing given ------------------------------

def test_no_warning_needs_an_input(lab, picks, trained):
    from pwem.objects import SetOfCoordinates, SetOfMicrographs
    empty = SetOfCoordinates(filename=lab.project.getTmpPath('empty.sqlite'))
    unlinked = SetOfCoordinates(filename=picks.outputCoordinates.getFileName())
    onNothing = SetOfCoordinates(filename=lab.project.getTmpPath('onNothing.sqlite'))
    onNothing.setMicrographs(SetOfMicrographs(filename=lab.project.getTmpPath('nothing.sqlite')))
    sets = None, empty, unlinked, onNothing
    fields = 'inputCoordinates', 'inputLabels', 'particleLabels', 'iceLabels', 'carbonLabels', 'otherMicrographs'
    for name in ALL_PROTOCOLS:
        assert lab.new(name).warnings() == []
    for name in GPU_PROTOCOLS:
        for field in (*fields, 'inputModel'):
            for given in sets if field in fields else (None,):
                for source in LabelSource if name == GPU_PROTOCOLS[0] else (None,):
                    run = newRun(lab, name, picks, trained)
                    if not hasattr(run, field) or (field == 'otherMicrographs' and given is not None):
                        continue
                    if source is not None:
                        run.labelSource.set(source)
                    getattr(run, field).set(given)
                    assert all('\n' not in line for line in run.warnings())
                    assert all('Traceback' not in line for line in run.validate())


def test_picks_of_which_none_is_on_a_micrograph(lab, micrographs, simulated, trained):
    few = lab.coordinates(micrographs, simulated.rows[:3], 'on nothing')
    few.outputCoordinates.close()
    path = few.outputCoordinates.getFileName()
    with closing(sqlite3.connect(path)) as file:
        columns = dict(file.execute('SELECT label_property, column_name FROM Classes'))
        file.execute(f'UPDATE Objects SET {columns["_micId"]}=NULL, {columns["_micName"]}=NULL')
        file.commit()
    assert lab.prune(few, trained).validate() == ['None of the input coordinates is on one of the micrographs.']


# ------------------------------ labels in the place of picks ------------------------------

def test_labels_are_not_pruned_by_accident(lab, picks, trained):
    """As Scipion fills the form of "prune" where "fine-tune" is selected."""
    run = lab.new('ProtPickerOptimizerPrune', inputCoordinates=(trained, 'outputLabels'),
                  inputModel=(trained, 'outputModel'))
    line, = run.warnings()
    assert line.startswith('The input coordinates are labels, not picks.') and '\n' not in line
    assert f'outputCoordinates of "{picks.getRunName()}", which the model was labelled on' in line
    assert newRun(lab, 'ProtPickerOptimizerPrune', picks, trained).warnings() == []
    run.inputModel.set(trained.outputModel)
    assert f'"{picks.getRunName()}"' in run.warnings()[0]


def test_labels_that_are_pruned_on_purpose(lab, trained):
    run = lab.finished(lab.new('ProtPickerOptimizerPrune', inputCoordinates=(trained, 'outputLabels'),
                               inputModel=(trained, 'outputModel'), numberOfThreads=2))
    assert '*Warning*: the input coordinates are labels, not picks.' in run.summary()
    kept, rejected = items(run.outputCoordinates), items(run.rejectedCoordinates)
    labels = items(trained.outputLabels)
    assert kept.keys() | rejected.keys() == labels.keys()
    assert all(pick._poParticle.get() is not None for pick in (*kept.values(), *rejected.values()))
    # Their classes are those of "prune" now, and the probability of the class that they were labelled is gone.
    assert convert.isScored(run.outputCoordinates) and not convert.isLabelled(run.outputCoordinates)
    assert not any(hasattr(pick, '_poLabelProbability') for pick in kept.values())


# ------------------------------ who gave the classes ------------------------------

def test_labels_of_picks_that_were_pruned_before(lab, pruned, trained, labelSets):
    """Labels that a person gave are no machine labels, whatever the picks that bear them were before."""
    run = lab.finished(lab.new('ProtPickerOptimizerTrain', inputCoordinates=(pruned, 'outputCoordinates'), folds=0,
                               numberOfThreads=2, **{f'{name}Labels': (given, 'outputCoordinates')
                                                     for name, given in labelSets.items()}))
    labels = run.outputLabels
    assert any(pick._poParticle.get() is not None for pick in items(labels).values())
    assert convert.isLabelled(labels) and not convert.isScored(labels)
    assert convert.isScored(pruned.outputCoordinates) and convert.isLabelled(trained.outputLabels)
    again = newRun(lab, 'ProtPickerOptimizerTrain', pruned, trained, inputLabels=(run, 'outputLabels'))
    assert not any('given by "prune"' in line for line in again.warnings())
    evaluation = newRun(lab, 'ProtPickerOptimizerEvaluate', pruned, trained, inputLabels=(run, 'outputLabels'))
    assert not any('given by "prune"' in line for line in evaluation.warnings())
    comparison = lab.new('ProtPickerOptimizerCompare', inputCoordinates=(pruned, 'outputCoordinates'),
                         truth=(run, 'outputLabels'))
    comparison.inputSets.append(pruned.rejectedCoordinates)
    assert not any('by "prune' in line for line in comparison.warnings())
