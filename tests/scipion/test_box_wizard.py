"""The wizard of the box size, with the real pointer and keyboard."""
from types import SimpleNamespace

import mrcfile
import numpy as np
import pytest
from hands import click, do, drag, move, needsHands, press, settle
from laboratory import BOX, PIXEL_SIZE, Row, until

from pickeroptimizer.viewers.box.model import LEAST, MICROGRAPHS, MOST, PICTURES, BoxModel, SeenPick, parsedBox
from pickeroptimizer.viewers.box.pictures import clear
from pickeroptimizer.worker.exchange.errors import InputError

SIZE = 400      # px of a micrograph
LONG = 'x' * 60


@pytest.fixture
def paths(tmp_path):
    found = []
    for number in range(6):
        found.append(str(tmp_path / f'{LONG}{number}{LONG}.mrc'))
        with mrcfile.new(found[-1]) as stream:
            stream.set_data(np.random.default_rng(number).normal(size=(SIZE, SIZE)).astype('float32'))
    return found


def seen(paths, places=((100, 100), (200, 200), (2, 398), (300, 100))):
    return tuple(SeenPick(path.rsplit('/', 1)[-1], path, x, y) for path in paths for x, y in places)


def opened(root, picks, pickerBox=60, value=None):
    from pickeroptimizer.viewers.box.window import BoxWindow
    window = BoxWindow(root, BoxModel(picks, pickerBox, value, 2.0, seed=1))
    window.geometry('+20+20')
    until(window, lambda: window.winfo_viewable() and window.pictures.read)
    until(window, lambda: window.pictures.read == len(window.pictures.canvases))
    return window


def side(window, tag):
    left, _, right, _ = window.pictures.canvases[0].coords(tag)
    return right - left


# ------------------------------ model ------------------------------

def test_picks_come_from_several_micrographs(paths):
    model = BoxModel(seen(paths), 60, None, 2.0, seed=1)
    drawn = model.draw()
    assert len(set(drawn)) == PICTURES and len({pick.path for pick in drawn}) == MICROGRAPHS
    assert set(model.draw()) != set(drawn)
    assert BoxModel(seen(paths[:1])[:1], None, None, 2.0).draw() == seen(paths)[:1]
    with pytest.raises(InputError, match='no picks'):
        BoxModel((), 60, None, 2.0)


def test_the_box_of_the_picker_is_told_and_found_tight(paths):
    model = BoxModel(seen(paths), 60, None, 2.0)
    assert model.start == 60 and not model.isTight(74) and model.isTight(75)
    assert model.pickerLine(60) == "The picker's box is 60 px (120 Å)." and 'tight' in model.pickerLine(75)
    assert BoxModel(seen(paths), 60, 90, 2.0).start == 90
    without = BoxModel(seen(paths), None, None, 2.0)
    assert 'no box size' in without.pickerLine(500) and not without.isTight(500)


@pytest.mark.parametrize('text', ['', 'wide', '12.5', str(LEAST - 1), str(MOST + 1), '-1'])
def test_what_is_no_box_is_refused(text):
    with pytest.raises(InputError):
        parsedBox(text)
    assert parsedBox(f' {MOST} ') == MOST


def test_a_faint_particle_beside_carbon_is_seen():
    thumbnail = np.full((180, 180), 120, np.uint8)
    thumbnail[70:110, 70:110] = 110      # in a box of 60 px
    thumbnail[:, :25] = 0                # beyond the box
    shown = clear(thumbnail, 60).astype(int)
    assert shown[90, 50] - shown[90, 90] > 200
    assert clear(np.full((180, 180), 7, np.uint8), 60).shape == (180, 180)      # nothing on it


# ------------------------------ window ------------------------------

@needsHands
def test_slider_keys_and_field(root, paths):
    window = opened(root, seen(paths))
    assert side(window, 'around') == pytest.approx(2 * side(window, 'box'))
    assert side(window, 'box') == pytest.approx(1.5 * side(window, 'particle'))
    assert window.pictures.across == 180
    before = side(window, 'box')
    press(window, 'Right')
    assert window.value == 62 and side(window, 'box') == pytest.approx(before * 62 / 60)
    press(window, 'Left')
    assert window.value == 60
    x, y = window.slider.coords()
    drag(window.slider, (x, y), (x + 60, y))
    assert 80 < window.value < 100 and window.entry.get() == str(window.value)
    assert 'tight' in window.picker.cget('text')
    move(window.entry, 40, 10)
    do(window, 'click', '--repeat', 2, 1)      # selects the number
    do(window, 'type', '4o')
    assert 'no whole number' in window.wrong.cget('text') and window.value != 40
    do(window, 'key', 'Return')
    assert window.winfo_exists() and not window.accepted
    do(window, 'key', 'BackSpace')
    do(window, 'type', '00')
    assert window.value == 400 and not window.wrong.cget('text') and window.angstrom.cget('text') == 'px = 800 Å'
    until(window, lambda: window.pictures.across == 1200)      # cut anew, and beyond the micrograph
    until(window, lambda: window.pictures.read == PICTURES)
    assert side(window, 'box') == pytest.approx(before)
    do(window, 'key', 'Return')
    assert window.accepted and window.value == 400 and not window.winfo_exists()


@needsHands
def test_other_picks_and_cancel(root, paths):
    window = opened(root, seen(paths))
    before = window._picks
    click(window.other, 20, 10)
    assert window._picks != before
    before = window._picks
    press(window, 'o')
    assert window._picks != before
    assert all(len(label.cget('text')) < 30 for label in window.pictures.winfo_children()
               if label.winfo_class() == 'TLabel')
    assert window.winfo_width() <= 1280 and window.winfo_height() <= 760
    click(window.cancel, 20, 10)
    assert not window.winfo_exists() and not window.accepted


@needsHands
def test_unreadable_micrographs_are_told(root, paths, tmp_path):
    (tmp_path / 'bad.mrc').write_bytes(b'nothing')
    window = opened(root, seen(paths[:1])[:1])
    assert len(window.pictures.canvases) == 1 and not window.unreadable.cget('text')
    window.destroy()
    from pickeroptimizer.viewers.box.window import BoxWindow
    window = BoxWindow(root, BoxModel(seen([paths[0], str(tmp_path / 'bad.mrc'), str(tmp_path / 'gone.mrc')]),
                                      60, None, 2.0))
    until(window, lambda: window.unreadable.cget('text').startswith('8 of these picks'))
    press(window, 'Right')
    press(window, 'Escape')
    assert not window.winfo_exists() and not window.accepted


# ------------------------------ wizard ------------------------------

class Form:
    def __init__(self, root, protocol):
        self.protocol, self.root, self.warning, self.values = protocol, root, '', {}

    def showWarning(self, line):
        self.warning = line

    def setVar(self, name, value):
        self.values[name] = value


def test_wizard_tells_what_it_cannot_show(tmp_path, micrographs):
    from pwem.objects import SetOfCoordinates
    from pyworkflow.object import Integer

    from pickeroptimizer.wizards import PickerOptimizerBoxSizeWizard
    coordinates = SetOfCoordinates(filename=str(tmp_path / 'none.sqlite'))
    coordinates.write()
    form = Form(None, SimpleNamespace(getBoxCoordinates=lambda: coordinates, boxSize=Integer(-1)))
    PickerOptimizerBoxSizeWizard().show(form)
    assert form.warning == 'There are no micrographs to show these coordinates on.'
    coordinates.setMicrographs(micrographs.outputMicrographs)
    PickerOptimizerBoxSizeWizard().show(form)
    assert form.warning == 'There are no picks on the micrographs of the input coordinates.' and not form.values


@needsHands
def test_wizard_fills_in_the_form(lab, micrographs, root):
    from pickeroptimizer.viewers.box.window import BoxWindow
    from pickeroptimizer.wizards import PickerOptimizerBoxSizeWizard
    form = Form(root, lab.new('ProtPickerOptimizerTrain'))
    PickerOptimizerBoxSizeWizard().show(form)
    assert form.warning == 'Select the input coordinates first.'
    one = lab.coordinates(micrographs, [Row(1, 2, 3, 630, 'particle')], 'onePick')
    protocol = lab.new('ProtPickerOptimizerTrain', inputCoordinates=(one, 'outputCoordinates'))
    root.deiconify()

    def choose(button):
        window, = (child for child in root.winfo_children() if isinstance(child, BoxWindow))
        until(window, lambda: window.pictures.read == 1)
        assert window.value == BOX and window.angstrom.cget('text') == f'px = {BOX * PIXEL_SIZE:.0f} Å'
        press(window, 'Up')
        settle(window)
        click(getattr(window, button), 20, 10)
    for button, values in (('cancel', {}), ('ok', {'boxSize': BOX + 2})):
        form = Form(root, protocol)
        root.after(500, lambda button=button: choose(button))
        PickerOptimizerBoxSizeWizard().show(form)
        assert form.values == values and not form.warning
