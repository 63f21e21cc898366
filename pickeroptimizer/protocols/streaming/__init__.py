"""Pruning picks while they are still being picked: what comes in, the worker that scores it, the outputs that grow."""
