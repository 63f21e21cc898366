"""The window of a model: what it is, what it was trained with, and how well it did on labels that it had not seen."""
import tkinter as tk
from dataclasses import dataclass, field
from tkinter import ttk
from typing import Dict, List, Optional, Tuple

from ...worker.exchange.classes import ordered
from ...worker.exchange.plots import draw_confusion, draw_reliability, draw_training
from ..labelling.model import Place
from ..labelling.panels import LabelGalleries
from ..palette import styles
from ..widgets.canvas import MicrographCanvas
from ..widgets.display_controls import DisplayControls
from ..widgets.figure_frame import FigureFrame
from ..widgets.keys import Key, KeyTable
from ..widgets.micrographs import MicrographReader
from ..widgets.names import shortened
from ..widgets.picture_canvas import MOUSE

GALLERY_COLUMNS = 11
LETTER = 8      # px of the screen, of a letter in a list


@dataclass
class ModelLabels:
    """The labels of a model's run.

    boxes: (Place, class, probability of this class to the cross-validation or None); names, paths: {micId: text};
    boxSize: px; pixelSize: Å/px; suspicious: the probability below which a label is worth another look.
    """
    boxes: List[Tuple[Place, str, Optional[float]]]
    names: Dict[int, str]
    paths: Dict[int, str]
    boxSize: float
    pixelSize: float
    suspicious: float

    @property
    def classes(self):
        """The names of the classes of the labels, in their order."""
        return ordered(name for _, name, _ in self.boxes)


@dataclass
class ModelFacts:
    """What a model window shows.

    header: of the model (see docs/model-file.md). labels: where they are known. lines: (what, text), by default those
    of the header.
    """
    title: str
    header: dict
    labels: Optional[ModelLabels] = None
    lines: List[Tuple[str, str]] = field(default_factory=list)

    def __post_init__(self):
        self.lines = self.lines or headerLines(self.header)


def headerLines(header):
    """Return the facts in a model's header, [(what, text)]."""
    counts = header.get('counts') or {}
    lines = [('Trained with', ', '.join(f'{number} {name}' for name, number in counts.items()) or 'not known'),
             ('Box', f'{header["box_angstrom"]:g} Å'),
             ('Recipe', f'{header["recipe"]}; {header["architecture"]}, head {header["head"]}')]
    crossed = header.get('cross_validation')
    if crossed:
        lines += [('Cross-validation', f'by {crossed["split"]}, {crossed["folds"]} folds'),
                  ('Macro-F1', f'{crossed["macro_f1"]:.3f}; {crossed["balanced_macro_f1"]:.3f} with each class counted '
                               f'the same'),
                  ('Accuracy', f'{crossed["accuracy"]:.3f}'),
                  ('Probabilities', f'off by {100 * crossed["calibration_error"]:.1f} %')]
    else:
        lines.append(('Cross-validation', 'none'))
    lines += [('Warning', line) for line in header.get('warnings') or ()]
    lines.append(('Made by', f'version {header.get("plugin_version", "not known")}, on '
                             f'{header.get("device", "an unknown device")}, seed {header.get("seed", "not known")}'))
    return lines


class ModelWindow(tk.Toplevel):
    """Shows ModelFacts in tabs; those that there is nothing for are left out."""

    def __init__(self, master, facts):
        super().__init__(master)
        self.title(facts.title)
        self.geometry(f'{min(1100, self.winfo_screenwidth() - 10)}x{min(740, self.winfo_screenheight() - 40)}')
        self.tabs = ttk.Notebook(self)
        self.tabs.pack(fill=tk.BOTH, expand=True)
        summary = ttk.Frame(self.tabs)
        self.tabs.add(summary, text='Model')
        self._describe(summary, facts.lines).pack(fill=tk.X, padx=8, pady=8)
        crossed = facts.header.get('cross_validation')
        if crossed:
            self.tabs.add(self._plots(facts.header['classes'], crossed), text='Cross-validation')
        if facts.header.get('loss_curve'):
            training = FigureFrame(self.tabs)
            training.redraw(lambda axes: draw_training(axes, facts.header['loss_curve']))
            self.tabs.add(training, text='Training')
        if facts.labels:
            self._labels = LabelsTab(self.tabs, facts.labels)
            strange = self._labels.countSuspicious()
            self.tabs.add(self._labels, text=f'Labels ({strange} suspicious)' if strange else 'Labels')
            galleries = LabelGalleries(summary, facts.labels.classes, facts.labels.paths, facts.labels.boxSize,
                                       self._look, columns=GALLERY_COLUMNS)
            galleries.pack(fill=tk.BOTH, expand=True)
            galleries.show({place: name for place, name, _ in facts.labels.boxes})
            boxes = (Key(('Left',), 'previous labelled box', lambda: galleries.walk(-1)),
                     Key(('Right',), 'next labelled box', lambda: galleries.walk(1)), *MOUSE)
        self.keys = KeyTable(self, boxes if facts.labels else ())

    @staticmethod
    def _describe(master, lines):
        frame = ttk.Frame(master)
        frame.columnconfigure(1, weight=1)
        for row, (what, text) in enumerate(lines):
            ttk.Label(frame, text=what).grid(row=row, column=0, sticky=tk.NW, padx=(0, 12))
            ttk.Label(frame, text=text, wraplength=880).grid(row=row, column=1, sticky=tk.W)
        return frame

    def _plots(self, classes, crossed):
        bins = crossed.get('reliability')

        def draw(matrix, diagram=None):
            draw_confusion(matrix, classes, crossed['confusion'])
            matrix.set_title('What the labelled boxes were taken for', fontsize='medium')
            if diagram is not None:
                draw_reliability(diagram, bins)
                diagram.set_aspect('equal')
                diagram.set_title('How far the probabilities can be trusted', fontsize='medium')

        frame = FigureFrame(self.tabs)
        frame.redraw(draw, columns=2 if bins else 1)
        return frame

    def _look(self, place):
        """Show a labelled box on its micrograph."""
        self.tabs.select(self._labels)
        self._labels.choose(place)


class LabelsTab(ttk.Frame):
    """The labels, those that the others contradict first, and the micrograph of the one that is chosen."""

    def __init__(self, master, labels):
        super().__init__(master)
        self._data = labels
        self._boxes = sorted(labels.boxes, key=lambda box: 1.0 if box[2] is None else box[2])
        self._places = [place for place, _, _ in self._boxes]
        self._styles = styles(labels.classes)
        self._chosen = None
        self._reader = MicrographReader(self)
        columns = ('class', 'probability', 'micrograph', 'x', 'y')
        self._list = ttk.Treeview(self, columns=columns, show='headings', selectmode='browse')
        longest = max(map(len, labels.classes), default=0)
        for column, width in zip(columns, (max(70, LETTER * longest + 8), 95, 130, 50, 50)):
            self._list.heading(column, text=column, anchor=tk.W)
            self._list.column(column, width=width, stretch=column == 'micrograph')
        self._list.tag_configure('suspicious', background='#F5C9A5')
        names = dict(zip(labels.names, shortened(list(labels.names.values()))))
        for number, (place, name, probability) in enumerate(self._boxes):
            tags = ('suspicious',) if self._isSuspicious(probability) else ()
            self._list.insert('', tk.END, iid=str(number), tags=tags,
                              values=(name, '' if probability is None else f'{probability:.3f}',
                                      names.get(place.micId, place.micId), f'{place.x:g}', f'{place.y:g}'))
        bar = ttk.Scrollbar(self, command=self._list.yview)
        self._list.configure(yscrollcommand=bar.set)
        right = ttk.Frame(self)
        right.pack(side=tk.RIGHT, fill=tk.BOTH, expand=True)
        bar.pack(side=tk.RIGHT, fill=tk.Y)
        self._list.pack(side=tk.RIGHT, fill=tk.Y)
        ttk.Label(right, text='Probability: how likely the class is to a model trained without the box. Marked labels '
                              'contradict the others: look again. To put one right: "Show the labels" in the menu '
                              'of the run, then "Label on in a new run".', wraplength=620).pack(fill=tk.X, padx=4)
        self._canvas = MicrographCanvas(right, labels.boxSize, self._clicked)
        DisplayControls(right, self._canvas, labels.pixelSize, labels.boxSize).pack(fill=tk.X)
        self._canvas.pack(fill=tk.BOTH, expand=True)
        self._list.bind('<<TreeviewSelect>>', lambda event: self._select())
        if self._boxes:
            self._list.selection_set('0')

    def countSuspicious(self):
        """Return how many labels are worth another look."""
        return sum(self._isSuspicious(probability) for _, _, probability in self._boxes)

    def choose(self, place):
        """Choose a box in the list, and so show it."""
        number = str(self._places.index(place))
        self._list.selection_set(number)
        self._list.see(number)

    def _isSuspicious(self, probability):
        return probability is not None and probability < self._data.suspicious

    def _clicked(self, x, y, place):
        if place is not None:
            self.choose(place)

    def _select(self):
        for number in self._list.selection():
            self._chosen = self._places[int(number)]
            path = self._data.paths.get(self._chosen.micId)
            if path is None:
                self._canvas.showMessage('This micrograph is not among those of the labels.')
            else:
                self._reader.request(path, self._show)

    def _show(self, image):
        if isinstance(image, str):
            self._canvas.showMessage(f'This micrograph cannot be shown.\n\n{image}')
            return
        self._canvas.showImage(image)
        self._canvas.setBoxes({place: (place.x, place.y, *self._styles[name]) for place, name, _ in self._boxes
                               if place.micId == self._chosen.micId})
        self._canvas.mark(self._chosen)
        self._canvas.centreOn(self._chosen.x, self._chosen.y)
