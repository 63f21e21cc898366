"""The features that suggestions are found in: `worker embed` as the Scipion side calls it."""
import json
import signal

import numpy as np
import pytest
from worker import cli
from worker.exchange import tables
from worker.exchange.feature_file import read_features
from worker.exchange.tables import CoordinateRow
from worker.inference.embedding import COMPONENTS, choose_sample, principal_components
from worker.simulation.dataset import simulate


def _embed(data_set, coordinates, output, *more, micrographs=None):
    return ['embed', '--micrographs', micrographs or data_set.micrographs, '--coordinates', coordinates,
            '--box-angstrom', data_set.box_angstrom, '--device', 'cpu', '--output', output, *more]


def _run(*arguments):
    """In this process: torch takes seconds to load. Returns the exit code."""
    before = signal.getsignal(signal.SIGTERM)
    try:
        return cli.main([str(word) for word in arguments])
    finally:
        signal.signal(signal.SIGTERM, before)


@pytest.fixture(scope='module')
def picks(data_set, tmp_path_factory):
    """A table of part of the picks, at most 15 of each class on a micrograph, with the truth {coord_id: label row}."""
    counts, truth = {}, {}
    for row in tables.read_labels(data_set.labels):
        counts[row.mic_id, row.label] = counts.get((row.mic_id, row.label), 0) + 1
        if counts[row.mic_id, row.label] <= 15:
            truth[row.coord_id] = row
    path = tmp_path_factory.mktemp('picks') / 'coordinates.csv'
    tables.write_rows(path, tables.COORDINATE_COLUMNS, [(r.coord_id, r.mic_id, r.x, r.y) for r in truth.values()])
    return path, truth


@pytest.fixture(scope='module')
def embedded(data_set, picks, worker, tmp_path_factory):
    output = tmp_path_factory.mktemp('embedded') / 'features.npz'
    done = worker(*_embed(data_set, picks[0], output))
    assert done.returncode == 0, done.stderr
    return output


def test_boxes_of_a_class_are_neighbours(picks, embedded):
    truth = picks[1]
    features, ids, mic_ids, *_ = read_features(embedded)
    assert set(ids) == truth.keys() and features.shape == (len(truth), COMPONENTS)
    assert [truth[i].mic_id for i in ids] == list(mic_ids)
    labels = np.array([truth[i].label for i in ids])
    distances = np.linalg.norm(features[:, None] - features, axis=2)
    np.fill_diagonal(distances, np.inf)
    nearest = labels[distances.argmin(axis=1)]
    for name in ('particle', 'ice', 'carbon'):
        assert (nearest[labels == name] == name).mean() > 0.75, name


def test_boxes_with_nothing_in_them_have_the_least_relief(worker, tmp_path):
    folder = tmp_path / 'simulated'
    simulate(folder, micrographs=2, size=512, pixel_size=4.0, box_angstrom=200.0, seed=5, empty=12)
    rows = tables.read_labels(folder / 'labels.csv')
    done = worker('embed', '--micrographs', folder / 'micrographs.csv', '--coordinates', folder / 'coordinates.csv',
                  '--box-angstrom', 200, '--device', 'cpu', '--output', tmp_path / 'features.npz')
    assert done.returncode == 0, done.stderr
    read = read_features(tmp_path / 'features.npz')
    names = {row.coord_id: row.label for row in rows}
    labels = np.array([names[i] for i in read.ids.tolist()])
    empty, particles = (read.relief[labels == name] for name in ('empty', 'particle'))
    assert (empty[:, None] < particles).mean() > 0.8
    plainest = [name for name in labels[read.relief.argsort()] if name != 'carbon'][:5]      # film may be plain, too
    assert plainest.count('empty') >= 4


def test_the_same_picks_give_the_same_file(data_set, picks, embedded, tmp_path):
    assert _run(*_embed(data_set, picks[0], tmp_path / 'again.npz')) == 0
    assert (tmp_path / 'again.npz').read_bytes() == embedded.read_bytes()


def test_a_sample_is_thinned_out_on_all_micrographs(data_set, picks, tmp_path):
    coordinates, truth = picks
    most = len(truth) // 2
    report = tmp_path / 'r.json'
    assert _run(*_embed(data_set, coordinates, tmp_path / 'f.npz', '--most', most, '--report', report)) == 0
    described = read_features(tmp_path / 'f.npz')
    ids, mic_ids = described.ids, described.mic_ids
    assert set(ids) <= set(truth) and len(ids) == most and set(mic_ids) == {row.mic_id for row in truth.values()}
    assert described.classes == ('particle', 'ice', 'carbon', 'empty')
    np.testing.assert_allclose(described.probabilities.sum(axis=1), 1, atol=1e-4)
    told = json.loads(report.read_text())
    assert told['boxes'] == len(ids) and told['micrographs'] == len(set(mic_ids))


def test_a_sample_lies_all_over_the_data_set():
    picks = {mic_id: [CoordinateRow(30 * mic_id + i, mic_id, 0, 0) for i in range(30)] for mic_id in range(1, 101)}
    chosen = choose_sample(picks, 320)
    assert len(chosen) == 50 and list(chosen) == sorted(chosen) and max(np.diff([0, *chosen, 101])) <= 4
    assert sum(map(len, chosen.values())) == 320 and {len(rows) for rows in chosen.values()} == {6, 7}
    assert sum(map(len, choose_sample(picks, 3000).values())) == 50 * 30
    thinned = choose_sample(picks, 7)
    assert len(thinned) == 7 and {len(rows) for rows in thinned.values()} == {1}


def test_a_poor_micrograph_leaves_its_share_to_others():
    picks = {1: list(range(100)), 2: list(range(4)), 3: list(range(100))}
    chosen = choose_sample(picks, 44)
    assert {mic_id: len(rows) for mic_id, rows in chosen.items()} == {1: 20, 2: 4, 3: 20}
    assert max(np.diff([-1, *chosen[1], 100])) <= 6, 'all over the micrograph'


def test_what_cannot_be_used_is_left_out_and_told(data_set, picks, capsys, tmp_path):
    rows = [(row.mic_id, row.path if row.mic_id != 2 else tmp_path / 'gone.mrc', row.pixel_size)
            for row in tables.read_micrographs(data_set.micrographs).values()]
    tables.write_rows(tmp_path / 'm.csv', tables.MICROGRAPH_COLUMNS, rows)
    truth = picks[1]
    away = next(i for i, row in truth.items() if row.mic_id != 2)
    tables.write_rows(tmp_path / 'c.csv', tables.COORDINATE_COLUMNS,
                      [(i, row.mic_id, -50 if i == away else row.x, row.y) for i, row in truth.items()])
    assert _run(*_embed(data_set, tmp_path / 'c.csv', tmp_path / 'f.npz', '--report', tmp_path / 'r.json',
                        micrographs=tmp_path / 'm.csv')) == 0
    told = capsys.readouterr().out
    assert 'warning: micrograph 2 is left out' in told and 'gone.mrc: no such file' in told
    assert [failed['mic_id'] for failed in json.loads((tmp_path / 'r.json').read_text())['failed_micrographs']] == [2]
    used = {i for i, row in truth.items() if row.mic_id != 2 and i != away}
    assert set(read_features(tmp_path / 'f.npz').ids) == used


@pytest.mark.parametrize('rows, more, line', [
    ([], (), 'no coordinates'),
    ([(1, 77, 5, 5)], (), 'no micrograph has the id 77'),
    ([(1, 1, -9, 5), (2, 1, 5, 5000)], (), 'all picks lie outside their micrographs'),
    ([(1, 1, 300, 300)], ('--box-angstrom', '5000'), 'larger than the micrograph')])
def test_one_line_for_what_is_wrong(data_set, capsys, tmp_path, rows, more, line):
    folder = tmp_path / 'out'
    folder.mkdir()
    tables.write_rows(tmp_path / 'c.csv', tables.COORDINATE_COLUMNS, rows)
    assert _run(*_embed(data_set, tmp_path / 'c.csv', folder / 'f.npz', *more, '--error-file', tmp_path / 'error')) == 2
    told = capsys.readouterr().err
    assert line in told and told.count('\n') == 1
    assert line in (tmp_path / 'error').read_text() and not list(folder.iterdir())


def test_an_interrupted_run_leaves_nothing(data_set, picks, start_worker, tmp_path):
    many = tmp_path / 'picks' / 'many.csv'      # enough to be busy for a while
    many.parent.mkdir()
    tables.write_rows(many, tables.COORDINATE_COLUMNS, [(10 ** 6 * turn + p.coord_id, p.mic_id, p.x, p.y)
                                                        for turn in range(5) for p in picks[1].values()])
    process = start_worker(*_embed(data_set, many, tmp_path / 'f.npz', '--threads', 1, '--batch-size', 1))
    while 'micrographs' not in process.stdout.readline():
        assert process.poll() is None
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=60)
    assert process.returncode == 143 and list(tmp_path.iterdir()) == [many.parent]


def test_few_picks_and_picks_that_are_all_alike():
    assert principal_components(np.ones((1, 5), dtype=np.float32)).tolist() == [[0]]
    assert not principal_components(np.ones((9, 5), dtype=np.float32)).any()
    three = principal_components(np.random.default_rng(0).normal(size=(3, 100)).astype(np.float32))
    assert three.shape == (3, 2) and (three ** 2).sum(axis=1).mean() == pytest.approx(1, rel=1e-4)
