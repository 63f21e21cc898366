"""`worker simulate`: make micrographs with picks whose true class is known."""
import argparse
from pathlib import Path

from .arguments import log, positive, whole

HELP = 'make micrographs with picks whose true class is known'


def add_arguments(command: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    command.add_argument('--output', type=Path, required=True, help='folder to write')
    command.add_argument('--micrographs', type=whole(1), default=10, help='how many (%(default)s)')
    command.add_argument('--size', type=whole(64), default=1024, help='of a micrograph in px (%(default)s)')
    command.add_argument('--pixel-size', type=positive, help='Å/px (default: drawn with the seed)')
    command.add_argument('--box-angstrom', type=positive, help='Å (default: drawn with the seed)')
    command.add_argument('--empty', type=whole(0), default=0,
                         help='boxes with nothing in them among the picks of a micrograph (%(default)s)')
    command.add_argument('--seed', type=whole(0), default=0, help='(%(default)s)')


def run(options: argparse.Namespace) -> None:
    """Simulate a data set into a folder."""
    from ..simulation.dataset import simulate
    simulate(options.output, options.micrographs, options.size, options.pixel_size, options.box_angstrom,
             seed=options.seed, progress=lambda done, total: log(f'{done} of {total} micrographs'), empty=options.empty)
    box = (options.output / 'box_angstrom.txt').read_text(encoding='utf-8').strip()
    log(f'{options.output}: micrographs.csv, coordinates.csv and their truth, labels.csv; the boxes are {box} Å wide '
        f'(--box-angstrom {box})')
