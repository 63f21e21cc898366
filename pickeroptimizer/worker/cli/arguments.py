"""Arguments that several commands have, and what is made of them."""
import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, Callable, Dict, List, Mapping, Optional

from ..exchange.errors import InputError
from ..exchange.files import replacing
from ..exchange.model_header import GENERAL, ModelHeader
from ..exchange.signals import ONE_FOLD
from ..exchange.tables import MicrographRow

if TYPE_CHECKING:
    from ..network.device import Device
    from ..training.recipes import Recipe

ARCHITECTURES = ('resnet18', 'resnet34', 'resnet50')
RECIPES = ('default', 'paper')


def whole(least: int) -> Callable[[str], int]:
    """Return the type of an argument that is a whole number, `least` or more."""
    def parse(text: str) -> int:
        value = int(text)
        if value < least:
            raise argparse.ArgumentTypeError(f'{value} is less than {least}')
        return value
    parse.__name__ = 'whole number'
    return parse


def folds(text: str) -> int:
    """Parse the number of folds of a cross-validation: 0 for none, or 2 and more."""
    value = whole(0)(text)
    if value == 1:
        raise argparse.ArgumentTypeError(ONE_FOLD)
    return value


def positive(text: str) -> float:
    """Parse an argument that is a finite number above 0."""
    value = float(text)
    if not 0 < value < float('inf'):
        raise argparse.ArgumentTypeError(f'{text} is no positive number')
    return value


def distance(text: str) -> float:
    """Parse an argument that is a finite number of Å, 0 or more."""
    value = float(text)
    if not 0 <= value < float('inf'):
        raise argparse.ArgumentTypeError(f'{text} is no distance in Å, a number from 0 on')
    return value


def row_range(text: str) -> range:
    """Parse FIRST:END, whole numbers."""
    first, _, end = text.partition(':')
    if not (first.isdecimal() and end.isdecimal() and int(first) < int(end)):
        raise argparse.ArgumentTypeError(f'{text}: give FIRST:END, two whole numbers, the first one less')
    return range(int(first), int(end))


def add_picks(command: argparse.ArgumentParser) -> None:
    """Add the tables of micrographs and of picks."""
    command.add_argument('--micrographs', type=Path, required=True, help='table mic_id,path,pixel_size')
    command.add_argument('--coordinates', type=Path, required=True, help='table coord_id,mic_id,x,y')


def add_labels(command: argparse.ArgumentParser) -> None:
    """Add the tables of micrographs and of labels, and the box."""
    command.add_argument('--micrographs', type=Path, required=True, help='table mic_id,path,pixel_size')
    command.add_argument('--labels', type=Path, required=True, help='table coord_id,mic_id,x,y,label')
    add_box(command)


def add_box(command: argparse.ArgumentParser, required: bool = True) -> None:
    """Add the width of the box, in px or in Å."""
    box = command.add_mutually_exclusive_group(required=required)
    box.add_argument('--box', type=positive, help='box width in px, where all micrographs have one pixel size')
    box.add_argument('--box-angstrom', type=positive, help='box width in Å')


def add_batch_size(command: argparse.ArgumentParser) -> None:
    """Add the number of boxes that a predictor works on at a time."""
    command.add_argument('--batch-size', type=whole(0), default=0,
                         help='boxes at a time; 0: as many as suit the device (%(default)s)')


def add_recipe(command: argparse.ArgumentParser) -> None:
    """Add how to train, see make_recipe."""
    command.add_argument('--recipe', choices=RECIPES, default='default',
                         help='default: frozen features and a linear classifier; paper: the published fine-tuning')
    command.add_argument('--init', default='default',
                         help='initial weights: default (shipped), imagenet, scratch, or a .safetensors file')
    command.add_argument('--architecture', choices=ARCHITECTURES, default='resnet18')
    command.add_argument('--input-size', type=int, choices=range(32, 257, 16), default=64, metavar='PX',
                         help='width of a box in the network, a multiple of 16 from 32 to 256 (%(default)s)')
    paper = command.add_argument_group('only for --recipe paper')
    paper.add_argument('--epochs', type=whole(1), default=30, help='(%(default)s)')
    paper.add_argument('--learning-rate', type=positive, default=0.01, help='(%(default)s)')
    paper.add_argument('--batch-size', type=whole(2), default=24, help='boxes at a time (%(default)s)')
    paper.add_argument('--loss-weights', type=positive, nargs='+', default=(0.5, 0.5), metavar='W',
                       help='one weight a branch, one to three of them (0.5 0.5)')


def add_report(command: argparse.ArgumentParser) -> None:
    """Add the file of the figures of the run, see write_report."""
    command.add_argument('--report', type=Path, help='JSON file to write, with the figures of the run')


def add_device(command: argparse.ArgumentParser, several: bool = False) -> None:
    """Add where to compute; `several`: the command can work on several devices at once. Includes `add_job`."""
    more = ', or several with commas; auto: all visible GPUs, or the CPU' if several else ''
    command.add_argument('--device', default='auto', help=f'auto, cpu, cuda or cuda:N{more} (%(default)s)')
    add_job(command)


def add_job(command: argparse.ArgumentParser) -> None:
    """Add what every command that works for a while has."""
    command.add_argument('--threads', type=whole(0), default=0, help='CPU threads; 0: all (%(default)s)')
    command.add_argument('--seed', type=whole(0), default=0, help='(%(default)s)')
    command.add_argument('--error-file', type=Path, help='where to repeat the line that tells what went wrong')


def chosen_devices(options: argparse.Namespace) -> 'List[Device]':
    """Return the devices of add_device, and name them in the log. Raises InputError for one that is not there."""
    from ..network.device import choose_devices
    devices = choose_devices(options.device, options.threads)
    for device in devices:
        log(f'device: {device.name}')
    return devices


def make_recipe(options: argparse.Namespace) -> 'Recipe':
    """Return the recipe of add_recipe, on the device of add_device. Raises InputError for what cannot be."""
    from ..network.device import choose_device
    from ..network.initial_weights import initial_extractor
    from ..training.prior import what_is_known
    from ..training.recipes import DefaultRecipe, PaperRecipe
    if len(options.loss_weights) > 3:
        raise InputError(f'--loss-weights: one to three branches, not {len(options.loss_weights)}.')
    device = choose_device(options.device, options.threads)
    log(f'device: {device.name}')
    extractor = initial_extractor(options.init, options.architecture)
    if options.recipe == 'default':
        return DefaultRecipe(extractor, device, what_is_known(options.init, options.architecture))
    return PaperRecipe(extractor, device, options.epochs, options.learning_rate, options.batch_size,
                       tuple(options.loss_weights), options.input_size)


def box_angstrom_of(options: argparse.Namespace, micrographs: Mapping[int, MicrographRow]) -> float:
    """Return the box of add_box in Å. Raises InputError for px where the micrographs differ in pixel size."""
    if options.box_angstrom:
        return options.box_angstrom
    pixel_sizes = {row.pixel_size for row in micrographs.values()}
    if len(pixel_sizes) > 1:
        raise InputError(f'--box: the micrographs have pixel sizes from {min(pixel_sizes):g} to '
                         f'{max(pixel_sizes):g} Å/px; give the box in Å with --box-angstrom.')
    return options.box * pixel_sizes.pop()


def general_box(options: argparse.Namespace, header: ModelHeader,
                micrographs: Mapping[int, MicrographRow]) -> Optional[float]:
    """Return the box of add_box that a general model is to have, Å; None for a model that has its own.

    Raises InputError where it is missing, or given though the model has its own.
    """
    if header['head'] != GENERAL:
        if options.box or options.box_angstrom:
            raise InputError(f'{options.model}: this model knows its box, {header["box_angstrom"]:g} Å; leave the box '
                             f'out.')
        return None
    if not (options.box or options.box_angstrom):
        raise InputError('a general model has to be told the box of the picks: give --box-angstrom or --box.')
    if options.box and getattr(options, 'follow', None):      # the table of micrographs may be empty yet
        raise InputError('--box: where the tables grow, give the box in Å with --box-angstrom.')
    return box_angstrom_of(options, micrographs)


def write_report(options: argparse.Namespace, report: Dict[str, Any]) -> None:
    """Write the report as JSON where add_report says, if it does."""
    if options.report:
        with replacing(options.report, encoding='utf-8') as stream:
            stream.write(json.dumps(report, indent=1) + '\n')


def log(line: str) -> None:
    """Print a line of progress at once."""
    print(line, flush=True)
