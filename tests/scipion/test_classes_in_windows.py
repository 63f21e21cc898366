"""Windows on picks and labels of other classes than particle, ice and carbon: two, five, nine, and of corrections."""
import csv
import os

import mrcfile
import numpy as np
import pytest
from laboratory import until

from pickeroptimizer.domain.corrections import Corrections
from pickeroptimizer.domain.decision import MINIMUM, MOST_PROBABLE
from pickeroptimizer.viewers import palette
from pickeroptimizer.viewers.micrograph import Micrograph
from pickeroptimizer.viewers.outcomes import BELOW, KEPT
from pickeroptimizer.viewers.prune.model import FIRST_COLUMNS, LAST_COLUMNS, PruneModel, ScoredPicks, codesOf
from pickeroptimizer.viewers.prune.source import PruneSession, joined
from pickeroptimizer.worker.exchange.classes import KNOWN, MOST_JUNK, class_name
from pickeroptimizer.worker.exchange.errors import InputError
from pickeroptimizer.worker.exchange.tables import CoordinateRow, write_labels

needsDisplay = pytest.mark.skipif('DISPLAY' not in os.environ, reason='needs a display')
FIVE = (*KNOWN[:4], 'gold edge')
NINE = ('particle', *(f'junk {number}' for number in range(MOST_JUNK)))


def picksOf(classes, kept=None):
    """A pick of each class, a particle of which junk together is likelier, one outside and one without scores."""
    n = len(classes)
    probabilities = np.full((n + 3, n), 0.4 / (n - 1))
    probabilities[np.arange(n), np.arange(n)] = 0.6
    probabilities[n] = [0.45, *[0.55 / (n - 1)] * (n - 1)]
    probabilities[n + 1:] = np.nan
    codes = np.array([*range(n), 1, n, n + 1], np.int8)
    return ScoredPicks(np.arange(1, n + 4), np.ones(n + 3, int), 50.0 + 40 * np.arange(n + 3), np.full(n + 3, 100.0),
                       classes, codes, probabilities, kept=kept)


def modelOf(classes, folder=None, **options):
    return PruneModel(picksOf(classes), [Micrograph(1, 'one', 'one.mrc')],
                      corrections=folder and Corrections(str(folder)), **options)


@pytest.mark.parametrize('classes', [('particle', 'carbon'), KNOWN[:3], FIVE, NINE])
def test_model_of_any_classes(classes, tmp_path):
    model, n = modelOf(classes), len(classes)
    assert [kind.text for kind in model.kinds] == ['kept', *classes, 'outside', 'not scored']
    assert model.outcomes.tolist() == [KEPT, *range(2, n + 1), 2, n + 1, n + 2]
    assert model.keptAndRejected() == (1, n + 1) and all(model.shownKinds())
    model.setRule(MINIMUM, 0.42)
    assert model.keptAndRejected()[0] == 2, 'what is likelier no particle too'
    model.setRule(MINIMUM, 0.7)
    assert model.outcomes[0] == BELOW and model.counts().sum() == len(model.picks)
    assert f'{classes[-1]} 0.600' in model.describe(n - 1) and model.describe(n - 1).count('junk') <= 4
    model.saveTable(tmp_path / 'table.csv')
    with open(tmp_path / 'table.csv', newline='') as stream:
        row, = csv.DictReader(stream)
    assert list(row)[6:] == ['particle_rejected', *classes[1:], 'outside', 'not_scored']
    assert [row[name] for name in classes[2:]] == ['1'] * (n - 2) and row[classes[1]] == '2'


def test_no_class_is_called_as_another_column_of_the_table_is():
    for name in (*FIRST_COLUMNS, *LAST_COLUMNS):
        with pytest.raises(InputError, match='means something else'):
            class_name(name)


def test_a_rule_of_before_is_shown_as_what_it_did():
    """The most probable of three classes was kept, with less than a half: that is no rule any more."""
    picks = picksOf(KNOWN[:3], kept=np.array([True, False, False, True, False, False]))
    picks.codes[3] = 0
    model = PruneModel(picks, [Micrograph(1, 'one', 'one.mrc')], decision=(MOST_PROBABLE, None))
    assert model.rule.mode == MINIMUM and model.rule.minimum == 0.45
    assert model.keptAndRejected() == (2, 3)
    model.setRule(MOST_PROBABLE, None)
    assert model.outcomes[3] == BELOW and model.keptAndRejected() == (1, 4), 'as a further output would have it'


def test_corrections_may_name_classes_that_the_model_does_not_know(tmp_path):
    model = modelOf(('particle', 'carbon', 'gold edge'), tmp_path)
    classes = model.picks.classes
    assert classes == ('particle', 'carbon', 'gold edge', 'ice', 'empty', 'aggregate', 'other')
    shown = [kind.text for kind, isShown in zip(model.kinds, model.shownKinds()) if isShown]
    assert shown == ['kept', 'particle', 'carbon', 'gold edge', 'outside', 'not scored']
    model.correct(0, 'empty')
    kind = model.kinds[model.outcomes[0]]
    assert kind.text == 'empty' and kind[1:] == palette.styles(['empty'])['empty']
    assert [kind.text for kind, isShown in zip(model.kinds, model.shownKinds()) if isShown][4:5] == ['empty']
    model.saveTable(tmp_path / 'table.csv')
    assert 'particle_rejected,carbon,gold edge,empty,outside' in (tmp_path / 'table.csv').read_text()
    assert model.describe(0).endswith('gold edge 0.200 - corrected to empty')
    assert model.outcomes.tolist()[-2:] == [len(classes) + 1, len(classes) + 2], 'outside and not scored stay last'
    assert modelOf(('particle', 'carbon', 'gold edge'), tmp_path).corrected == {0: 'empty'}
    assert modelOf(NINE, tmp_path / 'none').picks.classes == NINE, 'no model could learn more'


def test_a_correction_of_another_class_from_elsewhere(tmp_path):
    rows = [CoordinateRow(1, 1, 50.0, 100.0, 'membrane')]
    write_labels(tmp_path / 'corrections.csv', rows)
    model = modelOf(KNOWN[:3], tmp_path)
    assert model.corrected == {0: 'membrane'} and model.kinds[model.outcomes[0]].text == 'membrane'
    write_labels(tmp_path / 'corrections.csv', [CoordinateRow(2, 1, 90.0, 100.0, 'crack'), *rows])
    with pytest.raises(InputError, match='"crack" elsewhere.*open it again'):
        model.reloadCorrections()
    assert model.corrected == {0: 'membrane'}


def test_parts_of_a_run_of_which_only_one_has_corrected_picks():
    """A class that no model was asked for is after those that have probabilities."""
    def part(ids, names, classes):
        return ScoredPicks(np.array(ids), np.ones(2, int), np.zeros(2), np.zeros(2), classes, codesOf(names, classes),
                           np.full((2, 2), 0.5))
    one = part([4, 1], ['particle', 'outside'], ('particle', 'ice'))
    other = part([3, 2], ['empty', 'unreadable'], ('particle', 'ice', 'empty'))
    picks = joined([one, other])
    assert picks.ids.tolist() == [1, 2, 3, 4] and picks.classes == ('particle', 'ice', 'empty')
    assert [picks.names[code] for code in picks.codes] == ['outside', 'unreadable', 'empty', 'particle']


# ------------------------------ in windows ------------------------------

@pytest.fixture
def micrograph(tmp_path):
    path = tmp_path / 'one.mrc'
    with mrcfile.new(path) as stream:
        stream.set_data(np.random.default_rng(0).normal(size=(400, 600)).astype('float32'))
    return Micrograph(1, 'one.mrc', str(path))


def press(window, key):
    window.focus_force()
    window.update()
    window.event_generate(f'<Key-{key}>')
    window.update()


@needsDisplay
def test_prune_window_of_five_classes(root, micrograph, tmp_path):
    from pickeroptimizer.viewers.prune.window import PruneWindow
    model = PruneModel(picksOf(FIVE), [micrograph], corrections=Corrections(str(tmp_path)))
    window = PruneWindow(root, PruneSession('test', model, 30, 2.0))
    until(window, lambda: window.shownPlace is not None)
    texts = [line[1].cget('text') for line in lines(window.legend)]
    assert texts == ['kept (p)', 'particle, rejected', 'ice (i)', 'carbon (c)', 'empty (e)', 'gold edge (1)', 'outside',
                     'not scored']
    drawn = window.canvas._boxes.drawn
    look = palette.styles(FIVE)['gold edge']
    assert (drawn[4].colour, drawn[4].dash) == look
    window._marked = 0
    press(window, '1')
    assert model.corrected == {0: 'gold edge'} and (drawn[0].colour, drawn[0].dash) == look
    assert 'corrected to gold edge' in window._info.cget('text')
    press(window, 'o')
    assert model.corrected == {0: 'other'} and drawn[0].dash == ()
    assert [line[1].cget('text') for line in lines(window.legend)][6] == 'other (o)', 'its line comes with it'
    press(window, 'Shift_L')
    assert model.corrected == {0: 'other'}
    window.destroy()


def lines(legend):
    """The widgets of the lines that a legend shows, from the left: sample, check box, counts."""
    _, rows = legend.grid_size()
    found = [sorted(legend.grid_slaves(row=row), key=lambda widget: widget.grid_info()['column'])
             for row in range(1, rows)]
    return [line for line in found if line]


@needsDisplay
def test_labels_of_nine_classes_have_their_galleries(root, micrograph):
    from pickeroptimizer.viewers.labelling.model import Place
    from pickeroptimizer.viewers.labelling.panels import LabelGalleries
    galleries = LabelGalleries(root, NINE, {1: micrograph.path}, 30, lambda place: None)
    galleries.show({Place(1, 30.0 + number, 50.0): name for number, name in enumerate(NINE[1:])})
    assert [galleries._titles[name].cget('text') for name in NINE] == ['particle: 0', *(f'{n}: 1' for n in NINE[1:])]
    frames = [colour for gallery in galleries._galleries.values() for _, _, colour in gallery._items.values()]
    assert frames == [palette.colours(NINE)[name] for name in NINE[1:]] and len(set(frames)) == MOST_JUNK


@needsDisplay
def test_buttons_take_as_many_lines_as_they_need(root):
    import tkinter as tk

    from pickeroptimizer.viewers.labelling.class_buttons import ClassButtons
    root.geometry('700x300+0+0')
    root.deiconify()
    chosen = tk.StringVar(root, 'particle')
    buttons = ClassButtons(root, chosen, NINE, tk.NORMAL)
    buttons.pack(fill=tk.X)
    buttons.show({'junk 2': 3}, {'particle': 20, 'junk 2': 20})
    root.update()
    assert buttons.buttons['junk 2']['text'] == 'junk 2 (3): 3 of 20' and buttons.buttons['junk 7']['text'] == \
        'junk 7 (8): 0'
    edges = [cell.winfo_x() + cell.winfo_width() for cell in buttons.winfo_children()]
    assert max(edges) <= 700 and buttons.grid_size()[1] >= 2, 'all of them are seen'
    buttons.buttons['junk 7'].invoke()
    assert chosen.get() == 'junk 7'


@needsDisplay
def test_what_a_pretraining_learnt_from_has_a_column_for_each_class(root):
    from tkinter import ttk

    from pickeroptimizer.viewers.weights.window import WeightsWindow
    report = {'loss': [2.0, 1.0], 'accuracy': [0.5, 0.7], 'epochs': 2, 'recipe': 'default', 'learning_rate': 0.1,
              'batch_size': 8, 'seed': 0, 'device': 'cpu', 'left_out': [],
              'data_sets': {'a': {'particle': 5, 'gold edge': 3}, 'b': {'particle': 7, 'empty': 2}}}
    window = WeightsWindow(root, 'test', report)
    trees = [child for frame in window.winfo_children() for child in frame.winfo_children()
             if isinstance(child, ttk.Treeview)]
    tree, = trees
    assert tree['columns'] == ('particle', 'empty', 'gold edge')
    assert [tree.item(item, 'values') for item in tree.get_children()] == [('5', '0', '3'), ('7', '2', '0')]
    window.destroy()
