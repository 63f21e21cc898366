"""The labels of a model in a list, those that the others contradict first; they can be put right there."""
import tkinter as tk
from tkinter import messagebox, ttk

from ...comparison.names import shortened
from ...worker.exchange.errors import InputError
from ..palette import keys, styles
from ..widgets.canvas import MicrographCanvas
from ..widgets.display_controls import DisplayControls
from ..widgets.keys import Key
from ..widgets.look import buttonStyle
from ..widgets.micrographs import MicrographReader

LETTER = 8      # px of the screen, of a letter in a list
TAKEN_AWAY = 'no label'


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
        self._list.tag_configure('changed', background='#BFE3C0')
        names = dict(zip(labels.names, shortened(list(labels.names.values()))))
        for number, (place, name, probability) in enumerate(self._boxes):
            self._list.insert('', tk.END, iid=str(number),
                              values=(name, '' if probability is None else f'{probability:.3f}',
                                      names.get(place.micId, place.micId), f'{place.x:g}', f'{place.y:g}'))
        bar = ttk.Scrollbar(self, command=self._list.yview)
        self._list.configure(yscrollcommand=bar.set)
        right = ttk.Frame(self)
        right.pack(side=tk.RIGHT, fill=tk.BOTH, expand=True)
        bar.pack(side=tk.RIGHT, fill=tk.Y)
        self._list.pack(side=tk.RIGHT, fill=tk.Y)
        how = ('Put one right by the key of its class, or a right click; Delete takes it away. It is saved at once; '
               'the model stays as it is until you train again.' if labels.now is not None else
               'To put one right: "Show the labels" in the menu of the run, then "Label on in a new run".')
        ttk.Label(right, text='Probability: how likely the class is to a model trained without the box. Marked labels '
                              f'contradict the others: look again. {how}', wraplength=620).pack(fill=tk.X, padx=4)
        bottom = ttk.Frame(right)
        self._again = ttk.Button(bottom, command=self._trainAgain, takefocus=False, style=buttonStyle(self))
        self._line = ttk.Label(bottom, anchor=tk.W)
        if labels.now is not None:
            self._again.pack(side=tk.RIGHT, padx=4, pady=4)
            self._line.pack(fill=tk.X, padx=4)
            bottom.pack(side=tk.BOTTOM, fill=tk.X)
            self._list.bind('<Button-3>', self._menuOnList)
        self._canvas = MicrographCanvas(right, labels.boxSize, self._clicked,
                                        onMenu=lambda place, event: place and self._menu(place, event))
        DisplayControls(right, self._canvas, labels.pixelSize, labels.boxSize).pack(fill=tk.X)
        self._canvas.pack(fill=tk.BOTH, expand=True)
        self._list.bind('<<TreeviewSelect>>', lambda event: self._select())
        self._showChanges()
        if self._boxes:
            self._list.selection_set('0')

    def keys(self):
        """Return the keys of this tab, for the table of the window."""
        if self._data.now is None:
            return ()
        return (*(Key((key,), f'the chosen label is {name}', lambda name=name: self.relabel(name))
                  for name, key in keys(self._data.classes).items() if key),
                Key(('Delete',), 'take the chosen label away', lambda: self.relabel(None)),
                Key(('Control-z', 'u'), 'undo', lambda: self._turn(self._data.now.undo)),
                Key(('Control-Shift-z', 'Control-y'), 'redo', lambda: self._turn(self._data.now.redo)))

    def relabel(self, name):
        """Give the chosen label another class, or take it away (None); the next one comes."""
        if self._chosen is None or self._data.now is None or not self.winfo_ismapped():
            return
        chosen = self._chosen
        if self._saving(lambda: self._data.now.label(chosen, name)):
            following = self._places.index(chosen) + 1
            if following < len(self._places):
                self.choose(self._places[following])

    def _turn(self, change):
        places = []
        if self._saving(lambda: places.extend(change())) and places:
            self.choose(places[-1])

    def _saving(self, change):
        """Change labels; returns whether they are saved, and tells where they are not."""
        try:
            change()
        except (InputError, OSError) as error:
            messagebox.showerror('PickerOptimizer', f'This was not saved and does not count: {error}', parent=self)
            return False
        self._showChanges()
        return True

    def _showChanges(self):
        """Show the labels as they are now, in the list and on the micrograph."""
        for number, (place, name, probability) in enumerate(self._boxes):
            now = self._now(place, name)
            tags = ('changed',) if now != name else ('suspicious',) if self._isSuspicious(probability) else ()
            self._list.item(str(number), tags=tags)
            self._list.set(str(number), 'class', name if now == name else f'{now or TAKEN_AWAY}, was {name}')
        changed = len(self._data.changed())
        self._again.configure(text=f'Train again with {changed} put right' if changed else 'Train again',
                              state=tk.NORMAL if changed else tk.DISABLED)
        if self._chosen is not None:
            self._drawBoxes()

    def _now(self, place, name):
        return name if self._data.now is None else self._data.now.classOf(place)

    def _menuOnList(self, event):
        number = self._list.identify_row(event.y)
        if number:
            self._list.selection_set(number)
            self._menu(self._places[int(number)], event)

    def _menu(self, place, event):
        if self._data.now is None:
            return
        self.choose(place)
        self._chosen = place
        menu = tk.Menu(self, tearoff=False)
        for name, key in keys(self._data.classes).items():
            menu.add_command(label=f'{name} ({key})' if key else name, command=lambda name=name: self.relabel(name))
        menu.add_command(label='Take the label away (Delete)', command=lambda: self.relabel(None))
        menu.tk_popup(event.x_root, event.y_root)

    def _trainAgain(self):
        try:
            self._line.configure(text=self._data.trainAgain())
        except InputError as error:
            messagebox.showerror('PickerOptimizer', str(error), parent=self)

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
        self._drawBoxes()
        self._canvas.centreOn(self._chosen.x, self._chosen.y)

    def _drawBoxes(self):
        there = {place: self._now(place, name) for place, name, _ in self._boxes if place.micId == self._chosen.micId}
        self._canvas.setBoxes({place: (place.x, place.y, *self._styles[name]) for place, name in there.items()
                               if name is not None})
        self._canvas.mark(self._chosen)
