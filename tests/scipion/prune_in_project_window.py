"""Decides a prune run anew in the real project window of Scipion, by its button and the mouse; a program of its own.

Arguments: the project's folder and the id of the run. Prints what was decided: the minimum, and how many are kept.
"""
import json
import sys
import tkinter as tk
from tkinter import messagebox

from project_window import analyze, wait


def windows(root):
    return [child for child in root.winfo_children() if isinstance(child, tk.Toplevel) and
            child.title().startswith('PickerOptimizer')]


def click(widget, x, y):
    widget.event_generate('<Enter>')
    for event in ('<Motion>', '<Button-1>', '<ButtonRelease-1>'):
        widget.event_generate(event, x=x, y=y)
    widget.update()


def main(path, runId):
    errors = []
    root, view, run = analyze(path, runId, errors)
    window, = wait(root, 'the window', lambda: windows(root))
    wait(root, 'a micrograph', lambda: window.shownPlace is not None)
    histogram, slider = window.histogram, window._decision.slider
    click(histogram, histogram.winfo_width() // 2, 30)
    click(slider, slider.winfo_width() - 6, slider.winfo_height() // 2)      # a step to the right
    messagebox.askyesno = lambda *args, **options: True
    click(window._create, 5, 5)
    kept = [output for name, output in run.iterOutputAttributes() if name.startswith('keptMin')]
    decided = [window._model.rule.minimum, window._model.keptAndRejected()[0]]
    window.destroy()
    view._viewObject(kept[-1].getObjId())      # what a double click on an output does
    window, = wait(root, 'the window of the set', lambda: windows(root))
    wait(root, 'its micrograph', lambda: window.shownPlace is not None)
    decided.append(len(window._model.picks))
    root.destroy()
    if errors:
        raise errors[0]
    print(json.dumps(decided))


if __name__ == '__main__':
    main(sys.argv[1], int(sys.argv[2]))
