"""A small sample of how boxes look, for legends and buttons."""
import tkinter as tk

from .colours import MIDDLE
from .screen import px

SIDE, LINE = 14, 3      # px of the screen


class Swatch(tk.Canvas):
    """colour, dash: as palette.Style has them. Whole lines fill the sample, for a colour is best seen so."""

    def __init__(self, master, colour, dash=()):
        side, line = px(master, SIDE), px(master, LINE)
        super().__init__(master, width=side, height=side, highlightthickness=0, background=MIDDLE)
        self.create_rectangle(1, 1, side - 2, side - 2, outline=colour, width=line, dash=dash,
                              fill='' if dash else colour)
