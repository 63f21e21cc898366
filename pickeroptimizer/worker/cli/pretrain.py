"""`worker pretrain`: train the feature extractor on categories."""
import argparse
from dataclasses import asdict, replace
from pathlib import Path

from .arguments import ARCHITECTURES, RECIPES, add_device, add_report, log, positive, whole, write_report

HELP = 'train the feature extractor on categories, and what knows their classes without labels'
UNFINISHED = '.unfinished'      # is added to the name of the output, for the file in which a stopped run goes on


def add_arguments(command: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    command.add_argument('--categories', type=Path, nargs='+', required=True, help='files made by categories')
    command.add_argument('--leave-out', nargs='+', default=[], metavar='NAME', help='data sets that it must not see')
    command.add_argument('--output', type=Path, required=True, help='weights to write (.safetensors)')
    command.add_argument('--init', default='imagenet', help='as of finetune (%(default)s)')
    command.add_argument('--architecture', choices=ARCHITECTURES, default='resnet18')
    command.add_argument('--recipe', choices=RECIPES, default='default', help='(%(default)s)')
    command.add_argument('--epochs', type=whole(0), help='(12; paper: 200); 0: learn what knows the classes alone')
    command.add_argument('--learning-rate', type=positive, help='(0.02; paper: 0.1)')
    command.add_argument('--batch-size', type=whole(2), help='(128; paper: 256)')
    add_report(command)
    add_device(command)


def run(options: argparse.Namespace) -> None:
    """Train, and write the weights; the report grows with every epoch."""
    from ..boxes.categories import join, read_categories
    from ..network.device import choose_device
    from ..network.initial_weights import initial_extractor
    from ..training.general import save_pretrained
    from ..training.pretrain import RECIPES as PRETRAINING
    from ..training.pretrain import pretrain
    given = {key: value for key in ('epochs', 'learning_rate', 'batch_size')
             if (value := getattr(options, key)) is not None}
    recipe = replace(PRETRAINING[options.recipe], **given)
    device = choose_device(options.device, options.threads)
    log(f'device: {device.name}')
    joined = join([read_categories(path) for path in options.categories]).without(options.leave_out)
    log(f'pretraining on {joined.summary()}')
    extractor = initial_extractor(options.init, options.architecture)
    facts = {'init': options.init, 'recipe': options.recipe, **asdict(recipe), 'seed': options.seed,
             'device': device.name, 'data_sets': joined.counts(), 'left_out': options.leave_out}
    unfinished = options.output.with_name(options.output.name + UNFINISHED)
    if recipe.epochs:
        pretrain(joined, extractor, recipe, device, options.seed, log,
                 lambda curve: write_report(options, {**facts, **curve}), unfinished)
    save_pretrained(options.output, options.architecture, joined, extractor, device, options.seed, log)
