"""On a screen with many dots per inch what is measured in px grows as letters do."""
import pytest

from pickeroptimizer.viewers.widgets.screen import px


@pytest.fixture
def scaling(root):
    before = root.tk.call('tk', 'scaling')
    yield lambda dpi: root.tk.call('tk', 'scaling', dpi / 72)
    root.tk.call('tk', 'scaling', before)


def test_lengths_grow_with_the_letters(root, scaling):
    from pickeroptimizer.viewers.widgets.gallery import Gallery
    from pickeroptimizer.viewers.widgets.swatch import Swatch
    found = []
    for dpi in (72, 96, 100, 192):
        scaling(dpi)
        gallery, swatch = Gallery(root), Swatch(root, '#FF0000')
        found.append((px(root, 10), gallery._side, swatch.winfo_reqwidth(), int(gallery._canvas['width'])))
    assert found[0] == found[1] == found[2] and found[0][:3] == (10, 72, 14)
    assert found[3] == tuple(2 * length for length in found[0])
