"""The figures of a comparison as tables, in words, and how each two methods agree."""
import math
import tkinter as tk
import webbrowser
from pathlib import Path
from tkinter import filedialog, font, ttk

from ...comparison import tables
from ...comparison.describe import sentences
from ...comparison.names import apart
from ...comparison.report import cell_text
from ..widgets.background import Background
from ..widgets.look import listStyle
from ..widgets.screen import px
from ..widgets.tooltip import Tooltip

HEIGHT = 6                    # lines of text and of each table at least; more scroll
PADDING, WIDEST = 18, 260     # px, of a column
FEW_METHODS = 6               # whose names have room above the columns


class TablesTab(ttk.Frame):
    """Shows a comparison.analysis.Analysis, once it is there. report: path of the report as a web page."""

    def __init__(self, master, report):
        super().__init__(master)
        self._report = report
        self._tables = []
        self.tooltips = []
        self._background = Background(self)
        bottom = ttk.Frame(self)
        bottom.pack(side=tk.BOTTOM, fill=tk.X, padx=8, pady=6)
        self.save = ttk.Button(bottom, text='Save table', command=self._askAndSave, state=tk.DISABLED)
        self.save.pack(side=tk.LEFT)
        ttk.Button(bottom, text='Open report', command=self.openReport).pack(side=tk.LEFT, padx=6)
        self._message = ttk.Label(bottom, text='Computing ...', width=1)      # as wide as there is room, in lines
        self._message.bind('<Configure>', lambda event: self._message.configure(wraplength=event.width - 4))
        self._message.pack(side=tk.LEFT, fill=tk.X, expand=True, padx=6)
        words = ttk.Frame(self)
        words.pack(fill=tk.X, padx=8, pady=(6, 4))
        self._words = tk.Text(words, height=HEIGHT, wrap=tk.WORD, font='TkDefaultFont', relief=tk.FLAT, padx=6, pady=4,
                              state=tk.DISABLED)
        self._words.tag_configure('strong', font='TkHeadingFont')
        bar = ttk.Scrollbar(words, command=self._words.yview)
        self._words.configure(yscrollcommand=bar.set)
        bar.pack(side=tk.RIGHT, fill=tk.Y)
        self._words.pack(fill=tk.X, expand=True)
        self.choice = ttk.Combobox(self, state='readonly')
        self.choice.bind('<<ComboboxSelected>>', lambda event: (self.choice.selection_clear(), self._show()))
        self.choice.pack(fill=tk.X, padx=8)
        self.table = self._tree()
        ttk.Label(self, text="Cohen's kappa of each two methods: 1 if they judge all picks alike, 0 if no more so than "
                             'by chance.').pack(fill=tk.X, padx=8, pady=(8, 0))
        self.kappas = self._tree()

    def _tree(self):
        """Make a table with scroll bars."""
        frame = ttk.Frame(self)
        frame.pack(fill=tk.BOTH, expand=True, padx=8)
        tree = ttk.Treeview(frame, show='headings', selectmode='browse', height=HEIGHT, style=listStyle(self))
        down, across = (ttk.Scrollbar(frame, command=command, orient=way) for command, way in (
            (tree.yview, tk.VERTICAL), (tree.xview, tk.HORIZONTAL)))
        tree.configure(yscrollcommand=down.set, xscrollcommand=across.set)
        down.pack(side=tk.RIGHT, fill=tk.Y)
        across.pack(side=tk.BOTTOM, fill=tk.X)
        tree.pack(fill=tk.BOTH, expand=True)
        tree.full = {}      # {what is shown: the whole name} of what is shortened
        self.tooltips.append(Tooltip(tree, lambda event: tree.full.get(shownAt(tree, event), '')))
        return tree

    # ------------------------------ figures ------------------------------

    def show(self, analysis):
        """Show an Analysis."""
        self._tables = tables.all_tables(analysis)
        self.choice.configure(values=[table.title for table in self._tables])
        names = [table.name for table in self._tables]
        self.choice.current(names.index('truth') if 'truth' in names else 0)
        self._show()
        self._tellInWords(sentences(analysis))
        self._showKappas(analysis)
        self.save.configure(state=tk.NORMAL)
        self._tell('')

    def _show(self):
        table = self._tables[self.choice.current()]
        fill(self.table, [(column.name, column.kind == tables.TEXT) for column in table.columns],
             [[cell_text(column.kind, value) for column, value in zip(table.columns, row)] for row in table.rows])

    def _showKappas(self, analysis):
        names = [count.name for count in analysis.counts]
        matrix = [['' for _ in names] for _ in names]
        for pair in analysis.pairs:
            text = 'not defined' if math.isnan(pair.kappa) else f'{pair.kappa:.2f}'
            matrix[pair.first][pair.second] = matrix[pair.second][pair.first] = text
        lines, headings = names, names
        if len(names) > FEW_METHODS:      # numbers leave room for all columns
            lines = [f'{number}  {name}' for number, name in enumerate(names, start=1)]
            headings = [str(number) for number in range(1, len(names) + 1)]
        fill(self.kappas, [('method', True), *((heading, False) for heading in headings)],
             [[name, *line] for name, line in zip(lines, matrix)])

    def _tellInWords(self, lines):
        self._words.configure(state=tk.NORMAL)
        for line in lines:
            for number, part in enumerate(line.split('*')):      # *strong*
                self._words.insert(tk.END, part, ('strong',) if number % 2 else ())
            self._words.insert(tk.END, '\n')
        self._words.configure(state=tk.DISABLED)

    # ------------------------------ buttons ------------------------------

    def _askAndSave(self):
        table = self._tables[self.choice.current()]
        path = filedialog.asksaveasfilename(parent=self, defaultextension='.csv', initialfile=f'{table.name}.csv',
                                            filetypes=[('CSV table', '*.csv')])
        if path:
            try:
                tables.write_table(table, path)
            except OSError as error:
                self._tell(f'Not saved: {error}')
            else:
                self._tell(f'Saved: {path}')

    def openReport(self):
        """Open the report in the desktop's browser, and tell where it is."""
        path = Path(self._report).resolve()
        if not path.exists():
            self._tell(f'There is no report: {path}')
            return

        def opened(done):
            self._tell(f'Given to the browser: {path}' if done else
                       f'No browser could be started. The report is here: {path}')
        self._background.submit(opened, webbrowser.open, path.as_uri())      # some browsers keep their caller waiting

    def _tell(self, line):
        self._message.configure(text=line)


def fill(tree, columns, rows):
    """Show rows of texts in a table; columns: (heading, whether it holds text) of each. They are as wide as needed.

    Headings and texts are shortened where they are long.
    """
    tree.full = {}

    def short(texts):
        found = apart(texts)
        tree.full.update((text, full) for text, full in zip(found, texts) if text != full)
        return found
    columns = list(zip(short([heading for heading, _ in columns]), [is_text for _, is_text in columns]))
    rows = list(zip(*(short(texts) if is_text else texts for (_, is_text), texts in zip(columns, zip(*rows)))))
    tree.delete(*tree.get_children())
    tree.configure(columns=[str(number) for number in range(len(columns))])
    head, body = font.nametofont('TkHeadingFont', tree), font.nametofont('TkDefaultFont', tree)
    for number, (heading, is_text) in enumerate(columns):
        texts = {row[number] for row in rows}
        width = px(tree, PADDING) + max([head.measure(heading), *(body.measure(text) for text in texts)])
        anchor = tk.W if is_text else tk.E
        tree.heading(str(number), text=heading, anchor=anchor)
        tree.column(str(number), width=min(width, px(tree, WIDEST)), minwidth=px(tree, 40), stretch=False,
                    anchor=anchor)
    for row in rows:
        tree.insert('', tk.END, values=row)


def shownAt(tree, event):
    """Return the text of the heading, or of the cell, at the pointer; '' where there is none."""
    column = tree.identify_column(event.x)
    if not column or column == '#0':
        return ''
    if tree.identify_region(event.x, event.y) == 'heading':
        return tree.heading(column, 'text')
    line = tree.identify_row(event.y)
    return str(tree.set(line, column)) if line else ''
