"""The general recogniser: learnt from many data sets, fitted to a run's picks, and where fine-tuning starts from."""
import json

import numpy as np
import pytest
import torch
from worker.boxes.categories import Categories
from worker.exchange import tables
from worker.exchange.model_header import read_header
from worker.inference.adaptation import LEAST, PICKS, adapt
from worker.inference.first_picks import first_picks
from worker.inference.sources import WholeTables
from worker.network.device import choose_device
from worker.network.model_file import GENERAL_MODEL, holds_general_model, load_model
from worker.network.networks import FeatureExtractor, GeneralRecogniser, LinearRecogniser, typical
from worker.training.general import save_pretrained
from worker.training.prior import what_is_known

CLASSES = 'particle', 'ice', 'carbon'


@pytest.fixture(scope='module')
def general(tmp_path_factory):
    """(path, recogniser, header) of what was learnt from four data sets in which grey tells the class."""
    rng = torch.Generator().manual_seed(0)
    targets = torch.arange(3).repeat(40)
    data_sets = torch.arange(4).repeat_interleave(30)
    grey = torch.tensor([-1.0, -4.0, 2.0])[targets] + 0.5 * data_sets      # of another level in each
    pixels = grey[:, None, None, None] + 0.3 * torch.randn(120, 2, 91, 91, generator=rng)
    categories = Categories(pixels.half(), data_sets, targets, ['a', 'b', 'c', 'd'], CLASSES)
    path = tmp_path_factory.mktemp('general') / 'general.safetensors'
    torch.manual_seed(0)
    save_pretrained(path, 'resnet18', categories, FeatureExtractor('resnet18'), choose_device('cpu'), 0, print)
    return path, *load_model(path)


def test_what_is_learnt_is_kept_in_one_file_with_the_weights(general):
    path, recogniser, header = general
    assert isinstance(recogniser, GeneralRecogniser) and holds_general_model(path)
    assert tuple(header['classes']) == CLASSES and header['box_angstrom'] is None
    assert header['cross_validation']['balanced_macro_f1'] > 0.8
    assert header['cross_validation']['split'] == 'data set'
    again = read_header(path)
    assert again == header
    prior = what_is_known(str(path), 'resnet18')
    np.testing.assert_array_equal(prior.alone.weight, recogniser.linear.weight.detach())
    assert what_is_known('scratch', 'resnet18') is None


def test_a_run_is_judged_beside_what_is_typical_of_its_picks(general):
    _, recogniser, _ = general
    features = torch.randn(50, recogniser.linear.in_features)
    run = recogniser.adapted(features)
    assert type(run) is LinearRecogniser and not run.training
    standard = recogniser.standardised(features)
    with torch.no_grad():
        particle = recogniser.linear(standard).softmax(dim=1)[:, 0].numpy()
        beside = standard - torch.from_numpy(typical(standard.numpy(), particle))
        wanted = (recogniser.among(standard) + recogniser.beside(beside)).softmax(dim=1)
        given = run.linear(run.standardised(features)).softmax(dim=1)
    torch.testing.assert_close(given, wanted, rtol=1e-3, atol=1e-4)


def test_what_is_plainly_junk_does_not_tell_what_is_typical():
    features = np.repeat([[0.0], [8.0]], (20, 60), axis=0).astype(np.float32)
    particle = np.repeat([0.9, 0.1], (20, 60))
    assert typical(features, particle) == 0
    assert typical(features, np.full(80, 0.1)) == 8, 'where nothing is left, all of them'


def test_the_shipped_model_prunes_without_labels(data_set, worker, tmp_path):
    assert holds_general_model(GENERAL_MODEL)
    done = worker('prune', '--micrographs', data_set.micrographs, '--coordinates', data_set.coordinates, '--output',
                  tmp_path / 'scores.csv', '--report', tmp_path / 'r.json', '--model', 'general', '--box-angstrom',
                  data_set.box_angstrom)
    assert done.returncode == 0, done.stderr
    report = json.loads((tmp_path / 'r.json').read_text())
    assert report['general']['picks'] >= LEAST and report['scored'] == report['boxes']
    rows = [line.split(',') for line in (tmp_path / 'scores.csv').read_text().splitlines()]
    assert rows[0][1:5] == ['particle', 'ice', 'carbon', 'empty']
    labels, kept = tables.read_labels(data_set.labels), kept_picks(tmp_path / 'scores.csv')
    particles = [kept[row.coord_id] for row in labels if row.label == 'particle']
    junk = [kept[row.coord_id] for row in labels if row.label != 'particle']
    assert np.mean(particles) > 0.9 and np.mean(junk) < 0.2


@pytest.mark.parametrize(('arguments', 'says'), [
    (['--model', 'general'], 'has to be told the box'),
    (['--model', 'nothing.safetensors'], 'no such model file')])
def test_wrong_arguments_get_one_line(data_set, worker, tmp_path, arguments, says):
    done = worker('prune', '--micrographs', data_set.micrographs, '--coordinates', data_set.coordinates, '--output',
                  tmp_path / 's.csv', *arguments)
    assert done.returncode == 2 and says in done.stderr and done.stderr.count('\n') == 1, done.stderr


def test_a_few_picks_are_judged_by_themselves(general, data_set):
    _, recogniser, header = general
    source = WholeTables(data_set.micrographs, data_set.coordinates)
    few = [group.some(slice(0, 5)) for group in source][:2]
    header = {**header, 'box_angstrom': data_set.box_angstrom}
    adapted = adapt(recogniser, header, few, choose_device('cpu'), False, print)
    assert list(adapted.groups) == few and 'too few' in adapted.warnings[0]
    torch.testing.assert_close(adapted.recogniser.linear.bias, recogniser.linear.bias)


def test_a_run_of_junk_is_told(data_set, worker, tmp_path):
    rows = [(row.coord_id, row.mic_id, row.x, row.y) for row in tables.read_labels(data_set.labels)
            if row.label != 'particle']
    tables.write_rows(tmp_path / 'c.csv', tables.COORDINATE_COLUMNS, rows)
    done = worker('prune', '--micrographs', data_set.micrographs, '--coordinates', tmp_path / 'c.csv', '--output',
                  tmp_path / 's.csv', '--model', 'general', '--box-angstrom', data_set.box_angstrom)
    assert done.returncode == 0 and '% of the picks look like particles to the general model' in done.stdout


def test_first_picks_are_not_lost():
    groups = [None, 'a', None, 'b', 'c', None]
    seen, rest = first_picks(iter(groups), lambda group: group == 'b')
    assert seen == ['a', 'b'] and list(rest) == ['a', 'b', 'c', None]


def test_the_sample_is_the_same_whenever_a_run_goes_on(general, data_set):
    _, recogniser, header = general
    header = {**header, 'box_angstrom': data_set.box_angstrom}
    source = WholeTables(data_set.micrographs, data_set.coordinates)
    biases = [adapt(recogniser, header, source, choose_device('cpu'), False, print).recogniser.linear.bias
              for _ in range(2)]
    torch.testing.assert_close(biases[0], biases[1], rtol=0, atol=0)
    assert PICKS > LEAST


def test_junk_that_nobody_labelled_is_still_known(data_set, worker, tmp_path):
    rows, seen = [], {'particle': 0, 'carbon': 0}
    for row in tables.read_labels(data_set.labels):
        if row.label in seen and seen[row.label] < 10:
            seen[row.label] += 1
            rows.append(row)
    tables.write_labels(tmp_path / 'labels.csv', rows)
    done = worker('finetune', '--micrographs', data_set.micrographs, '--labels', tmp_path / 'labels.csv',
                  '--box-angstrom', 180, '--device', 'cpu', '--output', tmp_path / 'm.safetensors')
    assert done.returncode == 0, done.stderr
    assert read_header(tmp_path / 'm.safetensors')['classes'] == ['particle', 'ice', 'carbon', 'empty']
    done = worker('prune', '--micrographs', data_set.micrographs, '--coordinates', data_set.coordinates, '--device',
                  'cpu', '--model', tmp_path / 'm.safetensors', '--output', tmp_path / 's.csv')
    assert done.returncode == 0, done.stderr
    kept = kept_picks(tmp_path / 's.csv')
    labels = {row.coord_id: row.label for row in tables.read_labels(data_set.labels)}
    shares = {name: np.mean([kept[i] for i in kept if labels[i] == name]) for name in ('particle', 'ice', 'carbon')}
    assert shares['particle'] > 0.9 and shares['ice'] < 0.35 and shares['carbon'] < 0.1, shares


def kept_picks(path):
    """{coord_id: whether it is kept} of a table of scores."""
    rows = [line.split(',') for line in path.read_text().splitlines()[1:]]
    return {int(row[0]): float(row[1]) >= 0.5 for row in rows}


@pytest.mark.parametrize('label', ['particle', 'ice'])
def test_one_label_is_enough_to_begin_with(data_set, worker, tmp_path, label):
    row = next(row for row in tables.read_labels(data_set.labels) if row.label == label)
    tables.write_labels(tmp_path / 'labels.csv', [row])
    arguments = ['finetune', '--micrographs', data_set.micrographs, '--labels', tmp_path / 'labels.csv',
                 '--box-angstrom', 180, '--device', 'cpu', '--output', tmp_path / 'm.safetensors']
    done = worker(*arguments, '--report', tmp_path / 'r.json')
    assert done.returncode == 0, done.stderr
    report = json.loads((tmp_path / 'r.json').read_text())
    assert report['counts'] == {label: 1} and report['cross_validation'] is None
    assert report['without_labels']['accuracy'] in (0, 1)
    recogniser, _ = load_model(tmp_path / 'm.safetensors')
    assert torch.isfinite(recogniser.spacing) and recogniser.spacing > 1
    done = worker(*arguments, '--init', 'scratch')      # which knows nothing
    assert done.returncode == 2 and 'label' in done.stderr
