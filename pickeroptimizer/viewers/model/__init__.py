"""The window of a model: what it is, what it was trained with, and how well it did."""
