"""Fine-tune and prune as a script calls them: results, resume, and one line for everything that goes wrong."""
import csv
import json
import resource
import shutil
import signal
import subprocess
import time

import mrcfile
import numpy as np
import pytest
from worker.exchange import tables
from worker.exchange.score_table import GrowingScores

CLASSES = ('particle', 'ice', 'carbon')      # of the simulated data set


def _scores(path):
    with open(path, newline='') as stream:
        return {int(row['coord_id']): row for row in csv.DictReader(stream)}


def _prune(data_set, model, output, *more, coordinates=None):
    return ['prune', '--micrographs', data_set.micrographs, '--coordinates', coordinates or data_set.coordinates,
            '--model', model[0], '--device', 'cpu', '--output', output, *more]


@pytest.fixture(scope='module')
def some_picks(data_set, tmp_path_factory):
    """A table with some of the picks, on all micrographs, where the rest would only take time."""
    path = tmp_path_factory.mktemp('picks') / 'coordinates.csv'
    picks = tables.read_coordinates(data_set.coordinates)[::6]
    tables.write_rows(path, tables.COORDINATE_COLUMNS, [(p.coord_id, p.mic_id, p.x, p.y) for p in picks])
    return path


@pytest.fixture(scope='module')
def some_scores(some_picks, scores):
    """Their rows of the table of scores, by id: what is said of a pick does not depend on the others."""
    rows = _scores(scores)
    return {pick.coord_id: rows[pick.coord_id] for pick in tables.read_coordinates(some_picks)}


@pytest.fixture(scope='module')
def scores(data_set, model, worker, tmp_path_factory):
    output = tmp_path_factory.mktemp('scores') / 'scores.csv'
    done = worker(*_prune(data_set, model, output, '--report', output.with_name('report.json')))
    assert done.returncode == 0, done.stderr
    return output


def test_report_of_a_fine_tuning(model):
    report = json.loads(model[1].read_text())
    assert report['counts'] == {'particle': 12, 'ice': 12, 'carbon': 12}
    crossed = report['cross_validation']
    assert np.sum(crossed['confusion']) == 36 and crossed['macro_f1'] > 0.88      # 0.944 when this was written
    assert report['failed_micrographs'] == [] and report['dropped_labels'] == 0


def test_every_pick_gets_probabilities_and_most_get_their_class(data_set, scores):
    truth = {label.coord_id: label.label for label in tables.read_labels(data_set.labels)}
    rows = _scores(scores)
    assert rows.keys() == truth.keys()
    right = {c: [] for c in CLASSES}
    for coord_id, row in rows.items():
        probabilities = [float(row[c]) for c in (*CLASSES, 'empty')]      # which is known without labels
        assert row['status'] == tables.SCORED and sum(probabilities) == pytest.approx(1, abs=1e-4)
        right[truth[coord_id]].append((*CLASSES, 'empty')[int(np.argmax(probabilities))] == truth[coord_id])
    assert min(np.mean(r) for r in right.values()) > 0.87, {c: np.mean(r) for c, r in right.items()}
    assert json.loads(scores.with_name('report.json').read_text())['warnings'] == []


def test_the_same_seed_gives_the_same_model_and_scores(data_set, shots, model, some_picks, some_scores, worker,
                                                       tmp_path):
    done = worker('finetune', '--micrographs', data_set.micrographs, '--labels', shots, '--box-angstrom', 180,
                  '--device', 'cpu', '--output', tmp_path / 'model.safetensors')
    assert done.returncode == 0, done.stderr
    assert (tmp_path / 'model.safetensors').read_bytes() == model[0].read_bytes()
    assert worker(*_prune(data_set, model, tmp_path / 'scores.csv', coordinates=some_picks)).returncode == 0
    assert _scores(tmp_path / 'scores.csv') == some_scores


def test_recipe_of_the_paper_end_to_end(data_set, shots, some_picks, worker, tmp_path):
    done = worker('finetune', '--micrographs', data_set.micrographs, '--labels', shots, '--box', 60,
                  '--recipe', 'paper', '--epochs', 3, '--folds', 0, '--input-size', 32,
                  '--output', tmp_path / 'm.safetensors', '--report', tmp_path / 'r.json')
    assert done.returncode == 0, done.stderr
    report = json.loads((tmp_path / 'r.json').read_text())
    assert len(report['loss_curve']) == 3 and report['loss_curve'][-1] < report['loss_curve'][0]
    assert report['box_angstrom'] == 180
    done = worker(*_prune(data_set, (tmp_path / 'm.safetensors',), tmp_path / 's.csv', coordinates=some_picks))
    assert done.returncode == 0 and 'boxes/s' in done.stdout


def test_a_run_killed_at_any_moment_goes_on_where_it_was(data_set, model, scores, start_worker, tmp_path):
    """kill -9 three times, each time somewhat further on; the last run finds nothing but whole rows to go on from."""
    output, log = tmp_path / 'scores.csv', ''
    size = scores.stat().st_size
    moments = sorted(np.random.default_rng(0).uniform(0, 0.95, 3))
    for number, moment in enumerate(moments):
        process = start_worker(*_prune(data_set, model, output, '--threads', 1 + number % 2))
        end = time.monotonic() + 120
        while not (parts := list(tmp_path.glob('scores.csv.*.part'))) or parts[0].stat().st_size < moment * size:
            assert time.monotonic() < end and process.poll() is None
            time.sleep(0.002)
        process.kill()
        process.communicate()
        assert not output.exists() and scores.read_bytes().startswith(parts[0].read_bytes())
        if number % 2:
            with open(parts[0], 'ab') as stream:
                stream.write(b'12,0.5,0.')      # a line that the kill cut off
    process = start_worker(*_prune(data_set, model, output))
    log, _ = process.communicate(timeout=120)
    assert 'were scored by an earlier run' in log
    assert output.read_bytes() == scores.read_bytes() and list(tmp_path.iterdir()) == [output]


def test_a_link_in_the_place_of_the_partial_table_is_not_followed(data_set, model, worker, tmp_path):
    victim = tmp_path / 'victim'
    victim.write_text('mine')
    part = GrowingScores(tmp_path / 's.csv', (model[0], data_set.micrographs, data_set.coordinates), print).partial
    part.symlink_to(victim)
    done = worker(*_prune(data_set, model, tmp_path / 's.csv'))
    assert done.returncode == 2 and len(done.stderr.strip().splitlines()) == 1 and part.name in done.stderr
    assert victim.read_text() == 'mine'


@pytest.mark.parametrize('mount, says', [('size=8k', 'no space left to write'), ('ro', 'Read-only file system')])
def test_a_file_system_that_is_full_or_read_only(data_set, model, worker_process, tmp_path, mount, says):
    as_root = ('unshare', '-Urm', 'sh', '-c')
    if not shutil.which('unshare') or subprocess.run([*as_root, 'true']).returncode:
        pytest.skip('no file system can be mounted here')
    done = worker_process(*_prune(data_set, model, tmp_path / 's.csv'), prefix=(
        *as_root, f'mount -t tmpfs -o {mount} none "$0" && exec "$@"', tmp_path))
    assert done.returncode == 2 and len(done.stderr.strip().splitlines()) == 1 and says in done.stderr, done.stderr


def test_a_part_of_other_inputs_is_not_continued(data_set, model, some_picks, some_scores, worker, tmp_path):
    stale = tmp_path / 'scores.csv.0123456789abcdef.part'
    stale.write_text('coord_id,particle,ice,carbon,status,reason\n1,0.1,0.1,0.8,scored,\n')
    done = worker(*_prune(data_set, model, tmp_path / 'scores.csv', coordinates=some_picks))
    assert 'earlier run' not in done.stdout and not stale.exists()
    assert _scores(tmp_path / 'scores.csv') == some_scores


def test_micrographs_of_all_shapes(data_set, model, scores, worker, tmp_path):
    """A micrograph repeated to 16384 px of width or height, an odd part of it, and a single pixel."""
    tile = mrcfile.read(data_set.folder / tables.read_micrographs(data_set.micrographs)[1].path)
    side, margin = 768, 120      # px; so far from its edge a pick sees nothing beyond its own tile
    assert tile.shape == (side, side)
    images = {1: np.tile(tile, (1, 22))[:, :16384], 2: np.tile(tile, (22, 1))[:16384], 3: tile[:767, :613],
              4: tile[:1, :1]}
    for mic_id, image in images.items():
        mrcfile.write(tmp_path / f'{mic_id}.mrc', image)
    tables.write_rows(tmp_path / 'micrographs.csv', tables.MICROGRAPH_COLUMNS,
                      [(mic_id, f'{mic_id}.mrc', 3.0) for mic_id in images])
    inner = [pick for pick in tables.read_labels(data_set.labels) if pick.mic_id == 1
             and margin <= pick.x < 613 - margin and margin <= pick.y < side - margin]
    places = {1: (15000 // side * side, 0), 2: (0, 15000 // side * side), 3: (0, 0), 4: (0, 0)}
    rows = [(1000 * mic_id + number, mic_id, pick.x + places[mic_id][0], pick.y + places[mic_id][1])
            for mic_id in images for number, pick in enumerate(inner)]
    tables.write_rows(tmp_path / 'coordinates.csv', tables.COORDINATE_COLUMNS, rows)
    done = worker('prune', '--micrographs', tmp_path / 'micrographs.csv', '--coordinates', tmp_path / 'coordinates.csv',
                  '--model', model[0], '--device', 'cpu', '--output', tmp_path / 'scores.csv')
    assert done.returncode == 0, done.stderr
    found, known = _scores(tmp_path / 'scores.csv'), _scores(scores)
    for mic_id in (1, 2, 3):
        apart = [abs(float(found[1000 * mic_id + number][c]) - float(known[pick.coord_id][c]))
                 for number, pick in enumerate(inner) for c in CLASSES]
        assert np.mean(apart) < 0.03      # the grids of the boxes lie a little apart
    assert all(found[4000 + number]['reason'].endswith('there is nothing to see.') for number in range(len(inner)))


def _with_bad_micrographs(data_set, folder, bad):
    """The tables of the data set, with some micrographs replaced: {mic_id: path}."""
    rows = [(row.mic_id, bad.get(row.mic_id, row.path), row.pixel_size)
            for row in tables.read_micrographs(data_set.micrographs).values()]
    tables.write_rows(folder / 'micrographs.csv', tables.MICROGRAPH_COLUMNS, rows)
    return folder / 'micrographs.csv'


def test_one_bad_micrograph_does_not_stop_the_others(data_set, model, some_picks, some_scores, worker, tmp_path):
    (tmp_path / 'bad.mrc').write_bytes(b'')
    micrographs = _with_bad_micrographs(data_set, tmp_path, {2: tmp_path / 'bad.mrc', 5: tmp_path / 'gone.mrc'})
    done = worker('prune', '--micrographs', micrographs, '--coordinates', some_picks, '--model', model[0],
                  '--output', tmp_path / 's.csv', '--report', tmp_path / 'r.json', '--device', 'cpu')
    assert done.returncode == 0, done.stderr
    report = json.loads((tmp_path / 'r.json').read_text())
    assert [f['mic_id'] for f in report['failed_micrographs']] == [2, 5]
    assert 'the file is empty' in report['failed_micrographs'][0]['reason']
    assert 'warning: micrograph 5 is not scored' in done.stdout
    picks = {c.coord_id: c.mic_id for c in tables.read_coordinates(data_set.coordinates)}
    found = _scores(tmp_path / 's.csv')
    assert found.keys() == some_scores.keys()
    for coord_id, row in found.items():
        if picks[coord_id] in (2, 5):
            assert row['status'] == tables.UNREADABLE and row['particle'] == '' and row['reason']
        else:
            assert row == some_scores[coord_id]


def test_slices_and_pixels_without_a_value(data_set, model, scores, worker, tmp_path):
    """The micrographs as slices of one stack are scored as the files; two have pixels that are filled in, and told."""
    rows = tables.read_micrographs(data_set.micrographs)
    stack = np.stack([mrcfile.read(rows[mic_id].path) for mic_id in (1, 2, 3)])
    stack[1, 700, 700] = np.nan
    stack[2, 5, :50] = np.inf
    with mrcfile.new(tmp_path / 's.mrcs') as mrc, np.errstate(invalid='ignore'):
        mrc.set_data(stack)
    paths = {1: '1@s.mrcs', 2: f'000002@{tmp_path / "s.mrcs"}', 3: '3@s.mrcs', 4: '4@s.mrcs'}
    tables.write_rows(tmp_path / 'm.csv', tables.MICROGRAPH_COLUMNS, [(i, path, 3.0) for i, path in paths.items()])
    picks = [p for p in tables.read_coordinates(data_set.coordinates) if p.mic_id in paths][::7]
    tables.write_rows(tmp_path / 'c.csv', tables.COORDINATE_COLUMNS, [(p.coord_id, p.mic_id, p.x, p.y) for p in picks])
    done = worker('prune', '--micrographs', tmp_path / 'm.csv', '--coordinates', tmp_path / 'c.csv', '--model',
                  model[0], '--device', 'cpu', '--output', tmp_path / 's.csv', '--report', tmp_path / 'r.json')
    assert done.returncode == 0, done.stderr
    report = json.loads((tmp_path / 'r.json').read_text())
    assert report['failed_micrographs'] == [{'mic_id': 4, 'path': f'4@{tmp_path / "s.mrcs"}', 'reason':
                                             f'4@{tmp_path / "s.mrcs"}: there is no slice 4; the file has 3.'}]
    told = [line for line in report['warnings'] if 'without a value' in line]
    assert len(told) == 1 and told[0].endswith(' So it was with 1 more micrographs.')
    for number, pixels in ((2, 1), (3, 50)):
        assert f'warning: {number}@{tmp_path / "s.mrcs"}: {pixels} pixels without a value (NaN' in done.stdout
    found, known = _scores(tmp_path / 's.csv'), _scores(scores)
    for pick in picks:
        if pick.mic_id == 1:
            assert found[pick.coord_id] == known[pick.coord_id]
        elif pick.mic_id == 4:
            assert found[pick.coord_id]['status'] == tables.UNREADABLE
        else:
            assert [float(found[pick.coord_id][c]) for c in CLASSES] == pytest.approx(
                [float(known[pick.coord_id][c]) for c in CLASSES], abs=0.05)


def test_picks_off_the_edge(data_set, model, worker, tmp_path):
    tables.write_rows(tmp_path / 'c.csv', tables.COORDINATE_COLUMNS,
                      [(1, 1, 0, 0), (2, 1, 767, 767), (3, 1, -3, 100), (4, 1, 100, 768)])
    done = worker('prune', '--micrographs', data_set.micrographs, '--coordinates', tmp_path / 'c.csv',
                  '--model', model[0], '--output', tmp_path / 's.csv')
    assert done.returncode == 0, done.stderr
    status = {i: row['status'] for i, row in _scores(tmp_path / 's.csv').items()}
    assert status == {1: 'scored', 2: 'scored', 3: 'outside', 4: 'outside'}


def _labels(path, *rows):
    tables.write_rows(path, tables.LABEL_COLUMNS, rows)
    return path


def _finetune(data_set, labels, tmp_path, *more, box=180, micrographs=None):
    return ['finetune', '--micrographs', micrographs or data_set.micrographs, '--labels', labels, '--box-angstrom', box,
            '--init', 'scratch', '--output', tmp_path / 'm.safetensors', '--error-file', tmp_path / 'error.txt', *more]


def _assert_refused(done, tmp_path, says):
    assert done.returncode == 2
    lines = done.stderr.strip().splitlines()
    assert len(lines) == 1 and lines[0].startswith('error: ') and says in lines[0], done.stderr
    assert (tmp_path / 'error.txt').read_text() == lines[0][len('error: '):] + '\n'
    assert not (tmp_path / 'm.safetensors').exists() and not list(tmp_path.glob('*.part'))


BAD_LABELS = {
    'one class': ([(1, 1, 50, 50, 'particle'), (2, 1, 60, 60, 'particle')], 'all labels are of the class particle'),
    'no particle': ([(1, 1, 50, 50, 'ice'), (2, 1, 60, 60, 'carbon')], 'no box is labelled particle'),
    'outside': ([(1, 1, 50, 50, 'particle'), (2, 1, 9999, 60, 'ice')], 'all labels are of the class particle'),
    'no such micrograph': ([(1, 1, 50, 50, 'particle'), (2, 77, 60, 60, 'ice')], 'no micrograph has the id 77')}


@pytest.mark.parametrize('case', BAD_LABELS)
def test_labels_that_cannot_be_learnt_from(case, data_set, worker, tmp_path):
    rows, says = BAD_LABELS[case]
    done = worker(*_finetune(data_set, _labels(tmp_path / 'l.csv', *rows), tmp_path))
    _assert_refused(done, tmp_path, says)


def test_other_wrong_input_of_fine_tuning(data_set, shots, worker, tmp_path):
    good = _labels(tmp_path / 'l.csv', (1, 1, 50, 50, 'particle'), (2, 1, 60, 60, 'ice'))
    cases = [(_finetune(data_set, good, tmp_path, box=18000), 'larger than the micrograph'),
             (_finetune(data_set, good, tmp_path, '--device', 'cuda:99'), '--device cuda:99'),
             (_finetune(data_set, good, tmp_path, '--device', 'tpu'), 'use auto, cpu, cuda'),
             (_finetune(data_set, tmp_path / 'none.csv', tmp_path), 'no such file'),
             (_finetune(data_set, good, tmp_path, '--init', tmp_path / 'none.safetensors'), 'no such file of initial'),
             (_finetune(data_set, good, tmp_path, micrographs=_with_bad_micrographs(
                 data_set, tmp_path, {1: tmp_path / 'gone.mrc'})), 'none of the 1 labelled micrographs can be used')]
    for arguments, says in cases:
        _assert_refused(worker(*arguments), tmp_path, says)


def test_labels_that_cannot_be_used_are_left_out_and_told(data_set, shots, worker, tmp_path):
    """One outside its micrograph, one on a micrograph that is gone: the others are learnt from."""
    rows = [(row.coord_id, row.mic_id, row.x, row.y, row.label) for row in tables.read_labels(shots)][::3]
    image = mrcfile.read(tables.read_micrographs(data_set.micrographs)[rows[0][1]].path).copy()
    image[0, 0] = np.nan
    mrcfile.write(tmp_path / 'nan.mrc', image)
    bad = {6: tmp_path / 'gone.mrc', rows[0][1]: tmp_path / 'nan.mrc'}
    micrographs = _with_bad_micrographs(data_set, tmp_path, bad)
    rows = [row for row in rows if row[1] != 6] + [('', 1, 50, 768.5, 'ice'), ('', 6, 50, 50, 'ice')]
    done = worker(*_finetune(data_set, _labels(tmp_path / 'l.csv', *rows), tmp_path, '--folds', 0, '--report',
                             tmp_path / 'r.json', micrographs=micrographs))
    assert done.returncode == 0, done.stderr
    assert 'warning: 1 labels outside micrograph 1 are left out; the first is "ice" at x=50, y=768.5' in done.stdout
    assert 'warning: micrograph 6 is left out: ' in done.stdout
    report = json.loads((tmp_path / 'r.json').read_text())
    assert report['dropped_labels'] == 2 and sum(report['counts'].values()) == len(rows) - 2
    assert [failed['mic_id'] for failed in report['failed_micrographs']] == [6]
    assert f'{tmp_path / "nan.mrc"}: 1 pixels without a value' in report['warnings'][0]


@pytest.mark.parametrize('number', [25, 49])
def test_recipe_of_the_paper_with_a_label_more_than_its_batches_hold(data_set, worker, tmp_path, number):
    """At 32 px the last maps are a single pixel, and a batch of one box cannot be normalised."""
    labels = sorted(tables.read_labels(data_set.labels), key=lambda row: (row.label == 'particle', row.mic_id))
    rows = [(row.coord_id, row.mic_id, row.x, row.y, row.label) for row in labels[-number + 12:] + labels[:12]]
    done = worker(*_finetune(data_set, _labels(tmp_path / 'l.csv', *rows), tmp_path, '--recipe', 'paper', '--epochs', 1,
                             '--input-size', 32, '--folds', 0, '--report', tmp_path / 'r.json'))
    assert done.returncode == 0, done.stderr
    assert sum(json.loads((tmp_path / 'r.json').read_text())['counts'].values()) == number


def test_one_shot_of_two_classes_works_without_a_cross_validation(data_set, shots, worker, tmp_path):
    labels = _labels(tmp_path / 'l.csv', (1, 1, 150, 150, 'particle'), (2, 1, 360, 360, 'ice'))
    done = worker(*_finetune(data_set, labels, tmp_path, '--report', tmp_path / 'r.json'))
    assert done.returncode == 0, done.stderr
    report = json.loads((tmp_path / 'r.json').read_text())
    assert report['cross_validation'] is None and report['classes'] == ['particle', 'ice']
    assert any('no cross-validation' in line for line in report['warnings'])


def test_prune_refuses_in_one_line(data_set, model, worker, tmp_path):
    (tmp_path / 'empty.csv').write_text('coord_id,mic_id,x,y\n')
    (tmp_path / 'text.safetensors').write_text('nothing')
    tables.write_rows(tmp_path / 'lost.csv', tables.COORDINATE_COLUMNS, [(1, 1, 5, 5), (2, 99, 5, 5)])
    everything_bad = _with_bad_micrographs(data_set, tmp_path, dict.fromkeys(range(1, 7), tmp_path / 'gone.mrc'))
    for changes, says in (({'--coordinates': tmp_path / 'empty.csv'}, 'no coordinates'),
                          ({'--coordinates': tmp_path / 'lost.csv'}, 'no micrograph has the id 99'),
                          ({'--model': tmp_path / 'text.safetensors'}, 'no PickerOptimizer model'),
                          ({'--model': tmp_path / 'gone.safetensors'}, 'no such model file'),
                          ({'--output': tmp_path / 'no folder' / 's.csv'}, 'no folder: no such folder'),
                          ({'--micrographs': everything_bad}, 'none of the 6 micrographs can be read')):
        arguments = _prune(data_set, model, tmp_path / 's.csv', '--error-file', tmp_path / 'error.txt')
        for option, value in changes.items():
            arguments[arguments.index(option) + 1] = value
        _assert_refused(worker(*arguments), tmp_path, says)
        assert not list(tmp_path.glob('s.csv*'))


def _limit_files():
    """A limit on the size of files stands for a full disk: both make write() fail."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))


def test_no_space_left_for_scores(data_set, model, worker_process, tmp_path):
    done = worker_process(*_prune(data_set, model, tmp_path / 's.csv'), preexec_fn=_limit_files)
    assert done.returncode == 2 and len(done.stderr.strip().splitlines()) == 1, done.stderr
    assert not (tmp_path / 's.csv').exists()


def test_no_space_left_for_a_model(data_set, worker_process, tmp_path):
    labels = _labels(tmp_path / 'l.csv', (1, 1, 150, 150, 'particle'), (2, 1, 360, 360, 'ice'))
    done = worker_process(*_finetune(data_set, labels, tmp_path, '--folds', 0), preexec_fn=_limit_files)
    _assert_refused(done, tmp_path, 'the model cannot be written')


@pytest.mark.parametrize('number, code', [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_interrupted(data_set, model, start_worker, tmp_path, number, code):
    # A job in the background of a shell is started deaf to SIGINT, and so are these tests if they run in one.
    process = start_worker(*_prune(data_set, model, tmp_path / 's.csv'),
                           preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))
    process.stdout.readline()       # the device: it is at work
    process.send_signal(number)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == code and 'Traceback' not in errors
    assert 'the same command goes on' in errors
    assert not (tmp_path / 's.csv').exists()


def test_constant_and_complex_micrographs_are_named(data_set, model, some_picks, worker, tmp_path):
    for name, data in (('flat.mrc', np.ones((800, 800), 'f4')), ('complex.mrc', np.ones((800, 800), 'c8'))):
        with mrcfile.new(tmp_path / name) as mrc:
            mrc.set_data(data)
    micrographs = _with_bad_micrographs(data_set, tmp_path, {1: tmp_path / 'flat.mrc', 2: tmp_path / 'complex.mrc'})
    done = worker('prune', '--micrographs', micrographs, '--coordinates', some_picks, '--model', model[0],
                  '--output', tmp_path / 's.csv')
    assert done.returncode == 0
    assert 'flat.mrc: all pixels have the value 1' in done.stdout and 'complex.mrc: complex values' in done.stdout


def test_check_and_help(worker):
    assert worker('check').returncode == 0
    for command in ('finetune', 'prune', 'evaluate', 'simulate'):
        done = worker(command, '--help')
        assert done.returncode == 0 and '--output' in done.stdout


def test_an_input_is_never_overwritten(data_set, shots, worker, tmp_path):
    labels = tmp_path / 'labels.csv'
    labels.write_text(shots.read_text())
    before = labels.read_bytes()
    for option in (['--output', labels], ['--output', tmp_path / 'm.safetensors', '--report', labels]):
        done = worker('finetune', '--micrographs', data_set.micrographs, '--labels', labels, '--box-angstrom', 180,
                      *option)
        assert done.returncode == 2 and 'is an input of this command too' in done.stderr
        assert len(done.stderr.splitlines()) == 1
    assert labels.read_bytes() == before and list(tmp_path.iterdir()) == [labels]


def test_wrong_arguments_are_one_line(worker):
    for arguments in (['simulate', '--output', 'x', '--micrographs', 0], ['finetune'], ['nothing'], []):
        done = worker(*arguments)
        assert done.returncode == 2 and len(done.stderr.splitlines()) == 1 and done.stderr.startswith('error: ')
