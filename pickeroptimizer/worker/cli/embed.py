"""`worker embed`: describe picks by numbers."""
import argparse
from pathlib import Path

from .arguments import (
    add_batch_size,
    add_box,
    add_device,
    add_picks,
    add_report,
    box_angstrom_of,
    chosen_devices,
    log,
    whole,
    write_report,
)

HELP = 'describe picks by numbers, to suggest which to label'


def add_arguments(command: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    add_picks(command)
    add_box(command)
    command.add_argument('--output', type=Path, required=True, help='file of features to write (.npz)')
    command.add_argument('--most', type=whole(1), default=3000,
                         help='picks, on up to 50 micrographs from all over the data set (%(default)s)')
    add_batch_size(command)
    add_report(command)
    add_device(command, several=True)


def run(options: argparse.Namespace) -> None:
    """Describe the picks, and write the features and the report."""
    from ..inference.sources import WholeTables
    source = WholeTables(options.micrographs, options.coordinates)
    box_angstrom = box_angstrom_of(options, source.micrographs)
    from ..inference.embedding import embed
    from ..network.model_file import GENERAL_MODEL, load_model
    general, header = load_model(GENERAL_MODEL)
    report = embed(source, box_angstrom, options.output, general, header['classes'], chosen_devices(options),
                   options.most, options.batch_size, log)
    log(f'described {report["boxes"]} picks in {report["seconds"]:.1f} s; {len(report["failed_micrographs"])} '
        f'micrographs left out')
    write_report(options, report)
