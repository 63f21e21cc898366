"""A thumbnail seen larger beside the pointer, after it has rested there for a moment."""
import tkinter as tk

from PIL import Image, ImageDraw, ImageTk

from .colours import LIGHT
from .screen import px
from .thumbnails import ACROSS

REST_MS = 350
SIDE = 288           # px of the screen
AWAY = 24            # px from the pointer


class Enlarged:
    """The larger picture for the thumbnails of one widget."""

    def __init__(self, widget):
        self._widget = widget
        self._key = self._window = self._waiting = None
        widget.bind('<Destroy>', lambda event: self.hide(), add='+')

    def show(self, key, thumbnail, event):
        """The pointer is on a thumbnail, by its key and its array (rows, columns) of uint8; or on none, None and None.
        """
        if key == self._key:
            return
        self.hide()
        if thumbnail is not None:
            self._key = key
            self._waiting = self._widget.after(REST_MS, lambda: self._open(thumbnail, event.x_root, event.y_root))

    def hide(self):
        """Show nothing."""
        if self._waiting is not None:
            self._widget.after_cancel(self._waiting)
        if self._window is not None:
            self._window.destroy()
        self._key = self._window = self._waiting = None

    def _open(self, thumbnail, x, y):
        self._waiting = None
        side = px(self._widget, SIDE)
        image = Image.fromarray(thumbnail).resize((side, side), Image.BICUBIC).convert('RGB')
        margin = side * (1 - 1 / ACROSS) / 2
        ImageDraw.Draw(image).rectangle((margin, margin, side - margin, side - margin), outline=LIGHT)
        self._window = tk.Toplevel(self._widget)
        self._window.overrideredirect(True)
        self._window.photo = ImageTk.PhotoImage(image, master=self._widget)      # Tk shows only what somebody holds
        tk.Label(self._window, image=self._window.photo, borderwidth=2, relief=tk.SOLID).pack()
        # Beside the pointer, never under it, or it would leave the thumbnail.
        right = x + AWAY + side <= self._widget.winfo_screenwidth()
        down = min(y, self._widget.winfo_screenheight() - side - AWAY)
        self._window.geometry(f'+{x + AWAY if right else x - AWAY - side}+{max(down, 0)}')
