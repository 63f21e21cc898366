"""What is too long for its place, told in whole beside the pointer."""
import tkinter as tk

REST_MS = 400
AWAY = 14             # px from the pointer
GROUND = '#FFFFE0'


class Tooltip:
    """textAt(event): what is told at a place of a widget after the pointer has rested there; '' for nothing."""

    def __init__(self, widget, textAt):
        self._widget, self._textAt = widget, textAt
        self._text, self._waiting, self.window = '', None, None
        widget.bind('<Motion>', self._pointed, add='+')
        for event in ('<Leave>', '<Button>', '<Destroy>'):
            widget.bind(event, lambda event: self._hide(), add='+')

    def _pointed(self, event):
        text = self._textAt(event)
        if text == self._text:
            return
        self._hide()
        if text:
            self._text = text
            self._waiting = self._widget.after(REST_MS, lambda: self._open(event.x_root, event.y_root))

    def _hide(self):
        if self._waiting is not None:
            self._widget.after_cancel(self._waiting)
        if self.window is not None:
            self.window.destroy()
        self._text, self._waiting, self.window = '', None, None

    def _open(self, x, y):
        self._waiting = None
        self.window = tk.Toplevel(self._widget)
        self.window.overrideredirect(True)
        label = tk.Label(self.window, text=self._text, background=GROUND, borderwidth=1, relief=tk.SOLID, padx=4,
                         pady=2, justify=tk.LEFT)
        label.pack()
        left = min(x + AWAY, self._widget.winfo_screenwidth() - label.winfo_reqwidth())
        top = min(y + AWAY, self._widget.winfo_screenheight() - label.winfo_reqheight())
        self.window.geometry(f'+{max(left, 0)}+{top}')
