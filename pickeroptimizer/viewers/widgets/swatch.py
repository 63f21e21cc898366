"""A small sample of how boxes look, for legends and buttons."""
import tkinter as tk

from .colours import MIDDLE

SIDE, LINE = 14, 3      # px of the screen


class Swatch(tk.Canvas):
    """colour, dash: as palette.Style has them. Whole lines fill the sample, for a colour is best seen so."""

    def __init__(self, master, colour, dash=()):
        super().__init__(master, width=SIDE, height=SIDE, highlightthickness=0, background=MIDDLE)
        self.create_rectangle(1, 1, SIDE - 2, SIDE - 2, outline=colour, width=LINE, dash=dash,
                              fill='' if dash else colour)
