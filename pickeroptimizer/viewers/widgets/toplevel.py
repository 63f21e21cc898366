"""Opening a window of our own: from Scipion's project window, or from a program that has none."""
import tkinter as tk

from ...worker.exchange.errors import InputError
from .screen import px

WIDTH, HEIGHT = 1270, 760          # px: with its frame it fits into 1280 x 800
LEAST = 1100, 680                  # of a window with a list, a micrograph and galleries beside each other


def openSized(window, leastWidth=1, leastHeight=1):
    """Give a window with micrographs its size, and the least size, px, at which nothing in it is cut off."""
    width, height = window.winfo_screenwidth() - 10, window.winfo_screenheight() - 40
    window.geometry(f'{min(px(window, WIDTH), width)}x{min(px(window, HEIGHT), height)}')
    window.minsize(min(px(window, leastWidth), width), min(px(window, leastHeight), height))


def openWindow(master, make):
    """Open `make(master)`, a tk.Toplevel or None, and return it.

    Without a `master` the root window that the program has is used; where it has none, this waits until the window is
    closed. Raises InputError where nothing can be displayed.
    """
    root = getattr(tk, '_default_root', None) if master is None else master
    if root is not None:
        return make(root)
    try:
        root = tk.Tk()
    except tk.TclError as error:
        raise InputError(f'No window can be opened here ({error}).') from None
    root.withdraw()
    try:
        window = make(root)
        if window is not None:
            window.wait_window()
        return window
    finally:
        root.destroy()
