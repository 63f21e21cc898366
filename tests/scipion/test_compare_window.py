"""Pruned sets side by side: the model of the window, and the window as a user uses it."""
import csv
import os
import tkinter as tk
from pathlib import Path

import mrcfile
import numpy as np
import pytest
from laboratory import BENCHMARKS, until
from pyworkflow.object import Pointer

from pickeroptimizer.comparison import UNKNOWN, Comparison, Method
from pickeroptimizer.comparison.kinds import KEPT_ALONE as ALONE
from pickeroptimizer.comparison.kinds import KEPT_BY_ALL as ALL
from pickeroptimizer.comparison.kinds import KEPT_BY_NONE as NONE
from pickeroptimizer.comparison.kinds import KEPT_BY_OTHERS as OTHERS
from pickeroptimizer.comparison.kinds import KEPT_BY_SOME as SOME
from pickeroptimizer.comparison.kinds import NOT_GIVEN
from pickeroptimizer.viewers.compare.model import (
    JUNK_KEPT,
    JUNK_REMOVED,
    MOST_PANELS,
    NOT_KNOWN,
    PARTICLE_KEPT,
    PARTICLE_LOST,
    Choice,
    CompareModel,
)

needsDisplay = pytest.mark.skipif('DISPLAY' not in os.environ, reason='needs a display')
TABS = ('Micrographs', 'Curves', 'Who kept what', 'Disagreements', 'Tables')
SIDE, BOX = 400, 40      # px of the micrographs that are made here


def method(name, kept, scores=None, covered=None, **values):
    kept = np.array(kept, dtype=bool)
    return Method(name, kept, np.ones(len(kept), dtype=bool) if covered is None else np.array(covered, dtype=bool),
                  np.full(len(kept), np.nan) if scores is None else np.array(scores, dtype=float),
                  '' if scores is None else 'score', **values)


def compared(methods, truth=None, micIds=None, folder='nowhere', xy=None):
    """A Comparison; the picks are on micrographs 7 and 3, half on each, unless it is said."""
    n = len(methods[0].kept)
    micIds = np.array([7] * (n - n // 2) + [3] * (n // 2) if micIds is None else micIds, dtype=np.int64)
    x, y = (20.0 + 40 * (np.arange(n) % 9), 20.0 + 40 * (np.arange(n) // 9 % 9)) if xy is None else xy
    return Comparison(np.arange(n) + 100, micIds, x, y, methods, None if truth is None else np.array(truth, np.int8),
                      {7: ('seven', f'{folder}/seven.mrc'), 3: ('three', f'{folder}/three.mrc')}, BOX, 2.0, 5.0)


def three(**values):
    """Six picks and three methods, the third of which was not given the second micrograph; the second has no scores."""
    return compared([method('A', [1, 1, 1, 0, 1, 0], [.9, .8, .7, .2, .6, .1]), method('B', [1, 1, 0, 0, 0, 1]),
                     method('C', [1, 0, 0, 0, 0, 0], [50, 2, 3, np.nan, np.nan, np.nan], [1, 1, 1, 0, 0, 0])], **values)


# ------------------------------ the model ------------------------------

def test_kinds_of_boxes():
    model = CompareModel(three(truth=[0, 0, 1, UNKNOWN, 0, 2]))
    assert [m.name for m in model.micrographs] == ['seven', 'three'] and model.shown == (0, 1, 2)
    rows, kinds = model.kindsOn(0)
    assert rows.tolist() == [0, 1, 2]
    assert kinds.tolist() == [[ALL, SOME, ALONE], [ALL, SOME, OTHERS], [ALL, OTHERS, OTHERS]]
    rows, kinds = model.kindsOn(1)
    assert kinds.tolist() == [[NONE, ALONE, OTHERS], [NONE, OTHERS, ALONE], [NOT_GIVEN] * 3]
    assert model.counts().tolist() == [[3, 1, 0, 2], [3, 0, 1, 2]]
    model.byTruth = True
    assert model.kindsOn(0)[1].tolist() == [[PARTICLE_KEPT, PARTICLE_KEPT, JUNK_KEPT],
                                            [PARTICLE_KEPT, PARTICLE_KEPT, JUNK_REMOVED],
                                            [PARTICLE_KEPT, PARTICLE_LOST, JUNK_REMOVED]]
    assert model.kindsOn(1)[1].tolist() == [[NOT_KNOWN, PARTICLE_KEPT, JUNK_REMOVED],
                                            [NOT_KNOWN, PARTICLE_LOST, JUNK_KEPT], [NOT_KNOWN] * 3]
    # Agreement is among those that are seen.
    model.byTruth = False
    model.show([1, 2])
    assert model.kindsOn(0)[1].tolist() == [[ALL, ALONE, NONE], [ALL, OTHERS, NONE]]
    assert model.kindsOn(1)[1].tolist() == [[NONE, NONE, ALL], [NOT_GIVEN] * 3]
    assert model.counts().tolist() == [[3, 1, 1, 1], [3, 1, 2, 0]]


def test_disagreements():
    model = CompareModel(three(truth=[0, 0, 1, UNKNOWN, 0, 2]))
    assert model.mostDivided() == Choice((0,), (1,))
    assert model.mostApart(Choice((0,), (1,)), 9) == ([2, 4], 2), 'B has no scores: those that A is surest of first'
    assert model.mostApart(Choice((0,), (2,)), 9) == ([1, 2], 2)
    assert model.mostApart(Choice((0,), (2,)), 1) == ([1], 2)
    # Ranks are compared, not scores: those of C are of another scale. All kept: the least alike first.
    assert model.mostApart(Choice((0, 1, 2), ()), 9) == ([0], 1)
    other = CompareModel(compared([method('A', [1] * 4, [.1, .2, .3, .4]), method('B', [1] * 4, [400, 100, 300, 200])]))
    assert other.mostApart(Choice((0, 1), ()), 9)[0] == [0, 3, 1, 2]
    assert model.inWords(Choice((0, 1), (2,))) == 'Kept by A, B, rejected by C'
    assert model.inWords(Choice((), (2,))) == 'Rejected by C'
    assert model.trueClasses(Choice((0,), (1,))) == '1 particle, 1 ice, 0 carbon, 0 not known'
    assert CompareModel(three()).trueClasses(Choice((0,), (1,))) == ''
    assert CompareModel(compared([method('A', [1, 0])])).mostDivided() is None


def test_a_pick_in_words():
    comparison = three(truth=[0, 0, 1, UNKNOWN, 0, 2])
    picker = method('picker', [1] * 6, [5] * 6)
    picker.decides = False
    comparison.methods.insert(1, picker)
    model = CompareModel(comparison)
    assert [m.name for m in model.methods] == ['A', 'B', 'C'], 'mere scores decide nothing'
    assert model.describe(1) == ('Pick 101 at (60, 20): kept by A (0.8), B; rejected by C (2); picker 5; '
                                 'truth: particle.')
    assert model.describe(3) == 'Pick 103 at (140, 20): rejected by A (0.2), B; not given to C; picker 5.'
    model.show([2])
    assert 'rejected by C (2); 2 of the 2 others kept it' in model.describe(1)


def test_the_order_in_words():
    """The numbers below the pictures are what the order goes by, and a side without scores is told."""
    scores = {'A': [.9, .8, .7, .2, .6, .1], 'B': [7, 9, 40, 8, 6, np.nan], 'C': None, 'D': None}
    model = CompareModel(compared([method(name, [name in 'AC'] * 6, scores[name]) for name in scores]))

    def told(*choice, model=model):
        choice = Choice(*choice)
        return [model.caption(row, choice) for row in model.mostApart(choice, 3)[0]], model.orderInWords(choice)
    captions, words = told((0,), (1,))
    assert captions == ['100 % | 25 %', '40 % | 0 %', '80 % | 75 %'], '0.8 less 0.75 is more than 0.2 less 0.5'
    assert words == ('First those with high scores of A and low scores of B. Below each: its rank among all scores of '
                     'A | of B; 100 % is the highest score.')
    assert model.caption(5, Choice((0,), (1,))) == '0 % | none'
    captions, words = told((0,), (3,))
    assert captions == ['100 % | none', '80 % | none', '60 % | none']
    assert words.startswith('No scores: D. First those with high scores of A. Below')
    captions, words = told((2,), (1,))
    assert captions[0] == 'none | 0 %' and words.startswith('No scores: C. First those with low scores of B. Below')
    assert 'high scores of those that kept them and low' in told((0, 2), (1, 3))[1]
    captions, words = told((2,), (3,))
    assert '104' in model.caption(4, Choice((2,), (3,))) and words.startswith('None of these methods has scores')
    # Two cuts of one score: nobody ranks any pick otherwise.
    same = CompareModel(compared([method('A', [1, 1, 0], [3, 2, 1]), method('B', [0, 0, 0], [3, 2, 1])]))
    captions, words = told((0,), (1,), model=same)
    assert captions == ['100 % | 100 %', '50 % | 50 %'] and 'so their order says nothing' in words


# ------------------------------ the window ------------------------------

@pytest.fixture(scope='module')
def images(tmp_path_factory):
    """The folder of two small micrographs."""
    folder = tmp_path_factory.mktemp('compared')
    for seed, name in enumerate(('seven', 'three')):
        with mrcfile.new(folder / f'{name}.mrc') as stream:
            stream.set_data(np.random.default_rng(seed).normal(size=(SIDE, SIDE)).astype(np.float32))
    return folder


def many(folder, methods=3, n=60, truth=True, kept=None, scores=True, seed=0):
    """A Comparison of random methods."""
    rng = np.random.default_rng(seed)
    made = []
    for number in range(methods):
        values = rng.random(n)
        decided = values > 0.3 if kept is None else np.full(n, kept)
        made.append(method(f'method {number}', decided, values if scores else None))
    return compared(made, rng.integers(-1, 3, n) if truth else None, folder=folder)


def opened(root, comparison, tab='Micrographs', report='nowhere/report.html'):
    """(the window, its tab), once it shows what it is to show."""
    from pickeroptimizer.viewers.compare.window import CompareWindow
    window = CompareWindow(root, 'compared', comparison, report)
    tab = window.open(tab)
    until(window, lambda: window._tab('Micrographs').shownPlace is not None)
    return window, tab


def at(canvas, comparison, row):
    """Where a pick is on a canvas, as an event has it."""
    x, y = canvas.toScreen(comparison.x[row], comparison.y[row])
    return {'x': round(x), 'y': round(y)}


def seen(tab):
    return [panel for panel in tab.panels._panels if panel.winfo_ismapped()]


def click(widget, x, y):
    widget.event_generate('<Motion>', x=x, y=y)
    widget.event_generate('<Button-1>', x=x, y=y)
    widget.event_generate('<ButtonRelease-1>', x=x, y=y)
    widget.update()


def choose(box, value):
    box.set(value)
    box.event_generate('<<ComboboxSelected>>')
    box.update()


def colourOf(panel, row):
    return panel.canvas._boxes.drawn[row].colour


@needsDisplay
def test_panels_show_the_same(root, images):
    comparison = many(images)
    window, tab = opened(root, comparison)
    panels = seen(tab)
    assert [panel.name.cget('text') for panel in panels] == ['method 0', 'method 1', 'method 2']
    assert tab.shownPlace == tab.table.neighbour(0)
    kinds, rows = tab._model.kindsOf(), tab._model.rowsOn(tab.shownPlace)
    expected = tab._model.kindsOn(tab.shownPlace)[1]
    for panel, line in zip(panels, expected.tolist()):
        assert [colourOf(panel, row) for row in rows] == [kinds[kind].colour for kind in line]
        chips = {chip.cget('background'): int(chip.cget('text')) for chip in panel._chips}
        assert chips == {kinds[kind].colour: line.count(kind) for kind in set(line)}

    # The wheel and dragging in any panel move all of them; they look at the same place, at the same scale.
    def places():
        return [[panel.canvas.scale, *panel.canvas.toMicrograph(canvas.winfo_width() / 2, canvas.winfo_height() / 2)]
                for panel, canvas in ((panel, panel.canvas.winfo_children()[0]) for panel in panels)]
    whole = places()
    canvas = panels[1].canvas.winfo_children()[0]
    for _ in range(3):
        canvas.event_generate('<Button-4>', x=60, y=50)
    zoomed = places()
    assert zoomed[0][0] > 1.5 * whole[0][0] and np.ptp(zoomed, axis=0) == pytest.approx(0, abs=1e-6)
    canvas.event_generate('<Button-3>', x=60, y=50)
    canvas.event_generate('<B3-Motion>', x=90, y=20)
    canvas.event_generate('<ButtonRelease-3>', x=90, y=20)
    window.update()
    moved = places()
    assert moved[1][1] == pytest.approx(zoomed[1][1] - 30 / zoomed[1][0])
    assert np.ptp(moved, axis=0) == pytest.approx(0, abs=1e-6)
    left, _, right, _ = panels[2].canvas._canvas.coords(panels[2].canvas._boxes.drawn[rows[0]].item)
    assert (left + right) / 2 == pytest.approx(panels[2].canvas.toScreen(comparison.x[rows[0]], 0)[0])
    # A size of the window's own leaves them together.
    window.geometry('900x600')
    until(window, lambda: window.winfo_width() == 900)
    window.focus_force()      # the window of a test before may have it
    window.update()
    window.event_generate('<Key-f>')
    window.update()
    assert np.ptp(places(), axis=0) == pytest.approx(0, abs=2) and places()[0][0] < zoomed[0][0]
    # One picture in greys for all of them.
    tab.panels.canvases.setContrast(3)
    until(window, lambda: all(panel.canvas._redraw is None for panel in panels))
    assert len({id(panel.canvas._picture._grey) for panel in panels}) == 1


@needsDisplay
def test_boxes_tell_who_kept_them(root, images):
    comparison = many(images)
    window, tab = opened(root, comparison)
    panels = seen(tab)
    row = int(tab._model.rowsOn(tab.shownPlace)[7])
    panel = panels[2].canvas
    panel.winfo_children()[0].event_generate('<Motion>', **at(panel, comparison, row))
    window.update()
    assert tab._info.cget('text') == tab._model.describe(row)
    click(panel.winfo_children()[0], **at(panel, comparison, row))
    assert [one.canvas._boxes.marked for one in panels] == [row] * 3
    # Right or wrong, and kinds that are hidden: in each panel its own.
    choose(tab.colours, 'Right or wrong')
    kinds, rows = tab._model.kindsOf(), tab._model.rowsOn(tab.shownPlace).tolist()
    right = tab._model.kindsOn(tab.shownPlace)[1]
    assert [colourOf(panels[1], row) for row in rows] == [kinds[kind].colour for kind in right[1]]
    tab.legend.shown[PARTICLE_KEPT].set(False)
    tab.legend.onChange()
    for panel, line in zip(panels, right.tolist()):
        hidden = {row for row in rows if panel.canvas._boxes.drawn[row].state == tk.HIDDEN}
        assert hidden == {row for row, kind in zip(rows, line) if kind == PARTICLE_KEPT} != set()
    # On another micrograph, they are hidden still.
    window.event_generate('<Key-n>')
    until(window, lambda: tab.shownPlace == tab.table.neighbour(0) and tab.shownPlace != tab._model.placeOf(row))
    assert {panels[0].canvas._boxes.drawn[other].state for other in tab._model.rowsOn(tab.shownPlace).tolist()
            if colourOf(panels[0], other) == kinds[PARTICLE_KEPT].colour} == {tk.HIDDEN}
    assert tab._info.cget('text') == tab._model.micrographs[tab.shownPlace].name
    window.event_generate('<Key-b>')
    until(window, lambda: tab.shownPlace == tab._model.placeOf(row))


@needsDisplay
def test_crowded_boxes_are_smaller(root, images):
    """As long as they are small on the screen, and as long as the user does not choose."""
    from pickeroptimizer.viewers.widgets.display_controls import DisplayControls
    _, tab = opened(root, many(images, n=1200))
    canvases = [panel.canvas for panel in seen(tab)]
    row = int(tab._model.rowsOn(tab.shownPlace)[0])
    controls, = (widget for widget in tab.panels.master.winfo_children() if isinstance(widget, DisplayControls))

    def sides():
        """Of the box of a pick in all panels, in px of the micrograph."""
        edges = [(canvas._canvas.coords(canvas._boxes.drawn[row].item), canvas.scale) for canvas in canvases]
        return [(right - left) / scale for (left, _, right, _), scale in edges]
    small, full, dots = (pytest.approx(3 * [side], rel=0.01) for side in (
        np.sqrt(0.5 * SIDE * SIDE / 600), BOX, 8 / canvases[0].scale))
    assert sides() == small
    for choice, expected in (('Full boxes', full), ('Dots', dots), ('Auto size', small)):
        choose(controls.shape, choice)
        assert sides() == expected
    canvases[0].zoom(50 / (BOX * canvases[0].scale))
    assert sides() == full
    tab.fit()
    assert sides() == small


@needsDisplay
def test_methods_are_chosen(root, images):
    window, tab = opened(root, many(images, methods=20))
    tree = tab._methods.tree
    assert tab._model.shown == (0, 1, 2, 3) and len(seen(tab)) == 4

    def toggle(number):
        tree.see(str(number))
        window.update()
        x, y, _, height = tree.bbox(str(number))
        click(tree, x + 30, y + height // 2)
    toggle(19)
    toggle(1)
    until(window, lambda: len(seen(tab)) == 4)
    assert tab._model.shown == (0, 2, 3, 19) and seen(tab)[3].name.cget('text') == 'method 19'
    rows, kinds = tab._model.kindsOn(tab.shownPlace)
    assert [colourOf(seen(tab)[3], row) for row in rows] == [tab._model.kindsOf()[kind].colour for kind in kinds[3]]
    all_, none = (int(tab.table.tree.set(str(tab.shownPlace), column)) for column in ('all', 'none'))
    assert [all_, none] == tab._model.counts()[tab.shownPlace, 1:3].tolist()
    for number in (4, 5):
        toggle(number)
    assert len(seen(tab)) == MOST_PANELS
    toggle(6)
    assert len(tab._model.shown) == MOST_PANELS and 'At most 6' in tab._info.cget('text')
    for number in (0, 2, 3, 4, 5, 19):
        toggle(number)
    assert tab._model.shown == (19,) and 'One method at least' in tab._info.cget('text')
    window.update()
    assert len(seen(tab)) == 1


@needsDisplay
def test_a_micrograph_that_has_vanished(root, images, tmp_path):
    comparison = many(images)
    gone = tmp_path / 'gone.mrc'
    window, tab = opened(root, comparison)
    tab.table.select(1)
    until(window, lambda: tab.shownPlace == 1)
    tab._model.micrographs[0] = tab._model.micrographs[0]._replace(path=str(gone))
    tab.table.select(0)
    canvases = [panel.canvas._canvas for panel in seen(tab)]
    until(window, lambda: all(canvas.find_withtag('message') for canvas in canvases))
    assert 'gone.mrc: no such file' in canvases[0].itemcget('message', 'text')
    assert not any(canvas.find_withtag('box') for canvas in canvases) and not seen(tab)[0]._chips
    canvases[0].event_generate('<Button-4>', x=50, y=50)      # there is nothing to zoom
    choose(tab.colours, 'Right or wrong')
    tab.table.select(1)
    until(window, lambda: tab.shownPlace == 1)
    assert all(canvas.find_withtag('box') and not canvas.find_withtag('message') for canvas in canvases)


@needsDisplay
def test_curves(root, images):
    comparison = many(images, n=300)
    comparison.methods[2].scores[:] = np.nan
    window, tab = opened(root, comparison, 'Curves')
    until(window, lambda: tab._points and tab.widget.winfo_width() > 100)
    tab._canvas.draw()
    assert [curve.name for curve, *_ in tab._points] == ['method 0', 'method 1']
    tab._whole.set(True)
    tab._draw()
    tab._canvas.draw()
    _, axes, x, y = tab._points[1]
    number = 60
    across, down = tab.toWidget(axes, x[number:number + 1], y[number:number + 1])
    tab.widget.event_generate('<Motion>', x=round(across[0]), y=round(down[0]))
    window.update()
    line = tab._pointed.cget('text')
    threshold = float(line.split('score ')[1].split(':')[0])
    assert line.startswith(('method 0', 'method 1')) and 'junk removed' in line
    told, = (curve for curve, *_ in tab._points if line.startswith(curve.name))
    kept = np.count_nonzero(comparison.methods[int(told.name[-1])].scores >= threshold)      # as it is told, exactly
    assert kept == int(line.split(': ')[1].split(' of')[0])
    ring = tab.widget.coords('ring')
    assert abs((ring[0] + ring[2]) / 2 - across[0]) < 40
    tab.widget.event_generate('<Motion>', x=2, y=2)
    assert not tab.widget.find_withtag('ring')
    choose(tab.view, 'Share kept against the threshold')
    assert len(tab.figure.axes) == 2 and tab._points[0][3][0] == 100


@needsDisplay
def test_who_kept_what_leads_to_the_boxes(root, images):
    from pickeroptimizer.comparison.agreement import patterns
    comparison = many(images)
    window, tab = opened(root, comparison, 'Who kept what')
    until(window, lambda: tab.widget.winfo_width() > 100)
    tab._canvas.draw()
    found, _ = patterns(comparison)
    assert [pattern.count for pattern in tab._patterns] == [pattern.count for pattern in found]
    number = next(i for i, pattern in enumerate(found) if 0 < sum(pattern.kept) < 3 and pattern.count > 1)
    x, y = tab.toWidget(tab._matrix, [number], [0])
    click(tab.widget, round(x[0]), 40)
    until(window, lambda: window.tabs.tab(window.tabs.select(), 'text') == 'Disagreements')
    gallery = window.open('Disagreements').gallery
    kept = np.array([one.kept for one in comparison.methods]).T
    rows = np.flatnonzero((kept == found[number].kept).all(axis=1))
    assert sorted(gallery.keys()) == rows.tolist() and len(rows) == found[number].count
    until(window, lambda: all(item[0] is not None for item in gallery._items.values()))
    # A click on a thumbnail goes to its micrograph, whichever one is seen.
    micrographs = window._tab('Micrographs')
    place = next(i for i, row in enumerate(gallery.keys())
                 if micrographs._model.placeOf(row) != micrographs.shownPlace)
    window.update()
    line, column = divmod(place, gallery._columns())
    click(gallery._canvas, 20 + column * gallery._across(), 20 + line * gallery._down())
    wanted = gallery.keys()[place]
    until(window, lambda: micrographs.shownPlace == micrographs._model.placeOf(wanted) and
          micrographs._marked == wanted)
    assert window.tabs.tab(window.tabs.select(), 'text') == 'Micrographs'
    assert [panel.canvas._boxes.marked for panel in seen(micrographs)] == [wanted] * 3
    # It is in the middle of all panels, which show six boxes across; another click, on the same micrograph: the same.
    keys, model = gallery.keys(), micrographs._model
    other = next(row for row in keys if row != wanted and model.placeOf(row) == micrographs.shownPlace)
    for row in (wanted, other):
        for canvas in (panel.canvas for panel in seen(micrographs)):
            width, height = canvas.winfo_width(), canvas.winfo_height()
            x, y = canvas.toScreen(comparison.x[row], comparison.y[row])
            assert (x, y) == pytest.approx((width / 2, height / 2), abs=2)
            assert width / (BOX * canvas.scale) == pytest.approx(6, abs=0.2)
        window._goTo(other, Choice((0,), ()))
        window.update()


@needsDisplay
def test_disagreements_of_two(root, images):
    comparison = many(images, methods=8)
    window, tab = opened(root, comparison, 'Disagreements')
    assert len(tab.gallery.keys()) > 0
    choose(tab.keeper, 'method 6')
    choose(tab.rejecter, 'method 7')
    a, b = (comparison.methods[i] for i in (6, 7))
    wanted = np.flatnonzero(a.kept & ~b.kept)
    assert set(tab.gallery.keys()) == set(wanted.tolist())
    assert f'Kept by method 6, rejected by method 7: {len(wanted)} picks.' in tab._title.cget('text')
    first = tab.gallery.keys()[0]
    ranks = [one.scores.argsort().argsort() for one in (a, b)]
    assert first == max(wanted, key=lambda row: ranks[0][row] - ranks[1][row])
    tab._swap()
    assert set(tab.gallery.keys()) == set(np.flatnonzero(b.kept & ~a.kept).tolist())
    assert tab.keeper.get() == 'method 7'
    # Methods that are not seen come into view with a click.
    click(tab.gallery._canvas, 30, 30)
    assert window.model.shown == (6, 7)
    until(window, lambda: window.open('Micrographs')._marked == tab.gallery.keys()[0])


@needsDisplay
def test_tables(root, images, tmp_path, monkeypatch):
    from pickeroptimizer.viewers.compare import tables_tab
    comparison = many(images)
    comparison.methods[1].notes.append('It was given no scores.')
    window, tab = opened(root, comparison, 'Tables', str(tmp_path / 'report of µ.html'))
    until(window, lambda: tab._tables)
    assert 'method 1' in tab._words.get('1.0', tk.END) and 'It was given no scores.' in tab._words.get('1.0', tk.END)
    particles = comparison.truth == 0
    lost = (particles & ~comparison.methods[0].kept).sum() / particles.sum()

    def shown():
        tree = tab.table
        headings = [tree.heading(column, 'text') for column in tree['columns']]
        return [dict(zip(headings, tree.item(line, 'values'))) for line in tree.get_children()]
    assert [row['method'] for row in shown()] == ['method 0', 'method 1', 'method 2']
    assert shown()[0]['particles lost'].startswith(f'{100 * lost:.1f} % (')
    matrix = [tab.kappas.item(line, 'values') for line in tab.kappas.get_children()]
    assert matrix[0][0] == 'method 0' and matrix[0][2] == matrix[1][1] != '' and matrix[1][2] == ''
    choose(tab.choice, 'What each method kept')
    assert [int(row['kept']) for row in shown()] == [one.kept.sum() for one in comparison.methods]
    choose(tab.choice, 'Against the truth (95 % intervals by micrograph)')
    path = tmp_path / 'table.csv'
    monkeypatch.setattr(tables_tab.filedialog, 'asksaveasfilename', lambda **options: str(path))
    tab.save.invoke()
    with open(path, newline='') as stream:
        rows = list(csv.DictReader(stream))
    assert [row['method'] for row in rows] == ['method 0', 'method 1', 'method 2']
    assert float(rows[0]['particles lost']) == pytest.approx(lost, abs=1e-4)
    monkeypatch.setattr(tables_tab.filedialog, 'asksaveasfilename', lambda **options: str(tmp_path / 'no' / 'where'))
    tab.save.invoke()
    assert tab._message.cget('text').startswith('Not saved: ')
    # The report: in a browser, where there is one; elsewhere its path is told.
    addresses, answer = [], [True, False]
    monkeypatch.setattr(tables_tab.webbrowser, 'open', lambda address: addresses.append(address) or answer.pop(0))
    tab.openReport()
    assert 'There is no report' in tab._message.cget('text') and not addresses
    (tmp_path / 'report of µ.html').write_text('<html></html>')
    for start in ('Given to the browser: ', 'No browser could be started. The report is here: '):
        tab.openReport()
        until(window, lambda start=start: tab._message.cget('text').startswith(start))
        assert tab._message.cget('text').endswith(str(tmp_path / 'report of µ.html'))
    # However long the path is, there are lines for all of it.
    tab._tell('The report is here: ' + 40 * '/folder')
    lines = tab._message.winfo_height()
    window.geometry('600x700')
    until(window, lambda: window.winfo_width() == 600 and tab._message.winfo_height() > lines)
    end = tab._message.winfo_x() + tab._message.winfo_width()
    assert end <= tab.winfo_width() and 0 < int(str(tab._message.cget('wraplength'))) < tab._message.winfo_width()
    assert addresses == 2 * [(tmp_path / 'report of µ.html').as_uri()]


@needsDisplay
def test_closed_while_it_computes(root, images):
    window, _ = opened(root, many(images, n=20000), 'Who kept what')
    window.open('Curves')
    assert window._background._poll is not None
    window.destroy()
    assert window._background._poll is None
    assert not root.tk.call('after', 'info')


def nothing(folder):
    return Comparison(*(np.zeros(0, dtype) for dtype in (np.int64, np.int64, float, float)),
                      [method('A', []), method('B', [])], np.zeros(0, np.int8), {}, BOX, 2.0, 5.0)


ODD = {'one method': lambda folder: many(folder, methods=1),
       'nothing kept, no scores, no truth': lambda folder: many(folder, methods=2, kept=False, truth=False,
                                                                scores=False),
       'all kept': lambda folder: many(folder, methods=2, kept=True),
       'picks on one of two micrographs': lambda folder: compared([method('A', [1, 0]), method('B', [0, 1])],
                                                                  micIds=[3, 3], folder=folder),
       'no picks on micrographs': lambda folder: compared([method('A', []), method('B', [])], [], folder=folder),
       'an empty reference': nothing,
       '20 methods': lambda folder: many(folder, methods=20)}


@needsDisplay
@pytest.mark.parametrize('what', ODD)
def test_odd_comparisons(root, images, what, recwarn):
    """Every tab opens, computes what there is, and tells what there is not."""
    from pickeroptimizer.viewers.compare.window import CompareWindow
    comparison = ODD[what](images)
    window = CompareWindow(root, what, comparison, 'nowhere')
    tabs = {}
    for name in TABS:
        tabs[name] = window.open(name)
        window.update()
    until(window, lambda: tabs['Tables']._tables and 'Computing' not in tabs['Curves']._pointed.cget('text'))
    kappas = tabs['Tables'].kappas
    assert len(kappas.get_children()) == len(comparison.methods)
    assert tabs['Curves']._intervals.get() == (what != '20 methods') == (kappas.heading('1', 'text') != '1')
    for name in ('Curves', 'Who kept what'):
        window.open(name)
        window.update()
        tabs[name]._canvas.draw()
    texts = [text.get_text() for axes in tabs['Curves'].figure.axes for text in axes.texts]
    assert ('None of the methods has a score.' in texts) == (what in (
        'nothing kept, no scores, no truth', 'picks on one of two micrographs', 'no picks on micrographs',
        'an empty reference'))
    assert (tabs['Disagreements']._choice is None) == (what == 'one method')
    assert not [str(warning.message) for warning in recwarn if issubclass(warning.category, RuntimeWarning)]


@needsDisplay
def test_speed(tmp_path, monkeypatch):
    """Generous, for a machine with other work; benchmarks/windows.py prints what it is."""
    monkeypatch.syspath_prepend(BENCHMARKS)
    import windows
    windows.makeComparison(tmp_path, 40, 2048, 1000, methods=10)
    times = windows.measureComparison(tmp_path)
    assert max(seconds for what, seconds in times.items() if what.startswith('open')) < 3
    assert times['zoom in, 4 panels (mean of 8)'] < 0.5


@needsDisplay
def test_window_of_a_run(lab, few, fewPruned, root, monkeypatch):
    """Through the protocol: Analyze results on the run, and a double click on its output."""
    from pickeroptimizer.viewers import PickerOptimizerComparisonViewer
    from pickeroptimizer.viewers.compare.window import CompareWindow
    run = lab.new('ProtPickerOptimizerCompare', inputCoordinates=(few, 'outputCoordinates'))
    for name in ('outputCoordinates', 'rejectedCoordinates'):
        run.inputSets.append(Pointer(fewPruned, extended=name))
    lab.finished(run)
    monkeypatch.setattr(tk, '_default_root', root)
    addresses = []
    monkeypatch.setattr('webbrowser.open', lambda address: addresses.append(address) or True)

    def look(what):
        assert lab.domain.findViewers(what, 'tkinter')[0] is PickerOptimizerComparisonViewer
        PickerOptimizerComparisonViewer(project=lab.project, protocol=run).visualize(what)
        window, = (child for child in root.winfo_children() if isinstance(child, CompareWindow))
        until(window, lambda: window.open('Micrographs').shownPlace is not None)
        kept, rejected = window.model.methods
        assert kept.kept.sum() == fewPruned.outputCoordinates.getSize()
        assert window.model.chosen(Choice((0,), (1,))).size == kept.kept.sum() and not (kept.kept & rejected.kept).any()
        assert run.getRunName() in window.title()
        until(window, lambda: window.open('Tables')._tables)
        window.open('Tables').openReport()
        until(window, lambda: 'browser' in window.open('Tables')._message.cget('text'))
        window.destroy()
    look(run)
    look(run.outputComparison)
    assert addresses == 2 * [Path(run._getExtraPath('report.html')).resolve().as_uri()]
    # Damaged: a line, no window.
    lines = []
    monkeypatch.setattr(PickerOptimizerComparisonViewer, 'errorMessage', lambda self, line, title: lines.append(line))
    Path(run._getExtraPath('comparison.json')).write_text('nonsense')
    viewer = PickerOptimizerComparisonViewer(project=lab.project, protocol=run)
    assert viewer._visualize(run) == [None] and 'cannot be read as a comparison' in lines[0]
