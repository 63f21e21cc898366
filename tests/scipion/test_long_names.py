"""Long names that differ only in their middle or at their end, in lists, tables, plots and the report."""
import html

import numpy as np
import pytest
from hands import move, needsHands, settle
from laboratory import until
from test_compare_window import SIDE, compared, method

from pickeroptimizer.comparison.analysis import Analysis
from pickeroptimizer.comparison.names import NAME_LETTERS, apart
from pickeroptimizer.comparison.report import page

FILLING = 'aligned_on_Falcon_2012_06_dose_weighted'
MIDDLE = [f'pruned_{FILLING[:20]}_{word}_{FILLING[20:]}_120A' for word in ('topaz', 'cryolo')]
END = [f'pruned_{FILLING}_of_micrographs_run_{number}' for number in (1, 2)]


def test_different_names_stay_different():
    assert min(map(len, MIDDLE + END)) >= 54
    for names in (MIDDLE, END, MIDDLE + END, [*MIDDLE, 'short'], [name + end for name in MIDDLE for end in 'ab']):
        found = apart(names)
        assert len(set(found)) == len(names), found
        assert all(len(text) <= NAME_LETTERS for text in found), found
    assert apart(MIDDLE)[0][:4] == 'prun' and apart(MIDDLE)[0][-4:] == '120A'
    assert [word in text for word, text in zip(('topaz', 'cryolo'), apart(MIDDLE))] == [True, True]
    assert apart(['a', 'b' * NAME_LETTERS, 'a']) == ['a', 'b' * NAME_LETTERS, 'a']
    twins = [begin * 30 + word * 20 + begin * 30 for begin in 'ab' for word in 'xy']
    assert len(set(apart(twins))) == 4


@pytest.fixture
def window(root, tmp_path):
    import mrcfile

    from pickeroptimizer.viewers.compare.window import CompareWindow
    for name in ('seven', 'three'):
        with mrcfile.new(tmp_path / f'{name}.mrc') as stream:
            stream.set_data(np.random.default_rng(1).normal(100, 10, (SIDE, SIDE)).astype('float32'))
    comparison = longNamed(tmp_path)
    window = CompareWindow(root, 'test', comparison, str(tmp_path / 'report.html'))
    window.geometry('1280x800+0+0')
    until(window, lambda: window.winfo_width() == 1280 and window.open('Micrographs').shownPlace is not None)
    return window


def longNamed(folder):
    kept = np.random.default_rng(0).random((4, 40)) < 0.6
    comparison = compared([method(name, line, np.random.default_rng(2).random(40))
                           for name, line in zip(MIDDLE + END, kept)], np.arange(40) % 3, folder=folder)
    comparison.micrographs = {micId: (f'{name}.mrc', path) for (micId, (_, path)), name in zip(
        comparison.micrographs.items(), MIDDLE)}
    return comparison


@needsHands
def test_the_whole_name_comes_where_one_points_at_it(window):
    tab = window.open('Micrographs')
    panel = tab.panels._panels[0]
    assert panel.name['text'] == apart(MIDDLE + END)[0]
    for widget, tooltip, at in ((panel.name, panel.tooltip, (20, 8)),
                                (tab._methods.tree, tab._methods.tooltip, tab._methods.tree.bbox('0')[:2])):
        move(widget, at[0] + 12, at[1] + 6)
        until(window, lambda tooltip=tooltip: tooltip.window is not None)
        assert tooltip.window.winfo_children()[0]['text'] == MIDDLE[0]
        move(window.tabs, 600, 2)
        until(window, lambda tooltip=tooltip: tooltip.window is None)
    disputed = window.open('Disagreements')
    assert len(set(disputed.keeper['values'])) == 4
    tables = window.open('Tables')
    until(window, lambda: tables.kappas.get_children())
    settle(window)
    x, y, _, _ = tables.kappas.bbox(tables.kappas.get_children()[1], '0')
    move(tables.kappas, x + 20, y + 8)
    until(window, lambda: tables.tooltips[1].window is not None)
    assert tables.tooltips[1].window.winfo_children()[0]['text'] == MIDDLE[1]


def test_the_report_tells_whole_names_in_titles(tmp_path):
    text = page(Analysis.of(longNamed(tmp_path)), 0)
    for name, short in zip(MIDDLE + END, apart(MIDDLE + END)):
        assert f'title="{html.escape(name)}">{html.escape(short)}</td>' in text
