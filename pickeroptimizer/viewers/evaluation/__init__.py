"""The window of an evaluation: how well the training does with so many labels."""
