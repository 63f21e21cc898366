"""Classes that the user names: what a name may be, what is decided, and a model of five of them."""
import csv

import numpy as np
import pytest
from worker.exchange import tables
from worker.exchange.classes import checked_classes, class_name, count_by_class, decide, ordered, safe_name
from worker.exchange.errors import InputError
from worker.exchange.model_header import FORMAT_VERSION, read_header
from worker.training.recipes import class_weights

FIVE = ('particle', 'ice', 'carbon', 'aggregate', 'gold edge')


@pytest.mark.parametrize('text, name', [('Ice', 'ice'), (' gold   Edge ', 'gold edge'), ('thon_1', 'thon_1'),
                                        ('3d', '3d'), ('PARTICLE', 'particle')])
def test_names(text, name):
    assert class_name(text) == name


@pytest.mark.parametrize('text', ['', '  ', '_x', '-', 'ice,carbon', 'a/b', 'é', 'x' * 31, 'novelty', 'Status', 'class',
                                  'coord_id', 'outside', 'a;b', 'ice\x00'])
def test_what_is_no_name(text):
    with pytest.raises(InputError, match='class'):
        class_name(text)


def test_order_and_identifiers():
    assert ordered(['zinc', 'other', 'ice', 'particle', 'empty', 'Au', 'ice']) == ('particle', 'ice', 'empty', 'other',
                                                                                  'Au', 'zinc')
    assert [safe_name(name) for name in FIVE] == ['Particle', 'Ice', 'Carbon', 'Aggregate', 'GoldEdge']
    assert count_by_class(['ice', 'particle', 'ice', 'x']) == {'particle': 1, 'ice': 2, 'x': 1}


@pytest.mark.parametrize('names, says', [
    (['ice', 'carbon'], 'must be a class "particle"'), (['particle'], 'must be a kind of junk'),
    ([], 'must be a class'),
    (['particle', 'gold edge', 'gold-edge'], '"gold edge", "gold-edge" are too much alike'),
    (['particle', 'gold edge', 'goldedge'], '"gold edge", "goldedge" are too much alike'),
    (['particle', *'abcdefghi'], '9 kinds of junk .*8 at most'), (['particle', *'abcdefgh'], None)])
def test_classes_of_a_model(names, says):
    if says is None:
        assert set(checked_classes(names)) == set(names)
    else:
        with pytest.raises(InputError, match=says):
            checked_classes(names)


def test_the_particle_is_decided_against_all_junk():
    probabilities = np.array([[0.5, 0.5, 0.0], [0.49, 0.3, 0.21], [0.4, 0.2, 0.4], [0.6, 0.2, 0.2]])
    assert decide(probabilities).tolist() == [0, 1, 2, 0]
    split = np.column_stack([probabilities[:, :2], probabilities[:, 2:] / 2, probabilities[:, 2:] / 2])
    assert ((decide(split) == 0) == (decide(probabilities) == 0)).all()


def test_all_junk_together_weighs_no_more_for_being_divided():
    targets = np.repeat([0, 1, 2], [10, 30, 5])
    weighed = class_weights(targets) * np.bincount(targets)
    assert weighed == pytest.approx(np.full(3, 15))      # as scikit-learn's "balanced"
    divided = np.repeat([0, 1, 2, 3, 4], [10, 15, 15, 3, 2])
    weighed = class_weights(divided) * np.bincount(divided)
    assert weighed[0] == pytest.approx(15) and weighed[1:] == pytest.approx(np.full(4, 7.5))
    two = np.repeat([0, 1], [10, 30])
    assert class_weights(two) * np.bincount(two) == pytest.approx([20, 20])


def test_a_model_of_five_classes(data_set, worker, tmp_path):
    """Junk of the simulated data set under four names, one of them the user's own."""
    seen, rows, truth = {}, [], {}
    picks = tables.read_labels(data_set.labels)
    for row in (picks[i] for i in np.random.default_rng(0).permutation(len(picks))):
        name = row.label
        if name != 'particle' and row.mic_id % 2:
            name = {'ice': 'aggregate', 'carbon': 'Gold  edge'}[name]
        truth[row.coord_id] = class_name(name)
        seen[name] = seen.get(name, 0) + 1
        if seen[name] <= 10:
            rows.append((row.coord_id, row.mic_id, row.x, row.y, name))
    labels, model, scores = tmp_path / 'l.csv', tmp_path / 'm.safetensors', tmp_path / 's.csv'
    tables.write_rows(labels, tables.LABEL_COLUMNS, rows)
    done = worker('finetune', '--micrographs', data_set.micrographs, '--labels', labels, '--box-angstrom', 180,
                  '--device', 'cpu', '--output', model)
    assert done.returncode == 0, done.stderr
    header = read_header(model)
    assert header['classes'] == list(ordered([*FIVE, 'empty'])) and header['format_version'] == FORMAT_VERSION == 2
    assert header['counts'].keys() == set(FIVE), 'empty boxes are known without labels'
    done = worker('prune', '--micrographs', data_set.micrographs, '--coordinates', data_set.coordinates, '--model',
                  model, '--device', 'cpu', '--output', scores)
    assert done.returncode == 0, done.stderr
    with open(scores, newline='') as stream:
        assert tables.score_classes(scores, next(csv.reader(stream))) == tuple(header['classes'])
        found = list(csv.reader(stream))
    probabilities = np.array([row[1:7] for row in found], dtype=float)
    assert probabilities.sum(axis=1) == pytest.approx(np.ones(len(found)), abs=1e-4)
    particles = np.array([truth[int(row[0])] == 'particle' for row in found])
    decided = decide(probabilities) == 0
    assert decided[particles].mean() > 0.9 and decided[~particles].mean() < 0.1


def test_tables_of_scores():
    assert tables.score_columns(('particle', 'gold edge')) == ('coord_id', 'particle', 'gold edge', 'novelty', 'status',
                                                               'reason')
    for columns in ((), ('coord_id', 'novelty', 'status', 'reason'), ('coord_id', 'particle', 'novelty', 'status'),
                    ('coord_id', 'ice', 'particle', 'novelty', 'status', 'reason')):
        with pytest.raises(InputError, match='not a table of scores'):
            tables.score_classes('s.csv', columns)
