"""Tests for `scipion3 tests --grep pickeroptimizer`: whether the plugin does its work where it is installed.

They are thin on purpose, and run without a display. The others, of each part and of what may go wrong, are in the
folder tests of the checkout (`make test`).
"""
