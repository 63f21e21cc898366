"""The window in which boxes are labelled: micrographs, the one looked at with its picks, the labelled boxes."""
import tkinter as tk
from tkinter import messagebox, ttk

import numpy as np

from ...worker.exchange.classes import PARTICLE
from ...worker.exchange.errors import InputError
from ..palette import Style, keys, styles
from ..widgets.canvas import MicrographCanvas
from ..widgets.display_controls import DisplayControls
from ..widgets.keys import Key, KeyTable
from ..widgets.micrographs import MicrographReader
from ..widgets.picture_canvas import MOUSE
from ..widgets.save_menu import SaveMenu
from ..widgets.toplevel import LEAST, openSized
from .bars import BottomBar, TopBar
from .model import Place, canTrain, doubts, missingText, sharesText, wantedClasses
from .panels import LabelGalleries, LabelledMicrographs
from .run_watch import RunWatch

UNLABELLED, SUGGESTED = Style('#E0E0E0'), Style('#F0E442')
GUESSED = (3, 3)               # the line of a pick whose class is a guess
CLOSE_UP = 70                  # px of the screen: a suggested box is shown at least so big
HINT_BY_HAND = 'Click on boxes, or anywhere, to label them with the chosen class; a second click takes the label away.'
QUESTION = ('What is in the marked box? Press the key of its class (see the buttons); s: pass over it; '
            'Esc: label by hand.')
TRAINING = 'The run trains with these labels. This window may be closed: the training goes on.'
KEEPS = ('Broken lines: what the model says of the picks that were looked at. "Prune all" begins a run that prunes all '
         'picks with it. "Label on in a new run" goes on from these labels.')
OUTSIDE = ('This place is in the blank or repeated border of the micrograph, where nothing can be learnt: it was not '
           'labelled. "Prune" rejects picks there in any case.')
HINT_SUGGESTIONS = 'Press s to be led to boxes that are worth a label. '


class LabellingWindow(tk.Toplevel):
    """Labels boxes of a Session (see model.py). Every label is saved when it is given."""

    def __init__(self, master, session):
        super().__init__(master)
        self.title(session.title)
        openSized(self, *LEAST)
        self._session = session
        self._paths = {micrograph.id: micrograph.path for micrograph in session.micrographs}
        self._names = {micrograph.id: micrograph.name for micrograph in session.micrographs}
        self._reader = MicrographReader(self)
        self._micId = None            # of the micrograph that is asked for, and
        self._image = None            # its ImageData, once it is shown
        self._picks = frozenset()     # Places of its picks
        self._target = None           # Place to go to when it is shown
        self._marked = None           # Place that was gone to
        self._suggested = None        # the same, if it was suggested
        self._hovered = None          # Place under the pointer
        self._alone = False           # whether the marked box alone is drawn
        self._lassoed = []            # Places that were drawn round
        self._guessed = {}            # {Place: class} as picks look by the labels so far, or as the model has them
        self._styles, self._keys = styles(session.classes), keys(session.classes)
        self._class = tk.StringVar(self, PARTICLE)
        self._top, bottom = self._makeTop(), self._makeBottom()
        self._wanted, self._previewing = self._top.wanted, self._top.previewing
        self._missing, self._status, self._train = bottom.missing, bottom.status, bottom.train
        self._offerLabelOn = bottom.offerLabelOn
        self._top.pack(side=tk.TOP, fill=tk.X, padx=4, pady=4)
        bottom.pack(side=tk.BOTTOM, fill=tk.X, padx=4, pady=4)
        self._makeMiddle().pack(fill=tk.BOTH, expand=True, padx=4)
        SaveMenu(bottom.more, self._canvas, self._pictureLegend).pack()
        self._bindKeys()
        for micId in {place.micId for place in session.labels.places()} & self._paths.keys():
            self._list.setCounts(micId, session.labels.counts(micId))
        self._refresh()
        self._tell(session.readOnly or session.withoutSuggestions or HINT_SUGGESTIONS + HINT_BY_HAND)
        self.showMicrograph(self._list.following(None))

    # ------------------------------ widgets ------------------------------

    def _makeTop(self):
        return TopBar(self, self._session, self._class, self._refresh, self._guess, (
            ('Suggest a box (s)', self.suggest, True, True), ('Undo (u)', self.undo, False, True),
            ('Redo (Ctrl+Y)', self.redo, False, True), ('Next micrograph (n)', self.nextMicrograph, False, False)))

    def _makeMiddle(self):
        session = self._session
        panes = ttk.PanedWindow(self, orient=tk.HORIZONTAL)
        self._list = LabelledMicrographs(panes, session.micrographs, session.classes, self.showMicrograph)
        middle = ttk.Frame(panes)
        self._canvas = MicrographCanvas(middle, session.boxSize, self._clicked, self._hover, self._menuOn,
                                       onLasso=self._takeMany)
        DisplayControls(middle, self._canvas, session.pixelSize, session.boxSize).pack(fill=tk.X)
        self._canvas.pack(fill=tk.BOTH, expand=True)
        self._galleries = LabelGalleries(panes, session.classes, self._paths, session.boxSize, self.goTo, self._menuOn)
        panes.add(self._list, weight=0)
        panes.add(middle, weight=1)
        panes.add(self._galleries, weight=0)
        return panes

    def _makeBottom(self):
        return BottomBar(self, self._session, self.train, self.destroy, lambda: self.keys.toggle(), self._labelOn)

    def _bindKeys(self):
        self.keys = KeyTable(self, (
            Key(('Click',), 'label a box or a place with the chosen class; again: take the label away'), *MOUSE,
            Key(('Right click',), 'all classes of a box'),
            Key(('Shift and drag',), 'draw round boxes: a key is of all of them'),
            Key(('Shift or Ctrl and a click, a band',), 'in a gallery: several boxes; a key is of all of them'),
            *(Key((key,), f'this is {name}', lambda name=name: self._classKey(name))
              for name, key in self._keys.items() if key),
            Key(('s',), 'suggest a box, or pass over the suggested one', self.suggest),
            Key(('Escape',), 'label by hand again; take no boxes', self._byHand),
            Key(('h',), 'hide or show all boxes but the marked one', self._hideOthers),
            Key(('w',), 'show what it would keep, by the labels so far', self._top.preview.invoke),
            Key(('Control-z', 'u'), 'undo', self.undo),
            Key(('Control-Shift-z', 'Control-y'), 'redo', self.redo),
            Key(('Up', 'b'), 'previous micrograph', lambda: self._leaf(-1)),
            Key(('Down',), 'next micrograph', lambda: self._leaf(1)),
            Key(('n',), 'next micrograph with picks', self.nextMicrograph),
            Key(('Left',), 'previous labelled box', lambda: self._galleries.walk(-1)),
            Key(('Right',), 'next labelled box', lambda: self._galleries.walk(1)),
            Key(('f',), 'the whole micrograph', self._canvas.fit)))

    # ------------------------------ what the user does ------------------------------

    def showMicrograph(self, micId, target=None):
        """Show a micrograph; `target`: a Place on it to go to."""
        if target is None and micId == self._micId:
            return
        if target != self._suggested:
            self._setSuggested(None)
        same = micId == self._micId and self._image is not None
        self._micId, self._target = micId, target
        if same:
            self._goToTarget()
            return
        self._image = None
        self._takeMany([])
        self.title(f'{self._session.title} - {self._names[micId]}')
        self._list.select(micId)
        self._reader.request(self._paths[micId], self._show)

    def goTo(self, place):
        """Show a place on its micrograph, and mark it."""
        if place.micId in self._paths:
            self.showMicrograph(place.micId, place)

    def nextMicrograph(self):
        """Show the next micrograph that has picks."""
        self.showMicrograph(self._list.following(self._micId))

    def _leaf(self, step):
        self.showMicrograph(self._list.leaf(self._micId, step))

    def suggest(self):
        """Go to the box that is best labelled next; one that is marked already is passed over."""
        suggestions = self._session.suggestions
        if suggestions is None or self._session.readOnly:
            return
        if self._suggested is not None and self._session.labels.classOf(self._suggested) is None:
            suggestions.skip(self._suggested)
        self._setSuggested(suggestions.next(self._session.labels, self._wanted.get()))
        if self._suggested is None:
            self._mark(None)
            lacking = suggestions.givenUp(self._session.labels, self._wanted.get())
            self._tell(f'No more {" and ".join(lacking)} is found: label it by hand, or train with what there is.'
                       if lacking else 'There is nothing left to suggest.')
            return
        self._tell(QUESTION)
        self.goTo(self._suggested)

    def undo(self):
        """Take back the last label that was given, moved or taken away in this window."""
        self._turn(self._session.labels.undo, 'Nothing to undo.')

    def redo(self):
        """Make the last change again that was taken back."""
        self._turn(self._session.labels.redo, 'Nothing to redo.')

    def _turn(self, change, nothing):
        if self._session.readOnly:
            return
        places = self._saving(change)
        if not places:
            if places is not None:
                self._tell(nothing)
            return
        *others, place = places
        self._changed(*places)
        if self._suggested is not None and self._session.labels.classOf(place) is None:
            self._setSuggested(place)      # a slip of the finger: the same question again
            self._tell(QUESTION)
        elif others:
            self._tell(f'{len(places)} boxes are as they were.')
        else:
            self._describe(place)
        self.goTo(place)

    def label(self, place, name):
        """Give a place a class, or take its label away (None); a suggestion is followed by the next."""
        if self._session.readOnly:
            return
        if name is not None and self._isOutside(place):
            self._tell(OUTSIDE)
            return
        isRandom = place == self._suggested and self._session.suggestions.isRandom(place)
        if not self._saving(lambda: self._session.labels.label(place, name, isRandom)):
            return
        self._changed(place)
        if place == self._suggested:
            self.suggest()
        else:
            self._describe(place)

    def _isOutside(self, place):
        """Whether a place on the micrograph that is seen shows nothing of it."""
        borders = self._image.borders if self._image is not None and place.micId == self._micId else None
        return borders is not None and bool(borders.hold(np.array([[place.x, place.y]]), self._session.boxSize)[0])

    def labelAll(self, places, name):
        """Give places a class, or take their labels away (None), in one step."""
        if self._session.readOnly:
            return
        inside = [place for place in places if name is None or not self._isOutside(place)]
        changed = self._saving(lambda: self._session.labels.labelAll(inside, name))
        if changed is not None:
            self._changed(*changed)
            left = f' {len(places) - len(inside)} in the border are not.' if len(inside) < len(places) else ''
            self._tell(f'{len(inside)} boxes: {name or "not labelled"}.{left}')

    def train(self):
        """Take the run on, and watch it; before, tell of classes that the training will know little of."""
        found = doubts(self._session.labels, len(self._paths))
        if found:
            answer = messagebox.askyesnocancel('PickerOptimizer', '\n'.join(doubt.text for doubt in found) + (
                '\n\nLook at a box that would mend this? No: train all the same.'), parent=self)
            if answer:
                self._mend(found[0])
            if answer is not False:
                return
        try:
            self._session.train()
        except InputError as error:
            messagebox.showerror('PickerOptimizer', str(error), parent=self)
        else:
            self._watch()

    def _watch(self):
        """Show how the training goes, and then what the model keeps; the labels stay as they are from now on."""
        self._leaveSuggestion()
        self._session.readOnly = TRAINING
        self._top.disable()
        self._train.configure(state=tk.DISABLED)
        self._tell(TRAINING)
        RunWatch(self, self._session.state, self._showState)

    def _showState(self, state):
        self._missing.configure(text=state.text)
        if not state.isOver:
            return
        if state.judged is not None:
            self._guessed = state.judged
            self._drawAll()
        self._tell(KEEPS if state.judged else '')
        if state.isTrained:
            self._train.configure(text='Prune all', command=self._pruneAll, state=tk.NORMAL)
            if self._session.labelOn:
                self._offerLabelOn()

    def _pruneAll(self):
        try:
            line = self._session.pruneAll()
        except InputError as error:
            messagebox.showerror('PickerOptimizer', str(error), parent=self)
            return
        self._train.configure(state=tk.DISABLED)
        self._tell(line)

    def _guess(self):
        """Learn anew from the labels so far, and show what that would keep, if that is wanted."""
        self._guessed = self._session.suggestions.preview(self._session.labels) if self._previewing.get() else {}
        self._drawAll()
        self._refresh()

    def _mend(self, doubt):
        suggestions = self._session.suggestions
        place = None if suggestions is None else suggestions.mending(self._session.labels, doubt)
        if place is None:
            self._tell(f'No box is found that may be {doubt.name}' +
                       (f' beside {self._names.get(doubt.micId)}' if doubt.micId is not None else '') +
                       ': label one by hand, or train all the same.')
            return
        self._setSuggested(place)
        self._tell(QUESTION)
        self.goTo(place)

    def _labelOn(self):
        messagebox.showinfo('PickerOptimizer', self._session.labelOn(), parent=self)
        self.destroy()

    def _byHand(self):
        self._takeMany([])
        self._leaveSuggestion()

    def _leaveSuggestion(self):
        self._setSuggested(None)
        self._mark(None)
        self._tell(HINT_BY_HAND)

    def _classKey(self, name):
        """Choose a class, and label with it what was suggested, what is under the pointer, or what was gone to."""
        if self._session.readOnly:
            return
        self._class.set(name)
        taken = self._several()
        if taken and self._suggested is None and (self._hovered is None or self._hovered in taken):
            self.labelAll(taken, name)
            self._takeMany([])
            return
        place = self._suggested or self._hovered or self._marked
        if place is not None and self._image is not None:
            self.label(place, name)

    def _clicked(self, x, y, place):
        self._takeMany([])
        rows, columns = self._image.shape if self._image else (0, 0)
        if place is None and 0 <= x < columns and 0 <= y < rows:
            place = Place(self._micId, round(x), round(y))
        if place is not None:
            name = self._class.get()
            self.label(place, None if self._session.labels.classOf(place) == name else name)

    def _takeMany(self, places):
        """Take the boxes that were drawn round, in the place of those before; they are drawn with thick lines."""
        if self._session.readOnly or places == self._lassoed:
            return
        self._lassoed = places
        self._canvas.setThick(places)
        if places:
            self._leaveSuggestion()
            self._tell(f'{len(places)} boxes are taken: press the key of their class.')

    def _several(self):
        """Return the Places that a key is of together: those drawn round, or else several of the galleries; or []."""
        taken = self._galleries.taken()
        return self._lassoed or (taken if len(taken) > 1 else [])

    def _hover(self, place):
        self._hovered = place
        if place is not None and self._suggested is None:
            self._describe(place)

    def _describe(self, place):
        name = self._session.labels.classOf(place) or 'not labelled'
        question = f'. {QUESTION}' if self._suggested is not None else ''
        where = self._names.get(place.micId, 'a lost micrograph')
        self._tell(f'({place.x:g}, {place.y:g}) of {where}: {name}{question}')

    def _menuOn(self, place, event):
        if place is None or self._session.readOnly:
            return
        taken = self._several()
        if place in taken:
            these, away, known = f'These {len(taken)} are', f'Take {len(taken)} labels away', None
        else:
            these, away, known = 'This is', 'Take the label away', self._session.labels.classOf(place)
        menu = tk.Menu(self, tearoff=False)

        def give(name):
            return self.labelAll(taken, name) if place in taken else self.label(place, name)
        for name in self._session.classes:
            if name != known:
                menu.add_command(label=f'{these} {name}', command=lambda name=name: give(name))
        if known or place in taken:
            menu.add_command(label=away, command=lambda: give(None))
        menu.tk_popup(event.x_root, event.y_root)

    # ------------------------------ what is shown ------------------------------

    def _mark(self, place):
        self._marked = place
        self._canvas.mark(place)
        if self._alone:
            self._canvas.setVisible({place})

    def _hideOthers(self):
        """On a crowded micrograph the lines of other boxes run through the one that is asked about."""
        self._alone = not self._alone
        self._canvas.setVisible({self._marked} if self._alone else lambda place: True)

    def _setSuggested(self, place):
        before, self._suggested = self._suggested, place
        for other in (before, place):
            if other in self._picks:
                self._draw(other)

    def _show(self, image):
        """Show what was read: an ImageData, or the line that says why it cannot be."""
        if isinstance(image, str):
            self._picks = frozenset()
            self._canvas.showMessage(f'This micrograph cannot be shown.\n\n{image}')
            self._tell(image)
            if self._session.suggestions:
                self._session.suggestions.skipMicrograph(self._micId)
            self._suggested = self._marked = None
            return
        self._image = image
        self._picks = frozenset(self._session.picksOn(self._micId))
        labelled = [place for place in self._session.labels.places() if place.micId == self._micId]
        self._hovered = None
        self._canvas.showImage(image)
        self._canvas.setBoxes({place: (place.x, place.y, *self._style(place))      # the labelled ones above the others
                               for place in (*self._picks.difference(labelled), *labelled)})
        self._goToTarget()
        self._readAhead()

    def _goToTarget(self):
        target, self._target = self._target, None
        self._mark(target)
        if target is None:
            return
        if target == self._suggested:
            side = self._session.boxSize * self._canvas.scale
            if side < CLOSE_UP:
                self._canvas.zoom(CLOSE_UP / side)
        self._canvas.centreOn(target.x, target.y)

    def _readAhead(self):
        following = self._list.following(self._micId)
        if self._suggested is not None:
            after = self._session.suggestions.next(self._session.labels, self._wanted.get(), self._suggested)
            following = after.micId if after else following
        self._reader.readAhead(self._paths[following])

    def _saving(self, change):
        """Return the Places that a change of the labels changes; None, told, if it cannot be saved and does not count.
        """
        try:
            return change()
        except (InputError, OSError) as error:
            messagebox.showerror('PickerOptimizer', f'The label was not saved and does not count: {error}', parent=self)
            return None

    def _changed(self, *places):
        """Show places as they are labelled now."""
        for place in places:
            if place.micId == self._micId and self._image is not None:
                if place in self._picks or self._session.labels.classOf(place):
                    self._draw(place)
                else:
                    self._canvas.removeBox(place)
        for micId in {place.micId for place in places} & self._paths.keys():
            self._list.setCounts(micId, self._session.labels.counts(micId))
        if self._previewing.get():
            self._guess()
        else:
            self._refresh()

    def _refresh(self):
        counts, wanted = self._session.labels.counts(), self._wanted.get()
        self._top.classes.show(counts, dict.fromkeys(wantedClasses(counts), wanted))
        self._galleries.show(self._session.labels.places())
        if self._session.readOnly:
            return
        self._missing.configure(text=f'{missingText(counts, wanted)} {sharesText(self._guessed)}')
        self._train.configure(state=tk.NORMAL if canTrain(self._session.labels, self._session.known) else tk.DISABLED)

    def _draw(self, place):
        self._canvas.setBox(place, place.x, place.y, *self._style(place))

    def _pictureLegend(self):
        """The labels of the micrograph that is seen: (text and how many, colour)."""
        counts = self._session.labels.counts(self._micId)
        return [(f'{name}: {count}', self._styles[name].colour) for name, count in counts.items()]

    def _drawAll(self):
        """Draw all picks of the micrograph as they are now."""
        if self._image is not None:
            for place in self._picks:
                self._draw(place)

    def _style(self, place):
        label = self._session.labels.classOf(place)
        if label in self._styles:
            return self._styles[label]
        if place == self._suggested:
            return SUGGESTED
        guessed = self._styles.get(self._guessed.get(place))
        return UNLABELLED if guessed is None else guessed._replace(dash=GUESSED)

    def _tell(self, line):
        self._status.configure(text=line)
