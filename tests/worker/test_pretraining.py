"""Categories from folders and from the simulator, and the pretraining on them."""
import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from worker.boxes import categories
from worker.exchange.errors import InputError
from worker.network.device import choose_device
from worker.network.initial_weights import initial_extractor
from worker.network.networks import FeatureExtractor
from worker.training.pretrain import RECIPES, pretrain


@pytest.fixture(scope='module')
def two_sets(data_set):
    return categories.join([categories.from_folders([data_set.folder], 10, seed=0),
                            categories.simulated(1, 10, seed=3, log=lambda line: None)])


def test_categories_of_a_folder_and_of_the_simulator(two_sets, data_set, tmp_path):
    assert two_sets.names == [data_set.folder.name, 'sim3-000']
    counts = torch.bincount(two_sets.data_sets * 3 + two_sets.classes, minlength=6)
    assert counts[:3].tolist() == [10, 10, 10] and counts.max() == 10
    assert two_sets.pixels.shape[1:] == (2, categories.SIDE, categories.SIDE) and torch.isfinite(two_sets.pixels).all()
    categories.write_categories(tmp_path / 'c.safetensors', two_sets)
    again = categories.read_categories(tmp_path / 'c.safetensors')
    assert again.names == two_sets.names and torch.equal(again.pixels, two_sets.pixels)


def test_leave_one_out(two_sets):
    rest = two_sets.without([two_sets.names[0]])
    assert rest.names == ['sim3-000'] and set(rest.data_sets.tolist()) == {0}
    assert torch.equal(rest.pixels, two_sets.pixels[two_sets.data_sets == 1])
    with pytest.raises(InputError, match='no such data set'):
        two_sets.without(['nobody'])


@pytest.mark.parametrize('recipe', ['default', 'paper'])
def test_pretraining_learns_and_repeats_itself(two_sets, recipe):
    short = replace(RECIPES[recipe], epochs=6, batch_size=16, learning_rate=0.003)
    states = []
    for _ in range(2):
        lines = []
        torch.manual_seed(0)
        extractor = pretrain(two_sets, FeatureExtractor('resnet18'), short, choose_device('cpu'), 1, lines.append)
        states.append(extractor.state_dict())
    losses = [float(line.split('loss ')[1].split(',')[0]) for line in lines if 'loss' in line]
    assert len(losses) == 6 and losses[-1] < losses[0]
    for name, tensor in states[0].items():
        np.testing.assert_array_equal(tensor, states[1][name])


def test_command_line(data_set, worker, tmp_path):
    done = worker('categories', '--data', data_set.folder, '--most', 6, '--output', tmp_path / 'c.safetensors')
    assert done.returncode == 0 and '1 data sets, 3 categories, 18 boxes' in done.stdout, done.stderr
    done = worker('pretrain', '--categories', tmp_path / 'c.safetensors', '--init', 'scratch', '--epochs', 1,
                  '--batch-size', 9, '--output', tmp_path / 'w.safetensors', '--report', tmp_path / 'w.json')
    assert done.returncode == 0, done.stderr
    initial_extractor(str(tmp_path / 'w.safetensors'))
    assert (tmp_path / 'w.safetensors').stat().st_size < 25e6
    report = json.loads((tmp_path / 'w.json').read_text())
    assert report['data_sets'] == {data_set.folder.name: {'particle': 6, 'ice': 6, 'carbon': 6}}
    assert (report['epochs'], report['batch_size'], report['init']) == (1, 9, 'scratch')
    assert len(report['loss']) == 1 and 0 <= report['accuracy'][0] <= 1
    for arguments, says in ((['categories', '--output', tmp_path / 'd'], 'nothing to collect'),
                            (['categories', '--data', tmp_path, '--output', tmp_path / 'd'], 'no such file'),
                            (['pretrain', '--categories', tmp_path / 'w.safetensors', '--output', tmp_path / 'v'],
                             'no file of categories')):
        done = worker(*arguments)
        assert done.returncode == 2 and says in done.stderr and done.stderr.count('\n') == 1, done.stderr


def test_two_data_sets_of_one_name_are_refused(two_sets, data_set, tmp_path):
    """Under another name, one of them would stay in where the name is left out."""
    with pytest.raises(InputError, match='Two data sets are called "sim3-000"'):
        categories.join([two_sets, categories.simulated(1, 10, seed=3, log=lambda line: None)])
    other = tmp_path / data_set.folder.name
    other.mkdir()
    with pytest.raises(InputError, match=f'Two data sets are called "{other.name}"'):      # before any is read
        categories.from_folders([data_set.folder, other], 10, seed=0)


@pytest.mark.parametrize('recipe', ['default', 'paper'])
def test_a_stopped_pretraining_goes_on_to_the_same_result(two_sets, recipe, tmp_path, monkeypatch):
    monkeypatch.setattr('worker.training.checkpoints.EVERY', 3)
    short = replace(RECIPES[recipe], epochs=3, batch_size=16)
    path = tmp_path / 'unfinished'

    def train(checkpoint, log=lambda line: None):
        torch.manual_seed(0)
        return pretrain(two_sets, FeatureExtractor('resnet18'), short, choose_device('cpu'), 1, log,
                        checkpoint=checkpoint).state_dict()

    def stop(line):
        if line.startswith('epoch 2'):
            raise KeyboardInterrupt

    whole = train(None)
    with pytest.raises(KeyboardInterrupt):
        train(path, stop)
    assert path.exists()
    lines = []
    resumed = train(path, lines.append)
    assert lines[0].startswith('going on after step ') and not path.exists()
    for name, tensor in whole.items():
        np.testing.assert_array_equal(tensor, resumed[name])
