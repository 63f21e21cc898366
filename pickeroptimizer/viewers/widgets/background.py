"""Work in a thread beside the Tk main loop. Tk itself is called from the main loop alone."""
import tkinter as tk
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

POLL_MS = 15


class Background:
    """One thread that does a window's slow work; it ends with the widget.

    What a call returns is handed to a callback in the main loop. A call must handle the exceptions that can be
    expected; any other one is raised in the main loop, where Tk reports it.
    """

    def __init__(self, widget):
        self._widget = widget
        self._executor = ThreadPoolExecutor(max_workers=1)
        self._open = []          # (future, callback)
        self._poll = None        # Tk's id of the next look at them
        widget.bind('<Destroy>', self._stop, add='+')

    def submit(self, callback, function, *arguments):
        """Call `function(*arguments)` in the thread, then `callback(result)` in the main loop; return the Future."""
        future = self._executor.submit(function, *arguments)
        self._open.append((future, callback))
        if self._poll is None:
            self._poll = self._widget.after(POLL_MS, self._deliver)
        return future

    def cancel(self):
        """Forget the calls that have not begun."""
        self._open = [(future, callback) for future, callback in self._open if not future.cancel()]

    def _deliver(self):
        done = [(future, callback) for future, callback in self._open if future.done()]
        self._open = [entry for entry in self._open if entry not in done]
        self._poll = self._widget.after(POLL_MS, self._deliver) if self._open else None
        for future, callback in done:
            if not future.cancelled():
                callback(future.result())

    def _stop(self, event):
        if event.widget is not self._widget:      # the children of a window tell it of their end too
            return
        self._executor.shutdown(wait=False, cancel_futures=True)
        if self._poll is not None:
            with suppress(tk.TclError):           # the interpreter is going down as well
                self._widget.after_cancel(self._poll)
            self._poll = None
