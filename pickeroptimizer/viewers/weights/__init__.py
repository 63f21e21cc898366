"""The window of a pretraining: its curve, and what it learnt from."""
