"""One set of keys and of the mouse in the windows with a micrograph, with the real pointer and keyboard."""
import mrcfile
import numpy as np
import pytest
from hands import click, do, drag, move, needsHands, press
from laboratory import until

from pickeroptimizer.domain.corrections import Corrections
from pickeroptimizer.viewers.labelling.model import Labels, Place, Session
from pickeroptimizer.viewers.micrograph import Micrograph
from pickeroptimizer.viewers.prune.model import PruneModel, ScoredPicks
from pickeroptimizer.viewers.prune.source import PruneSession

CLASSES = ('particle', 'ice', 'carbon')
XS = (100, 200, 300, 400)      # of the picks, px


@pytest.fixture
def micrographs(tmp_path):
    found = []
    for number, name in enumerate('abc', start=1):
        with mrcfile.new(tmp_path / f'{name}.mrc') as stream:
            stream.set_data(np.random.default_rng(number).normal(size=(400, 600)).astype('float32'))
        found.append(Micrograph(number, f'{name}.mrc', str(tmp_path / f'{name}.mrc'), len(XS)))
    return found


@pytest.fixture
def labelling(root, micrographs):
    from pickeroptimizer.viewers.labelling.window import LabellingWindow
    window = LabellingWindow(root, Session(
        'test', micrographs, lambda micId: [Place(micId, x, 200) for x in XS], 60, 2.0,
        Labels([], lambda rows: None), CLASSES))
    window.geometry('1280x800+0+0')
    until(window, lambda: window._image is not None and window.winfo_width() == 1280)
    return window


@pytest.fixture
def prune(root, micrographs, tmp_path):
    from pickeroptimizer.viewers.prune.window import PruneWindow
    n = len(XS) * len(micrographs)
    particle = np.linspace(0.05, 0.95, n)
    picks = ScoredPicks(np.arange(1, n + 1), np.repeat([1, 2, 3], len(XS)), np.tile(np.array(XS, float), 3),
                        np.full(n, 200.0), CLASSES, np.where(particle > 0.5, 0, 1).astype(np.int8),
                        np.stack([particle, 1 - particle, np.zeros(n)], axis=1), np.zeros(n))
    window = PruneWindow(root, PruneSession('test', PruneModel(picks, micrographs, None, Corrections(str(tmp_path))),
                                            60, 2.0))
    window.geometry('1280x800+0+0')
    until(window, lambda: window.shownPlace is not None and window.winfo_width() == 1280)
    return window


@needsHands
def test_labelling_by_hand(labelling):
    canvas, labels = labelling._canvas, labelling._session.labels
    widget = canvas.winfo_children()[0]
    place = Place(1, 200, 200)
    click(widget, *canvas.toScreen(200, 200))
    assert labels.places() == {place: 'particle'}
    assert 'particle' in labelling._status['text'], 'the line tells what has become of the box'
    scale, at = canvas.scale, canvas.toScreen(300, 150)
    move(widget, *at)
    do(widget, 'click', 4)      # the wheel
    assert canvas.scale > scale and canvas.toScreen(300, 150) == pytest.approx(at, abs=2)
    before = canvas.toMicrograph(200, 200)
    drag(widget, (200, 200), (260, 240))
    assert canvas.toMicrograph(260, 240) == pytest.approx(before, abs=1), 'the picture follows the pointer'
    assert labels.places() == {place: 'particle'}, 'a drag labels nothing'
    press(labelling, 'ctrl+z')
    assert not labels.places()
    press(labelling, 'ctrl+shift+z')
    assert labels.places() == {place: 'particle'}
    press(labelling, 'Down')
    until(labelling, lambda: labelling._image is not None and labelling._micId == 2)
    press(labelling, 'Up')
    until(labelling, lambda: labelling._image is not None and labelling._micId == 1)
    press(labelling, 'Down')
    press(labelling, 'Right')
    until(labelling, lambda: labelling._image is not None and labelling._marked == place)


@needsHands
def test_pruning_by_hand(prune):
    canvas, model = prune.canvas, prune._model
    widget = canvas.winfo_children()[0]
    row = model.rowsOn(prune.shownPlace)[1]
    click(widget, *canvas.toScreen(200, 200))
    assert prune._marked == row
    press(prune, 'c')
    assert model.corrected == {row: 'carbon'}
    press(prune, 'ctrl+z')
    assert not model.corrected
    press(prune, 'ctrl+shift+z')
    assert model.corrected == {row: 'carbon'}
    do(widget, 'click', 4)
    before = canvas.toMicrograph(200, 200)
    drag(widget, (200, 200), (150, 260))
    assert canvas.toMicrograph(150, 260) == pytest.approx(before, abs=1) and prune._marked == row
    first = prune.shownPlace
    prune.table.tree.focus_set()
    do(prune, 'key', 'Down')      # the list has the focus: one line, not two
    until(prune, lambda: prune.shownPlace == prune.table._order[1] != first)
    press(prune, 'Up')
    until(prune, lambda: prune.shownPlace == first)
    until(prune, lambda: len(prune.gallery.keys()) > 1)
    press(prune, 'Right')
    press(prune, 'Right')
    until(prune, lambda: prune._marked == prune.gallery.keys()[1])


@needsHands
@pytest.mark.parametrize('name', ('labelling', 'prune'))
def test_the_keys_are_shown(request, name):
    window = request.getfixturevalue(name)
    for key in ('F1', 'question'):
        press(window, key)
        texts = [label['text'] for label in window.keys.overlay.winfo_children()]
        assert all(row.text in texts for row in window.keys.rows) and 'Ctrl+Shift+Z, Ctrl+Y' in texts
        overlay = window.keys.overlay
        assert overlay.winfo_y() >= 0 and overlay.winfo_y() + overlay.winfo_height() <= window.winfo_height()
        press(window, 'Escape')
        assert window.keys.overlay is None
