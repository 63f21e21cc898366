"""Masks of micrographs in a real project: the sets, the shares, what is refused, and micrographs that still come."""
import os
import time

import mrcfile
import numpy as np
import pytest
from laboratory import NAMES, items, until, update
from picking import reopen
from test_labelling import needsDisplay

from pickeroptimizer.convert.masks import binnedMask, readCells, readMasks


def masker(lab, micrographs, model=None, **values):
    pointers = {'inputModel': (model, 'outputModel')} if model else {'modelSource': 1}
    return lab.new('ProtPickerOptimizerMask', inputMicrographs=(micrographs, 'outputMicrographs'), numberOfThreads=2,
                   binning=2, **pointers, **values)


@pytest.fixture(scope='module')
def masked(lab, micrographs, trained):
    return lab.finished(masker(lab, micrographs, trained, leastUsable=80))


def shares(micrographs):
    return {item.getMicName(): item._poUsable.get() for item in items(micrographs).values()}


def test_micrographs_are_set_apart_by_their_usable_share(masked, micrographs):
    kept, discarded = shares(masked.outputMicrographs), shares(masked.discardedMicrographs)
    assert kept and discarded and sorted([*kept, *discarded]) == sorted(
        item.getMicName() for item in items(micrographs.outputMicrographs).values())
    assert min(kept.values()) >= 80 > max(discarded.values())
    for item in items(masked.outputMicrographs).values():
        with mrcfile.open(item._poMask.get()) as mask:
            assert set(np.unique(mask.data)) <= {0, 1}
            assert 100 * (1 - mask.data.mean()) == pytest.approx(item._poUsable.get(), abs=0.02)
    assert masked.outputMicrographs.getSamplingRate() == micrographs.outputMicrographs.getSamplingRate()
    assert f'*{len(kept)}* micrographs kept' in masked.summary()[0] and 'The least: ' in masked.summary()[2]


def test_another_share_needs_no_new_masks(lab, masked):
    before = {mask.path: os.stat(mask.path).st_mtime_ns for mask in masked.getMasks().values()}
    least = masked.leastUsable.get()
    masked.leastUsable.set(0)
    lab.finished(masked)
    assert masked.outputMicrographs.getSize() == len(NAMES) and masked.discardedMicrographs.getSize() == 0
    assert {mask.path: os.stat(mask.path).st_mtime_ns for mask in masked.getMasks().values()} == before
    masked.leastUsable.set(least)
    lab.finished(masked)
    (name, some), (_, others) = masked.createMicrographs(60)
    assert name == 'usable60Micrographs' and some.getSize() + others.getSize() == len(NAMES)
    assert all(share >= 60 for share in shares(some).values())


def test_the_general_model_goes_by_picks(lab, micrographs, picks):
    run = lab.finished(masker(lab, micrographs, inputCoordinates=(picks, 'outputCoordinates')))
    assert run.modelBox() == 180 and len(run.getMasks()) == len(NAMES)


def test_what_is_refused(lab, micrographs, trained):
    run = masker(lab, micrographs)
    assert run.validate() == ['The general model has to be told the box: give it in "Box (Å)", or picks that have one.']
    run.boxSize.set(9000.0)
    line, = run.validate()
    assert line.startswith('The micrographs (640 x 640 px) are smaller than a box (3000 px)')
    run.boxSize.set(180.0)
    assert run.validate() == []


def test_micrographs_that_still_come(lab, simulated, trained):
    from pwem.objects import SetOfMicrographs
    source = lab.micrographs(simulated.folder)
    rows = list(items(source.outputMicrographs).values())
    reopen(lab, source, source.outputMicrographs)
    run = masker(lab, source, trained, streamingSleepOnWait=1)
    assert run.validate() == []
    seen = []

    def come(new, state):
        grown = SetOfMicrographs(filename=source.outputMicrographs.getFileName())
        grown.enableAppend()
        grown.setSamplingRate(3.0)
        for micrograph in new:
            grown.append(micrograph)
        grown.setStreamState(state)
        grown.write()
        grown.close()

    def feed():
        come(rows[:1], 1)
        end = time.monotonic() + 120
        while not seen and time.monotonic() < end:
            if run.hasObjId() and os.path.exists(run._getExtraPath('masks', 'masks.csv')):
                seen.append(len(readMasks(run._getExtraPath('masks'))))
            time.sleep(0.1)
        come(rows[1:3], 2)

    lab.finishedBeside(run, feed)
    assert seen == [1] and run.outputMicrographs.getSize() + run.discardedMicrographs.getSize() == 3
    assert not run.outputMicrographs.isStreamOpen()


def test_files_of_masks(masked):
    mask = next(iter(readMasks(masked._getExtraPath('masks')).values()))
    assert binnedMask(mask.path, (10, 12)).shape == (10, 12)
    cells = readCells(mask.classes_path)
    assert cells.ndim == 3 and cells.sum(axis=0).max() == pytest.approx(1, abs=1e-3)
    assert readCells('/nowhere.mrcs') is None and readMasks('/nowhere') == {}


@needsDisplay
def test_the_window(lab, masked, root):
    from pickeroptimizer.viewers import PickerOptimizerMaskViewer
    assert lab.domain.findViewers(masked, 'tkinter')[0] is PickerOptimizerMaskViewer
    PickerOptimizerMaskViewer(project=lab.project, protocol=masked).visualize(masked)
    window, = [child for child in root.winfo_children() if child.winfo_class() == 'Toplevel']
    until(window, lambda: window.shown is not None)
    worst = min(masked.getMasks(), key=lambda micId: masked.getMasks()[micId].usable)
    assert window.shown == worst, 'the worst comes first'
    grey, _ = window.canvas._picture.grey()
    colours = np.asarray(grey.convert('RGB')).reshape(-1, 3)
    assert (np.ptp(colours, axis=1) > 30).mean() > 0.05, 'the mask is in colours'
    window.overlay.set(False)
    window.redraw()
    grey, _ = window.canvas._picture.grey()
    assert (np.ptp(np.asarray(grey.convert('RGB')).reshape(-1, 3), axis=1) > 30).mean() == 0
    window.cut(0.7)
    assert '70 %' in window.line['text']
    window.create.invoke()
    assert masked.hasAttribute('usable70Micrographs')
    update(lab.project, masked)
    window.destroy()
