"""A window of ours as what a Scipion viewer shows."""
import logging

from pyworkflow.viewer import View

from ...worker.exchange.errors import InputError
from .toplevel import openWindow

logger = logging.getLogger(__name__)


class WindowView(View):
    """Shows the window that `make(master)` makes; where none can be shown, `instead` says what to do."""

    def __init__(self, master, make, instead):
        self._master, self._make, self._instead = master, make, instead

    def show(self):
        """Open the window."""
        try:
            openWindow(self._master, self._make)
        except InputError as error:
            logger.error('%s %s', error, self._instead)
