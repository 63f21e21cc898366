"""A frame that is as high as it is given room, or as it must be, and then scrolls."""
import tkinter as tk
from tkinter import ttk


class Scrolled(ttk.Frame):
    """Its content goes into `inner`, a frame; the bar is there where it needs more height than there is."""

    def __init__(self, master):
        super().__init__(master)
        self._canvas = tk.Canvas(self, highlightthickness=0, height=1, width=1)
        self._bar = ttk.Scrollbar(self, command=self._canvas.yview)
        self._canvas.configure(yscrollcommand=self._bar.set)
        self._canvas.grid(row=0, column=0, sticky=tk.NSEW)
        self.rowconfigure(0, weight=1)
        self.columnconfigure(0, weight=1)
        self.inner = ttk.Frame(self._canvas)
        self._window = self._canvas.create_window(0, 0, anchor=tk.NW, window=self.inner)
        self._canvas.bind('<Configure>', lambda event: self._fit())
        self.inner.bind('<Configure>', lambda event: self._fit())

    def _fit(self):
        """Give the inner frame the room that there is, or the height that it must have."""
        wanted, height = self.inner.winfo_reqheight(), self._canvas.winfo_height()
        self._canvas.configure(width=self.inner.winfo_reqwidth(), scrollregion=(0, 0, 1, max(wanted, height)))
        self._canvas.itemconfigure(self._window, width=self._canvas.winfo_width(), height=max(wanted, height))
        if wanted > height:
            self._bar.grid(row=0, column=1, sticky=tk.NS)
        else:
            self._bar.grid_remove()
