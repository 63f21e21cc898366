"""Parts of windows that more than one of them has."""
