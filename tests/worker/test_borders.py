"""Borders that are no image: blank, repeated, blurred; and what only seems to be one."""
import io
import json
import time

import mrcfile
import numpy as np
import pytest
from PIL import Image
from scipy.ndimage import gaussian_filter, zoom
from worker.exchange import tables
from worker.exchange.borders import Borders, find_borders, why_outside

BOX = 48
LEFT, RIGHT, TOP, BOTTOM = 30, 0, 45, 20
WIDTHS = (TOP, BOTTOM), (LEFT, RIGHT)


@pytest.fixture(scope='module')
def image(data_set):
    return mrcfile.read(tables.read_micrographs(data_set.micrographs)[1].path)


def _eight_bits(image, greys=256):
    low, high = np.percentile(image, (0.5, 99.5))
    return np.clip((image - low) / (high - low) * greys, 0, greys - 1).astype(np.uint8).astype(np.float32)


def _jpeg(image):
    stream = io.BytesIO()
    Image.fromarray(_eight_bits(image).astype(np.uint8)).save(stream, 'JPEG', quality=75)
    return np.asarray(Image.open(stream)).astype(np.float32)


def _wrapped_around(image):
    """Low-passed as Fourier transforms do it, so that opposite sides run into each other."""
    return _eight_bits(gaussian_filter(image, 3, mode='wrap'))


@pytest.mark.parametrize('padded, tolerance', [
    (lambda image: np.pad(image, WIDTHS, constant_values=0), 1), (lambda image: np.pad(image, WIDTHS, 'edge'), 0),
    (lambda image: _eight_bits(np.pad(image, WIDTHS, 'edge'), 4), 0),
    (lambda image: _jpeg(np.pad(image, WIDTHS, 'edge')), 8),
    (lambda image: _wrapped_around(np.pad(image, WIDTHS, 'edge')), 5),
    (lambda image: zoom(np.pad(image, WIDTHS, 'edge'), 2, order=1, grid_mode=True, mode='nearest')[::2, ::2], 1)],
    ids=['blank', 'repeated', 'few grey values', 'JPEG', 'blurred', 'interpolated'])
def test_borders_are_found(image, padded, tolerance):
    found = find_borders(padded(image))
    assert np.abs(np.array(found[2:]) - (LEFT, RIGHT, TOP, BOTTOM)).max() <= tolerance, found


@pytest.mark.parametrize('changed', [
    lambda image: image, lambda image: _eight_bits(image, 4), _jpeg, _wrapped_around,
    lambda image: image[::2, ::2] + image[1::2, 1::2], lambda image: image.repeat(2, 0).repeat(2, 1),
    lambda image: image.repeat(5, 0).repeat(5, 1), lambda image: gaussian_filter(image, 8),
    lambda image: np.random.default_rng(0).poisson(0.05, (512, 512)).astype(np.float32),
    lambda image: np.pad(image, 1, 'edge'), np.ones_like],
    ids=['as it is', 'few grey values', 'JPEG', 'blurred', 'binned', 'doubled', 'fivefold', 'smooth', 'counts',
         'one line', 'constant'])
def test_what_is_image_is_no_border(image, changed):
    micrograph = changed(image)
    assert max(find_borders(micrograph)[2:]) <= 4
    rows, columns = micrograph.shape
    corners = np.array([[0, 0], [columns - 1, rows - 1]])
    assert not find_borders(micrograph).hold(corners, BOX * max(1, rows / 768)).any()


def test_gaps_between_the_chips_of_a_camera_and_dark_film_are_no_border(image):
    gaps = image.copy()
    for line in (12, 384):
        gaps[line:line + 8] = gaps[:, line:line + 8] = gaps.mean()
    film = image.copy()
    film[:200] = film[:200] * 0.3
    assert find_borders(gaps)[2:] == find_borders(film)[2:] == (0, 0, 0, 0)


def test_most_of_a_micrograph_may_be_blank(image):
    found = find_borders(np.pad(image, ((1000, 500), (0, 0))))
    assert np.abs(np.array(found[2:]) - (0, 0, 1000, 500)).max() <= 1


@pytest.mark.parametrize('share', [0.4, 0.5, 0.7])
@pytest.mark.parametrize('fill', ['blank', 'repeated'])
def test_a_border_of_half_the_width_is_of_its_own_side_only(image, share, fill):
    width = int(share * image.shape[1])
    padded = image.copy()
    padded[:, :width] = 0 if fill == 'blank' else image[:, width:width + 1]
    assert find_borders(padded)[2:] == pytest.approx((width, 0, 0, 0), abs=1)
    assert find_borders(padded[:, ::-1])[2:] == pytest.approx((0, width, 0, 0), abs=1)


def test_a_box_is_in_the_border_where_its_centre_is():
    borders = Borders(rows=500, columns=400, left=20, right=0, top=0, bottom=30)
    xy = np.array([[19, 100], [20, 100], [399, 100], [200, 469], [200, 470]])
    assert borders.hold(xy, box=100).tolist() == [True, False, False, False, True]
    # For larger boxes a band of 20 px is nothing: the most of the particle is image.
    assert borders.hold(xy, box=170).tolist() == [False, False, False, False, True]


def test_the_reason_is_told(image):
    padded = np.pad(image, WIDTHS, 'edge')
    xy = np.array([[10, 300], [-1, 300], [300, 300], [300, padded.shape[0] - 5]])
    assert why_outside(padded, xy, BOX).tolist() == [tables.IN_BORDER, tables.OFF_MICROGRAPH, '', tables.IN_BORDER]


def test_it_costs_next_to_nothing():
    image = np.random.default_rng(0).normal(size=(4096, 4096)).astype(np.float32)

    def least(function):
        seconds = []
        for _ in range(5):
            start = time.perf_counter()
            function()
            seconds.append(time.perf_counter() - start)
        return min(seconds)

    # Half as long as the standard deviation takes, on an idle machine.
    assert least(lambda: find_borders(image)) < 1.5 * least(image.std)


@pytest.fixture(scope='module')
def padded(data_set, tmp_path_factory):
    """(micrographs, labels): the first micrograph with a repeated border, its labels, and five places in the border."""
    folder = tmp_path_factory.mktemp('padded')
    row = tables.read_micrographs(data_set.micrographs)[1]
    mrcfile.write(folder / 'padded.mrc', np.pad(mrcfile.read(row.path), WIDTHS, 'edge'))
    tables.write_rows(folder / 'micrographs.csv', tables.MICROGRAPH_COLUMNS, [(1, 'padded.mrc', row.pixel_size)])
    labels = [(label.coord_id, 1, label.x + LEFT, label.y + TOP, label.label)
              for label in tables.read_labels(data_set.labels) if label.mic_id == 1]
    labels += [(9000 + i, 1, 12, 100 + 20 * i, 'ice') for i in range(5)]
    tables.write_rows(folder / 'labels.csv', tables.LABEL_COLUMNS, labels)
    tables.write_rows(folder / 'coordinates.csv', tables.COORDINATE_COLUMNS, [label[:4] for label in labels])
    return folder


def test_picks_in_the_border_are_outside(padded, model, worker, tmp_path):
    done = worker('prune', '--micrographs', padded / 'micrographs.csv', '--coordinates', padded / 'coordinates.csv',
                  '--model', model[0], '--output', tmp_path / 'scores.csv', '--report', tmp_path / 'report.json',
                  '--device', 'cpu')
    assert done.returncode == 0, done.stderr
    assert '5 outside their micrograph (5 in its blank or repeated border)' in done.stderr + done.stdout
    lines = (tmp_path / 'scores.csv').read_text().splitlines()[1:]
    outside = [line for line in lines if ',outside,' in line]
    assert [line.split(',')[0] for line in outside] == [str(9000 + i) for i in range(5)]
    assert all(line.endswith(f',outside,{tables.IN_BORDER}') for line in outside)
    report = json.loads((tmp_path / 'report.json').read_text())
    assert (report['outside'], report['in_border']) == (5, 5)
    assert not any('outside' in line for line in report['warnings'])


def test_labels_in_the_border_are_not_learnt_from(padded, worker, tmp_path):
    done = worker('finetune', '--micrographs', padded / 'micrographs.csv', '--labels', padded / 'labels.csv',
                  '--box-angstrom', 180, '--device', 'cpu', '--folds', 0, '--output', tmp_path / 'model.safetensors',
                  '--report', tmp_path / 'report.json')
    assert done.returncode == 0, done.stderr
    line = '5 labels in the blank or repeated border of micrograph 1 are left out; the first is "ice" at x=12, y=100'
    assert line in done.stdout
    assert json.loads((tmp_path / 'report.json').read_text())['dropped_labels'] == 5
