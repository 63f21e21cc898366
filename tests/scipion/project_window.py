"""Labels a run in the real project window of Scipion, by its button and by keys; a program of its own.

Arguments: the project's folder, the id of a run that waits for labels, how many labels of each class, and a JSON file
with the true classes, [mic_id, x, y, class] each. Prints what was labelled, and ends when the run has a model.
"""
import json
import sys
import time
import tkinter as tk
from tkinter import messagebox

import pyworkflow as pw
from laboratory import update


def wait(root, name, what, seconds=60):
    """Let the windows work until `what()` is true, and return it; `name` says what is waited for."""
    deadline = time.monotonic() + seconds
    while not what():
        if time.monotonic() > deadline:
            sys.exit(f'waited {seconds} s for {name} in vain')
        root.update()
        time.sleep(0.02)
    root.update()
    return what()


def analyze(path, runId, errors):
    """Open a project's window, select a run and press Analyze results: (its root, its view of the project, the run).

    What goes wrong in a callback comes to the list `errors`.
    """
    pw.Config.getDomain().getPlugins()
    pw.Config.getDomain().getProtocols()
    from pyworkflow.gui.project.project import ProjectWindow  # after the domain: it imports by it
    scipion = ProjectWindow(path)
    root, view = scipion.root, scipion.viewWidget
    root.deiconify()                   # what its show() does before it waits for the user
    root.report_callback_exception = lambda *error: errors.append(error[1])
    run = next(run for run in view.project.getRuns() if run.getObjId() == runId)
    view._selectItemProtocol(run)      # what a click on its box does
    view._updateSelection()
    root.update()
    view.btnAnalyze.event_generate('<Button-1>')
    return root, view, run


def main(path, runId, wanted, truth):
    errors = []
    root, view, run = analyze(path, runId, errors)
    window, = wait(root, 'the window', lambda: [child for child in root.winfo_children() if isinstance(
        child, tk.Toplevel) and child.title().startswith('Label boxes')])
    wait(root, 'a micrograph', lambda: window._image is not None)
    window.focus_force()
    window._wanted.set(wanted)
    window.event_generate('<Key-s>')
    root.update()
    while window._suggested is not None:
        wait(root, 'a suggestion', lambda: window._image is not None)
        window.event_generate(f'<Key-{truth[tuple(window._suggested)][0]}>')
        root.update()
    counts = window._session.labels.counts()
    messagebox.askyesnocancel = lambda *arguments, **options: False      # about labels on one micrograph: train
    window._train.event_generate('<Enter>')
    window._train.event_generate('<Button-1>')
    window._train.event_generate('<ButtonRelease-1>')
    wait(root, 'the training', lambda: window._train.cget('text') == 'Prune all' or
         'without a model' in window._missing.cget('text'), 400)
    update(view.project, run)
    assert run.isFinished(), run.getErrorMessage()
    said = window._missing.cget('text')
    root.destroy()
    if errors:
        raise errors[0]
    print(json.dumps([counts, said]))


if __name__ == '__main__':
    with open(sys.argv[4], encoding='utf-8') as stream:
        main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]),
             {(micId, x, y): name for micId, x, y, name in json.load(stream)})
