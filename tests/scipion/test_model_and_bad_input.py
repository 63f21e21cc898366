"""Importing models, and one clear line for whatever cannot be used."""
import os
import shutil

import pytest
from laboratory import BOX, NAMES

from pickeroptimizer import Plugin
from pickeroptimizer.protocols.parameters.starting_weights import StartFrom
from pickeroptimizer.protocols.parameters.training_labels import LabelSource
from pickeroptimizer.protocols.protocol_base import RECIPES
from pickeroptimizer.worker.exchange.model_header import FORMAT_VERSION


def importModel(lab, path):
    return lab.new('ProtPickerOptimizerImportModel', modelFile=str(path))


def test_import_and_prune(lab, trained, labelSets, tmp_path):
    path = tmp_path / 'a $HOME "model".safetensors'
    shutil.copy(trained.outputModel.getFileName(), path)
    imported = lab.finished(importModel(lab, path))
    path.unlink()
    model = imported.outputModel
    assert str(model) == str(trained.outputModel)
    assert not os.path.isabs(model.getFileName())
    picks = labelSets['carbon']
    run = lab.finished(lab.prune(picks, imported))
    assert run.outputCoordinates.getSize() + run.rejectedCoordinates.getSize() == picks.outputCoordinates.getSize()
    os.remove(model.getFileName())
    assert lab.prune(picks, imported).validate() == [f'{model.getFileName()}: no such model file.']


def test_no_models(lab, trained, tmp_path):
    with open(trained.outputModel.getFileName(), 'rb') as stream:
        content = stream.read()
    for name, data, line in (
            ('text', b'hello', 'no PickerOptimizer model (not a safetensors file, or cut short).'),
            ('cut', content[:-100], 'expected). Copy it again.'),
            ('newer', content.replace(b'\\"format_version\\": %d' % FORMAT_VERSION, b'\\"format_version\\": 9', 1),
             'Update scipion-em-pickeroptimizer.')):
        path = tmp_path / name
        path.write_bytes(data)
        lines = importModel(lab, path).validate()
        assert len(lines) == 1 and lines[0].startswith(f'{path}: ') and lines[0].endswith(line)
    assert importModel(lab, tmp_path / 'none').validate() == [f'{tmp_path / "none"}: no such model file.']
    assert importModel(lab, '').validate() == ['Choose a model file.']


@pytest.fixture()
def loose(lab, tmp_path):
    """A function that makes a set of coordinates of no protocol: (number of picks, pixel size, box) -> set."""
    from pwem.objects import Coordinate, Micrograph, SetOfCoordinates, SetOfMicrographs

    def make(number=3, pixelSize=3.0, box=BOX, linked=True):
        micrographs = SetOfMicrographs(filename=str(tmp_path / 'micrographs.sqlite'))
        micrographs.setSamplingRate(pixelSize)
        if not micrographs.getSize():
            micrograph = Micrograph(location='mic.mrc')
            micrograph.setMicName('mic.mrc')
            micrographs.append(micrograph)
            micrographs.write()
        coordinates = SetOfCoordinates(filename=str(tmp_path / f'{len(os.listdir(tmp_path))}.sqlite'))
        coordinates.setBoxSize(box)
        for i in range(number):
            pick = Coordinate(x=10 * i, y=10)
            pick.setMicId(1)
            coordinates.append(pick)
        if linked:
            coordinates.setMicrographs(micrographs)
        coordinates.write()
        return coordinates

    return make


def test_bad_coordinates(lab, loose, trained):
    for values, line in (
            ({'number': 0}, 'The input coordinates are an empty set.'),
            ({'linked': False}, 'The input coordinates are not linked to micrographs: import or pick them again '
                                 'with their micrographs.'),
            ({'pixelSize': 0}, 'The micrographs of the input coordinates have no pixel size (sampling rate 0.0 Å/px): '
                                'import them again with the right one.'),
            ({'pixelSize': None}, 'The micrographs of the input coordinates have no pixel size (sampling rate None '
                                   'Å/px): import them again with the right one.')):
        coordinates = loose(**values)
        prune = lab.new('ProtPickerOptimizerPrune', inputModel=(trained, 'outputModel'))
        train = lab.new('ProtPickerOptimizerTrain', labelSource=LabelSource.FILE)
        for protocol in (prune, train):
            protocol.inputCoordinates.set(coordinates)
            assert protocol.validate() == [line]


def test_bad_training_input(lab, loose, picks, labelSets, tmp_path):
    def lines(change=None, **values):
        protocol = lab.new('ProtPickerOptimizerTrain', inputCoordinates=(picks, 'outputCoordinates'), **values)
        if change:
            change(protocol)
        return protocol.validate()

    particle, ice = ((labelSets[name], 'outputCoordinates') for name in ('particle', 'ice'))
    assert lines() == [], 'labels are given in the window'
    assert lines(labelSource=LabelSource.COORDINATE_SETS) == [
        'There are no labels: label some particles and some junk, such as ice or empty boxes.']
    assert lines(particleLabels=particle) == lines(iceLabels=ice) == [], 'the others are known without labels'
    paper = {'recipe': RECIPES.index('paper')}      # which knows nothing
    assert lines(particleLabels=particle, **paper) == [
        'All labels are of the class particle: label some junk too, such as ice or empty boxes.']
    assert lines(iceLabels=ice, **paper) == ['There are no labels of the class particle, only of ice.']
    assert lines(lambda p: p.carbonLabels.set(loose(number=0)), particleLabels=particle) == [
        'The coordinates given for carbon are an empty set.']
    assert lines(lambda p: p.inputCoordinates.set(loose(box=None)), particleLabels=particle, iceLabels=ice) == [
        'The input coordinates have no box size: give one in "Box size (px)".']
    assert lines(labelSource=LabelSource.FILE) == ['Choose a labels file.']
    path = tmp_path / 'ice.csv'
    path.write_text('mic_id,x,y,label\n1,2,3,ice\n1,20,30,carbon\n')
    assert lines(labelSource=LabelSource.FILE, labelsFile=str(path), **paper) == [
        'There are no labels of the class particle, only of ice and carbon.']
    assert lines(particleLabels=particle, iceLabels=ice, startFrom=StartFrom.FILE, weightsFile='none.safetensors') == [
        'There is no file of starting weights none.safetensors: choose one.']
    assert lines(particleLabels=particle, iceLabels=ice, recipe=1, lossWeights='1 0') == [
        'The loss weights must be one to three positive numbers.']


def test_two_classes_for_one_place(lab, picks, tmp_path):
    path = tmp_path / 'labels.csv'
    path.write_text(f'mic_name,x,y,label\n{NAMES[0]},50,60,particle\n{NAMES[0]},50,60,ice\n')
    run = lab.new('ProtPickerOptimizerTrain', inputCoordinates=(picks, 'outputCoordinates'),
                  labelSource=LabelSource.FILE, labelsFile=str(path))
    assert lab.error(run) == (f'The box at (50, 60) of micrograph {NAMES[0]} is labelled particle and ice: keep one of '
                              f'them.')


def test_labels_on_strange_micrographs(lab, picks, labelSets, loose):
    run = lab.new('ProtPickerOptimizerTrain', inputCoordinates=(picks, 'outputCoordinates'),
                  particleLabels=(labelSets['particle'], 'outputCoordinates'))
    run.iceLabels.set(loose())
    from pickeroptimizer.convert import labelsFromSet
    from pickeroptimizer.worker.exchange.errors import InputError
    with pytest.raises(InputError, match='None of the coordinates given for ice is on a micrograph of the picks.'):
        labelsFromSet(run.iceLabels.get(), 'ice', picks.outputCoordinates.getMicrographs())


def test_starting_weights_that_are_none(lab, picks, labelSets, tmp_path):
    path = tmp_path / 'weights.safetensors'
    path.write_text('none')
    run = lab.new('ProtPickerOptimizerTrain', inputCoordinates=(picks, 'outputCoordinates'),
                  particleLabels=(labelSets['particle'], 'outputCoordinates'),
                  iceLabels=(labelSets['ice'], 'outputCoordinates'), startFrom=StartFrom.FILE, weightsFile=str(path))
    line = lab.error(run)
    assert line.startswith(f'{path}: no readable .safetensors file') and '\n' not in line


def test_missing_worker(lab, picks, trained, monkeypatch):
    monkeypatch.setattr(Plugin, 'validateWorker', lambda: ['Install it with:  scipion3 installb pickeroptimizer'])
    train = lab.new('ProtPickerOptimizerTrain', inputCoordinates=(picks, 'outputCoordinates'))
    for protocol in (train, lab.prune(picks, trained)):
        assert protocol.validate()[0] == 'Install it with:  scipion3 installb pickeroptimizer'
