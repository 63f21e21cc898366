"""`worker prune`: give every pick its class probabilities."""
import argparse
from pathlib import Path
from typing import Union

from ..exchange.errors import InputError
from ..exchange.model_header import GENERAL
from ..exchange.score_table import GrowingScores
from ..exchange.signals import CONTRASTS
from .arguments import (
    add_batch_size,
    add_box,
    add_device,
    add_picks,
    add_report,
    chosen_devices,
    distance,
    general_box,
    log,
    row_range,
    whole,
    write_report,
)

HELP = 'give every pick its class probabilities'
AFTER_INTERRUPT = ': the same command goes on with what is not scored yet'


def add_arguments(command: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    add_picks(command)
    command.add_argument('--model', required=True, metavar='FILE',
                         help=f'model file made by finetune, which knows the box; or "{GENERAL}", which needs no '
                              f'labels, but the box')
    add_box(command, required=False)
    command.add_argument('--output', type=Path, required=True,
                         help='table of scores to write; where the picks are a .star or .cs file, or a folder of '
                              '.box or .cbox files, those that are kept')
    command.add_argument('--rejected', type=Path, help='such a file of the others')
    add_batch_size(command)
    command.add_argument('--contrast', choices=CONTRASTS, default=CONTRASTS[0],
                         help='of the micrographs: as it is; inverted where it is opposite to that of the model; or '
                              'inverted (%(default)s)')
    command.add_argument('--junk-distance', type=distance, default=0.0, metavar='ANGSTROM',
                         help='reject picks within so many Å of junk that covers an area, whatever they are; each '
                              'micrograph is then looked at all over; 0: off (%(default)s)')
    command.add_argument('--junk-maps', type=Path, metavar='FOLDER',
                         help='with --junk-distance: where to keep what counted as junk, MIC_ID.mrc for a micrograph')
    command.add_argument('--follow', type=Path, metavar='FEED',
                         help='the tables grow while this file is there and changes, until it says "end"')
    command.add_argument('--patience', type=whole(1), default=120, metavar='S',
                         help='stop when that file has not changed for so many seconds (%(default)s)')
    command.add_argument('--rows', type=row_range, metavar='FIRST:END',
                         help='score the picks from row FIRST (the first pick is 0) to the one before row END alone, '
                              'so that several jobs can share a table: their tables of scores, one after the other, '
                              'are those of the whole')
    add_report(command)
    add_device(command, several=True)


def run(options: argparse.Namespace) -> None:
    """Score the picks, and write the table of scores and the report, or the kept picks as they came."""
    from ..formats import foreign_picks
    picks = foreign_picks(options.coordinates, options.micrographs)
    if picks is None:
        if options.rejected:
            raise InputError('--rejected: for picks in .star and .cs files; a table of scores has all picks.')
        score(options)
        return
    if options.rows:
        raise InputError(f'{options.coordinates}: only tables of our own can be shared by rows.')
    if options.follow:
        raise InputError(f'{options.coordinates}: only tables of our own can be followed.')
    folder = options.output.with_name(f'{options.output.name}.tables')      # what a run that was killed goes on from
    folder.mkdir(exist_ok=True)
    tables = {key: folder / name for key, name in (('micrographs', 'micrographs.csv'),
                                                   ('coordinates', 'coordinates.csv'), ('output', 'scores.csv'))}
    picks.write_tables(tables['micrographs'], tables['coordinates'])
    score(argparse.Namespace(**{**vars(options), **tables}))
    judged = picks.judged(tables['output'])
    for path, chosen in ((options.output, judged.kept), (options.rejected, ~judged.kept)):
        if path is not None:
            picks.write(path, chosen, judged)
            log(f'{chosen.sum()} of {len(chosen)} picks written to {path}')


def score(options: argparse.Namespace) -> None:
    """Score the picks of tables, and write the table of scores and the report."""
    from ..inference.following import Feed, FollowedTables
    from ..inference.scoring import prune
    from ..inference.sources import WholeTables
    from ..network.model_file import GENERAL_MODEL, load_model
    feed = Feed(options.follow, options.patience) if options.follow else None
    source: Union[FollowedTables, WholeTables] = (
        FollowedTables(options.micrographs, options.coordinates, feed, log) if feed else
        WholeTables(options.micrographs, options.coordinates))
    if options.rows and isinstance(source, WholeTables) and options.rows.start >= source.picks:
        raise InputError(f'--rows: {options.coordinates} has {source.picks} rows, of which none is from '
                         f'{options.rows.start} on.')
    if options.junk_maps and not options.junk_distance:
        raise InputError('--junk-maps: goes with --junk-distance, without which no junk is looked for.')
    model = GENERAL_MODEL if options.model == GENERAL else Path(options.model)
    recogniser, header = load_model(model)
    box_angstrom = general_box(options, header, {} if isinstance(source, FollowedTables) else source.micrographs)
    inputs = (model,) if feed else (model, options.micrographs, options.coordinates)
    scores = GrowingScores(options.output, inputs, log, feed.look if feed else lambda: None, options.contrast,
                           box_angstrom, options.rows, options.junk_distance)
    header['box_angstrom'] = box_angstrom or header['box_angstrom']
    report = prune(source, recogniser, header, scores, chosen_devices(options), options.batch_size, log,
                   options.contrast, options.rows, options.junk_distance, options.junk_maps)
    log(f'scored {report["scored"]} of {report["boxes"]} picks at {report["boxes_per_second"]:.0f} boxes/s; '
        f'{report["outside"]} outside their micrograph ({report["in_border"]} in its blank or repeated border), '
        f'{report["unreadable"]} on unreadable micrographs'
        + (f'; {report["near_junk"]} like particles but within {options.junk_distance:g} Å of junk'
           if options.junk_distance else ''))
    write_report(options, report)
