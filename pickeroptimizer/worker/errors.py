"""The one kind of error that a user can mend: a single line that names the file or value and the way out."""


class InputError(Exception):
    """Wrong input. Its message is one line, written for the user, and is all that the user gets to see."""
