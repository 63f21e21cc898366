"""Synthetic cryo-EM micrographs with the true class of every pick.

A simulated data set is one experiment: one molecule, one microscope, one kind of grid, one way of publishing
the images. `conditions` draws an experiment, `scene` images one micrograph of it, `picking` picks it as real
pickers do, `dataset` writes a data set to a folder, `categories` hands out labelled picks for pretraining.

Lengths are in Å unless a name or docstring says px; arrays are indexed [row, column] = [y, x]; all randomness
comes from the numpy Generators that are passed in.
"""
