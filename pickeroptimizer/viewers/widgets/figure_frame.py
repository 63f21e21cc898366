"""Plots in a window of ours."""
import tkinter as tk
from tkinter import ttk

from matplotlib.backends.backend_tkagg import FigureCanvasTkAgg
from matplotlib.figure import Figure


class FigureFrame(ttk.Frame):
    """A frame with a matplotlib figure, and a line of widgets above it in `tools`. It goes with its window."""

    def __init__(self, master):
        super().__init__(master)
        self.tools = ttk.Frame(self)
        self.tools.pack(fill=tk.X)
        self.figure = Figure(figsize=(6, 4), layout='constrained')      # no pyplot, which would keep it
        self._canvas = FigureCanvasTkAgg(self.figure, master=self)
        self._canvas.get_tk_widget().pack(fill=tk.BOTH, expand=True)

    def redraw(self, draw, columns=1):
        """Clear the figure and call `draw` with so many axes side by side."""
        self.figure.clear()
        draw(*self.figure.subplots(1, columns, squeeze=False)[0])
        self._canvas.draw_idle()
