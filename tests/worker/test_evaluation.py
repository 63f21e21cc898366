"""Evaluation: what is judged was not learnt from, and a broken-off evaluation goes on."""
import json

import numpy as np
import pytest
from PIL import Image
from worker.exchange import tables
from worker.exchange.errors import InputError
from worker.exchange.splits import halves
from worker.training.evaluate import markdown, summarise
from worker.training.metrics import figures


def test_split_by_micrograph_shares_no_micrograph_and_has_every_class_on_both_sides():
    rng = np.random.default_rng(0)
    mic_ids = np.repeat(np.arange(10), 20)
    targets = (rng.random(200) < 0.2).astype(int)
    for draw in range(5):
        order, test = halves(targets, mic_ids, 'micrograph', np.random.default_rng(draw))
        assert not set(mic_ids[order]) & set(mic_ids[test])
        assert len(order) + len(test) == 200 and set(targets[order]) == set(targets[test]) == {0, 1}
    with pytest.raises(InputError, match='no split by micrograph'):
        halves(np.repeat([0, 1], 20), np.repeat([0, 1], 20), 'micrograph', rng)


def test_figures():
    true = np.array(['particle'] * 90 + ['ice'] * 10)
    predicted = np.array(['particle'] * 81 + ['ice'] * 9 + ['ice'] * 9 + ['particle'])
    result = figures(true, predicted, ['particle', 'ice'])
    assert result['confusion'] == [[81, 9], [1, 9]]
    assert result['accuracy'] == pytest.approx(0.9)
    assert result['balanced_macro_f1'] == pytest.approx(0.9)
    assert result['macro_f1'] == pytest.approx((2 * 81 / 172 + 2 * 9 / 28) / 2)
    assert result['per_class']['particle'] == pytest.approx({'precision': 0.9, 'recall': 0.9, 'f1': 0.9})
    assert result['junk_removed'] == pytest.approx(0.9) and result['particles_lost'] == pytest.approx(0.1)


def test_summary_knows_the_worst_draw():
    draws = [{'shots': 5, 'draw': i, 'balanced_macro_f1': f, 'macro_f1': f, 'accuracy': f, 'junk_removed': f,
              'particles_lost': 1 - f, 'calibration_error': 1 - f, 'confusion': [[10 * f, 10 - 10 * f], [0, 4]],
              'per_class': {name: {'precision': f, 'recall': 1 - f, 'f1': 0.5} for name in ('particle', 'ice')}}
             for i, f in enumerate((0.9, 1.0, 0.8))]
    summary = summarise(draws)
    assert summary['5']['accuracy'] == pytest.approx({'mean': 0.9, 'sd': np.std([0.9, 1, 0.8]), 'worst': 0.8})
    assert summary['5']['particles_lost']['worst'] == pytest.approx(0.2)
    assert summary['5']['confusion'] == [[27, 3], [0, 12]]
    assert '90.0 ± 8.2 (80.0)' in markdown(summary) and '| 5 | ice | 90.0 ± 8.2 | 10.0 ± 8.2 | 50.0 ± 0.0 |' \
        in markdown(summary)


@pytest.fixture(scope='module')
def evaluate(data_set, shots, worker):
    """Run `evaluate` on few and small boxes, in this process unless `--parallel` says otherwise."""
    def run(output, *more, labels=shots):
        return worker('evaluate', '--micrographs', data_set.micrographs, '--labels', labels, '--box-angstrom', 180,
                      '--split', 'random', '--input-size', 32, '--output', output, '--parallel', 1, *more)
    return run


def test_evaluate_and_continue(evaluate, tmp_path):
    output = tmp_path / 'results.json'
    done = evaluate(output, '--draws', 1, '--shots', 3, 6)
    assert done.returncode == 0, done.stderr
    first = json.loads(output.read_text())
    done = evaluate(output, '--draws', 2, '--shots', 3, 6, 6, '--plot', tmp_path / 'plot.png')
    assert done.stdout.count(': draw 1, ') == 0 and done.stdout.count(': draw 2, ') == 2
    assert Image.open(tmp_path / 'plot.png').width > 1000
    second = json.loads(output.read_text())
    assert second['draws'][:2] == first['draws'] and len(second['draws']) == 4
    assert set(second['summary']) == {'3', '6'} and second['summary']['6']['balanced_macro_f1']['mean'] > 0.9

    # What is not asked for any more is forgotten: other shots, further draws.
    done = evaluate(output, '--draws', 2, '--shots', 6)
    assert '2 results of an earlier call are left out' in done.stdout and 'trainings to do' not in done.stdout
    assert json.loads(output.read_text())['draws'] == [draw for draw in second['draws'] if draw['shots'] == 6]
    done = evaluate(output, '--draws', 1, '--shots', 6)
    third = json.loads(output.read_text())
    assert '1 results of an earlier call are left out' in done.stdout
    assert third['draws'] == first['draws'][1:] and third['summary'] == {'6': {**third['summary']['6'], 'draws': 1}}

    done = evaluate(output, '--draws', 1, '--shots', 4, '--seed', 7)
    assert 'kept as results.json.old' in done.stdout
    assert json.loads((tmp_path / 'results.json.old').read_text()) == third
    output.write_text('something else')
    assert 'no result of evaluate' in evaluate(output).stderr


def test_the_same_figures_however_many_fits_go_on_at_a_time(evaluate, tmp_path):
    for name, parallel in (('one', 1), ('two', 2)):
        done = evaluate(tmp_path / name, '--shots', 4, '--draws', 3, '--folds', 2, '--threads', 2, '--parallel',
                        parallel)
        assert done.returncode == 0, done.stderr
    one, two = (json.loads((tmp_path / name).read_text()) for name in ('one', 'two'))
    assert [d['confusion'] for d in one['draws']] == [d['confusion'] for d in two['draws']]
    assert [d['draw'] for d in two['draws']] == [0, 1, 2]


@pytest.mark.parametrize('classes, says', [
    (['particle'], 'all labels are of the class particle'), (['ice'], 'no box is labelled particle'),
    (['ice', 'carbon'], 'no box is labelled particle'), ([], 'there are no labels')])
def test_labels_that_cannot_be_evaluated(evaluate, shots, tmp_path, classes, says):
    tables.write_labels(tmp_path / 'l.csv', [row for row in tables.read_labels(shots) if row.label in classes])
    done = evaluate(tmp_path / 'results.json', labels=tmp_path / 'l.csv')
    assert done.returncode == 2 and len(done.stderr.splitlines()) == 1 and says in done.stderr
    assert not (tmp_path / 'results.json').exists()


def test_labels_that_are_left_out_are_told(evaluate, shots, tmp_path):
    rows = [*tables.read_labels(shots), tables.CoordinateRow(None, 2, 900, 9, 'ice')]
    tables.write_labels(tmp_path / 'l.csv', rows)
    done = evaluate(tmp_path / 'results.json', '--shots', 2, '--draws', 1, labels=tmp_path / 'l.csv')
    assert done.returncode == 0, done.stderr
    assert 'warning: 1 labels outside micrograph 2 are left out' in done.stdout and '36 boxes; ' in done.stdout


@pytest.mark.parametrize('command', ['evaluate', 'finetune'])
def test_one_fold_is_none(data_set, shots, worker, tmp_path, command):
    done = worker(command, '--micrographs', data_set.micrographs, '--labels', shots, '--box-angstrom', 180, '--output',
                  tmp_path / 'x', '--folds', 1)
    assert done.returncode == 2 and len(done.stderr.splitlines()) == 1 and not list(tmp_path.iterdir())
    assert 'argument --folds: 1 fold leaves nothing to train on; give 0 for none, or 2 and more' in done.stderr
