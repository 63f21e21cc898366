"""The window of a comparison: micrographs side by side, curves, who kept what, disagreements, tables."""
