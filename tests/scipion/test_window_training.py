"""From labels to a pruned set without leaving the labelling window: the preview, the training, "Prune all"."""
import numpy as np
import pytest
from hands import click, needsHands, press, settle
from laboratory import until
from test_window_keys import CLASSES, XS, micrographs  # noqa: F401 (fixture)

from pickeroptimizer.domain.suggestions import Suggester
from pickeroptimizer.viewers.labelling.model import (
    Labels,
    Place,
    RunState,
    Session,
    Suggestions,
    trainedText,
)
from pickeroptimizer.viewers.labelling.window import GUESSED
from pickeroptimizer.viewers.palette import styles
from pickeroptimizer.worker.exchange.errors import InputError

PICKS = [Place(micId, x, 200) for micId in (1, 2, 3) for x in XS]


@pytest.fixture
def window(root, micrographs):  # noqa: F811
    """With picks of which the two on the right of each micrograph look alike, and a general model that takes all for
    particles."""
    from pickeroptimizer.viewers.labelling.window import LabellingWindow
    features = np.eye(2)[[int(place.x > 250) for place in PICKS]]
    general = np.tile([0.9, 0.1, 0.0], (len(PICKS), 1))
    suggester = Suggester(features, range(len(PICKS)), classes=CLASSES, probabilities=general)
    window = LabellingWindow(root, Session(
        'test', micrographs, lambda micId: [place for place in PICKS if place.micId == micId], 60, 2.0,
        Labels([], lambda rows: None), CLASSES, Suggestions(suggester, dict(enumerate(PICKS)), CLASSES)))
    window.geometry('1280x800+0+0')
    until(window, lambda: window._image is not None and window.winfo_width() == 1280)
    return window


def test_every_label_changes_what_it_would_keep(window):
    ice, particle = (styles(CLASSES)[name]._replace(dash=GUESSED) for name in ('ice', 'particle'))
    assert window._style(PICKS[0]) not in (ice, particle)
    press(window, 'w')
    assert window._style(PICKS[0]) == window._style(PICKS[3]) == particle
    assert '12 of 12 picks that were looked at would be kept (100 %).' in window._missing['text']
    window.label(PICKS[2], 'ice')
    assert window._style(PICKS[3]) == ice and window._style(PICKS[0]) == particle
    assert window._style(PICKS[2]) == styles(CLASSES)['ice'], 'what is labelled is no guess'
    assert '6 of 12 picks' in window._missing['text']
    window.undo()
    assert window._style(PICKS[3]) == particle
    press(window, 'w')
    assert window._style(PICKS[3]) not in (ice, particle) and 'would be kept' not in window._missing['text']


def labelled(window):
    for place in (PICKS[0], PICKS[1], PICKS[4], PICKS[2], PICKS[3], PICKS[6]):
        window.label(place, 'ice' if place.x > 250 else 'particle')
    return window


@needsHands
def test_training_and_pruning_in_the_window(window, monkeypatch):
    monkeypatch.setattr('pickeroptimizer.viewers.labelling.run_watch.LOOK_MS', 50)
    session = labelled(window)._session
    judged = {place: 'carbon' if place.x > 350 else 'particle' for place in PICKS}
    states = [RunState('Training ...'), RunState('Training: fold 1 of 5.'), RunState('Trained.', True, True, judged)]
    said, pruned, told = [], [], iter((InputError('The disk is full.'), None))
    session.train, session.state = (lambda: None), lambda: said.append(states[min(len(said), 2)]) or said[-1]
    monkeypatch.setattr('tkinter.messagebox.showerror', lambda title, text, parent: pruned.append(text))

    def pruneAll():
        error = next(told)
        if error:
            raise error
        return '"prune with it" prunes all 12 picks.'
    session.pruneAll = pruneAll
    settle(window)
    click(window._train, 10, 10)
    until(window, lambda: window._train['text'] == 'Prune all')
    assert len(said) == 3 and window._missing['text'] == 'Trained.'
    assert window._style(PICKS[7]) == styles(CLASSES)['carbon']._replace(dash=GUESSED)
    press(window, 'p')
    press(window, 's')
    press(window, 'ctrl+z')
    assert len(session.labels.places()) == 6, 'the labels stay those of the model'
    click(window._train, 10, 10)
    assert pruned == ['The disk is full.'] and str(window._train['state']) == 'normal'
    click(window._train, 10, 10)
    assert window._status['text'] == '"prune with it" prunes all 12 picks.'
    assert str(window._train['state']) == 'disabled'


def test_a_training_that_fails_is_told(window):
    session = labelled(window)._session
    session.train, session.state = (lambda: None), lambda: RunState('The training has ended without a model: no.', True)
    window.train()
    until(window, lambda: 'without a model' in window._missing['text'])
    assert window._train['text'] == 'Train' and str(window._train['state']) == 'disabled'


def test_the_window_may_be_closed_while_it_trains(window, monkeypatch):
    monkeypatch.setattr('pickeroptimizer.viewers.labelling.run_watch.LOOK_MS', 10)
    session, root = labelled(window)._session, window.master
    session.train, session.state = (lambda: None), lambda: RunState('Training ...')
    window.train()
    window.destroy()
    settle(root, 0.2)


def test_what_a_model_keeps_stands_beside_what_is_kept_without_labels():
    before = dict.fromkeys(PICKS, 'particle')
    judged = {place: 'empty' if place.x > 250 else 'particle' for place in PICKS}
    line = trainedText(judged, before)
    assert '6 of 12 picks' in line and 'Without labels it would be 100 %.' in line and '50 points fewer' in line
    assert 'fewer' not in trainedText(before, judged) and trainedText({}, {}) == ''
