"""How quick the prune window and the compare window are: opening them, opening a micrograph, moving the slider.

    scipion3 python benchmarks/windows.py [--micrographs 400] [--side 4096] [--boxes 1000] [--methods 10]

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
from pwem.objects import Coordinate, Micrograph, SetOfCoordinates, SetOfMicrographs
from pyworkflow.object import Float, String

from pickeroptimizer import convert
from pickeroptimizer.comparison import Comparison, Method
from pickeroptimizer.domain.decision import MINIMUM
from pickeroptimizer.viewers.compare.window import CompareWindow
from pickeroptimizer.viewers.prune.source import sessionOfSet
from pickeroptimizer.viewers.prune.window import PruneWindow
from pickeroptimizer.worker.exchange.classes import decide

BOX, OTHERS = 200, 250
CLASSES = ('particle', 'ice', 'carbon', 'empty', 'gold edge')
CONCENTRATIONS = (4, 0.25, 0.25, 0.25, 0.25)      # of a Dirichlet distribution of their probabilities


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--micrographs', type=int, default=400)
    parser.add_argument('--side', type=int, default=4096, help='of a micrograph, px')
    parser.add_argument('--boxes', type=int, default=1000, help='on the first micrograph')
    parser.add_argument('--methods', type=int, default=10, help='that are compared')
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        coordinates = makeSet(Path(folder), arguments.micrographs, arguments.side, arguments.boxes)
        for name, seconds in measure(coordinates).items():
            print(f'{name:<58}{seconds:8.3f}')
    with tempfile.TemporaryDirectory() as folder:
        makeComparison(Path(folder), arguments.micrographs, arguments.side, arguments.boxes, arguments.methods)
        for name, seconds in measureComparison(folder).items():
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
    attributes = [convert.probabilityAttribute(name) for name in CLASSES]
    for name in (*attributes, '_poNovelty'):
        setattr(pick, name, Float())
    pick._poClass = String()
    for number in range(1, micrographs + 1):
        # Files of different names, as if they were different: one that was read is not read again.
        link = folder / f'micrograph_{number:04}.mrc'
        link.symlink_to(image)
        micrograph = Micrograph(location=str(link))
        micrograph.setMicName(link.name)
        mics.append(micrograph)
        for probabilities in rng.dirichlet(CONCENTRATIONS, boxes if number == 1 else OTHERS):
            pick.cleanObjId()
            pick.setPosition(*rng.integers(0, side, 2).tolist())
            pick.setMicId(micrograph.getObjId())
            pick.setMicName(link.name)
            for name, value in zip(attributes, probabilities.tolist()):
                getattr(pick, name).set(value)
            pick._poNovelty.set(float(rng.random()))
            pick._poClass.set(CLASSES[decide(probabilities[None])[0]])
            coordinates.append(pick)
    mics.write()
    coordinates.setMicrographs(mics)
    coordinates.write()
    return coordinates


def makeComparison(folder, micrographs, side, boxes, methods):
    """Save a Comparison of random methods with scores and a truth, and its micrographs, in `folder`."""
    rng = np.random.default_rng(0)
    image = folder / 'micrograph.mrc'
    with mrcfile.new(image) as stream:
        stream.set_data(rng.normal(size=(side, side)).astype(np.float32))
    names = {number: f'micrograph_{number:04}.mrc' for number in range(1, micrographs + 1)}
    for name in names.values():
        (folder / name).symlink_to(image)
    ids = np.repeat(np.arange(1, micrographs + 1), [boxes] + [OTHERS] * (micrographs - 1))
    n = len(ids)
    truth = rng.choice(3, n, p=(0.8, 0.1, 0.1)).astype(np.int8)
    compared = []
    for number in range(methods):
        scores = rng.normal(truth == 0, 0.6)
        compared.append(Method(f'method {number}', scores > 0.3, np.ones(n, dtype=bool), scores, 'score'))
    Comparison(np.arange(1, n + 1), ids, *rng.uniform(0, side, (2, n)), compared, truth,
               {number: (name, str(folder / name)) for number, name in names.items()}, BOX, 1.0, 40.0).save(str(folder))


def measureComparison(folder):
    """{what: seconds} of a compare window on the comparison in `folder`, whose first micrograph has the most picks."""
    root = tk.Tk()
    root.withdraw()
    times = {}
    try:
        started = time.perf_counter()
        comparison = Comparison.load(str(folder))
        window = CompareWindow(root, 'benchmark', comparison, '')
        drawn(window)
        times[f'open a comparison, {len(comparison.methods)} methods on {len(comparison)} picks'] = (
            time.perf_counter() - started)
        tab = window.open('Micrographs')
        for what in ('open a micrograph that is not in memory, 4 panels', 'open one that is, 4 panels'):
            tab.table.select(1)
            settle(tab, 1)
            started = time.perf_counter()
            tab.table.select(0)
            settle(tab, 0)
            times[what] = time.perf_counter() - started
        times['zoom in, 4 panels (mean of 8)'] = mean(tab, lambda i: tab.panels.canvases.canvases[0].zoom(1.25), 8)
        times['choose other methods (mean of 4)'] = mean(tab, lambda i: tab.showMethods(range(i, i + 4)), 4)
        for name in ('Who kept what', 'Disagreements'):
            started = time.perf_counter()
            window.open(name)
            drawn(window)
            times[f'open the tab "{name}"'] = time.perf_counter() - started
        started = asked = time.perf_counter()
        analyses, longest = [], 0.0
        window.withAnalysis(analyses.append)
        while not analyses:
            time.sleep(0.001)
            window.update()
            longest, asked = max(longest, time.perf_counter() - asked), time.perf_counter()
        times['figures with intervals, beside the window'] = time.perf_counter() - started
        times['longest that the window did not answer meanwhile'] = longest
    finally:
        root.destroy()
    return times


def measure(coordinates):
    """{what: seconds} of a prune window on a set, whose first micrograph has the most picks."""
    root = tk.Tk()
    root.withdraw()
    times = {}
    try:
        started = time.perf_counter()
        window = PruneWindow(root, sessionOfSet(None, coordinates, 'benchmark'))
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
