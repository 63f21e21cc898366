# ruff: noqa: F811 (fixtures that are imported)
"""What the windows say is so: the line after a click, refused numbers, labels that are too few to train with."""
import tkinter as tk

from hands import click, needsHands, press, settle
from laboratory import until
from test_window_keys import labelling, micrographs, prune  # noqa: F401 (fixtures)

from pickeroptimizer.viewers.labelling.model import Labels, Place, RunState, Suggestions, doubts


class InTurn:
    """A suggester that suggests the picks in their order."""

    def __init__(self, ids):
        self.ids = ids

    def next(self, answers, wanted, skipped):
        self.wanted = wanted
        return next((coordId for coordId in self.ids if coordId not in answers and coordId not in skipped), None)

    def wasRandom(self, coordId):
        return False


def labelled(*places):
    labels = Labels([], lambda rows: None)
    for micId, x, name in places:
        labels.label(Place(micId, x, 0), name)
    return labels


def test_doubts():
    one, few = doubts(labelled((1, 1, 'ice'), *((1, 10 + x, 'particle') for x in range(3))), 2)
    assert few[:2] == ('ice', None) and few.text == 'There is 1 of ice only.'
    assert one[:2] == ('particle', 1) and 'one micrograph' in one.text
    spread = labelled(*((mic, x, 'particle') for mic in (1, 2) for x in range(2)))
    assert doubts(spread, 2) == [] == doubts(labelled(*((1, x, 'particle') for x in range(3))), 1)


@needsHands
def test_the_line_after_a_click_tells_what_was_done(labelling):
    widget = labelling._canvas.winfo_children()[0]
    at = labelling._canvas.toScreen(520, 60)      # no pick is there
    click(widget, *at)
    assert labelling._status['text'].endswith(': particle')
    press(labelling, 'ctrl+z')
    assert labelling._status['text'].endswith(': not labelled') and not labelling._session.labels.places()
    press(labelling, 'ctrl+shift+z')
    assert labelling._status['text'].endswith(': particle')
    click(widget, *at)
    assert labelling._status['text'].endswith(': not labelled')


@needsHands
def test_a_wrong_number_is_refused_beside_its_field(prune):
    from pickeroptimizer.domain.decision import MINIMUM
    prune.decide(MINIMUM, 0.5)
    panel = prune._decision
    panel.entry.focus_force()
    panel.entry.delete(0, tk.END)
    settle(prune)
    for key in ('7', 'Return'):
        press(panel.entry, key)
    assert panel.wrong.winfo_ismapped() and panel.wrong['text'].startswith('"7" is no number from 0 to 1')
    assert abs(panel.wrong.winfo_rooty() - panel.entry.winfo_rooty()) < 60 and prune._model.rule.wanted == 0.5
    prune.decide(MINIMUM, 0.6)
    settle(prune)
    assert not panel.wrong.winfo_ismapped()


@needsHands
def test_few_labels_are_told_before_training(labelling, monkeypatch):
    session, asked, trained = labelling._session, [], []
    places = {micId * 10 + number: place for micId in (1, 2) for number, place in enumerate(session.picksOn(micId))}
    session.suggestions = Suggestions(InTurn(list(places)), places, session.classes)
    session.train = lambda: trained.append(True)
    session.state = lambda: RunState('Trained.', True, True)
    for place in session.picksOn(1)[:3]:
        labelling.label(place, 'particle')
    labelling.label(Place(2, 100, 200), 'ice')
    for x in (50, 60):
        labelling.label(Place(1, x, 30), 'ice')
    answers = iter((None, True, False))
    monkeypatch.setattr('tkinter.messagebox.askyesnocancel',
                        lambda title, text, parent: asked.append(text) or next(answers))
    settle(labelling)
    click(labelling._train, 10, 10)
    assert len(asked) == 1 and 'All 3 of particle are on one micrograph' in asked[0] and not trained
    click(labelling._train, 10, 10)
    until(labelling, lambda: labelling._micId == 2 and labelling._image is not None)
    assert labelling._suggested.micId == 2 and not trained, 'a box of another micrograph mends it'
    click(labelling._train, 10, 10)
    assert trained == [True]
