"""`python -m worker COMMAND ...`"""
import sys

from .cli import main

sys.exit(main())
