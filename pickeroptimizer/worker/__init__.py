"""The engine of PickerOptimizer: it imports no Scipion, and runs in an environment of its own."""
