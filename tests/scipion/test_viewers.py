"""What the windows share, without a window: drawing boxes on a micrograph, the geometry of a view, the grey picture."""
import matplotlib
import numpy as np
import pytest
from matplotlib.figure import Figure

from pickeroptimizer.viewers import overlay
from pickeroptimizer.viewers.widgets.grey_picture import greyImage
from pickeroptimizer.viewers.widgets.micrographs import ImageData
from pickeroptimizer.viewers.widgets.thumbnails import cut
from pickeroptimizer.viewers.widgets.view import MAX_SCALE, View

matplotlib.use('Agg')


def test_overlay(tmp_path):
    image = np.random.default_rng(0).normal(size=(2600, 3001)).astype('float32')
    image[5, 5] = np.nan
    figure = Figure()
    axes = figure.add_subplot()
    overlay.draw_overlay(axes, image, {'kept': [(100, 200), (1500, 1200)], 'ice': [(2900, 10)], 'carbon': []}, 60)
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ['kept (2)', 'ice (1)']
    assert max(axes.images[0].get_array().shape) <= overlay.MAX_SIDE
    box = axes.collections[0].get_paths()[0].get_extents()
    assert (box.x0, box.y0, box.x1, box.y1) == (70, 170, 130, 230)
    assert axes.get_xlim() == (-0.5, 3000.5) and axes.get_ylim() == (2599.5, -0.5)
    figure.savefig(tmp_path / 'overlay.png')


def test_thumbnails_are_reflected_at_the_border_as_the_network_sees_it():
    image = np.random.default_rng(0).integers(0, 2, (90, 120)).astype('float32')      # two values: one grey scale
    data, mirrored = ImageData.of(image), ImageData.of(np.pad(image, 60, 'symmetric'))
    for x, y in ((10, 12), (119, 89), (-15, 40)):
        np.testing.assert_array_equal(cut(data, (x, y), 60), cut(mirrored, (x + 60, y + 60), 60))


# ------------------------------ the view ------------------------------

def viewOf(rows=1000, columns=2000, width=400, height=300):
    """The whole of a micrograph on a canvas; by default a fifth of its size, with bars of 50 px above and below."""
    view = View(lambda: (width, height))
    view.shape = rows, columns
    view.fit()
    return view


def middle(view, width=400, height=300):
    return view.toMicrograph(width / 2, height / 2)


def test_the_whole_micrograph_is_in_the_middle():
    view = viewOf()
    assert view.fitted and view.scale == 0.2
    assert view.toScreen(-0.5, -0.5) == pytest.approx((0, 50)) and view.toScreen(1999.5, 999.5) == pytest.approx(
        (400, 250)), 'the edges are half a pixel from the centres of the first and the last'
    assert view.toMicrograph(*view.toScreen(123, 456)) == pytest.approx((123, 456))
    assert view.seen(2000, 1000) == (0, 0, 2000, 1000)


def test_zooming_leaves_the_point_where_it_is():
    view = viewOf()
    place = view.toMicrograph(100, 120)
    for _ in range(3):
        view.zoom(1.25, (100, 120))
    assert view.toMicrograph(100, 120) == pytest.approx(place)
    assert view.scale == pytest.approx(0.2 * 1.25 ** 3) and not view.fitted
    before = middle(view)
    view.zoom(2)
    assert middle(view) == pytest.approx(before)
    view.zoom(1000)
    assert view.scale == MAX_SCALE
    view.zoom(1e-9)
    assert view.fitted and view.scale == 0.2, 'never smaller than the whole'


def test_a_micrograph_smaller_than_the_canvas_is_enlarged():
    view = viewOf(rows=10, columns=10)
    assert view.scale == 30 > MAX_SCALE
    view.zoom(2)
    assert view.scale == 30, 'no further'


def test_the_middle_stays_on_the_micrograph():
    view = viewOf()
    view.zoom(4)
    view.moveTo(-1e6, 1e6)
    assert middle(view) == pytest.approx((-0.5, 999.5))
    left, top, right, bottom = view.seen(2000, 1000)
    assert (left, bottom) == (0, 1000) and right == pytest.approx(250) and top == pytest.approx(812.5)
    assert view.seen(2000, 800) is None


def test_centring():
    view = viewOf()
    assert not view.centreOn(10, 20) and view.fitted, 'the whole shows it already'
    assert view.centreOn(1500, 700, across=100)
    assert view.scale == 4 and middle(view) == pytest.approx((1500, 700))
    assert view.centreOn(600, 300, across=1000) and view.scale == 4, 'it never zooms out'


def test_a_view_follows_another_of_another_size():
    leader, follower = viewOf(), viewOf(width=200, height=250)
    leader.centreOn(1500, 700, across=100)
    follower.follow(leader)
    assert follower.scale == leader.scale and middle(follower, 200, 250) == pytest.approx((1500, 700))
    leader.fit()
    follower.follow(leader)
    assert follower.fitted and follower.scale == 0.1, 'the whole, as large as there is room'


# ------------------------------ the picture ------------------------------

def test_grey_picture():
    pixels = np.tile(np.arange(100, dtype=np.float32), (40, 1))
    data = ImageData(pixels, 2, (80, 200))
    grey = np.asarray(greyImage(data, 10, 0))
    assert grey.shape == (40, 100) and (grey[:, :9] == 0).all() and (grey[:, -9:] == 255).all()
    assert (np.diff(grey[0].astype(int)) >= 0).all()
    # A low-pass halves the waves of its period, which is in px of the micrograph: 16 of them are 8 of the picture.
    waves = np.cos(2 * np.pi * np.arange(96) / 8).astype(np.float32)
    both = np.stack([waves] * 32), np.stack([waves / 2] * 32)
    smooth, half = (greyImage(ImageData(part, 2, (64, 192)), clipped, period) for part, clipped, period in (
        (both[0], 0, 16), (both[1], 0, 0)))
    assert np.abs(np.asarray(smooth).astype(int) - np.asarray(half)).max() <= 1
