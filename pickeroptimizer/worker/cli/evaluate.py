"""`worker evaluate`: measure a recipe on a fully labelled data set."""
import argparse
from pathlib import Path

from ..exchange import tables
from .arguments import add_device, add_labels, add_recipe, box_angstrom_of, folds, log, make_recipe, whole

HELP = 'measure a recipe on a fully labelled data set'


def add_arguments(command: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    add_labels(command)
    command.add_argument('--output', type=Path, required=True, help='results to write (JSON); continued if there')
    command.add_argument('--shots', type=whole(1), nargs='+', default=[10, 20, 30], help='boxes a class (10 20 30)')
    command.add_argument('--draws', type=whole(1), default=10, help='random draws for each (%(default)s)')
    command.add_argument('--folds', type=folds, default=0,
                         help='of the cross-validation that calibrates each fit; 0: no calibration (%(default)s)')
    command.add_argument('--split', choices=('micrograph', 'random'), default='micrograph',
                         help='keep micrographs apart, or boxes only, as the paper (%(default)s)')
    command.add_argument('--parallel', type=whole(0), default=0, metavar='N',
                         help='fits at a time; 0: one for each CPU thread, one on a GPU (%(default)s)')
    command.add_argument('--plot', type=Path, metavar='PNG', help='picture to write: F1 against shots, confusion, '
                                                                  'figures by class')
    add_recipe(command)
    add_device(command)


def run(options: argparse.Namespace) -> None:
    """Evaluate, write the results and print them as tables."""
    micrographs = tables.read_micrographs(options.micrographs)
    labels = tables.read_labels(options.labels)
    box_angstrom = box_angstrom_of(options, micrographs)
    import torch

    from ..boxes.labelled import crop_labels
    from ..training.evaluate import evaluate, markdown
    recipe = make_recipe(options)
    boxes = crop_labels(micrographs, labels, box_angstrom, options.input_size, recipe.fields, recipe.margin)
    parallel = options.parallel or (torch.get_num_threads() if recipe.device.torch_device.type == 'cpu' else 1)
    report = evaluate(boxes, recipe, options.shots, options.draws, options.split, options.folds,
                      options.seed, options.output, log, parallel)
    log(markdown(report['summary']))
    if options.plot:
        from ..exchange.plots import save_sheet
        save_sheet(options.plot, {recipe.name: report})
