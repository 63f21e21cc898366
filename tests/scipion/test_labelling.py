"""Labelling: what a session does without its window; the window, used as a person uses it; the way to a model."""
import json
import os
import subprocess
import sys
import time
import tkinter as tk
from pathlib import Path

import mrcfile
import numpy as np
import pytest
from laboratory import items
from pyworkflow.exceptions import PyworkflowException

from pickeroptimizer.protocols.interactive_labels import FEATURES, REGISTERED
from pickeroptimizer.protocols.parameters.training_labels import LabelSource
from pickeroptimizer.protocols.protocol_base import RECIPES
from pickeroptimizer.viewers.labelling.model import (
    Labels,
    Place,
    Session,
    Suggestions,
    canTrain,
    missingText,
)
from pickeroptimizer.viewers.labelling.panels import PICKS
from pickeroptimizer.viewers.micrograph import Micrograph
from pickeroptimizer.viewers.palette import Style, styles
from pickeroptimizer.worker.exchange.classes import KNOWN
from pickeroptimizer.worker.exchange.errors import InputError
from pickeroptimizer.worker.exchange.locks import FileLock
from pickeroptimizer.worker.exchange.tables import CoordinateRow

CLASSES = ('particle', 'ice', 'carbon', 'empty', 'gold edge')
needsDisplay = pytest.mark.skipif('DISPLAY' not in os.environ, reason='needs a display')


class Store:
    """Where labels are saved: `rows`, and how often; `error` is raised when it is set."""

    def __init__(self):
        self.rows, self.times, self.error = [], 0, None

    def __call__(self, rows):
        if self.error:
            raise self.error
        self.rows, self.times = list(rows), self.times + 1


class InTurn:
    """A suggester that suggests in the order of the ids."""

    def __init__(self, ids):
        self.ids, self.asked = list(ids), []

    def next(self, labels, wanted, skipped=()):
        self.asked.append((dict(labels), dict(wanted)))
        return next((i for i in self.ids if i not in labels and i not in skipped), None)

    def wasRandom(self, coordId):
        return coordId is not None and coordId % 2 == 0


# ------------------------------ without a window ------------------------------

def test_every_change_is_saved_and_can_be_undone():
    store = Store()
    labels = Labels([CoordinateRow(None, 1, 10.0, 20.0, 'ice')], store)
    old, new = Place(1, 10, 20), Place(2, 5, 6)
    labels.label(new, 'carbon')
    assert store.rows == [CoordinateRow(None, 1, 10.0, 20.0, 'ice'), CoordinateRow(None, 2, 5, 6, 'carbon')]
    labels.label(old, 'particle')
    labels.label(old, 'particle')      # nothing changes, nothing is saved
    labels.label(new, None)
    assert store.times == 3 and [(row.mic_id, row.label) for row in store.rows] == [(1, 'particle')]
    assert labels.counts() == labels.counts(1) == {'particle': 1} and labels.counts(2) == {}
    assert [labels.undo() for _ in range(4)] == [[new], [old], [new], []]
    assert labels.places() == {old: 'ice'} == {Place(row.mic_id, row.x, row.y): row.label for row in store.rows}


def test_what_was_drawn_at_random_stays_so_whatever_it_is_called():
    store = Store()
    labels = Labels([CoordinateRow(None, 1, 1, 1, 'ice', random=True)], store)
    drawn, chosen = Place(2, 2, 2), Place(3, 3, 3)
    labels.label(drawn, 'particle', isRandom=True)
    labels.label(chosen, 'particle')
    labels.label(drawn, 'ice')
    labels.label(chosen, 'ice', isRandom=True)      # it was labelled before it was drawn
    assert [row.random for row in store.rows] == [True, True, False]
    labels.label(drawn, None)
    labels.label(drawn, 'particle')                 # by hand
    assert {row.mic_id: row.random for row in store.rows} == {1: True, 2: False, 3: False}


def test_a_label_that_cannot_be_saved_does_not_count():
    store = Store()
    labels = Labels([], store)
    labels.label(Place(1, 1, 1), 'ice')
    store.error = OSError('disk full')
    with pytest.raises(OSError, match='disk full'):
        labels.label(Place(1, 2, 2), 'ice')
    with pytest.raises(OSError, match='disk full'):
        labels.undo()
    assert labels.places() == {Place(1, 1, 1): 'ice'}
    store.error = None
    assert labels.undo() == [Place(1, 1, 1)] and labels.undo() == []


def test_what_is_missing_in_words():
    assert missingText({}, 20) == 'Wanted: 20 more particle, 20 of some kind of junk.'
    assert missingText({'particle': 20}, 20) == 'Wanted: 20 of some kind of junk.'
    assert missingText({'particle': 8, 'ice': 20, 'gold edge': 17}, 20) == 'Wanted: 12 more particle, 3 more gold edge.'
    assert missingText({'empty': 8}, 20) == 'Wanted: 20 more particle, 12 more empty.', 'no other junk is asked for'
    assert missingText({'particle': 10, 'empty': 11}, 10).endswith('press "Train".')


def test_when_labels_suffice():
    labels = Labels([CoordinateRow(None, 1, 1, 1, 'ice')], Store())
    assert not canTrain(labels)
    labels.label(Place(1, 2, 2), 'particle')
    assert canTrain(labels)


def test_suggestions_pass_over_what_is_known_skipped_or_on_a_lost_micrograph():
    places = {7: Place(1, 1, 1), 8: Place(1, 2, 2), 9: Place(2, 3, 3), 10: Place(3, 4, 4)}
    suggester = InTurn(places)
    suggestions, labels = Suggestions(suggester, places, CLASSES), Labels([], Store())
    assert suggestions.next(labels, 10) == places[7]
    assert suggester.asked[-1][1] == {'particle': 10, 'ice': 1, 'carbon': 1, 'empty': 1, 'gold edge': 1}
    assert suggestions.next(labels, 10, without=places[7]) == places[8]
    labels.label(places[7], 'ice')
    labels.label(Place(1, 50, 50), 'carbon')      # no pick: nothing that the suggester knows
    suggestions.skip(places[8])
    assert suggestions.next(labels, 10) == places[9]
    assert suggester.asked[-1] == ({7: 'ice', Place(1, 50, 50): 'carbon'}, {'particle': 10, 'ice': 10, 'carbon': 10,
                                                                                 'empty': 1, 'gold edge': 1}), \
        'of what the user has begun with, as many as are wanted'
    suggestions.skipMicrograph(2)
    assert suggestions.next(labels, 10) == places[10]
    suggestions.skipMicrograph(3)
    assert suggestions.next(labels, 10) is None


def test_a_lock_has_one_owner(tmp_path):
    first, second = (FileLock(tmp_path / 'lock', 'taken') for _ in range(2))
    with first, pytest.raises(InputError, match='taken'):
        second.acquire()
    with second:
        pass
    with pytest.raises(InputError, match='cannot be written'):
        FileLock(tmp_path / 'none' / 'lock', 'taken').acquire()


# ------------------------------ the window ------------------------------

def wait(window, what, seconds=20):
    """Let the window work until `what()` is true."""
    deadline = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < deadline
        window.update()
        time.sleep(0.01)
    window.update()


def descendants(widget):
    return [found for child in widget.winfo_children() for found in (child, *descendants(child))]


def press(window, key):
    window.focus_force()
    window.update()
    window.event_generate(f'<Key-{key}>')
    window.update()


def point(window, place, button=None):
    """Move the pointer to a place of the micrograph that is shown, and click."""
    canvas = window._canvas
    x, y = map(round, canvas.toScreen(place.x, place.y))
    canvas._canvas.event_generate('<Motion>', x=x, y=y)
    if button:
        canvas._canvas.event_generate(f'<Button-{button}>', x=x, y=y)
        canvas._canvas.event_generate(f'<ButtonRelease-{button}>', x=x, y=y)
    window.update()


@pytest.fixture
def session(tmp_path):
    """Two micrographs with four picks each, and one that has vanished."""
    for name in ('a', 'b'):
        with mrcfile.new(tmp_path / f'{name}.mrc') as stream:
            stream.set_data(np.random.default_rng(0).normal(size=(400, 600)).astype('float32'))
    micrographs = [Micrograph(i, f'{name}.mrc', str(tmp_path / f'{name}.mrc'), 4) for i, name in enumerate('abc', 1)]
    picks = {m.id: [Place(m.id, x, 200) for x in (100, 200, 300, 400)] for m in micrographs}
    places = dict(enumerate((place for micId in (2, 3, 1) for place in picks[micId]), start=1))
    store = Store()
    session = Session('test', micrographs, picks.get, 60, 2.0, Labels([], store), CLASSES,
                      Suggestions(InTurn(places), places, CLASSES))
    session.store = store
    return session


@pytest.fixture
def opened(root, session):
    from pickeroptimizer.viewers.labelling.window import LabellingWindow
    window = LabellingWindow(root, session)
    wait(window, lambda: window._image is not None)
    return window


@needsDisplay
def test_clicks_and_keys_label(opened, session):
    first, second, free = Place(1, 100, 200), Place(1, 200, 200), Place(1, 500, 50)
    point(opened, first, button=1)
    press(opened, 'i')                       # under the pointer: the same box
    point(opened, free, button=1)            # beside the picks, now as ice
    point(opened, second)
    press(opened, 'C')                       # with the caps lock
    labelled = session.labels.places()
    clicked, = labelled.keys() - {first, second}
    assert labelled == {first: 'ice', clicked: 'ice', second: 'carbon'}
    assert abs(clicked.x - free.x) <= 2 and abs(clicked.y - free.y) <= 2      # a px of the screen is more than one here
    assert [row.label for row in session.store.rows] == ['ice', 'ice', 'carbon']
    texts = [button['text'] for button in opened._top.classes.buttons.values()]
    assert texts == ['particle (p): 0 of 10', 'ice (i): 2 of 10', 'carbon (c): 1 of 10', 'empty (e): 0',
                     'gold edge (1): 0']
    assert str(opened._train['state']) == 'disabled'
    point(opened, second, button=1)          # of the chosen class already: it loses its label
    assert Place(1, 200, 200) not in session.labels.places()
    press(opened, 'u')
    assert session.labels.classOf(second) == 'carbon'
    for gallery, number in zip(opened._galleries._galleries.values(), (0, 2, 1, 0, 0)):
        assert len(gallery.keys()) == number and bool(gallery.winfo_viewable()) == bool(number)
    assert opened._list._tree['displaycolumns'] == (PICKS, 'particle', 'ice', 'carbon')
    press(opened, 'p')                       # nothing is suggested; the pointer is on `second`
    assert session.labels.classOf(second) == 'particle' and str(opened._train['state']) == 'normal'
    press(opened, '1')                       # a name of the user's has a digit
    assert session.labels.classOf(second) == 'gold edge'
    box = opened._canvas._boxes.drawn[second]
    assert Style(box.colour, box.dash) == styles(CLASSES)['gold edge']
    assert opened._canvas._canvas.itemcget(box.item, 'dash') == ' '.join(map(str, box.dash))
    press(opened, 'e')
    assert session.labels.classOf(second) == 'empty' and opened._canvas._canvas.itemcget(box.item, 'dash') == ''


@needsDisplay
def test_suggestions_by_keys_alone(opened, session):
    """One key a box, over micrographs, one of which has vanished."""
    for key, place in zip('pics', (Place(2, x, 200) for x in (100, 200, 300, 400))):
        if opened._suggested is None:
            press(opened, 's')
        wait(opened, lambda: opened._image is not None)
        assert opened._suggested == place == opened._canvas._boxes.marked
        press(opened, key)
    assert [row.label for row in session.store.rows] == ['particle', 'ice', 'carbon']
    wait(opened, lambda: opened._suggested is None)      # the next would be on the one that has vanished
    assert 'c.mrc' in opened._status['text']
    press(opened, 's')
    wait(opened, lambda: opened._image is not None)
    assert opened._suggested == Place(1, 100, 200)
    press(opened, 'i')
    assert opened._suggested == Place(1, 200, 200)
    press(opened, 'u')                                   # a slip: the same box again
    assert opened._suggested == Place(1, 100, 200) and session.labels.classOf(Place(1, 100, 200)) is None
    press(opened, 'Escape')
    press(opened, 'n')
    wait(opened, lambda: opened._image is not None and opened._micId == 2)
    assert opened._suggested is None


@needsDisplay
def test_other_boxes_can_be_hidden(opened):
    def seen():
        return {place for place in opened._picks if opened._canvas._boxes.drawn[place].state != 'hidden'}
    assert seen() == opened._picks
    press(opened, 's')
    wait(opened, lambda: opened._image is not None and opened._suggested in opened._picks)
    press(opened, 'h')
    assert seen() == {opened._suggested}
    press(opened, 'i')      # the next one
    wait(opened, lambda: opened._image is not None and opened._suggested in opened._picks)
    assert seen() == {opened._suggested}
    press(opened, 'h')
    assert seen() == opened._picks


@needsDisplay
def test_error_in_saving_is_shown(opened, session, monkeypatch):
    shown = []
    monkeypatch.setattr('tkinter.messagebox.showerror', lambda title, line, parent: shown.append(line))
    session.store.error = OSError('disk full')
    point(opened, Place(1, 100, 200), button=1)
    assert shown == ['The label was not saved and does not count: disk full'] and not session.labels.places()
    said = opened._status['text']
    opened.labelAll([Place(1, 100, 200), Place(1, 200, 200)], 'ice')
    assert opened._status['text'] == said and len(shown) == 2 and not session.labels.places()
    session.store.error = None
    point(opened, Place(1, 100, 200), button=1)
    said = opened._status['text']
    session.store.error = OSError('disk full')
    press(opened, 'u')
    assert opened._status['text'] == said and len(shown) == 3 and session.labels.places()


@needsDisplay
def test_what_lies_in_a_border_is_not_labelled(root, session):
    from pickeroptimizer.viewers.labelling.window import OUTSIDE, LabellingWindow
    with mrcfile.mmap(session.micrographs[0].path, 'r+') as stream:
        stream.data[:, :150] = 0
    window = LabellingWindow(root, session)
    wait(window, lambda: window._image is not None)
    for place in (Place(1, 100, 200), Place(1, 30, 200)):      # a pick, and none
        point(window, place, button=1)
        assert not session.labels.places() and window._status['text'] == OUTSIDE
    point(window, Place(1, 200, 200), button=1)
    assert list(session.labels.places()) == [Place(1, 200, 200)]
    window.destroy()


@needsDisplay
def test_read_only(root, session):
    from pickeroptimizer.viewers.labelling.window import LabellingWindow
    session.labels.label(Place(1, 100, 200), 'ice')
    session.readOnly = 'trained'
    window = LabellingWindow(root, session)
    wait(window, lambda: window._image is not None)
    point(window, Place(1, 200, 200), button=1)
    for key in 'puis':
        press(window, key)
    assert session.labels.places() == {Place(1, 100, 200): 'ice'} and session.store.times == 1
    assert len(window._galleries._galleries['ice'].keys()) == 1


# ------------------------------ the run ------------------------------

def test_a_labelled_set_as_labels(lab, picks, trained, pruned):
    run = lab.new('ProtPickerOptimizerTrain', inputCoordinates=(picks, 'outputCoordinates'),
                  labelSource=LabelSource.LABELLED_SET, folds=0, numberOfThreads=2)
    assert 'Choose the labelled coordinates.' in run.validate()
    run.inputLabels.set(picks)
    run.inputLabels.setExtended('outputCoordinates')
    assert 'have no attribute _poClass' in run.validate()[0]
    run.inputLabels.set(trained)
    run.inputLabels.setExtended('outputLabels')
    assert run.validate() == []
    assert not any('prune' in line or 'uncertain' in line for line in run.warnings())
    assert run._collectLabels() == [CoordinateRow(None, c.getMicId(), *map(float, c.getPosition()), c._poClass.get())
                                    for c in items(trained.outputLabels).values()]
    run.inputLabels.set(pruned)
    run.inputLabels.setExtended('outputCoordinates')
    assert 'given by "prune", not by a person' in run.warnings()[0]


@pytest.fixture(scope='module')
def waiting(lab, picks, labelSets):
    """A run that waits for labels, and begins with some."""
    run = lab.run(lab.new('ProtPickerOptimizerTrain', label='label now', folds=0, numberOfThreads=2,
                          inputCoordinates=(picks, 'outputCoordinates'), labelSource=LabelSource.INTERACTIVE,
                          beginWithLabels=True, iceLabels=(labelSets['ice'], 'outputCoordinates')))
    assert run.getStatus() == 'interactive', run.getErrorMessage()
    return run


def toplevel(root):
    """The window that is open."""
    window, = (child for child in root.winfo_children() if isinstance(child, tk.Toplevel))
    return window


def test_session_of_a_run(lab, waiting, labelSets, picks):
    from pickeroptimizer.viewers import PickerOptimizerLabelViewer
    from pickeroptimizer.viewers.viewer_label import sessionOf
    given = labelSets['ice'].outputCoordinates.getSize()
    assert waiting.summary()[0] == f'Waiting for labels; so far: {given} ice.'
    assert lab.domain.findViewers(waiting, 'tkinter')[0] is PickerOptimizerLabelViewer
    session = sessionOf(waiting)
    assert session.labels.counts() == {'ice': given} and session.classes == KNOWN and session.boxSize == 60
    assert sum(micrograph.picks for micrograph in session.micrographs) == picks.outputCoordinates.getSize()
    for micrograph in session.micrographs:
        assert os.path.isfile(micrograph.path) and len(session.picksOn(micrograph.id)) == micrograph.picks
    suggested = session.suggestions.next(session.labels, 20)
    assert suggested in session.picksOn(suggested.micId) and session.labels.classOf(suggested) is None

    features = Path(waiting._getExtraPath(FEATURES))
    whole = features.read_bytes()
    for content, line in ((None, 'run made no features'), (b'PK', 'no readable file of features')):
        features.unlink() if content is None else features.write_bytes(content)
        session = sessionOf(waiting)
        assert session.suggestions is None and line in session.withoutSuggestions
    features.write_bytes(whole)


@needsDisplay
def test_one_window_a_run(waiting, root, monkeypatch):
    errors = []
    monkeypatch.setattr('tkinter.messagebox.showerror', lambda title, line, parent=None: errors.append(line))
    labelMenu, trainMenu = (action for _, action in waiting.getActions())
    before = waiting.getRegisteredLabels()
    labelMenu(None)                          # as Scipion's graph of runs calls it, with an event
    window = toplevel(root)
    wait(window, lambda: window._image is not None)
    labelMenu()                              # as its list does
    trainMenu()
    assert errors == 2 * ['The labels of this run are open in another window: close it first.']
    press(window, 's')
    wait(window, lambda: window._image is not None)
    place = window._suggested
    press(window, 'c')
    assert waiting.getRegisteredLabels() == [*before, CoordinateRow(None, place.micId, place.x, place.y, 'carbon')]
    window.destroy()
    waiting.recipe.set(RECIPES.index('paper'))      # which knows no particles without labels
    trainMenu()
    waiting.recipe.set(RECIPES.index('default'))
    assert errors[2:] == ['There are no labels of the class particle, only of ice and carbon.']
    labelMenu()                              # the lock went with the window, the labels did not
    assert toplevel(root)._session.labels.classOf(place) == 'carbon'
    toplevel(root).destroy()
    path = Path(waiting._getExtraPath(REGISTERED))
    whole = path.read_text()
    path.write_text('no labels')
    labelMenu()
    assert errors[3:] == [f'{path}: no column coord_id, mic_id, x, y, label; the header must name '
                          f'coord_id,mic_id,x,y,label.'] and errors[3] in waiting.summary()[0]
    path.write_text(whole)


@needsDisplay
def test_in_the_project_window(lab, picks, waiting, simulated, root, tmp_path, monkeypatch):
    """The real one of Scipion, in a process of its own: Analyze results, labels by suggestions, Train, a model."""
    from pickeroptimizer.viewers import PickerOptimizerModelViewer
    classes = {3 * row.coord_id: row.label for row in simulated.rows}
    (tmp_path / 'truth.json').write_text(json.dumps([
        [pick.getMicId(), *pick.getPosition(), classes[objId]]
        for objId, pick in items(picks.outputCoordinates).items()]))
    wanted = len(waiting.getRegisteredLabels())
    done = subprocess.run([sys.executable, Path(__file__).with_name('project_window.py'), lab.project.getPath(),
                           str(waiting.getObjId()), str(wanted), tmp_path / 'truth.json'],
                          capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    counts, said = json.loads(done.stdout.splitlines()[-1])
    assert said.startswith('Trained. ') and 'picks that were looked at would be kept (' in said
    assert counts['particle'] >= wanted and counts['ice'] >= wanted and counts['carbon'] > 3
    lab.project._updateProtocol(waiting)
    assert waiting.isFinished(), waiting.getErrorMessage()
    assert waiting.outputModel.getCounts() == counts
    assert lab.domain.findViewers(waiting, 'tkinter')[0] is PickerOptimizerModelViewer

    (text, show), = waiting.getActions()
    assert text == 'Show the labels'
    show()
    session = toplevel(root)._session
    assert session.readOnly and session.labels.counts() == counts
    launched = []
    monkeypatch.setattr(lab.project, 'launchProtocol', launched.append)
    assert '(copy)" begins with these labels.' in session.labelOn()
    assert launched[0].validate() == [] and launched[0].canBeLabelled() is False
    assert set(launched[0]._labelsOfClasses() + launched[0]._labelsOfSets()) == set(waiting.getRegisteredLabels())


def test_preparation_without_features(lab, picks, monkeypatch, caplog):
    from pickeroptimizer.viewers.viewer_label import sessionOf
    run = lab.new('ProtPickerOptimizerTrain', inputCoordinates=(picks, 'outputCoordinates'),
                  labelSource=LabelSource.INTERACTIVE)

    def fail(self, command, arguments):
        raise PyworkflowException('none of the micrographs can be used')

    monkeypatch.setattr(type(run), '_runWorker', fail)
    lab.run(run)
    assert run.getStatus() == 'interactive' and sessionOf(run).withoutSuggestions
    assert any('no suggestions of what to label: none of the micrographs' in line for line in caplog.messages)


def test_no_display(lab, picks, monkeypatch, caplog):
    from pickeroptimizer.viewers import PickerOptimizerLabelViewer
    monkeypatch.delenv('DISPLAY', raising=False)
    run = lab.new('ProtPickerOptimizerTrain', inputCoordinates=(picks, 'outputCoordinates'),
                  labelSource=LabelSource.INTERACTIVE)
    PickerOptimizerLabelViewer(project=lab.project, protocol=run).visualize(run)
    line, = caplog.messages
    assert 'No window can be opened here' in line and 'coordinate sets or a file' in line and '\n' not in line


# ------------------------------ the model ------------------------------

def test_facts_of_a_model(trained):
    from pickeroptimizer.viewers.viewer_model import factsOf
    facts = factsOf(trained.outputModel, trained)
    lines = dict(facts.lines)
    assert lines['Trained with'] == ', '.join(f'{n} {c}' for c, n in trained.outputModel.getCounts().items())
    assert lines['Macro-F1'].startswith(f'{trained.outputModel.getMacroF1():.3f}')
    assert {(place.x, place.y, name) for place, name, _ in facts.labels.boxes} == {
        (*label.getPosition(), label._poClass.get()) for label in items(trained.outputLabels).values()}
    assert factsOf(trained.outputModel, None).labels is None


@needsDisplay
def test_model_window(lab, trained, root):
    from pickeroptimizer.viewers import PickerOptimizerModelViewer
    from pickeroptimizer.viewers.model.window import ModelWindow
    from pickeroptimizer.viewers.viewer_model import factsOf
    PickerOptimizerModelViewer(project=lab.project, protocol=trained).visualize(trained.outputModel)
    window = toplevel(root)
    window.update()
    assert window._labels and window.title() == f'PickerOptimizer model: {trained.getRunName()}'
    window.destroy()

    facts = factsOf(trained.outputModel, trained)
    facts.header['loss_curve'] = [2.0, 1.0, 0.5]
    boxes = facts.labels.boxes
    facts.labels.boxes = [(*boxes[0][:2], 0.02), *boxes[1:]]
    window = ModelWindow(root, facts)
    window.update()
    tabs, labels = window.tabs, window._labels
    texts = [tabs.tab(tab, 'text') for tab in tabs.tabs()]
    assert texts[:3] == ['Model', 'Cross-validation', 'Training']
    assert texts[3] == f'Labels ({sum(p < 0.1 for _, _, p in facts.labels.boxes)} suspicious)'
    wait(window, lambda: labels._canvas._boxes.marked is not None)
    assert labels._list.item('0', 'values')[1] == f'{min(p for _, _, p in facts.labels.boxes):.3f}'
    window._look(boxes[3][0])                # a click on its thumbnail
    wait(window, lambda: labels._canvas._boxes.marked == boxes[3][0])
    assert tabs.index('current') == 3


@needsDisplay
def test_labels_are_put_right_where_the_model_lists_them(lab, trained, root, monkeypatch):
    from pickeroptimizer.viewers.model.window import ModelWindow
    from pickeroptimizer.viewers.viewer_model import factsOf
    before = {(c.getMicId(), *map(float, c.getPosition())): c._poClass.get()
              for c in items(trained.outputLabels).values()}
    window = ModelWindow(root, factsOf(trained.outputModel, trained))
    window.tabs.select(window._labels)
    window.update()
    tab = window._labels
    wait(window, lambda: tab._canvas._boxes.marked is not None)
    first, second, third = tab._places[:3]
    wanted = 'carbon' if before[tuple(first)] != 'carbon' else 'ice'
    assert str(tab._again['state']) == 'disabled'
    window.focus_force()
    window.event_generate(f'<Key-{wanted[0]}>')
    wait(window, lambda: tab._chosen == second)
    assert tab._list.item('0', 'tags') == ('changed',)
    assert tab._list.item('0', 'values')[0] == f'{wanted}, was {before[tuple(first)]}'
    window.event_generate('<Key-Delete>')
    wait(window, lambda: tab._chosen == third)
    assert tab._again['text'] == 'Train again with 2 put right'
    window.event_generate('<Control-z>')
    window.update()
    assert tab._again['text'] == 'Train again with 1 put right'
    window.event_generate('<Control-y>')
    window.update()
    window.destroy()

    window = ModelWindow(root, factsOf(trained.outputModel, trained))      # it was saved
    window.update()
    tab, launched = window._labels, []
    monkeypatch.setattr(lab.project, 'launchProtocol', launched.append)
    prune, = (widget for widget in descendants(window) if widget.winfo_class() == 'TButton'
              and widget['text'] == 'Prune all')
    prune.invoke()
    assert launched.pop().inputModel.getObjValue() is trained and str(prune['state']) == 'disabled'
    assert set(tab._data.changed()) == {first, second}
    assert {(c.getMicId(), *map(float, c.getPosition())): c._poClass.get()
            for c in items(trained.outputLabels).values()} == before, 'the outputs of the run stay as they are'
    tab._again.invoke()
    assert 'labels put right' in tab._line['text']
    labels = {(row.mic_id, row.x, row.y): row.label for row in launched[0]._collectLabels()}
    assert labels == {**{place: name for place, name in before.items() if place != tuple(second)}, tuple(first): wanted}
    for place in (first, second):
        tab._data.now.label(place, before[tuple(place)])
    assert tab._data.changed() == []
