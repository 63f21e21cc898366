"""The paper's Tables 2, 3 and 4 from labelled data sets, as Markdown; used by cryoppp.py, and by itself:

    PYTHONPATH=pickeroptimizer python benchmarks/paper_tables.py --data FOLDER ... --work FOLDER [--tables 2 3 4]
        [--shots 10 20 30] [--draws 10] [--split random] [--imagenet FILE] [--pretrain-epochs 200]

A data set is a folder with micrographs.csv, labels.csv and box_angstrom.txt. As in the paper's section 3.1, the weights
of PO for a data set are pretrained (worker pretrain --recipe paper, from ImageNet) on all the others; boxes are split
at random unless --split micrograph. Table 2 has the recipe `default` with the shipped weights, too, which have seen no
real micrograph. Everything that was done is kept in --work: the same command goes on where it was stopped, in a
pretraining and in the draws of an evaluation too, and prints all tables again.
"""
import argparse
import hashlib
import json
import sys
from contextlib import redirect_stdout
from pathlib import Path

from recogniser import evaluated, with_imagenet
from worker.cli import main as worker
from worker.exchange.files import replacing
from worker.exchange.splits import AT_RANDOM, BY_MICROGRAPH
from worker.exchange.studies import STUDIES

ABLATIONS, PO = STUDIES['ablations'], 'PO'
OURS = 'default'
TABLES = {2: (PO, OURS), 3: ('PO-NoPre', 'PO-Pre', 'PO-NoMultiLoss')}
GRIDS = {**STUDIES['two losses'], **STUDIES['three losses']}
VARIANTS = {**GRIDS, **ABLATIONS, OURS: STUDIES['recipes'][OURS]}
GRID_SHOTS, GRID_SETS = 30, 4      # the paper's Table 4
MOST = 100                         # boxes of each category, as in the paper
TITLES = {2: 'Table 2. Accuracy and macro-F1, %', 3: 'Table 3. Macro-F1 of the ablations, %',
          4: 'Table 4. Macro-F1 by the weights of the losses, %'}


def add_arguments(parser):
    """Add the arguments that print_tables takes."""
    parser.add_argument('--work', type=Path, required=True, help='folder in which all that was done is kept')
    parser.add_argument('--tables', type=int, nargs='+', choices=TITLES, default=list(TITLES))
    parser.add_argument('--shots', type=int, nargs='+', default=[10, 20, 30])
    parser.add_argument('--draws', type=int, default=10, help='(%(default)s; the paper: about 10000)')
    parser.add_argument('--split', choices=(AT_RANDOM, BY_MICROGRAPH), default=AT_RANDOM,
                        help='(%(default)s, as the paper)')
    parser.add_argument('--imagenet', default='imagenet', help='file of ImageNet weights, instead of a download')
    parser.add_argument('--pretrain-epochs', type=int, default=200, help='(%(default)s, as the paper)')
    parser.add_argument('--table4', nargs='+', metavar='NAME', help=f'data sets of Table 4 (the first {GRID_SETS})')


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--data', type=Path, nargs='+', required=True)
    add_arguments(parser)
    options = parser.parse_args()
    print_tables([folder.resolve() for folder in options.data], options)


def print_tables(data, options):
    """Make what is missing of the tables of `options`, and print them."""
    options.work.mkdir(parents=True, exist_ok=True)
    chosen = {folder.name for folder in data[:GRID_SETS]} if options.table4 is None else set(options.table4)
    unknown = chosen - {folder.name for folder in data}
    if unknown:
        sys.exit(f'error: --table4 {sorted(unknown)[0]}: there is no such data set.')
    if len(data) < 2:
        print('One data set: there is no other to pretrain on, so that PO and its losses cannot be measured.')
    for table in sorted(set(options.tables)):
        measured = ['accuracy', 'macro_f1'] if table == 2 else ['macro_f1']
        print(f'\n{TITLES[table]}; mean ± s.d. of {options.draws} draws, split: {options.split}\n')
        print('| data | variant | shots | ' + ' | '.join(name.replace('_', ' ') for name in measured) + ' |')
        print('|---' * (3 + len(measured)) + '|', flush=True)
        for folder in data if table != 4 else [folder for folder in data if folder.name in chosen]:
            for variant in TABLES.get(table, GRIDS):
                arguments = arguments_of(variant, folder, data, options)
                if arguments is not None:
                    shots = [GRID_SHOTS] if table == 4 else options.shots
                    _, report = evaluated(folder, variant, arguments, options.work, shots, options.draws,
                                          (options.split,))
                    for number, row in report['summary'].items():
                        cells = [f'{100 * row[name]["mean"]:.1f} ± {100 * row[name]["sd"]:.1f}' for name in measured]
                        print(f'| {folder.name} | {variant} | {number} | ' + ' | '.join(cells) + ' |', flush=True)


def arguments_of(variant, folder, data, options):
    """The arguments of `worker evaluate` for a variant on a data set; None where its weights cannot be had."""
    arguments = with_imagenet(VARIANTS[variant], options.imagenet)
    if variant == OURS or 'default' not in arguments:
        return arguments
    if len(data) < 2:
        return None
    weights = pretrained_without(folder, data, options)
    return [weights if word == 'default' else word for word in arguments]


def pretrained_without(folder, data, options):
    """The file of weights that were pretrained on all data sets but one, with ImageNet's weights to start from."""
    check_same(data, options)
    weights = options.work / f'without-{folder.name}.safetensors'
    if not weights.exists():
        categories = options.work / 'categories.safetensors'
        if not categories.exists():
            made('categories', '--data', *data, '--most', MOST, '--output', categories)
        made('pretrain', '--categories', categories, '--leave-out', folder.name, '--recipe', 'paper', '--init',
             options.imagenet, '--epochs', options.pretrain_epochs, '--output', weights)
    return weights


def check_same(data, options):
    """Weights of other data are not taken for these: leaves a note of what they are made of."""
    note = options.work / 'pretrained-on.json'
    now = {'imagenet': options.imagenet, 'epochs': options.pretrain_epochs,
           'data': {folder.name: hashlib.sha256((folder / 'labels.csv').read_bytes()).hexdigest() for folder in data}}
    if not note.exists():
        with replacing(note, encoding='utf-8') as stream:
            json.dump(now, stream, indent=1)
    elif json.loads(note.read_text(encoding='utf-8')) != now:
        sys.exit(f'error: {options.work}: its weights are of other data sets or settings; take another folder.')


def made(*arguments):
    """Run a command of the worker; what it tells goes to stderr, beside the tables."""
    with redirect_stdout(sys.stderr):
        code = worker([str(argument) for argument in arguments])
    if code:
        sys.exit(code)


if __name__ == '__main__':
    main()
