"""Stands in for a module of the binaries of Xmipp that its Python code imports; see xmipp_base.py."""
