"""`worker categories`: collect boxes of many data sets for a pretraining."""
import argparse
from pathlib import Path

from ..exchange.errors import InputError
from .arguments import add_job, log, whole

HELP = 'collect boxes of many data sets for a pretraining'


def add_arguments(command: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    command.add_argument('--output', type=Path, required=True, help='file of categories to write (.safetensors)')
    command.add_argument('--data', type=Path, nargs='+', default=[], metavar='FOLDER',
                         help='data sets: folders with micrographs.csv, labels.csv and box_angstrom.txt')
    command.add_argument('--simulate', type=whole(0), default=0, metavar='N', help='experiments to simulate')
    command.add_argument('--most', type=whole(1), default=100, help='boxes of each category (%(default)s)')
    add_job(command)


def run(options: argparse.Namespace) -> None:
    """Collect and simulate the boxes, and write their file."""
    if not options.data and not options.simulate:
        raise InputError('nothing to collect: name data sets with --data, or simulate some with --simulate.')
    from ..boxes import categories
    parts = [categories.from_folders(options.data, options.most, options.seed, log)] if options.data else []
    if options.simulate:
        parts.append(categories.simulated(options.simulate, options.most, options.seed, log, options.threads))
    joined = categories.join(parts)
    categories.write_categories(options.output, joined)
    log(f'{options.output}: {joined.summary()}')
