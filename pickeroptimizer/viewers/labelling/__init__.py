"""The window to label boxes in."""
