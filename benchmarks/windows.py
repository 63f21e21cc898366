"""How quick the prune window is: opening it, opening a micrograph, moving the slider.

    scipion3 python benchmarks/windows.py [--micrographs 400] [--side 4096] [--boxes 1000]

It needs a display. One micrograph has `--boxes` picks, the others 250 each; all show the same image. Times are in
seconds; each ends when the display has drawn all.
"""
import argparse
import tempfile
import time
import tkinter as tk
from pathlib import Path

import mrcfile
import numpy as np

from pickeroptimizer.decision import MINIMUM
from pickeroptimizer.viewers.prune.source import sessionOfSet
from pickeroptimizer.viewers.prune.window import PruneWindow
from pwem.objects import Coordinate, Micrograph, SetOfCoordinates, SetOfMicrographs
from pyworkflow.object import Float, String

BOX, OTHERS = 200, 250


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--micrographs', type=int, default=400)
    parser.add_argument('--side', type=int, default=4096, help='of a micrograph, px')
    parser.add_argument('--boxes', type=int, default=1000, help='on the first micrograph')
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        coordinates = makeSet(Path(folder), arguments.micrographs, arguments.side, arguments.boxes)
        for name, seconds in measure(coordinates).items():
            print(f'{name:<58}{seconds:8.3f}')


def makeSet(folder, micrographs, side, boxes):
    """A SetOfCoordinates with scores, and its micrographs, in `folder`."""
    rng = np.random.default_rng(0)
    image = folder / 'micrograph.mrc'
    with mrcfile.new(image) as stream:
        stream.set_data(rng.normal(size=(side, side)).astype(np.float32))
    mics = SetOfMicrographs(filename=str(folder / 'micrographs.sqlite'))
    mics.setSamplingRate(1.0)
    coordinates = SetOfCoordinates(filename=str(folder / 'coordinates.sqlite'), indexes=['_micId'])
    coordinates.setBoxSize(BOX)
    pick = Coordinate()
    for name in ('_poParticle', '_poIce', '_poCarbon', '_poNovelty'):
        setattr(pick, name, Float())
    pick._poClass = String()
    for number in range(1, micrographs + 1):
        # Files of different names, as if they were different: one that was read is not read again.
        link = folder / f'micrograph_{number:04}.mrc'
        link.symlink_to(image)
        micrograph = Micrograph(location=str(link))
        micrograph.setMicName(link.name)
        mics.append(micrograph)
        for probabilities in rng.dirichlet((4, 0.5, 0.5), boxes if number == 1 else OTHERS):
            pick.cleanObjId()
            pick.setPosition(*rng.integers(0, side, 2).tolist())
            pick.setMicId(micrograph.getObjId())
            pick.setMicName(link.name)
            for name, value in zip(('_poParticle', '_poIce', '_poCarbon'), probabilities.tolist()):
                getattr(pick, name).set(value)
            pick._poNovelty.set(float(rng.random()))
            pick._poClass.set(('particle', 'ice', 'carbon')[probabilities.argmax()])
            coordinates.append(pick)
    mics.write()
    coordinates.setMicrographs(mics)
    coordinates.write()
    return coordinates


def measure(coordinates):
    """{what: seconds} of a prune window on a set, whose first micrograph has the most picks."""
    root = tk.Tk()
    root.withdraw()
    times = {}
    try:
        started = time.perf_counter()
        window = PruneWindow(root, sessionOfSet(coordinates, 'benchmark'))
        drawn(window)
        times[f'open the window on {coordinates.getSize()} picks'] = time.perf_counter() - started
        window.table.select(1)
        settle(window, 1)
        started = time.perf_counter()
        window.table.select(0)
        settle(window, 0)
        times['open a micrograph that is not in memory'] = time.perf_counter() - started
        window.table.select(1)
        settle(window, 1)
        started = time.perf_counter()
        window.table.select(0)
        settle(window, 0)
        times['open one that is'] = time.perf_counter() - started
        times['move the slider (mean of 20)'] = mean(window, lambda i: window.decide(MINIMUM, 0.3 + 0.03 * i))
        times['zoom in (mean of 8)'] = mean(window, lambda i: window.canvas.zoom(1.25), 8)
        times['show and hide a kind (mean of 20)'] = mean(
            window, lambda i: (window.legend.shown[0].set(i % 2), window.legend.onChange()))
    finally:
        root.destroy()
    return times


def settle(window, place):
    """Wait until a micrograph is shown."""
    while window.shownPlace != place:
        time.sleep(0.001)      # as a main loop does, which leaves the thread that reads its share
        window.update()
    drawn(window)


def drawn(window):
    """Wait until the display has done all that it was told."""
    window.update()
    window.winfo_pointerx()      # it answers in turn


def mean(window, action, times=20):
    started = time.perf_counter()
    for i in range(times):
        action(i)
        drawn(window)
    return (time.perf_counter() - started) / times


if __name__ == '__main__':
    main()
