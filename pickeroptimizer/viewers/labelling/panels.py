"""The two sides of the labelling window: the list of micrographs, and the labelled boxes by class."""
import os
import tkinter as tk
from tkinter import ttk

from ...comparison.names import apart, in_the_middle, shortened
from ...worker.exchange.classes import PARTICLE
from ..palette import colours, keys
from ..widgets.gallery import Gallery, walk
from ..widgets.look import listStyle
from ..widgets.screen import px
from ..widgets.scrolled import Scrolled
from ..widgets.thumbnails import ThumbnailReader
from ..widgets.tooltip import Tooltip

LABEL_SIDE = 64            # px of the screen, of a thumbnail
CAPTION_LETTERS = 9        # below one
PICKS = ' picks'           # a column that no class can have the name of
LABELS_SHOWN = 150         # of a class: no more are wanted than 30, but a set given as labels may hold many


class LabelledMicrographs(ttk.Frame):
    """Micrographs with the number of their picks and of their labels of each class; onSelect(micId).

    A kind of junk gets its column, headed by its key, with its first label.
    """

    def __init__(self, master, micrographs, classes, onSelect):
        super().__init__(master)
        self._onSelect = onSelect
        self._ids = [micrograph.id for micrograph in micrographs]
        self._withPicks = {micrograph.id for micrograph in micrographs if micrograph.picks}
        self._classes, self._used = classes, {PARTICLE}
        self._tree = ttk.Treeview(self, columns=(PICKS, *classes), selectmode='browse', style=listStyle(self))
        self._tree.heading('#0', text='Micrograph', anchor=tk.W)
        self._tree.column('#0', width=px(self, 140), minwidth=px(self, 60))
        for column, heading in ((PICKS, 'Picks'), *keys(classes).items()):
            self._tree.heading(column, text=heading, anchor=tk.E)
            self._tree.column(column, width=px(self, 48 if column == PICKS else 28), stretch=False,
                              anchor=tk.E)
        self._showUsed()
        self._names = {str(micrograph.id): micrograph.name for micrograph in micrographs}
        for micrograph, name in zip(micrographs, apart(shortened(list(self._names.values())))):
            self._tree.insert('', tk.END, iid=str(micrograph.id), text=name,
                              values=(micrograph.picks, *('' for _ in classes)))
        bar = ttk.Scrollbar(self, command=self._tree.yview)
        self._tree.configure(yscrollcommand=bar.set)
        bar.pack(side=tk.RIGHT, fill=tk.Y)
        self._tree.pack(side=tk.LEFT, fill=tk.BOTH, expand=True)
        self._tree.bind('<<TreeviewSelect>>', self._selected)
        self.tooltip = Tooltip(self._tree, self._fullName)

    def _fullName(self, event):
        line = self._tree.identify_row(event.y)
        return self._names[line] if line and self._tree.item(line, 'text') != self._names[line] else ''

    def _selected(self, event):
        for iid in self._tree.selection():
            self._onSelect(int(iid))

    def select(self, micId):
        """Select a micrograph; `onSelect` is called with it."""
        self._tree.selection_set(str(micId))
        self._tree.focus(str(micId))
        self._tree.see(str(micId))

    def setCounts(self, micId, counts):
        """Show the labels of a micrograph, {class: number}."""
        for name in self._classes:
            self._tree.set(str(micId), name, counts.get(name, ''))
        if not self._used.issuperset(counts):
            self._used.update(counts)
            self._showUsed()

    def _showUsed(self):
        self._tree.configure(displaycolumns=(PICKS, *(name for name in self._classes if name in self._used)))

    def leaf(self, micId, step):
        """Return the micrograph so many lines below one; the first or the last where the list ends."""
        return self._ids[min(max(self._ids.index(micId) + step, 0), len(self._ids) - 1)]

    def following(self, micId):
        """Return the next micrograph with picks, the first again after the last; the next one where none has any."""
        place = self._ids.index(micId) + 1 if micId in self._ids else 0
        others = self._ids[place:] + self._ids[:place]
        return next((other for other in others if other in self._withPicks), others[0])


class LabelGalleries(Scrolled):
    """The labelled boxes, a gallery for each class that has some.

    classes: their names. paths: {micId: path}; boxSize: px. onClick(place), onMenu(place, event): after a click, a
    right click on a box.
    """

    def __init__(self, master, classes, paths, boxSize, onClick, onMenu=None, columns=3):
        super().__init__(master)
        self._paths = paths
        stems = [os.path.splitext(os.path.basename(path))[0] for path in paths.values()]
        self._captions = {micId: in_the_middle(name, CAPTION_LETTERS) for micId, name in zip(paths, shortened(stems))}
        self._reader = ThumbnailReader(self, boxSize)
        self._thumbnails = {}      # {place: array, or None where the micrograph cannot be read}
        self._colours = colours(classes)
        self._titles, self._galleries = {}, {}
        self.inner.columnconfigure(0, weight=1)
        for number, name in enumerate(classes):
            self._titles[name] = ttk.Label(self.inner)
            self._titles[name].grid(row=2 * number, sticky=tk.EW, padx=2)
            self._galleries[name] = Gallery(self.inner, onClick, onMenu, LABEL_SIDE, columns)
            self._galleries[name].grid(row=2 * number + 1, sticky=tk.NSEW)
        # Their width is kept while there are no labels: a pane that is seen does not grow for what comes into it.
        self.update_idletasks()
        self.inner.columnconfigure(0, minsize=self.inner.winfo_reqwidth())
        self._fit()

    def taken(self):
        """Return the Places of the boxes that are taken."""
        return [place for gallery in self._galleries.values() for place in gallery.taken]

    def walk(self, step):
        """Choose the box so many places after the chosen one, as a click on it does."""
        walk(list(self._galleries.values()), step)

    def show(self, places):
        """Show {Place: class}, the latest first, with the micrograph's name, shortened, below each."""
        shown = []
        for name, gallery in self._galleries.items():
            mine = [place for place in reversed(list(places)) if places[place] == name]
            more = f' (here: the last {LABELS_SHOWN})' if len(mine) > LABELS_SHOWN else ''
            self._titles[name].configure(text=f'{name}: {len(mine)}{more}')
            gallery.setItems([(place, self._thumbnails.get(place), self._caption(place), self._colours[name])
                              for place in mine[:LABELS_SHOWN]])
            self._giveRoom(name, bool(mine))
            shown += mine[:LABELS_SHOWN]
        self._reader.request([(place, self._paths[place.micId], place.x, place.y) for place in shown
                              if place not in self._thumbnails and place.micId in self._paths], self._cut)

    def _giveRoom(self, name, wanted):
        """Let the gallery of a class have its share of the height, a row of boxes at least, or none."""
        for widget in (self._titles[name], self._galleries[name]):
            widget.grid() if wanted else widget.grid_remove()
        self.inner.rowconfigure(2 * list(self._galleries).index(name) + 1, weight=int(wanted),
                                uniform='galleries' if wanted else '')

    def _caption(self, place):
        return self._captions.get(place.micId, '')

    def _cut(self, place, thumbnail):
        self._thumbnails[place] = thumbnail
        for gallery in self._galleries.values():
            gallery.setThumbnail(place, thumbnail)
