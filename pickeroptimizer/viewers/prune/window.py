"""The window in which the result of a pruning is looked at, decided anew and corrected."""
import tkinter as tk
from tkinter import filedialog, messagebox, ttk

from ...domain.decision import MINIMUM, describe
from ...worker.exchange.errors import InputError
from ..masks.tint import stretched, tinted
from ..palette import keys
from ..widgets.canvas import MicrographCanvas
from ..widgets.colours import WARNING
from ..widgets.display_controls import DisplayControls
from ..widgets.gallery import walk
from ..widgets.grey_picture import greyImage
from ..widgets.keys import Key, KeyTable
from ..widgets.look import buttonStyle
from ..widgets.micrographs import ImageData, MicrographReader
from ..widgets.picture_canvas import MOUSE
from ..widgets.save_menu import SaveMenu
from ..widgets.screen import px
from ..widgets.toplevel import LEAST, openSized
from .decision_panel import DecisionPanel
from .histogram import ProbabilityHistogram
from .model import AS_GIVEN
from .outcome_legend import OutcomeLegend
from .pick_gallery import PickGallery
from .picker_panel import PickerPanel
from .pruned_micrographs import HEADINGS_DECIDED, HEADINGS_OF_LABELS, PrunedMicrographs

GO_TO_BOXES = 6                      # across the micrograph, when a pick is gone to
TABLE_MS, GALLERY_MS = 150, 400      # quiet time before these follow the slider
SIDE_TEXT = 270                      # px of the screen: width of the text beside the micrograph
NOTES = (
    'Keep by: the boxes, counts and the histogram follow at once. The cut in the histogram can be dragged. "Create '
    'coordinates" makes sets of the kept and of the rejected picks as further outputs of this run, corrections '
    'included. Without this window: choose the same in "Keep by" of the run\'s form and continue the run.\n\n'
    'Corrections are of the box that is pointed at or was clicked on. They are saved at once and drawn with thick '
    'lines. "Retrain" makes a new run of "label and train" with them and the labels of the model, and a new prune run; '
    'classes that the model does not know yet are learnt by it.')


class PruneWindow(tk.Toplevel):
    """Shows a PruneSession (see source.py). Every correction is saved when it is made."""

    def __init__(self, master, session):
        super().__init__(master)
        self.title(session.title)
        openSized(self, *LEAST)
        self._session, self._model = session, session.model
        self._reader = MicrographReader(self)
        self._place = None           # of the micrograph that is asked for, and
        self.shownPlace = None       # of the one that is seen
        self._target = None          # row to go to when it is shown
        self._marked = self._hovered = None
        self.junk = tk.BooleanVar(self, session.junkOn is not None)      # whether it is seen
        self._later = {}             # {function: Tk's id} of what follows after a while
        self._keys = keys(self._model.picks.classes)
        self._makeMicrographs().pack(side=tk.LEFT, fill=tk.Y, padx=4, pady=4)
        self._makeSide().pack(side=tk.RIGHT, fill=tk.Y, padx=4, pady=4)
        self._makeMiddle().pack(fill=tk.BOTH, expand=True, pady=4)
        self._bindKeys()
        self._counts = self._model.counts()
        self._decision.show(self._model.rule.mode, self._model.rule.wanted)
        self.refresh()
        self._refreshTable()
        self.table.sort('share', largestFirst=True)
        self._tell(session.note)
        self.table.select(self.table.neighbour(0))

    # ------------------------------ widgets ------------------------------

    def _makeMicrographs(self):
        frame = ttk.Frame(self)
        headings = HEADINGS_DECIDED if self._model.hasScores else HEADINGS_OF_LABELS
        self.table = PrunedMicrographs(frame, [m.name for m in self._model.micrographs], self._showMicrograph, headings)
        buttons = ttk.Frame(frame)
        self._save = ttk.Frame(buttons)      # the canvas, which the menu saves, is made later
        self._save.pack(side=tk.LEFT)
        ttk.Button(buttons, text='Keys (F1)', command=lambda: self.keys.toggle()).pack(side=tk.RIGHT)
        buttons.pack(side=tk.BOTTOM, fill=tk.X, pady=(4, 0))
        self.table.pack(fill=tk.BOTH, expand=True)
        return frame

    def _makeMiddle(self):
        frame = ttk.Frame(self)
        session = self._session
        self.canvas = MicrographCanvas(frame, session.boxSize, self._clicked, self._hover, self._menu,
                                       makeGrey=self._makeGrey, onLasso=self._takeMany)
        DisplayControls(frame, self.canvas, session.pixelSize, session.boxSize).pack(fill=tk.X)
        # Two lines each, empty or not, so that the picture keeps its size.
        self._info, self._message = (tk.Label(frame, anchor=tk.NW, justify=tk.LEFT, height=2) for _ in range(2))
        for label in (self._message, self._info):
            label.bind('<Configure>', lambda event: event.widget.configure(wraplength=event.width - 4))
            label.pack(side=tk.BOTTOM, fill=tk.X)
        self.canvas.pack(fill=tk.BOTH, expand=True)
        SaveMenu(self._save, self.canvas, self._pictureLegend, (
            ('Table of the micrographs ...', lambda: self._askAndSave('micrographs.csv', self._model.saveTable)),
            ('Table of the picks ...', lambda: self._askAndSave('picks.csv', self._model.savePicks)),
        )).pack()
        return frame

    def _makeSide(self):
        frame = ttk.Frame(self)
        self.legend = OutcomeLegend(frame, self._model, self._showOutcomes)
        self.legend.pack(fill=tk.X)
        self._decision = DecisionPanel(frame, self.decide)
        self.histogram = ProbabilityHistogram(frame, lambda minimum: self.decide(MINIMUM, minimum))
        self.histogram.setProbabilities(self._model.particleProbabilities())
        # Of a fixed width: what does not fit would widen the frame.
        self.expected = tk.Label(frame, anchor=tk.NW, justify=tk.LEFT, font='TkSmallCaptionFont',
                                 wraplength=px(self, SIDE_TEXT))
        if self._model.hasScores:
            self._decision.pack(fill=tk.X, pady=(6, 2))
            self.expected.pack(fill=tk.X)
            self.histogram.pack(fill=tk.X)
        self.picker = None
        if self._model.pickersCut() is not None:
            self.picker = PickerPanel(frame, self._model, px(self, SIDE_TEXT))
            self.picker.pack(fill=tk.X, pady=(2, 0))
        buttons = ttk.Frame(frame)
        self._create = ttk.Button(buttons, text='Create coordinates', command=self._askAndCreate,
                                  style=buttonStyle(self))
        self._retrain = ttk.Button(buttons, command=self._askAndRetrain, style=buttonStyle(self))
        for button, possible in ((self._create, self._session.createCoordinates),
                                 (self._retrain, self._session.planRetraining)):
            button.configure(state=tk.NORMAL if possible else tk.DISABLED)
            button.pack(side=tk.LEFT, fill=tk.X, expand=True)
        buttons.pack(fill=tk.X, pady=4)
        self.listed = PickGallery(frame, self._model, self._session.boxSize, self.goTo, self._menu,
                                  lambda: self.shownPlace)
        self.listed.pack(fill=tk.BOTH, expand=True)
        self.gallery = self.listed.gallery
        return frame

    def _bindKeys(self):
        self.keys = KeyTable(self, (
            Key(('Click',), 'choose a box'), *MOUSE, Key(('Right click',), 'all classes of a box'),
            Key(('Shift and drag',), 'draw round boxes to take them; in the gallery: Shift, Ctrl and a click, a band'),
            *(Key((key,), f'this is {name}', lambda name=name: self.correct(self._meant(), name))
              for name, key in self._keys.items() if key),
            Key(('x',), 'as decided: take the correction back', lambda: self.correct(self._meant(), None)),
            Key(('Control-z', 'u'), 'undo', self._undo),
            Key(('Control-Shift-z', 'Control-y'), 'redo', self._redo),
            Key(('Up', 'b'), 'previous micrograph', lambda: self._leaf(-1)),
            Key(('Down', 'n'), 'next micrograph', lambda: self._leaf(1)),
            Key(('Left',), 'previous box of the gallery', lambda: walk([self.gallery], -1)),
            Key(('Right',), 'next box of the gallery', lambda: walk([self.gallery], 1)),
            *([Key(('m',), 'show or hide what counted as junk', self._toggleJunk)] if self._session.junkOn else []),
            Key(('f',), 'the whole micrograph', self.canvas.fit)), NOTES)
        self.bind('<FocusIn>', lambda event: event.widget is self and self._reloadCorrections())
        self.bind('<Destroy>', lambda event: event.widget is self and self._forgetLater())

    # ------------------------------ showing ------------------------------

    def refresh(self):
        """Show the decision and the corrections; the table and the gallery follow when nothing more comes."""
        model = self._model
        self._counts = model.counts()
        self._showBoxes()
        if model.hasScores:
            self.histogram.show(model.keptOfScored(), model.rule.minimum)
            self.expected.configure(text='\n'.join(model.expected()))
            if self.picker is not None:
                self.picker.refresh()
        self._showLegend()
        corrected = len(model.corrected)
        self._retrain.configure(text=f'Retrain ({corrected} corrected)' if corrected else 'Retrain')
        self._after(TABLE_MS, self._refreshTable)
        self._after(GALLERY_MS, self.listed.refresh)

    def decide(self, mode, wanted):
        """Keep by another rule; where that cannot be, tell why and leave all as it is."""
        try:
            self._model.setRule(mode, wanted)
        except InputError as error:
            self._warn(str(error))
        else:
            self._tell(self._session.note)
            self.refresh()
            # After the table has the new counts; corrections leave the order alone, in which the user leafs on.
            self._after(TABLE_MS, self.table.resort)
        self._decision.show(self._model.rule.mode, self._model.rule.wanted)

    def _showLegend(self):
        self.legend.setLines(self._model.shownKinds())
        self.legend.show(self._countsOn(self._place), self._counts.sum(axis=0).tolist())

    def _pictureLegend(self):
        """What is on the micrograph that is seen: (text and how many, colour)."""
        return [(f'{kind.text}: {count}', kind.colour) for kind, count, shown in zip(
            self._model.kinds, self._countsOn(self.shownPlace), self.legend.shown) if count and shown.get()]

    def _countsOn(self, place):
        return [0] * len(self._model.kinds) if place is None else self._counts[place].tolist()

    def _showMicrograph(self, place):
        self._place = place
        self._showLegend()
        self._reader.request(self._model.micrographs[place].path, self._imageCame)

    def _imageCame(self, image):
        following = self.table.neighbour(1)
        if following is not None:
            self._reader.readAhead(self._model.micrographs[following].path)
        self._hovered, self._marked = None, None
        self._describe()
        target, self._target = self._target, None
        if not isinstance(image, ImageData):
            self.shownPlace = None
            self.canvas.showMessage(image)
            return
        self.canvas.setBoxes({})
        self.shownPlace = self._place
        self.canvas.showImage(image)
        self._showBoxes()
        self.listed.micrographChanged()
        if target is not None and self._model.placeOf(target) == self.shownPlace:      # nobody has leafed on since
            self.goTo(target)

    def _makeGrey(self, data, clipped, period, inverted):
        """The micrograph in greys; where it is wanted, what counted as junk in the colours of its kinds."""
        grey = greyImage(data, clipped, period, inverted)
        kinds = self._session.junkOn(self._model.micrographs[self.shownPlace]) if self.junk.get() else None
        if kinds is None:
            return grey
        kinds = stretched(kinds, data.pixels.shape)
        return tinted(grey, kinds > 0, kinds, self._model.picks.classes)

    def _toggleJunk(self):
        self.junk.set(not self.junk.get())
        self.canvas.remake()

    def _showBoxes(self):
        """Show the boxes of the micrograph that is seen; only those that change are redrawn."""
        if self.shownPlace is None:
            return
        model = self._model
        rows = model.rowsOn(self.shownPlace)
        styles = [kind[1:] for kind in model.kinds]
        self.canvas.setBoxes({row: (x, y, *styles[outcome]) for row, x, y, outcome in zip(
            rows, model.picks.x[rows].tolist(), model.picks.y[rows].tolist(), model.outcomes[rows].tolist())})
        self.canvas.setThick(model.corrected)
        self._showOutcomes()

    def _showOutcomes(self):
        shown = [variable.get() for variable in self.legend.shown]
        self.canvas.setVisible(lambda row: shown[self._model.outcomes[row]])

    def _refreshTable(self):
        self.table.setCounts(self._counts)

    def goTo(self, row):
        """Show the micrograph of a pick, and emphasise the pick."""
        place = self._model.placeOf(row)
        if place == self.shownPlace:
            self._mark(row)
            self.canvas.centreOn(self._model.picks.x[row], self._model.picks.y[row],
                                 GO_TO_BOXES * self._session.boxSize)
        else:
            self._target = row
            self.table.select(place)

    # ------------------------------ picks ------------------------------

    def _clicked(self, x, y, row):
        self._mark(row)

    def _takeMany(self, rows):
        """Show the boxes that were drawn round in the gallery, all of them taken."""
        self.listed.showRows(rows)
        self._tell(f'{len(rows)} boxes are taken: press the key of their class.' if rows else
                   f'No box lies within the line. {self._session.note}')

    def _mark(self, row):
        self._marked = row
        self.canvas.mark(row)
        self._describe()

    def _hover(self, row):
        self._hovered = row
        self._describe()

    def _pointed(self):
        """Return the pick that is meant: the one under the pointer, or else the one that was clicked on."""
        return self._marked if self._hovered is None else self._hovered

    def _describe(self):
        row = self._pointed()
        self._info.configure(text=self._model.micrographs[self._place].name if row is None else
                             self._model.describe(row))

    def _meant(self):
        """Return the rows of the picks that a key means: those that are taken in the gallery, or else the pointed one.

        A box under the pointer goes before several others that were taken.
        """
        taken = self.gallery.taken
        if len(taken) > 1 and (self._hovered is None or self._hovered in taken):
            return taken
        row = self._pointed()
        return [] if row is None else [row]

    def _menu(self, row, event):
        if row is None or not self._canCorrect():
            return
        taken = self.gallery.taken
        rows = taken if row in taken else [row]
        menu = tk.Menu(self, tearoff=False)
        if len(rows) > 1:
            menu.add_command(label=f'{len(rows)} boxes:', state=tk.DISABLED)
        for name, key in self._keys.items():
            menu.add_command(label=f'{name} ({key})' if key else name,
                             command=lambda name=name: self.correct(rows, name))
        menu.add_command(label='as decided (x)', command=lambda: self.correct(rows, None))
        menu.tk_popup(event.x_root, event.y_root)

    # ------------------------------ corrections ------------------------------

    def correct(self, rows, name):
        """Give picks, by their rows, another class, or None: the one that they were decided to have.

        Where it is the one that was chosen in the gallery, the next one there comes.
        """
        if not rows or not self._canCorrect():
            return
        walks = rows == [self.gallery.chosen]
        self._changeCorrections(lambda: self._model.correctAll(rows, name))
        if walks and name is not None:
            walk([self.gallery], 1)
        elif len(rows) > 1:      # they are done with: a further key is of what is pointed at
            self.gallery.choose(None)

    def _undo(self):
        if self._canCorrect():
            self._changeCorrections(self._model.undo)

    def _redo(self):
        if self._canCorrect():
            self._changeCorrections(self._model.redo)

    def _canCorrect(self):
        if not self._model.canCorrect:
            self._tell(self._session.note)
        return self._model.canCorrect

    def _changeCorrections(self, change):
        try:
            change()
        except (InputError, OSError) as error:
            self._warn(f'Not saved: {error}')
            return
        self._tell(self._session.note)
        self.refresh()
        self._describe()

    def _reloadCorrections(self):
        """Another window on this run may have made some."""
        try:
            if self._model.reloadCorrections():
                self.refresh()
        except InputError as error:
            self._warn(str(error))

    # ------------------------------ buttons ------------------------------

    def _askAndSave(self, name, save):
        path = filedialog.asksaveasfilename(parent=self, defaultextension='.csv', initialfile=name,
                                            filetypes=[('CSV table', '*.csv')])
        if path:
            self._carryOut(lambda: save(path) or f'Saved: {path}')

    def _askAndCreate(self):
        rule, corrected = self._model.rule, len(self._model.corrected)
        if rule is AS_GIVEN:
            self._warn('Choose first what to keep by.')
            return
        kept, rejected = self._model.keptAndRejected()
        corrections = f', {corrected} of them as you corrected them' if corrected else ''
        if messagebox.askyesno('Create coordinates', f'Create a set of {kept:,} kept and one of {rejected:,} rejected '
                               f'picks (by {describe(rule.mode, rule.wanted)}{corrections}) as outputs of this run?',
                               parent=self):
            picks = self._model.picks
            given = {int(picks.ids[row]): name for row, name in self._model.corrected.items()}
            self._carryOut(lambda: self._session.createCoordinates(rule.mode, rule.wanted, given))

    def _askAndRetrain(self):
        try:
            question, start = self._session.planRetraining()
        except InputError as error:
            self._warn(str(error))
            return
        if messagebox.askyesno('Retrain with corrections', question, parent=self):
            self._carryOut(start)

    def _carryOut(self, action):
        """Show the line that an action returns, or the one that tells why it could not be done."""
        try:
            self._tell(action())
        except (InputError, OSError) as error:
            self._warn(str(error))

    # ------------------------------ utilities ------------------------------

    def _leaf(self, step):
        place = self.table.neighbour(step)
        if place is not None:
            self.table.select(place)

    def _tell(self, line):
        self._message.configure(text=line, foreground='black')

    def _warn(self, line):
        self._message.configure(text=line, foreground=WARNING)

    def _forgetLater(self):
        for waiting in self._later.values():
            self.after_cancel(waiting)

    def _after(self, milliseconds, function):
        """Call a function after a while in which it is not asked for again."""
        if function in self._later:
            self.after_cancel(self._later[function])
        self._later[function] = self.after(milliseconds, function)
