"""A scrolling gallery of small pictures of boxes, each with a caption and a frame in a colour."""
import tkinter as tk
from tkinter import ttk

from PIL import Image, ImageTk

from .colours import DARK, LIGHT
from .thumbnails import THUMBNAIL_SIDE

GAP, FRAME, CAPTION = 6, 3, 16      # px
CHOSEN = '#FFFFFF'                  # around the box that was chosen last
EMPTY = '#505050'                   # in the place of a thumbnail


class Gallery(ttk.Frame):
    """Thumbnails in as many columns as fit; it scrolls by its bar and by the wheel.

    onClick(key): after a left click on one, or after the keys have walked there. onMenu(key, event): after a right
    click.
    """

    def __init__(self, master, onClick=None, onMenu=None, side=THUMBNAIL_SIDE, columns=3):
        super().__init__(master)
        self._onClick, self._onMenu = onClick, onMenu
        self._side = side
        self._canvas = tk.Canvas(self, background=DARK, highlightthickness=0,
                                 width=columns * self._across() + GAP, height=self._down() + GAP)
        bar = ttk.Scrollbar(self, command=self._canvas.yview)
        self._canvas.configure(yscrollcommand=bar.set, yscrollincrement=self._down() // 2)
        bar.pack(side=tk.RIGHT, fill=tk.Y)
        self._canvas.pack(side=tk.LEFT, fill=tk.BOTH, expand=True)
        self._items = {}             # {key: (thumbnail or None, caption, colour)}
        self._photos = {}            # {key: PhotoImage}: Tk shows only pictures that somebody holds
        self._message = ''
        self.chosen = None           # key of the box that was chosen last
        self._canvas.bind('<Configure>', lambda event: self._arrange())
        self._canvas.bind('<Button-1>', lambda event: self._at(event, self.choose))
        self._canvas.bind('<Button-3>', lambda event: self._at(event, self._onMenu and
                                                               (lambda key: self._onMenu(key, event))))
        self._canvas.bind('<Button-4>', lambda event: self._scroll(-1))
        self._canvas.bind('<Button-5>', lambda event: self._scroll(1))
        self._canvas.bind('<MouseWheel>', lambda event: self._scroll(-1 if event.delta > 0 else 1))

    def setItems(self, items, message=''):
        """Show these (key, thumbnail, caption, colour), from the top; `message` is shown where there are none.

        thumbnail: array (rows, columns) of uint8, or None for an empty frame, as long as it is not there.
        """
        self._items = {key: (thumbnail, caption, colour) for key, thumbnail, caption, colour in items}
        self._photos = {key: self._photos[key] for key, (thumbnail, _, _) in self._items.items()
                        if key in self._photos and self._photos[key].array is thumbnail}
        self._message = message
        self._canvas.yview_moveto(0)
        self._arrange()

    def setItem(self, key, thumbnail, caption, colour):
        """Add a box at the end, or change the one with this key: nothing else is redrawn."""
        new = key not in self._items
        self._items[key] = thumbnail, caption, colour
        if new:
            self._arrange()
        else:
            self._drawItem(list(self._items).index(key), key)

    def recolour(self, key, colour):
        """Change the colour of a frame."""
        thumbnail, caption, before = self._items[key]
        if colour != before:
            self.setItem(key, thumbnail, caption, colour)

    def setThumbnail(self, key, thumbnail):
        """Put a picture into the frame of a box, if it is still there."""
        if key in self._items:
            self.setItem(key, thumbnail, *self._items[key][1:])

    def choose(self, key):
        """Choose a box as a click does; None: none, of which `onClick` is not told."""
        self.chosen = key
        self._canvas.delete('chosen')
        if key is None:
            return
        self._frameChosen()
        row, rows = list(self._items).index(key) // self._columns(), -(-len(self._items) // self._columns())
        first, last = self._canvas.yview()
        if not first <= row / rows or not (row + 1) / rows <= last:
            self._canvas.yview_moveto(row / rows)
        if self._onClick is not None:
            self._onClick(key)

    def _frameChosen(self):
        if self.chosen in self._items:
            x, y = self._corner(list(self._items).index(self.chosen))
            side = self._side + 2 * FRAME
            self._canvas.create_rectangle(x - 2, y - 2, x + side + 1, y + side + 1, outline=CHOSEN, width=2,
                                          tags='chosen')

    def keys(self):
        """Return the keys of the boxes, in their order."""
        return list(self._items)

    def _scroll(self, notches):
        self._canvas.yview_scroll(notches, tk.UNITS)

    def _across(self):
        return self._side + 2 * FRAME + GAP

    def _down(self):
        return self._side + 2 * FRAME + CAPTION + GAP

    def _columns(self):
        return max(1, (self._canvas.winfo_width() - GAP) // self._across())

    def _corner(self, number):
        row, column = divmod(number, self._columns())
        return GAP + column * self._across(), GAP + row * self._down()

    def _arrange(self):
        canvas = self._canvas
        canvas.delete(tk.ALL)
        if not self._items:
            canvas.create_text(GAP, GAP, anchor=tk.NW, text=self._message, fill=LIGHT,
                               width=max(50, canvas.winfo_width() - 2 * GAP))
        for number, key in enumerate(self._items):
            self._drawItem(number, key)
        self._frameChosen()
        rows = -(-len(self._items) // self._columns())
        canvas.configure(scrollregion=(0, 0, 1, max(rows * self._down() + GAP, canvas.winfo_height())))

    def _drawItem(self, number, key):
        thumbnail, caption, colour = self._items[key]
        x, y = self._corner(number)
        tag = f'at{number}'
        canvas = self._canvas
        canvas.delete(tag)
        inner = FRAME + self._side
        canvas.create_rectangle(x + 1, y + 1, x + inner + FRAME - 1, y + inner + FRAME - 1, outline=colour, width=FRAME,
                                fill=EMPTY, tags=tag)
        if thumbnail is not None:
            photo = self._photos.get(key)
            if photo is None or photo.array is not thumbnail:
                photo = self._photos[key] = _Photo(thumbnail, self._side, canvas)
            canvas.create_image(x + FRAME, y + FRAME, anchor=tk.NW, image=photo.photo, tags=tag)
        canvas.create_text(x + FRAME + self._side / 2, y + inner + FRAME + 1, anchor=tk.N, text=caption, fill=LIGHT,
                           font='TkSmallCaptionFont', tags=tag)

    def _at(self, event, action):
        x, y = self._canvas.canvasx(event.x) - GAP, self._canvas.canvasy(event.y) - GAP
        column, row = int(x // self._across()), int(y // self._down())
        number = row * self._columns() + column
        if action is not None and 0 <= column < self._columns() and row >= 0 and number < len(self._items):
            action(list(self._items)[number])


class _Photo:
    """A thumbnail as Tk's picture, together with the array that it was made of."""

    def __init__(self, array, side, master):
        self.array = array
        image = Image.fromarray(array)
        self.photo = ImageTk.PhotoImage(image if image.size == (side, side) else image.resize((side, side)),
                                        master=master)


def walk(galleries, step):
    """Choose the box so many places after the chosen one, in galleries one after another; the first where none is."""
    places = [(gallery, key) for gallery in galleries for key in gallery.keys()]      # noqa: SIM118 (no dict)
    if not places:
        return
    now = next((number for number, (gallery, key) in enumerate(places) if gallery.chosen == key), None)
    number = 0 if now is None else min(max(now + step, 0), len(places) - 1)
    for gallery in galleries:
        if gallery is not places[number][0]:
            gallery.choose(None)
    places[number][0].choose(places[number][1])
