"""Masks: where the junk is on micrographs."""
import csv
import json

import mrcfile
import numpy as np
import pytest
from worker.exchange.masks import is_whole, mask_stems, read_mask
from worker.exchange.tables import MICROGRAPH_COLUMNS, MicrographRow, read_labels, read_micrographs, write_rows
from worker.inference.junk_area import bad_share, grid_axis, per_pixel


def masked(worker, data_set, model, output, *more):
    done = worker('mask', '--micrographs', data_set.micrographs, '--model', model, '--output', output, '--device',
                  'cpu', *more)
    assert done.returncode == 0, done.stderr
    return done


def table(folder):
    with open(folder / 'masks.csv', newline='') as stream:
        return list(csv.DictReader(stream))


@pytest.fixture(scope='module')
def masks(worker, data_set, model, tmp_path_factory):
    folder = tmp_path_factory.mktemp('masks')
    masked(worker, data_set, model[0], folder, '--report', folder / 'report.json')
    return folder


def test_a_grid_reaches_the_borders_in_equal_steps():
    axis = grid_axis(100, 30)
    np.testing.assert_allclose(axis, [12, 37, 62, 87])
    assert list(grid_axis(10, 50)) == [4.5]


def test_empty_is_not_bad_and_what_is_no_image_is():
    probabilities = np.array([[0.1, 0.2, 0.7], [0.1, 0.8, 0.1], [0, 0, 0]])
    np.testing.assert_allclose(bad_share(probabilities, ('particle', 'ice', 'empty')), [0.2, 0.8, 1])


def test_cells_lie_where_their_boxes_were():
    bad = per_pixel(np.array([[0.0, 1.0]]), (4, 8))
    assert bad.shape == (4, 8)
    np.testing.assert_allclose(bad[0, [0, 7]], [0, 1])
    assert bad[0, 3] < 0.5 < bad[0, 4], 'the middle is between the cells'
    np.testing.assert_allclose(bad, 1 - bad[:, ::-1])


def test_masks_cover_the_junk_and_leave_the_particles(masks, data_set):
    labels = read_labels(data_set.labels)
    said = {int(row['mic_id']): read_mask(masks / row['path']) for row in table(masks)}
    bad = {name: np.mean([said[row.mic_id][int(row.y), int(row.x)] for row in labels if row.label == name])
           for name in ('particle', 'ice', 'carbon')}
    assert bad['carbon'] > 0.7 and bad['ice'] > 0.5 and bad['particle'] < 0.2, bad


def test_a_mask_is_as_large_as_its_micrograph_with_its_pixel_size(masks, data_set):
    rows = table(masks)
    assert [int(row['mic_id']) for row in rows] == list(read_micrographs(data_set.micrographs))
    with mrcfile.open(masks / rows[0]['path']) as mask:
        assert mask.data.shape == (768, 768) and mask.data.dtype == np.int8 and mask.voxel_size.x == pytest.approx(3)
        assert set(np.unique(mask.data)) <= {0, 1}
        assert float(rows[0]['usable']) == pytest.approx(1 - mask.data.mean(), abs=1e-4)
    classes = json.loads((masks / 'report.json').read_text())['classes']
    with mrcfile.open(masks / rows[0]['path'].replace('_mask.mrc', '_classes.mrcs')) as probabilities:
        assert probabilities.data.shape == (len(classes), 26, 26)
        np.testing.assert_allclose(probabilities.data.sum(axis=0), 1, atol=1e-4)


def test_a_run_goes_on_with_what_is_missing_or_cut_short(worker, data_set, model, masks):
    first, second, *others = [masks / row['path'] for row in table(masks)]
    content, times = first.read_bytes(), [path.stat().st_mtime_ns for path in others]
    first.unlink()
    second.write_bytes(second.read_bytes()[:5000])
    done = masked(worker, data_set, model[0], masks)
    assert '2 masks made, 4 kept' in done.stdout
    assert first.read_bytes() == content and is_whole(second, (768, 768))
    assert [path.stat().st_mtime_ns for path in others] == times


def test_what_is_kept_is_not_read_again(worker, data_set, model, masks):
    known = table(masks)
    text = (masks / 'masks.csv').read_text()
    (masks / 'masks.csv').write_text(text.replace(known[0]['usable'], '0.1234'))
    masked(worker, data_set, model[0], masks)
    assert [row['usable'] for row in table(masks)] == ['0.1234', *(row['usable'] for row in known[1:])]
    (masks / 'masks.csv').unlink()      # of a run that was killed: there is nothing but to read them
    masked(worker, data_set, model[0], masks)
    assert table(masks) == known


def test_other_settings_make_other_masks(worker, data_set, model, tmp_path):
    masked(worker, data_set, model[0], tmp_path, '--step', 2)
    done = masked(worker, data_set, model[0], tmp_path, '--step', 2, '--binning', 5)
    assert '6 masks made, 0 kept' in done.stdout
    with mrcfile.open(tmp_path / table(tmp_path)[0]['path']) as mask:
        assert mask.data.shape == (154, 154) and mask.voxel_size.x == pytest.approx(3 * 768 / 154)


def test_the_general_model_is_fitted_to_picks_if_there_are_some(worker, data_set, tmp_path):
    alone, among = tmp_path / 'alone', tmp_path / 'among'
    general = ('--box-angstrom', 180, '--step', 1)
    masked(worker, data_set, 'general', alone, *general)
    masked(worker, data_set, 'general', among, *general, '--coordinates', data_set.coordinates, '--report',
           tmp_path / 'r.json')
    assert json.loads((tmp_path / 'r.json').read_text())['general']['picks'] > 30
    assert table(alone) != table(among)


def test_an_unreadable_micrograph_is_told_and_the_others_go_on(worker, data_set, model, tmp_path):
    good = next(iter(read_micrographs(data_set.micrographs).values())).path
    (tmp_path / 'cut.mrc').write_bytes(good.read_bytes()[:5000])
    micrographs = tmp_path / 'micrographs.csv'
    write_rows(micrographs, MICROGRAPH_COLUMNS, [(1, 'missing.mrc', 3), (2, 'cut.mrc', 3), (3, good, 3)])
    done = worker('mask', '--micrographs', micrographs, '--model', model[0], '--output', tmp_path / 'm', '--step', 2)
    assert done.returncode == 0, done.stderr
    assert [line for line in done.stdout.splitlines() if line.startswith('warning: micrograph 1 has no mask')]
    assert 'warning: micrograph 2 has no mask' in done.stdout
    assert [row['mic_id'] for row in table(tmp_path / 'm')] == ['3']
    write_rows(micrographs, MICROGRAPH_COLUMNS, [(1, 'missing.mrc', 3)])
    done = worker('mask', '--micrographs', micrographs, '--model', model[0], '--output', tmp_path / 'n')
    assert done.returncode == 2 and done.stderr.startswith('error: none of the 1 micrographs')


@pytest.mark.parametrize('arguments, told', [
    (('--model', 'general'), 'has to be told the box'),
    (('--model', None, '--box-angstrom', 180), 'knows its box'),
    (('--model', None, '--coordinates', 'x.csv'), 'leave the coordinates out')])
def test_what_does_not_go_together_is_refused(worker, data_set, model, tmp_path, arguments, told):
    done = worker('mask', '--micrographs', data_set.micrographs, '--output', tmp_path / 'masks',
                  *(argument or model[0] for argument in arguments))
    assert done.returncode == 2 and told in done.stderr and done.stderr.count('\n') == 1


def test_names_of_masks_differ(tmp_path):
    rows = {1: 'a/mic.mrc', 2: 'b/mic.mrc', 3: '7@stack.mrcs', 4: 'other.x.mrc'}
    stems = mask_stems({mic_id: MicrographRow(mic_id, tmp_path / path, 1.0) if '@' not in path else
                        MicrographRow(mic_id, path, 1.0) for mic_id, path in rows.items()})
    assert stems == {1: 'mic_1', 2: 'mic_2', 3: 'stack_7', 4: 'other.x'}
