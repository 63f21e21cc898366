"""The window of an evaluation: how well the training does with so many labels. Knows nothing of Scipion."""
import tkinter as tk
from tkinter import ttk

from ...domain.evaluation_report import FIGURE, OTHERS, cell
from ...worker.exchange.plots import best_variant, draw_confusion, draw_f1_against_shots, draw_per_class
from ..widgets.figure_frame import FigureFrame
from ..widgets.keys import KeyTable

HEADINGS = {FIGURE: 'balanced macro-F1', **OTHERS}
WIDTHS = {'labels': 55, 'draws': 55, FIGURE: 150, 'calibration_error': 140}      # px, of a column of the table;
OTHER_WIDTH = 125                                                                # of those not named there


class EvaluationWindow(tk.Toplevel):
    """Shows a domain.evaluation_report.Evaluation, as far as it has come; at least one variant has to be finished."""

    def __init__(self, master, title, evaluation):
        super().__init__(master)
        self.title(title)
        self.geometry(f'{min(1150, self.winfo_screenwidth() - 10)}x{min(700, self.winfo_screenheight() - 60)}')
        self._reports = evaluation.finished()
        waiting = [name for name in evaluation.reports if name not in self._reports]
        lines = evaluation.conclusions() + ([f'Not finished yet: {", ".join(waiting)}.'] if waiting else [])
        text = ttk.Label(self, text='\n'.join(line.replace('*', '') for line in lines), padding=8)
        text.bind('<Configure>', lambda event: text.configure(wraplength=event.width - 16))
        text.pack(fill=tk.X)
        self.tabs = ttk.Notebook(self)
        self.tabs.pack(fill=tk.BOTH, expand=True)
        curves = FigureFrame(self.tabs)
        curves.redraw(lambda axes: draw_f1_against_shots(axes, self._reports))
        self.tabs.add(curves, text='Labels needed')
        self.tabs.add(self._classes(), text='Classes')
        self.tabs.add(self._table(), text='Table')
        self.keys = KeyTable(self, ())

    def _classes(self):
        """Confusion matrix and figures by class of a variant and a number of labels, to be chosen."""
        frame = FigureFrame(self.tabs)
        self.variant = ttk.Combobox(frame.tools, values=list(self._reports), state='readonly', width=30)
        self.labels = ttk.Combobox(frame.tools, state='readonly', width=6)
        for what, choice in (('Variant', self.variant), ('Labels per class', self.labels)):
            ttk.Label(frame.tools, text=what).pack(side=tk.LEFT, padx=(8, 4), pady=4)
            choice.pack(side=tk.LEFT)
            choice.bind('<<ComboboxSelected>>', lambda event: self._showClasses(frame))
        self.variant.set(best_variant(self._reports))
        self._showClasses(frame)
        return frame

    def _showClasses(self, frame):
        report = self._reports[self.variant.get()]
        numbers = sorted(report['summary'], key=int)
        self.labels.configure(values=numbers)
        if self.labels.get() not in numbers:
            self.labels.set(numbers[-1])
        row = report['summary'][self.labels.get()]

        def draw(matrix, classes):
            draw_confusion(matrix, list(row['per_class']), row['confusion'])
            matrix.set_title('all draws together', fontsize='medium')
            draw_per_class(classes, {'summary': {self.labels.get(): row}})
        frame.redraw(draw, columns=2)

    def _table(self):
        frame = ttk.Frame(self.tabs)
        columns = ('labels', 'draws', *HEADINGS)
        tree = ttk.Treeview(frame, columns=columns, selectmode='browse')
        tree.heading('#0', text='variant', anchor=tk.W)
        tree.column('#0', width=150, minwidth=80)
        for column in columns:
            tree.heading(column, text=HEADINGS.get(column, column), anchor=tk.W)
            tree.column(column, width=WIDTHS.get(column, OTHER_WIDTH), stretch=False)
        for name, report in self._reports.items():
            for number in sorted(report['summary'], key=int):
                row = report['summary'][number]
                tree.insert('', tk.END, text=name, values=(number, row['draws'], *(cell(row, key) for key in HEADINGS)))
        bar = ttk.Scrollbar(frame, command=tree.yview)
        tree.configure(yscrollcommand=bar.set)
        ttk.Label(frame, text='Per cent: mean ± s.d. of the draws (worst draw). Balanced: each class counted the same.',
                  padding=4).pack(fill=tk.X)
        bar.pack(side=tk.RIGHT, fill=tk.Y)
        tree.pack(fill=tk.BOTH, expand=True)
        return frame
