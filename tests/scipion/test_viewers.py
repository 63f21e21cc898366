"""Drawing of boxes on a micrograph."""
import matplotlib
import numpy as np
from matplotlib.figure import Figure

from pickeroptimizer.viewers import overlay

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
