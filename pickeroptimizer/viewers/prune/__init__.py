"""The window of what was kept and rejected."""
