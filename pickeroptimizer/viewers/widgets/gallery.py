"""A scrolling gallery of small pictures of boxes, each with a caption and a frame in a colour."""
import tkinter as tk
from tkinter import ttk

from PIL import Image, ImageTk

from .colours import DARK, LIGHT
from .enlarged import Enlarged
from .screen import px
from .thumbnails import ACROSS, THUMBNAIL_SIDE

GAP, FRAME, CAPTION = 6, 3, 16      # px
CHOSEN = '#FFFFFF'                  # around the boxes that are taken
BAND_PX = 4                         # that the pointer has to move before it draws a band
EMPTY = '#505050'                   # in the place of a thumbnail


class Gallery(ttk.Frame):
    """Thumbnails in as many columns as fit; it scrolls by its bar and by the wheel.

    Each shows ACROSS boxes across with the box drawn, and is seen larger under the pointer. A click chooses one; Ctrl
    and a click take another one, too, Shift and a click all up to it, and a band drawn with the mouse all that it
    touches. onClick(key): after a left click on one alone, or after the keys have walked there. onMenu(key, event):
    after a right click, which takes what it is on if that was not taken. chosen: key of the box that was chosen last;
    taken: the keys of those that are taken, that one among them, in the order of the gallery.
    """

    def __init__(self, master, onClick=None, onMenu=None, side=THUMBNAIL_SIDE, columns=3):
        super().__init__(master)
        self._onClick, self._onMenu = onClick, onMenu
        self._gap, self._frame, self._caption, self._side = (px(self, one) for one in (GAP, FRAME, CAPTION, side))
        self._canvas = tk.Canvas(self, background=DARK, highlightthickness=0,
                                 width=columns * self._across() + self._gap, height=self._down() + self._gap)
        bar = ttk.Scrollbar(self, command=self._canvas.yview)
        self._canvas.configure(yscrollcommand=bar.set, yscrollincrement=self._down() // 2)
        bar.pack(side=tk.RIGHT, fill=tk.Y)
        self._canvas.pack(side=tk.LEFT, fill=tk.BOTH, expand=True)
        self._items = {}             # {key: (thumbnail or None, caption, colour)}
        self._photos = {}            # {key: PhotoImage}: Tk shows only pictures that somebody holds
        self._message = ''
        self.chosen = None
        self._taken = set()
        self._band = None            # (x, y, whether it is seen) of a band that begins there, px of the canvas
        self._enlarged = Enlarged(self._canvas)
        self._canvas.bind('<Configure>', lambda event: self._arrange())
        self._canvas.bind('<Button-1>', self._pressed)
        self._canvas.bind('<B1-Motion>', self._drawBand)
        self._canvas.bind('<ButtonRelease-1>', self._released)
        self._canvas.bind('<Control-Button-1>', lambda event: self._with(event, self._toggle))
        self._canvas.bind('<Shift-Button-1>', lambda event: self._with(event, self._takeUpTo))
        self._canvas.bind('<Button-3>', lambda event: self._with(event, lambda key: self._menuOn(key, event)))
        self._canvas.bind('<Motion>', self._pointed)
        self._canvas.bind('<Leave>', lambda event: self._enlarged.hide())
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
        self._taken &= self._items.keys()
        self._enlarged.hide()
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
        self.take(() if key is None else (key,))
        if key is None:
            return
        row, rows = list(self._items).index(key) // self._columns(), -(-len(self._items) // self._columns())
        first, last = self._canvas.yview()
        if not first <= row / rows or not (row + 1) / rows <= last:
            self._canvas.yview_moveto(row / rows)
        if self._onClick is not None:
            self._onClick(key)

    @property
    def taken(self):
        return [key for key in self._items if key in self._taken]

    def setSide(self, side):
        """Show the thumbnails with this side, px of a screen of 96 dpi."""
        self._side = px(self, side)
        self._photos.clear()
        self._canvas.configure(yscrollincrement=self._down() // 2)
        self._arrange()

    def take(self, keys):
        """Take these boxes and no others; `onClick` is not told."""
        self._taken = set(keys)
        self._frameTaken()

    def _toggle(self, key):
        self.chosen = key
        self.take(self._taken ^ {key})

    def _takeUpTo(self, key):
        keys = list(self._items)
        first, last = sorted((keys.index(self.chosen if self.chosen in self._items else key), keys.index(key)))
        self.take(keys[first:last + 1])

    def _menuOn(self, key, event):
        if key not in self._taken:
            self.choose(key)
        if self._onMenu is not None:
            self._onMenu(key, event)

    def _frameTaken(self):
        self._canvas.delete('chosen')
        for number, key in enumerate(self._items):
            if key in self._taken:
                x, y = self._corner(number)
                side = self._side + 2 * self._frame
                self._canvas.create_rectangle(x - 2, y - 2, x + side + 1, y + side + 1, outline=CHOSEN, width=2,
                                              tags='chosen')

    def keys(self):
        """Return the keys of the boxes, in their order."""
        return list(self._items)

    def _scroll(self, notches):
        self._canvas.yview_scroll(notches, tk.UNITS)

    def _across(self):
        return self._side + 2 * self._frame + self._gap

    def _down(self):
        return self._side + 2 * self._frame + self._caption + self._gap

    def _columns(self):
        return max(1, (self._canvas.winfo_width() - self._gap) // self._across())

    def _corner(self, number):
        row, column = divmod(number, self._columns())
        return self._gap + column * self._across(), self._gap + row * self._down()

    def _arrange(self):
        canvas = self._canvas
        canvas.delete(tk.ALL)
        if not self._items:
            canvas.create_text(self._gap, self._gap, anchor=tk.NW, text=self._message, fill=LIGHT,
                               width=max(50, canvas.winfo_width() - 2 * self._gap))
        for number, key in enumerate(self._items):
            self._drawItem(number, key)
        self._frameTaken()
        rows = -(-len(self._items) // self._columns())
        canvas.configure(scrollregion=(0, 0, 1, max(rows * self._down() + self._gap, canvas.winfo_height())))

    def _drawItem(self, number, key):
        thumbnail, caption, colour = self._items[key]
        x, y = self._corner(number)
        tag = f'at{number}'
        canvas, frame = self._canvas, self._frame
        canvas.delete(tag)
        inner = frame + self._side
        canvas.create_rectangle(x + 1, y + 1, x + inner + frame - 1, y + inner + frame - 1, outline=colour, width=frame,
                                fill=EMPTY, tags=tag)
        if thumbnail is not None:
            photo = self._photos.get(key)
            if photo is None or photo.array is not thumbnail:
                photo = self._photos[key] = _Photo(thumbnail, self._side, canvas)
            canvas.create_image(x + frame, y + frame, anchor=tk.NW, image=photo.photo, tags=tag)
            margin = frame + self._side * (1 - 1 / ACROSS) / 2
            canvas.create_rectangle(x + margin, y + margin, x + margin + self._side / ACROSS,
                                    y + margin + self._side / ACROSS, outline=colour, tags=tag)
        canvas.create_text(x + frame + self._side / 2, y + inner + frame + 1, anchor=tk.N, text=caption, fill=LIGHT,
                           font='TkSmallCaptionFont', tags=tag)

    # ------------------------------ mouse ------------------------------

    def _at(self, event):
        """The key of the thumbnail at the pointer, None if there is none."""
        x, y = self._canvas.canvasx(event.x) - self._gap, self._canvas.canvasy(event.y) - self._gap
        column, row = int(x // self._across()), int(y // self._down())
        number = row * self._columns() + column
        inside = 0 <= column < self._columns() and row >= 0 and number < len(self._items)
        return list(self._items)[number] if inside else None

    def _with(self, event, action):
        key = self._at(event)
        if key is not None:
            action(key)

    def _pressed(self, event):
        self._band = self._canvas.canvasx(event.x), self._canvas.canvasy(event.y), False

    def _drawBand(self, event):
        if self._band is None:
            return
        (left, top, seen), x, y = self._band, self._canvas.canvasx(event.x), self._canvas.canvasy(event.y)
        if not seen and max(abs(x - left), abs(y - top)) < BAND_PX:
            return
        self._enlarged.hide()
        self._band = left, top, True
        self._canvas.delete('band')
        self._canvas.create_rectangle(left, top, x, y, outline=CHOSEN, dash=(3, 3), tags='band')
        (left, right), (top, bottom) = sorted((left, x)), sorted((top, y))
        side = self._side + 2 * self._frame
        corners = {key: self._corner(number) for number, key in enumerate(self._items)}
        self.take(key for key, (px, py) in corners.items()
                   if px <= right and px + side >= left and py <= bottom and py + side >= top)

    def _released(self, event):
        band, self._band = self._band, None
        self._canvas.delete('band')
        if band is not None and not band[2]:
            self._with(event, self.choose)

    def _pointed(self, event):
        key = self._at(event)
        thumbnail = None if key is None else self._items[key][0]
        self._enlarged.show(key, thumbnail, event)


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
