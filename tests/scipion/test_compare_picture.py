"""Pictures that the compare window saves: its panels with names, legend and scale bars."""
import pytest
from hands import click, do, needsHands, settle
from PIL import Image
from test_long_names import window  # noqa: F401 (fixture)
from test_window_export import saverOf

from pickeroptimizer.viewers.widgets.saved_picture import PRINT_SIDE, joinedPictures


def coloursOf(picture):
    return {f'#{r:02X}{g:02X}{b:02X}' for _, (r, g, b) in picture.convert('RGB').getcolors(10 ** 6)}


def test_panels_of_a_picture():
    greys = [Image.new('RGB', (300, 200), (level,) * 3) for level in (10, 90, 170)]
    sheet = joinedPictures(greys, ['a', 'b', 'c'], 2, [('ice', '#FF0000')])
    assert sheet.size[0] == 604 and sheet.size[1] > 2 * 200 and '#FF0000' in coloursOf(sheet)
    assert [sheet.getpixel(at) for at in ((150, 130), (450, 130), (150, 340))] == [(n,) * 3 for n in (10, 90, 170)]
    assert joinedPictures(greys, 'abc', 2, []).size[1] < sheet.size[1]


@needsHands
def test_saved_with_the_mouse(window, tmp_path, monkeypatch):  # noqa: F811
    saved = iter((tmp_path / 'seen.png', tmp_path / 'whole.png'))
    monkeypatch.setattr('tkinter.filedialog.asksaveasfilename', lambda **options: str(next(saved)))
    tab = window.open('Micrographs')
    saver = saverOf(window)
    for downs in (1, 2):
        click(saver, 10, 10)
        for _ in range(downs):
            do(window, 'key', 'Down')
        do(window, 'key', 'Return')
        settle(window)
    seen, whole = (Image.open(tmp_path / name) for name in ('seen.png', 'whole.png'))
    canvas = tab.panels._panels[0].canvas._canvas
    assert whole.size[0] == pytest.approx(PRINT_SIDE, abs=8) and seen.size[0] <= 2 * canvas.winfo_width() + 8
    for picture in (seen, whole):
        assert {colour for _, colour in tab._pictureLegend()} <= coloursOf(picture)
