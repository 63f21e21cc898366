"""Galleries: several boxes at once, orders and sizes, with the real pointer and keyboard."""
import pytest
from hands import do, drag, move, needsHands, press, settle
from laboratory import until
from test_window_keys import labelling, micrographs, prune  # noqa: F401 (fixtures)

from pickeroptimizer.viewers.labelling.model import Labels, Place
from pickeroptimizer.viewers.prune.model import ALL_PICKS, REJECTED_PICKS
from pickeroptimizer.viewers.widgets.gallery import FRAME, GAP
from pickeroptimizer.viewers.widgets.lasso import areWithin


@pytest.fixture
def window(prune):  # noqa: F811
    """All twelve picks in the gallery, the least certain first."""
    prune.listed.subset.set(ALL_PICKS)
    prune.listed.subset.event_generate('<<ComboboxSelected>>')
    until(prune, lambda: len(prune.gallery.keys()) == 12 and all(item[0] is not None
                                                                 for item in prune.gallery._items.values()))
    return prune


def middle(gallery, key):
    """The middle of a thumbnail, in px of the canvas."""
    x, y = gallery._corner(gallery.keys().index(key))
    return x + FRAME + gallery._side / 2, y + FRAME + gallery._side / 2


def clickOn(window, key, *held):
    canvas = window.gallery._canvas
    move(canvas, *middle(window.gallery, key))
    for modifier in held:
        do(canvas, 'keydown', modifier)
    do(canvas, 'click', 1)
    for modifier in held:
        do(canvas, 'keyup', modifier)


def drawRound(picture, corners):
    """Draw a line with Shift and the left button through places of the micrograph."""
    canvas, (first, *others) = picture._canvas, [picture.toScreen(*corner) for corner in corners]
    move(canvas, *first)
    do(canvas, 'keydown', 'shift')
    do(canvas, 'mousedown', 1)
    for point in others:
        move(canvas, *point)
    assert canvas.find_withtag('lasso'), 'it is drawn while one drags'
    do(canvas, 'mouseup', 1)
    do(canvas, 'keyup', 'shift')
    assert not canvas.find_withtag('lasso')


def test_what_is_within_a_line():
    """A line of the shape of a U: what lies between its arms is not within; nor is what it goes round twice."""
    u = [(0, 0), (1, 0), (1, 3), (3, 3), (3, 0), (4, 0), (4, 4), (0, 4)]
    assert areWithin([(0.5, 1), (2, 1), (2, 3.5), (3.5, 1), (5, 1)], u).tolist() == [True, False, True, True, False]
    assert not areWithin([(2, 1)], [*u, *u]).any() and not areWithin([(0.5, 1)], [*u, *u]).any()
    assert areWithin([], u).tolist() == [] and not areWithin([(0, 0)], [(0, 0)]).any()


@needsHands
def test_a_lasso_takes_no_boxes_of_its_bay(window):
    """The rectangle round it holds all four boxes; the line goes above the second."""
    window.canvas.fit()
    settle(window)
    drawRound(window.canvas, ((50, 50), (350, 50), (350, 300), (270, 300), (270, 100), (130, 100), (130, 300),
                              (50, 300)))
    rows = window._model.rowsOn(window.shownPlace)
    assert sorted(window.gallery.taken) == [rows[0], rows[2]]


@needsHands
def test_a_lasso_labels_picks_in_one_step(labelling):  # noqa: F811
    drawRound(labelling._canvas, ((150, 100), (350, 100), (350, 300), (150, 300)))
    places = {Place(1, 200, 200), Place(1, 300, 200)}
    assert '2 boxes are taken' in labelling._status['text'] and labelling._canvas._boxes._thick == places
    press(labelling, 'c')
    assert labelling._session.labels.places() == dict.fromkeys(places, 'carbon')
    assert not labelling._canvas._boxes._thick and labelling._status['text'] == '2 boxes: carbon.'
    press(labelling, 'ctrl+z')
    assert not labelling._session.labels.places()
    drawRound(labelling._canvas, ((150, 100), (350, 100), (350, 300), (150, 300)))
    press(labelling, 'Escape')
    move(labelling._status, 5, 5)
    press(labelling, 'i')
    assert not labelling._session.labels.places(), 'Esc leaves them'


@needsHands
def test_several_boxes_are_corrected_in_one_step(window):
    keys, model = window.gallery.keys(), window._model
    clickOn(window, keys[1])
    clickOn(window, keys[3], 'shift')
    assert window.gallery.taken == keys[1:4]
    clickOn(window, keys[2], 'ctrl')
    assert window.gallery.taken == [keys[1], keys[3]]
    press(window, 'c')
    assert model.corrected == {keys[1]: 'carbon', keys[3]: 'carbon'} and window.gallery.taken == []
    press(window, 'ctrl+z')
    assert model.corrected == {}
    press(window, 'ctrl+shift+z')
    assert len(model.corrected) == 2


@needsHands
def test_a_band_takes_what_it_touches(window):
    gallery, keys = window.gallery, window.gallery.keys()
    x, y = middle(gallery, keys[4])
    drag(gallery._canvas, (GAP / 2, y), (x + gallery._side * 2.2, y + 4))
    assert gallery.taken == keys[4:7] and window._marked is None


@needsHands
def test_a_lasso_on_the_micrograph(window):
    """Round the second and the third of four boxes in a row."""
    window.canvas.fit()
    settle(window)
    drawRound(window.canvas, ((150, 100), (350, 100), (350, 300), (150, 300)))
    rows = window._model.rowsOn(window.shownPlace)[1:3]
    assert sorted(window.gallery.taken) == rows and '2 boxes are taken' in window._message['text']
    move(window._message, 5, 5)
    press(window, 'i')
    assert window._model.corrected == dict.fromkeys(rows, 'ice')


@needsHands
def test_the_next_box_comes_by_itself(window):
    keys = window.gallery.keys()
    clickOn(window, keys[0])
    until(window, lambda: window._marked == keys[0])
    move(window._message, 5, 5)
    press(window, 'i')
    until(window, lambda: window._marked == keys[1])
    assert window._model.corrected == {keys[0]: 'ice'} and window.gallery.chosen == keys[1]
    assert 6 * 60 * window.canvas.scale == pytest.approx(window.canvas._canvas.winfo_width(), rel=0.02)


@needsHands
def test_a_thumbnail_is_seen_larger_under_the_pointer(window):
    gallery = window.gallery
    move(gallery._canvas, *middle(gallery, gallery.keys()[0]))
    until(window, lambda: gallery._enlarged._window is not None)
    assert gallery._enlarged._window.winfo_reqwidth() > 3 * gallery._side
    move(window._message, 5, 5)
    until(window, lambda: gallery._enlarged._window is None)


def test_groups_sizes_and_one_micrograph(window):
    listed = window.listed
    listed.size.set('large')
    listed.size.event_generate('<<ComboboxSelected>>')
    window.update()
    assert window.gallery._side == 144
    listed.here.set(True)
    listed._hereButton.invoke()
    listed._hereButton.invoke()
    assert listed.rows and {window._model.placeOf(row) for row in listed.rows} == {window.shownPlace}
    listed.here.set(False)
    listed.subset.set(REJECTED_PICKS)
    listed.subset.event_generate('<<ComboboxSelected>>')
    window.update()
    assert set(listed.rows) == {row for row in range(12) if not window._model.isKept()[row]}
    assert f'of {len(listed.rows)}' in listed._where['text']


def test_several_labels_are_one_step():
    saved = []
    labels = Labels([], lambda rows: saved.append(len(rows)))
    places = [Place(1, x, 0) for x in range(3)]
    for place in places:
        labels.label(place, 'ice')
    labels.labelAll(places, 'carbon')
    assert saved == [1, 2, 3, 3] and set(labels.places().values()) == {'carbon'}
    assert labels.undo() == places and set(labels.places().values()) == {'ice'}
    assert labels.redo() == places and set(labels.places().values()) == {'carbon'}
    labels.labelAll(places[:2], None)
    assert labels.places() == {places[2]: 'carbon'}
    assert labels.undo() == places[:2] and len(labels.places()) == 3


@needsHands
def test_several_labels_in_the_galleries_of_labels(labelling):  # noqa: F811
    for x in (100, 200, 300):
        labelling.label(Place(1, x, 200), 'ice')
    gallery = labelling._galleries._galleries['ice']
    labelling.update()
    gallery.take(gallery.keys()[:2])
    move(labelling._status, 5, 5)
    press(labelling, 'c')
    assert sorted(labelling._session.labels.places().values()) == ['carbon', 'carbon', 'ice']
    assert labelling._status['text'] == '2 boxes: carbon.'
    press(labelling, 'ctrl+z')
    assert set(labelling._session.labels.places().values()) == {'ice'}


@needsHands
def test_several_labels_that_are_not_saved_are_not_told_as_given(labelling, monkeypatch):  # noqa: F811
    for x in (100, 200, 300):
        labelling.label(Place(1, x, 200), 'ice')
    gallery, labels, shown = labelling._galleries._galleries['ice'], labelling._session.labels, []
    settle(labelling)
    assert gallery._canvas.winfo_viewable() and gallery._canvas.winfo_width() > 150, 'seen, though there were none'
    monkeypatch.setattr('tkinter.messagebox.showerror', lambda title, line, parent: shown.append(line))

    def full(rows):
        raise OSError('disk full')
    monkeypatch.setattr(labels, '_save', full)
    for key in gallery.keys()[:2]:
        move(gallery._canvas, gallery._corner(gallery.keys().index(key))[0] + 30, 30)
        do(gallery._canvas, 'keydown', 'ctrl', 'click', 1, 'keyup', 'ctrl')
    assert len(gallery.taken) == 2
    move(labelling._status, 5, 5)
    told = labelling._status['text']
    for key in ('c', 'ctrl+z'):
        press(labelling, key)
    assert shown == ['The label was not saved and does not count: disk full'] * 2
    assert set(labels.places().values()) == {'ice'} and labelling._status['text'] == told
