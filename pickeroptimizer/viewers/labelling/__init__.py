"""The window of labelling: boxes are given classes, by hand or as suggested."""
