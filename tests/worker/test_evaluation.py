"""Evaluation: what is judged was not learnt from, and a broken-off evaluation goes on."""
import json

import numpy as np
import pytest
from PIL import Image
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


def test_evaluate_and_continue(data_set, shots, worker, tmp_path):
    arguments = ['evaluate', '--micrographs', data_set.micrographs, '--labels', shots, '--box-angstrom', 180,
                 '--split', 'random', '--shots', 3, 6, '--output', tmp_path / 'results.json']
    done = worker(*arguments, '--draws', 1)
    assert done.returncode == 0, done.stderr
    first = json.loads((tmp_path / 'results.json').read_text())
    done = worker(*arguments, '--draws', 2, '--parallel', 2, '--plot', tmp_path / 'plot.png')
    assert done.stdout.count(': draw 1, ') == 0 and done.stdout.count(': draw 2, ') == 2
    assert Image.open(tmp_path / 'plot.png').width > 1000
    second = json.loads((tmp_path / 'results.json').read_text())
    assert second['draws'][:2] == first['draws'] and len(second['draws']) == 4
    assert set(second['summary']) == {'3', '6'} and second['summary']['6']['balanced_macro_f1']['mean'] > 0.9
    done = worker(*arguments, '--draws', 1, '--seed', 7)
    assert 'kept as results.json.old' in done.stdout
    assert json.loads((tmp_path / 'results.json.old').read_text()) == second
    (tmp_path / 'results.json').write_text('something else')
    assert 'no result of evaluate' in worker(*arguments).stderr


def test_the_same_figures_however_many_fits_go_on_at_a_time(data_set, shots, worker, tmp_path):
    for name, parallel in (('one', 1), ('two', 2)):
        done = worker('evaluate', '--micrographs', data_set.micrographs, '--labels', shots, '--box-angstrom',
                      180, '--split', 'random', '--shots', 4, '--draws', 3, '--folds', 2, '--threads', 2,
                      '--parallel', parallel, '--output', tmp_path / name)
        assert done.returncode == 0, done.stderr
    one, two = (json.loads((tmp_path / name).read_text()) for name in ('one', 'two'))
    assert [d['confusion'] for d in one['draws']] == [d['confusion'] for d in two['draws']]
    assert [d['draw'] for d in two['draws']] == [0, 1, 2]
