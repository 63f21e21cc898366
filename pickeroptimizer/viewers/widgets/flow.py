"""A frame whose children stand in equal columns, as many as fit, and in as many lines as they need."""
import tkinter as tk
from tkinter import ttk

GAP = 4      # px between columns


class Flow(ttk.Frame):
    """Its children are placed by `arrange`, once they are made, and again whenever the frame is another width."""

    def __init__(self, master):
        super().__init__(master)
        self._columns = None

    def arrange(self):
        """Place the children in their order, in one line as long as the width is not known."""
        self.update_idletasks()      # they tell how large they want to be
        self._place(len(self.winfo_children()))
        self.bind('<Configure>', lambda event: self._place(event.width // self._across()))

    def _across(self):
        return max(child.winfo_reqwidth() for child in self.winfo_children()) + GAP

    def _place(self, columns):
        columns = max(1, columns)
        if columns != self._columns:
            self._columns = columns
            for number, child in enumerate(self.winfo_children()):
                child.grid(row=number // columns, column=number % columns, sticky=tk.EW, padx=GAP // 2, pady=1)
