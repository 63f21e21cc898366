"""Boxes: cut out of micrographs (cropping), labelled ones (labelled), of many data sets (categories), turned
(augmentation)."""
