"""The mask of a micrograph is read once, however often its contrast is changed."""
import numpy as np
from laboratory import until
from test_window_keys import CLASSES, micrographs  # noqa: F401 (fixture)

from pickeroptimizer.convert.masks import Mask
from pickeroptimizer.viewers.masks import window as module


def test_read_once(root, micrographs, monkeypatch):  # noqa: F811
    read = []
    monkeypatch.setattr(module, 'binnedMask', lambda path, shape: read.append(path) or np.ones(shape, bool))
    monkeypatch.setattr(module, 'readCells', lambda path: path)
    monkeypatch.setattr(module, 'kindsOf', lambda cells, classes, shape: np.ones(shape, int))
    masks = {m.id: Mask(m.name, 0.5) for m in micrographs}
    window = module.MaskWindow(root, module.MaskSession('test', micrographs, masks, CLASSES, 0.5, 60, 2.0, str))
    until(window, lambda: read == ['a.mrc'])
    for clipped in (2, 5):
        before = window.canvas._picture._grey
        window.canvas.setContrast(clipped)
        until(window, lambda before=before: window.canvas._picture._grey is not before)
    assert read == ['a.mrc']
    window._leaf(1)
    until(window, lambda: read == ['a.mrc', 'b.mrc'])
