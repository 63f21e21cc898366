"""The bar above a micrograph: contrast, its numbers, inverting; the scale bar; short names; what is read in the bar."""
import numpy as np
import pytest
from hands import click, drag, needsHands, settle
from laboratory import until
from test_window_keys import labelling, micrographs, prune  # noqa: F401 (fixtures)

from pickeroptimizer.comparison.names import in_the_middle
from pickeroptimizer.viewers.widgets.scale_bar import barLength


def test_lengths_of_the_scale_bar():
    assert [barLength(longest) for longest in (0.3, 1, 4.9, 5, 19.9, 250)] == pytest.approx([0.2, 1, 2, 5, 10, 200])


def test_long_names_keep_their_ends():
    assert in_the_middle('short', 9) == 'short' and in_the_middle('FoilHole_19_0042', 9) == 'Foil…0042'


def controlsOf(window):
    from pickeroptimizer.viewers.widgets.display_controls import DisplayControls
    waiting = [window]
    while waiting:
        widget = waiting.pop()
        if isinstance(widget, DisplayControls):
            return widget
        waiting += widget.winfo_children()
    raise AssertionError('there are none')


@needsHands
@pytest.mark.parametrize('name', ('labelling', 'prune'))
def test_bar_by_hand(request, name):
    window = request.getfixturevalue(name)
    canvas = window._canvas if name == 'labelling' else window.canvas
    widget, controls = canvas.winfo_children()[0], controlsOf(window)
    left, _, right, _ = widget.coords('bar')
    text, = (item for item in widget.find_withtag('scale') if widget.type(item) == 'text')
    nm = float(widget.itemcget(text, 'text').split()[0])
    assert (right - left) / canvas.scale * 2.0 / 10 == pytest.approx(nm), '2 Å a px, 10 Å a nm'
    black, white = canvas._picture._grey.info['greys']
    assert controls.greys['text'] == f'{black:.3g} to {white:.3g}' and black < white
    before = np.asarray(canvas._picture._grey)
    click(controls.invert, 10, 10)
    until(window, lambda: canvas._picture._grey is not None and canvas._picture._grey.info['greys'] == (white, black))
    assert np.allclose(before.astype(int) + np.asarray(canvas._picture._grey), 255, atol=1)
    canvas.setContrast(5)
    until(window, lambda: controls.greys['text'].split()[0] != f'{white:.3g}')
    click(controls.auto, 10, 10)
    until(window, lambda: controls.greys['text'] == f'{white:.3g} to {black:.3g}')
    drag(widget, (300, 200), (200, 260))
    assert widget.coords('bar')[0] == left, 'the scale bar stays in its corner'


@needsHands
@pytest.mark.parametrize('name', ('labelling', 'prune'))
def test_nothing_is_cut_off(request, name):
    """As it opens, and at the least size."""
    window = request.getfixturevalue(name)
    for width, height in ((1280, 800), window.minsize()):
        window.geometry(f'{width}x{height}')
        settle(window, 0.5)
        waiting = window.winfo_children()
        while waiting:
            widget = waiting.pop()
            waiting += widget.winfo_children()
            if widget.winfo_class() in ('TButton', 'TCheckbutton', 'TLabel', 'TCombobox', 'Radiobutton') \
                    and widget.winfo_ismapped() and widget.winfo_manager() == 'pack':
                assert widget.winfo_width() >= min(widget.winfo_reqwidth(), 260), (width, str(widget))
                assert widget.winfo_rootx() + widget.winfo_width() <= window.winfo_rootx() + width
