"""Run `python -m worker COMMAND ...`."""
import os
import sys

# Threads that wait for each other sleep instead of spinning. torch's OpenMP reads this when it is loaded. On a machine
# with other work to do, spinning made pruning eight times slower; on an idle one it made no difference.
os.environ.setdefault('OMP_WAIT_POLICY', 'PASSIVE')

from .cli import main

sys.exit(main())
