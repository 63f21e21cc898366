"""What a window saves: pictures with boxes, legend and scale bar, and tables; and the picker's score beside ours."""
import csv
import tkinter as tk
from dataclasses import replace

import numpy as np
import pytest
from hands import click, needsHands, settle
from laboratory import until
from PIL import Image
from test_prune_window import somePicks
from test_window_keys import labelling, micrographs, prune  # noqa: F401 (fixtures)

from pickeroptimizer.viewers.labelling.model import Place
from pickeroptimizer.viewers.micrograph import Micrograph
from pickeroptimizer.viewers.prune.model import PruneModel
from pickeroptimizer.viewers.widgets.save_menu import SaveMenu
from pickeroptimizer.viewers.widgets.saved_picture import PRINT_SIDE, DrawnBox, drawPicture

MICROGRAPHS = [Micrograph(3, 'three', ''), Micrograph(7, 'seven', '')]


def isColour(picture, colour, x, y):
    return picture.getpixel((x, y)) == colour


def test_boxes_legend_and_scale_bar():
    grey = Image.new('L', (300, 200), 128)      # of a micrograph of 600 x 400 px
    picture = drawPicture(grey, 2, (0, 0, 600, 400), 2.0, [DrawnBox(299.5, 199.5, '#ff0000', False)], 100, 2.0,
                          [('ice: 1', '#ff0000')])
    assert picture.size == (1200, 800)
    red = (255, 0, 0)
    assert isColour(picture, red, 500, 400) and isColour(picture, red, 700, 400) and isColour(picture, red, 600, 300)
    assert isColour(picture, (128, 128, 128), 600, 400)
    assert any(isColour(picture, red, x, 20) for x in range(60)), 'the legend'
    dark = picture.getpixel((12 * 2, 800 - 16))
    assert dark != (128, 128, 128), 'the scale bar'
    part = drawPicture(grey, 2, (200, 100, 400, 300), 1.0, [DrawnBox(299.5, 199.5, '#ff0000', True)], 100, None)
    assert part.size == (200, 200) and isColour(part, red, 50, 100) and isColour(part, (128, 128, 128), 100, 190)


def saverOf(window):
    found, todo = [], [window]
    while todo:
        widget = todo.pop()
        found += [widget] if isinstance(widget, SaveMenu) else []
        todo += widget.winfo_children()
    return found[0]


def test_pictures_of_a_window(prune, tmp_path, monkeypatch):  # noqa: F811
    answers = iter((str(tmp_path / 'seen.png'), str(tmp_path / 'whole.jpg'), str(tmp_path / 'no' / 'a.png'), ''))
    monkeypatch.setattr('tkinter.filedialog.asksaveasfilename', lambda **options: next(answers))
    said = []
    monkeypatch.setattr('tkinter.messagebox.showerror', lambda title, text, parent: said.append(text))
    saver = saverOf(prune)
    for whole in (False, True, False, False):
        saver.save(whole)
    seen, whole = Image.open(tmp_path / 'seen.png'), Image.open(tmp_path / 'whole.jpg')
    assert max(whole.size) == PRINT_SIDE and seen.size[0] <= prune.canvas._canvas.winfo_width()
    assert len(said) == 1 and 'a.png was not saved' in said[0]
    kinds = {kind.colour for kind in prune._model.kinds}
    drawn = {f'#{r:02X}{g:02X}{b:02X}' for _, (r, g, b) in seen.convert('RGB').getcolors(10 ** 6)}
    assert kinds & drawn
    assert prune._pictureLegend()[0][0] == 'ice: 4'


def test_a_picture_of_labels(labelling):  # noqa: F811
    labelling.label(Place(1, 100, 200), 'ice')
    assert [text for text, _ in labelling._pictureLegend()] == ['ice: 1']
    assert saverOf(labelling)._canvas.picture(True, labelling._pictureLegend()).size[0] == PRINT_SIDE
    labelling._canvas.showMessage('gone')
    assert labelling._canvas.picture(True) is None


def test_a_table_of_picks(tmp_path):
    score = np.array([5, 1, np.nan, 3, 2, 4, 6, 7, 8.0])
    model = PruneModel(replace(somePicks(), score=score, scoreName='_topazScore'), MICROGRAPHS)
    model.savePicks(tmp_path / 'picks.csv')
    with open(tmp_path / 'picks.csv', newline='') as stream:
        rows = list(csv.DictReader(stream))
    assert len(rows) == len(model.picks) and rows[0]['mic_name'] == 'seven' and rows[0]['topazScore'] == '5'
    assert rows[2]['topazScore'] == '' and {row['kept'] for row in rows} == {'0', '1'}
    assert [row['class'] for row in rows if row['kept'] == '1'] == ['particle'] * 3
    assert float(rows[0]['particle']) == model.picks.probabilities[0, 0]


def test_what_the_pickers_score_would_do():
    """Three of six are kept; the picker's three best hold two of them."""
    picks = somePicks()
    score = np.where(np.arange(len(picks)) < 6, [9.0, 8, 1, 7, 2, 3, 0, 0, 0], np.nan)
    model = PruneModel(replace(picks, score=score, scoreName='_topazScore'), MICROGRAPHS)
    assert model.isKept()[:6].tolist() == [True, True, True, False, False, False]
    least, kept, removed, lost = model.pickersCut()
    assert (least, kept) == (7, 3) and removed == pytest.approx(2 / 3) and lost == pytest.approx(1 / 3)
    assert model.pickersCut(0)[1:] == (6, 0, 0)
    assert PruneModel(picks, MICROGRAPHS).pickersCut() is None


@needsHands
def test_the_pickers_slider(root):
    from pickeroptimizer.viewers.prune.picker_panel import PickerPanel
    picks = somePicks()
    score = np.where(np.arange(len(picks)) < 6, [9.0, 8, 1, 7, 2, 3, 0, 0, 0], np.nan)
    window = tk.Toplevel(root)
    panel = PickerPanel(window, PruneModel(replace(picks, score=score, scoreName='_topazScore'), MICROGRAPHS), 270)
    panel.pack(fill=tk.X)
    until(window, lambda: panel.slider.winfo_width() > 50)
    assert panel.line['text'].startswith('7 or more keeps 3: it removes 67 % of what ours rejects, and 33.3 %')
    click(panel.slider, panel.slider.winfo_width() - 4, panel.slider.winfo_height() / 2)
    settle(window)
    assert not panel.line['text'].startswith('7 or more')
    panel._asMany()
    assert panel.line['text'].startswith('7 or more')
