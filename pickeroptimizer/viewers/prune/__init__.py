"""The window of a pruning: its kept and rejected boxes, other cuts, corrections."""
