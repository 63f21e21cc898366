"""The window of a run that masks micrographs."""
