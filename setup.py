"""For tools that look for this file. Everything is said in pyproject.toml."""
from setuptools import setup

setup()
