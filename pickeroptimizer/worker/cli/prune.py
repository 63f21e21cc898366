"""`worker prune`: give every pick its class probabilities."""
import argparse
from pathlib import Path

from ..exchange.score_table import GrowingScores
from ..exchange.signals import CONTRASTS
from .arguments import add_batch_size, add_device, add_picks, add_report, chosen_devices, log, whole, write_report

HELP = 'give every pick its class probabilities'
AFTER_INTERRUPT = ': the same command goes on with what is not scored yet'


def add_arguments(command: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    add_picks(command)
    command.add_argument('--model', type=Path, required=True, help='model file made by finetune; it knows the box')
    command.add_argument('--output', type=Path, required=True, help='table of scores to write')
    add_batch_size(command)
    command.add_argument('--contrast', choices=CONTRASTS, default=CONTRASTS[0],
                         help='of the micrographs: as it is; inverted where it is opposite to that of the model; or '
                              'inverted (%(default)s)')
    command.add_argument('--follow', type=Path, metavar='FEED',
                         help='the tables grow while this file is there and changes, until it says "end"')
    command.add_argument('--patience', type=whole(1), default=120, metavar='S',
                         help='stop when that file has not changed for so many seconds (%(default)s)')
    add_report(command)
    add_device(command, several=True)


def run(options: argparse.Namespace) -> None:
    """Score the picks, and write the table of scores and the report."""
    from ..inference.following import Feed, FollowedTables
    from ..inference.scoring import prune
    from ..inference.sources import PickSource, WholeTables
    from ..network.model_file import load_model
    feed = Feed(options.follow, options.patience) if options.follow else None
    source: PickSource = (FollowedTables(options.micrographs, options.coordinates, feed, log) if feed else
                          WholeTables(options.micrographs, options.coordinates))
    recogniser, header = load_model(options.model)
    if feed:
        scores = GrowingScores(options.output, (options.model,), log, feed.look, options.contrast)
    else:
        scores = GrowingScores(options.output, (options.model, options.micrographs, options.coordinates), log,
                               contrast=options.contrast)
    report = prune(source, recogniser, header, scores, chosen_devices(options), options.batch_size, log,
                   options.contrast)
    log(f'scored {report["scored"]} of {report["boxes"]} picks at {report["boxes_per_second"]:.0f} boxes/s; '
        f'{report["outside"]} outside their micrograph ({report["in_border"]} in its blank or repeated border), '
        f'{report["unreadable"]} on unreadable micrographs')
    write_report(options, report)
