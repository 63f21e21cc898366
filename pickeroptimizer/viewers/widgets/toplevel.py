"""Opening a window of our own: from Scipion's project window, or from a program that has none."""
import tkinter as tk

from ...worker.exchange.errors import InputError


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
