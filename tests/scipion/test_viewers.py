"""Viewers: the drawing without a project, the shells with one."""
import os

import matplotlib
import numpy as np
import pytest
from matplotlib.figure import Figure

from pickeroptimizer.viewers import overlay
from pickeroptimizer.viewers.confusion import draw_confusion

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


def test_confusion():
    axes = Figure().add_subplot()
    draw_confusion(axes, ['particle', 'ice'], [[9, 1], [0, 10]])
    assert [text.get_text() for text in axes.texts] == ['9', '1', '0', '10']


def test_model_viewer(lab, trained, tmp_path):
    from pickeroptimizer.viewers import PickerOptimizerModelViewer
    for target in (trained, trained.outputModel):
        plotter, = PickerOptimizerModelViewer(project=lab.project, protocol=trained)._visualize(target)
        plotter.savefig(tmp_path / 'model.png')


def test_prune_viewer(lab, pruned, picks):
    from pickeroptimizer.viewers import PickerOptimizerPruneViewer
    from pickeroptimizer.viewers.viewer_prune import boxesOnMicrograph
    viewers = lab.domain.findViewers(pruned.getClassName(), 'tkinter')
    assert PickerOptimizerPruneViewer in viewers
    boxes = boxesOnMicrograph(pruned.outputCoordinates, [pruned.rejectedCoordinates, None], 1)
    here = sum(pick.getMicId() == 1 for pick in picks.outputCoordinates.iterItems())
    assert sum(map(len, boxes.values())) == here and set(boxes) <= set(overlay.COLOURS)
    assert not PickerOptimizerPruneViewer.can_handle_this_instance(picks.outputCoordinates)
    assert PickerOptimizerPruneViewer.can_handle_this_instance(pruned.rejectedCoordinates)


@pytest.mark.skipif('DISPLAY' not in os.environ, reason='needs a display')
def test_overlay_window(pruned, tmp_path):
    import tkinter
    from pickeroptimizer.viewers.viewer_prune import OverlayWindow
    root = tkinter.Tk()
    try:
        window = OverlayWindow(root, 'test', pruned.outputCoordinates, [pruned.rejectedCoordinates, None])
        window.update()
        window.showMicrograph(2)
        window.update()
        assert window.axes.get_legend() is not None
        window.axes.figure.savefig(tmp_path / 'window.png')
    finally:
        root.destroy()
