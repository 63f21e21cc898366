"""The window of a pretraining: its curve, and what it learnt from. Knows nothing of Scipion."""
import tkinter as tk
from tkinter import ttk

from ...worker.exchange.classes import ordered
from ...worker.exchange.plots import draw_training
from ..widgets.figure_frame import FigureFrame
from ..widgets.keys import KeyTable

COLUMN, LETTER, ROOM = 72, 8, 16      # px: of a column at least, of a letter of its heading, and around these
BESIDE, LINES = 4, 8                  # classes in a table beside the curves; lines of one below them, at most


class WeightsWindow(tk.Toplevel):
    """Shows the report of `worker pretrain`, which grows with every epoch."""

    def __init__(self, master, title, report):
        super().__init__(master)
        self.title(title)
        self.geometry(f'{min(1150, self.winfo_screenwidth() - 10)}x{min(640, self.winfo_screenheight() - 60)}')
        lines = [f'{len(report["loss"])} of {report["epochs"]} epochs, recipe {report["recipe"]}: learning rate '
                 f'{report["learning_rate"]:g}, {report["batch_size"]} boxes at a time, seed {report["seed"]}; '
                 f'{report["device"]}.']
        if report['left_out']:
            lines.append(f'Left out: {", ".join(report["left_out"])}.')
        text = ttk.Label(self, text='\n'.join(lines), padding=8)
        text.bind('<Configure>', lambda event: text.configure(wraplength=event.width - 16))
        text.pack(fill=tk.X)
        counts = report['data_sets']
        classes = ordered(name for numbers in counts.values() for name in numbers)
        if len(classes) <= BESIDE:
            self._dataSets(counts, classes, 0).pack(side=tk.RIGHT, fill=tk.Y)
        else:
            self._dataSets(counts, classes, min(len(counts), LINES)).pack(side=tk.BOTTOM, fill=tk.X)
        curves = FigureFrame(self)
        curves.redraw(lambda *axes: self._curves(report, *axes), columns=2)
        curves.pack(fill=tk.BOTH, expand=True)
        self.keys = KeyTable(self, ())

    @staticmethod
    def _curves(report, loss, accuracy):
        draw_training(loss, report['loss'])
        draw_training(accuracy, report['accuracy'])
        accuracy.set_ylabel('accuracy on the boxes that it learns from')
        accuracy.set_ylim(0, 1.02)

    def _dataSets(self, counts, classes, lines):
        """The table of the labels; lines: its height, 0 for as high as there is room."""
        frame = ttk.Frame(self)
        tree = ttk.Treeview(frame, columns=classes, selectmode='browse', height=lines or None)
        tree.heading('#0', text=f'{len(counts)} data sets', anchor=tk.W)
        tree.column('#0', width=150, minwidth=80)
        for name in classes:
            tree.heading(name, text=name, anchor=tk.E)
            tree.column(name, width=max(COLUMN, LETTER * len(name) + ROOM), anchor=tk.E, stretch=False)
        for name, numbers in counts.items():
            tree.insert('', tk.END, text=name, values=[numbers.get(c, 0) for c in classes])
        bar = ttk.Scrollbar(frame, command=tree.yview)
        tree.configure(yscrollcommand=bar.set)
        bar.pack(side=tk.RIGHT, fill=tk.Y)
        tree.pack(fill=tk.BOTH, expand=True)
        return frame
