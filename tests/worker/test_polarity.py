"""Contrast that is opposite to that of the model is noticed, and undone if that is wanted."""
import csv

import mrcfile
import numpy as np
import pytest
from worker.exchange import tables
from worker.exchange.score_table import GrowingScores
from worker.exchange.signals import AS_IS, AS_MODEL, FEED_END, INVERTED
from worker.inference import polarity, scoring
from worker.inference.following import Feed, FollowedTables
from worker.inference.polarity import is_inverted
from worker.inference.scoring import prune
from worker.inference.sources import WholeTables
from worker.network.device import choose_device
from worker.network.model_file import load_model

OPPOSITE = 'opposite contrast of those that the model was trained on'
NUMBERS = ('particle', 'ice', 'carbon', 'novelty')


@pytest.fixture(autouse=True)
def _quick(monkeypatch):
    monkeypatch.setattr(scoring, 'DOUBTFUL_PARTICLES', 0)      # what else the positions may mean is another question


@pytest.fixture(scope='module')
def loaded(model):
    return load_model(model[0])


@pytest.fixture(scope='module')
def inputs(data_set, tmp_path_factory):
    """{'right' or 'opposite': (micrographs, coordinates)}: 60 picks on three micrographs, and these inverted."""
    folder = tmp_path_factory.mktemp('polarity')
    micrographs = tables.read_micrographs(data_set.micrographs)
    picks = tables.read_coordinates(data_set.coordinates)
    rows = [(p.coord_id, p.mic_id, p.x, p.y) for mic_id in (1, 2, 3)
            for p in [p for p in picks if p.mic_id == mic_id][:20]]
    tables.write_rows(folder / 'c.csv', tables.COORDINATE_COLUMNS, rows)
    found = {}
    for name, sign in (('right', 1), ('opposite', -1)):
        for mic_id in (1, 2, 3):
            mrcfile.write(folder / f'{name}{mic_id}.mrc', sign * mrcfile.read(micrographs[mic_id].path))
        tables.write_rows(folder / f'{name}.csv', tables.MICROGRAPH_COLUMNS,
                          [(mic_id, f'{name}{mic_id}.mrc', 3.0) for mic_id in (1, 2, 3)])
        found[name] = folder / f'{name}.csv', folder / 'c.csv'
    return found


def _run(loaded, source, output, contrast, log=lambda line: None, header=None):
    scores = GrowingScores(output, (__file__,), log, contrast=contrast)
    report = prune(source, loaded[0], header or loaded[1], scores, [choose_device('cpu')], 0, log, contrast)
    return report, _scores(output)


def _scores(path):
    with open(path, newline='') as stream:
        rows = list(csv.DictReader(stream))
    return {int(row['coord_id']): np.array([float(row[name]) for name in NUMBERS]) for row in rows}


@pytest.fixture(scope='module')
def expected(loaded, inputs, tmp_path_factory):
    """The scores of the micrographs as they should be; nothing is said of their contrast."""
    report, scores = _run(loaded, WholeTables(*inputs['right']), tmp_path_factory.mktemp('scores') / 's.csv', AS_IS)
    assert report['inverted'] is False and not [line for line in report['warnings'] if 'contrast' in line]
    return scores


def _assert_same(scores, expected):
    """As far as the quartiles of inverted pixels are the same and 8 bits round to the same side."""
    assert scores.keys() == expected.keys()
    differences = np.abs([scores[i] - expected[i] for i in scores])
    assert differences[:, :-1].max() < 0.02 and differences[:, -1].max() < 0.1      # probabilities; novelty


def test_opposite_contrast_is_told(loaded, inputs, expected, tmp_path):
    lines = []
    report, scores = _run(loaded, WholeTables(*inputs['opposite']), tmp_path / 's.csv', AS_IS, lines.append)
    assert report['inverted'] is False
    warning, = [line for line in report['warnings'] if 'contrast' in line]
    assert OPPOSITE in warning and 'prune with inverted contrast' in warning and f'warning: {warning}' in lines
    apart = [scores[i].argmax() != expected[i].argmax() for i in expected]
    assert np.mean(apart) > 0.2      # or there would be nothing to warn of


@pytest.mark.parametrize('wanted', [AS_MODEL, INVERTED])
def test_opposite_contrast_is_undone(loaded, inputs, expected, tmp_path, wanted):
    lines = []
    report, scores = _run(loaded, WholeTables(*inputs['opposite']), tmp_path / 's.csv', wanted, lines.append)
    assert report['inverted'] is True and not [line for line in report['warnings'] if 'contrast' in line]
    assert ('contrast: inverted, for it is opposite to the model' in lines) == (wanted == AS_MODEL)
    _assert_same(scores, expected)


def test_right_contrast_as_the_model_is_left(loaded, inputs, expected, tmp_path):
    lines = []
    report, scores = _run(loaded, WholeTables(*inputs['right']), tmp_path / 's.csv', AS_MODEL, lines.append)
    assert report['inverted'] is False and 'contrast: as that of the model' in lines
    assert not [line for line in report['warnings'] if 'contrast' in line]
    _assert_same(scores, expected)


def test_right_contrast_that_was_inverted_is_told(loaded, inputs, tmp_path):
    report, _ = _run(loaded, WholeTables(*inputs['right']), tmp_path / 's.csv', INVERTED)
    warning, = [line for line in report['warnings'] if 'contrast' in line]
    assert 'once the contrast is inverted: leave it as it is' in warning


@pytest.mark.parametrize('wanted', [AS_IS, AS_MODEL])
def test_a_model_that_does_not_know_its_contrast(loaded, inputs, expected, tmp_path, wanted):
    header = {key: value for key, value in loaded[1].items() if key != 'particle_contrast'}
    lines = []
    report, scores = _run(loaded, WholeTables(*inputs['right']), tmp_path / 's.csv', wanted, lines.append, header)
    told = [line for line in lines if 'contrast' in line]
    assert told == ([] if wanted == AS_IS else [
        'warning: the model does not know whether its particles were dark or bright: the contrast is left as it is'])
    assert report['inverted'] is False
    _assert_same(scores, expected)


def test_few_picks_tell_nothing(loaded, inputs, tmp_path):
    rows = [(p.coord_id, p.mic_id, p.x, p.y) for p in tables.read_coordinates(inputs['opposite'][1])][:19]
    tables.write_rows(tmp_path / 'c.csv', tables.COORDINATE_COLUMNS, rows)
    for wanted in (AS_MODEL, AS_IS):
        report, _ = _run(loaded, WholeTables(inputs['opposite'][0], tmp_path / 'c.csv'), tmp_path / 's.csv', wanted)
        assert report['inverted'] is False and not [line for line in report['warnings'] if 'contrast' in line]


@pytest.mark.parametrize('known, picks, inverted', [
    ([-0.5, 0.02], 0.5, True), ([-0.5, 0.02], -0.5, False), ([0.5, 0.02], -0.5, True), ([0.5, 0.02], 0.3, False),
    ([-0.5, 0.02], 0.2, False),      # as beside particles
    ([-0.5, 0.2], 0.5, False), ([0.0, 0.0], 0.5, False), (None, 0.5, False)])
def test_what_is_clear(known, picks, inverted):
    contrasts = picks + 0.3 * np.random.default_rng(0).standard_normal(400)
    contrasts[:100] *= 8      # junk
    assert is_inverted({'particle_contrast': known}, contrasts) is inverted
    assert is_inverted({'particle_contrast': known}, contrasts[:polarity.LEAST - 1]) is False


@pytest.mark.parametrize('name', ['right', 'opposite'])
def test_a_run_that_goes_on_decides_the_same(loaded, inputs, expected, tmp_path, name, monkeypatch):
    """Tables that grow, and a run that ends before all has come: the first picks decide, however they come."""
    monkeypatch.setattr(polarity, 'ENOUGH', 25)
    text = inputs[name][1].read_text().splitlines(keepends=True)
    (tmp_path / 'c.csv').write_text(''.join(text[:31]))
    feed = tmp_path / 'feed'
    for part, log in ((text[31:], []), ([], [])):
        feed.write_text(FEED_END)
        source = FollowedTables(inputs[name][0], tmp_path / 'c.csv', Feed(feed, 60), log.append)
        report, scores = _run(loaded, source, tmp_path / 's.csv', AS_MODEL, log.append)
        assert report['inverted'] is (name == 'opposite')
        if part:      # as the plugin takes a table up
            partial = GrowingScores(tmp_path / 's.csv', (__file__,), log.append, contrast=AS_MODEL).partial
            (tmp_path / 's.csv').rename(partial)
            with open(tmp_path / 'c.csv', 'a') as stream:
                stream.writelines(part)
        else:
            assert '30 picks were scored by an earlier run; continuing with the others' in log
    _assert_same(scores, expected)


def test_scores_of_one_contrast_are_not_continued_with_another(inputs, model, worker, tmp_path):
    def run(contrast):
        micrographs, coordinates = inputs['right']
        return worker('prune', '--micrographs', micrographs, '--coordinates', coordinates, '--model', model[0],
                      '--device', 'cpu', '--output', tmp_path / 's.csv', '--contrast', contrast)

    assert run('as-is').returncode == 0
    first = (tmp_path / 's.csv').read_bytes()
    for contrast in ('inverted', 'as-is', 'model'):
        partial = GrowingScores(tmp_path / 's.csv', (model[0], *inputs['right']), print, contrast='as-is').partial
        partial.write_bytes(first[:first.index(b'\n', 2000) + 1])
        done = run(contrast)
        assert done.returncode == 0 and not partial.exists()
        assert ('were scored by an earlier run' in done.stdout) == (contrast == 'as-is')
        assert ((tmp_path / 's.csv').read_bytes() == first) == (contrast != 'inverted')
    assert run('other').returncode == 2
