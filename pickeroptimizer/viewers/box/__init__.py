"""The window in which the size of the box is chosen."""
