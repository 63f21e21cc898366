"""Boxes: cropping, labelled ones, categories (those of many data sets), and augmentation."""
