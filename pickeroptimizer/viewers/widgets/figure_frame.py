"""Plots in a window of ours."""
import tkinter as tk
from tkinter import ttk

import numpy as np
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
        self.widget = self._canvas.get_tk_widget()      # a tk.Canvas: what is put on it lies above the figure
        self.widget.pack(fill=tk.BOTH, expand=True)

    def redraw(self, draw, columns=1, rows=1):
        """Clear the figure and call `draw` with so many axes side by side, line by line."""
        self.figure.clear()
        draw(*self.figure.subplots(rows, columns, squeeze=False).ravel())
        self._canvas.draw_idle()

    def toWidget(self, axes, x, y):
        """Return the px of the widget, arrays (x, y), at which points are, arrays of data coordinates of some axes."""
        across, up = axes.transData.transform(np.column_stack([x, y])).T / self._canvas.device_pixel_ratio
        return across, self.widget.winfo_height() - up

    def fromWidget(self, axes, px, py):
        """Return the point, in data coordinates of some axes, at px of the widget."""
        ratio = self._canvas.device_pixel_ratio
        return axes.transData.inverted().transform((px * ratio, (self.widget.winfo_height() - py) * ratio))
