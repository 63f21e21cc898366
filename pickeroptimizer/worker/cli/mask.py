"""`worker mask`: tell where the junk is on micrographs."""
import argparse
from pathlib import Path
from typing import Any, Dict

from ..exchange.errors import InputError
from ..exchange.model_header import GENERAL
from ..exchange.signals import AS_IS, INVERTED
from .arguments import (
    add_batch_size,
    add_box,
    add_device,
    add_report,
    chosen_devices,
    general_box,
    log,
    positive,
    whole,
    write_report,
)

HELP = 'tell where the junk is on micrographs: masks, 1 where it is bad and 0 where it is good'
AFTER_INTERRUPT = ': the same command goes on with the micrographs that have no mask yet'


def add_arguments(command: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    command.add_argument('--micrographs', type=Path, required=True, help='table mic_id,path,pixel_size')
    command.add_argument('--model', required=True, metavar='FILE',
                         help=f'model file made by finetune, which knows the box; or "{GENERAL}", which needs no '
                              f'labels, but the box')
    add_box(command, required=False)
    command.add_argument('--coordinates', type=Path,
                         help=f'table coord_id,mic_id,x,y of picks that "{GENERAL}" is fitted to (default: each place '
                              f'is judged by itself)')
    command.add_argument('--output', type=Path, required=True,
                         help='folder for the masks NAME_mask.mrc, the class probabilities NAME_classes.mrcs, and '
                              'masks.csv')
    command.add_argument('--step', type=positive, default=0.5, help='between places, in boxes (%(default)s)')
    command.add_argument('--binning', type=whole(1), default=1, metavar='N',
                         help='px of a micrograph for one of its mask; 1: a mask is as large as its micrograph '
                              '(%(default)s)')
    command.add_argument('--contrast', choices=(AS_IS, INVERTED), default=AS_IS, help='of micrographs (%(default)s)')
    add_batch_size(command)
    add_report(command)
    add_device(command, several=True)


def run(options: argparse.Namespace) -> None:
    """Write the masks, the table of them and the report."""
    from ..exchange.score_table import digest
    from ..exchange.tables import read_micrographs
    from ..inference.adaptation import adapt
    from ..inference.masking import MaskSettings, make_masks
    from ..inference.sources import WholeTables
    from ..network.model_file import GENERAL_MODEL, load_model
    micrographs = read_micrographs(options.micrographs)
    model = GENERAL_MODEL if options.model == GENERAL else Path(options.model)
    recogniser, header = load_model(model)
    header['box_angstrom'] = general_box(options, header, micrographs) or header['box_angstrom']
    inverted, devices = options.contrast == INVERTED, chosen_devices(options)
    facts: Dict[str, Any] = {}
    if header['head'] != GENERAL and options.coordinates:
        raise InputError(f'{options.model}: picks tell this model nothing; leave the coordinates out.')
    if options.coordinates:
        recogniser, _, lines, facts = adapt(recogniser, header,
                                            WholeTables(options.micrographs, options.coordinates), devices[0],
                                            inverted, log)
        for line in lines:
            log(f'warning: {line}')
    elif header['head'] == GENERAL:
        recogniser = recogniser.by_itself()
    options.output.mkdir(exist_ok=True)
    key = digest((model, options.coordinates) if options.coordinates else (model,), options.contrast, None)
    report = make_masks(micrographs, recogniser, header, options.output, devices,
                        MaskSettings(options.step, options.binning, inverted, key), options.batch_size, log)
    log(f'{report["made"]} masks made, {report["kept"]} kept, in {report["seconds"]:.1f} s; '
        f'{100 * report["usable"]:.0f} % of the area is usable; {len(report["failed_micrographs"])} micrographs '
        f'left out')
    write_report(options, {**report, **({'general': facts} if facts else {})})
