"""`worker finetune`: learn from labelled boxes."""
import argparse
from pathlib import Path

from ..exchange import tables
from .arguments import (
    add_device,
    add_labels,
    add_recipe,
    add_report,
    box_angstrom_of,
    folds,
    log,
    make_recipe,
    write_report,
)

HELP = 'learn from labelled boxes, write one model file'


def add_arguments(command: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    add_labels(command)
    command.add_argument('--output', type=Path, required=True, help='model file to write (.safetensors)')
    command.add_argument('--folds', type=folds, default=5, help='of the cross-validation; 0: none (%(default)s)')
    add_report(command)
    add_recipe(command)
    add_device(command)


def run(options: argparse.Namespace) -> None:
    """Train, and write the model and the report."""
    micrographs = tables.read_micrographs(options.micrographs)
    labels = tables.read_labels(options.labels)
    box_angstrom = box_angstrom_of(options, micrographs)
    from ..training.finetune import finetune
    recipe = make_recipe(options)
    report = finetune(micrographs, labels, box_angstrom, options.output, recipe, options.architecture,
                      options.input_size, options.folds, options.seed, log)
    write_report(options, report)
