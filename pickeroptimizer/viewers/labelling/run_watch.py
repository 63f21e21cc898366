"""Watches the run that a window has taken on, until it has ended."""

LOOK_MS = 1000


class RunWatch:
    """Asks for the RunState again and again, in the main loop, and tells it; it ends with the widget.

    state(): a RunState (see model.py). onState(state): called with each, the last time with one that is over.
    """

    def __init__(self, widget, state, onState):
        self._widget, self._state, self._onState = widget, state, onState
        self._look()

    def _look(self):
        if not self._widget.winfo_exists():
            return
        state = self._state()
        self._onState(state)
        if not state.isOver:
            self._widget.after(LOOK_MS, self._look)
