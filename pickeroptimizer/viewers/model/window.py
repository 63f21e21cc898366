"""The window of a model: what it is, what it was trained with, and how well it did on labels that it had not seen."""
import tkinter as tk
from dataclasses import dataclass, field
from tkinter import ttk
from typing import Callable, Dict, List, Optional, Tuple

from ...worker.exchange.classes import KNOWN, ordered
from ...worker.exchange.errors import InputError
from ...worker.exchange.plots import draw_confusion, draw_reliability, draw_training
from ..labelling.model import Labels, Place
from ..labelling.panels import LabelGalleries
from ..widgets.colours import WARNING
from ..widgets.figure_frame import FigureFrame
from ..widgets.keys import Key, KeyTable
from ..widgets.look import buttonStyle
from ..widgets.picture_canvas import MOUSE
from .labels_tab import LabelsTab

GALLERY_COLUMNS = 11


@dataclass
class ModelLabels:
    """The labels of a model's run.

    boxes: (Place, class, probability of this class to the cross-validation or None); names, paths: {micId: text};
    boxSize: px; pixelSize: Å/px; suspicious: the probability below which a label is worth another look. now: the
    labels as they were put right by now (labelling.model.Labels), None where they cannot be. trainAgain(): trains with
    these, and returns a line; raises InputError if it cannot.
    """
    boxes: List[Tuple[Place, str, Optional[float]]]
    names: Dict[int, str]
    paths: Dict[int, str]
    boxSize: float
    pixelSize: float
    suspicious: float
    now: Optional[Labels] = None
    trainAgain: Optional[Callable[[], str]] = None

    @property
    def classes(self):
        """The names of the classes of the labels, and of those that they can be given, in their order."""
        return ordered({*(name for _, name, _ in self.boxes), *(KNOWN if self.now is not None else ())})

    def changed(self):
        """Return the Places of the labels that were put right, or taken away."""
        return [] if self.now is None else [place for place, name, _ in self.boxes if self.now.classOf(place) != name]


@dataclass
class ModelFacts:
    """What a model window shows.

    header: of the model (see docs/model-file.md). labels: where they are known. lines: (what, text), by default those
    of the header. pruneAll(): begins a prune of the picks of its run, and returns a line; raises InputError if it
    cannot. None where there are no such picks.
    """
    title: str
    header: dict
    labels: Optional[ModelLabels] = None
    lines: List[Tuple[str, str]] = field(default_factory=list)
    pruneAll: Optional[Callable[[], str]] = None

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
        if facts.pruneAll:
            self._makePruneAll(summary, facts.pruneAll).pack(fill=tk.X, padx=8, pady=(0, 8))
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
                     Key(('Right',), 'next labelled box', lambda: galleries.walk(1)), *MOUSE, *self._labels.keys())
        self.keys = KeyTable(self, boxes if facts.labels else ())

    @staticmethod
    def _describe(master, lines):
        frame = ttk.Frame(master)
        frame.columnconfigure(1, weight=1)
        for row, (what, text) in enumerate(lines):
            ttk.Label(frame, text=what).grid(row=row, column=0, sticky=tk.NW, padx=(0, 12))
            ttk.Label(frame, text=text, wraplength=880).grid(row=row, column=1, sticky=tk.W)
        return frame

    @staticmethod
    def _makePruneAll(master, pruneAll):
        frame = ttk.Frame(master)

        def start():
            try:
                line.configure(text=pruneAll(), foreground='')
            except InputError as error:
                line.configure(text=str(error), foreground=WARNING)
            else:
                button.configure(state=tk.DISABLED)

        button = ttk.Button(frame, text='Prune all', command=start, style=buttonStyle(frame))
        line = ttk.Label(frame, text='with this model: the picks that were labelled on')
        button.pack(side=tk.LEFT)
        line.pack(side=tk.LEFT, padx=8)
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
