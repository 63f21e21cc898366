"""The errors that are told in a single line, which names the file or value and the way out."""


class InputError(Exception):
    """Wrong input. Its message is one line, written for the user, and is all that the user gets to see."""


class DeviceError(Exception):
    """A GPU that fails, or is too small. The run stops; the next one goes on where it was. A message in one line."""


class FeederGone(Exception):
    """Whoever fed a followed run is gone: the run stops, its scores wait for the next one. A message in one line."""
