"""PickerOptimizer, MicrographCleaner and Deep Consensus on your own micrographs and picks, in one go. Needs Xmipp.

    scipion3 python benchmarks/xmipp_comparison.py --micrographs FOLDER --pixel-size 1.06 --picks FILE --box 220
        --labels labels.csv [--project NAME]

Makes a Scipion project from the template "prune_three_ways", runs it, and prints what each method kept and where the
report is. The project stays: open it to see the micrographs side by side. --labels: a table mic_name,x,y,label with 10
to 30 boxes each of particle, ice and carbon, positions in px; the window of "fine-tune" makes such labels, too, but
waits for you. Wanted are the plugin scipion-em-xmipp, Xmipp itself and its deep learning toolkit with the models of
both protocols; what is missing is said in one line, before anything is computed. Runs where Scipion runs; the three
methods follow one another and use a GPU if there is one.
"""
import argparse
import math
import os
import sys

from pyworkflow import Config
from workflow import check, fill_template, launch, load_template, new_project, show

FORMATS = {'auto': 0, 'xmipp': 1, 'relion': 2, 'eman': 3, 'scipion': 5}      # of "import coordinates"
XMIPP = {'XmippProtDeepMicrographScreen': 'MicrographCleaner', 'XmippProtScreenDeepConsensus': 'Deep Consensus'}
SMALLEST_BOX = 128      # px, of Deep Consensus
LABELS_FROM_FILE = 1


def main():
    options = parse()
    domain = Config.getDomain()
    domain.getPlugins()
    missing = [name for protocol, name in XMIPP.items() if protocol not in domain.getProtocols()]
    if missing:
        sys.exit(f'{" and ".join(missing)} of Xmipp are not there: install Xmipp and its plugin for Scipion '
                 f'(scipion3 installp -p scipion-em-xmipp) with the deep learning toolkit.')
    project = new_project(options.project)
    runs = load_template(project, fill_template(
        'prune_three_ways', micrographs=options.micrographs, micrographs_pattern=options.pattern,
        pixel_size=options.pixel_size, voltage=options.voltage, picks=options.picks,
        picks_format=FORMATS[options.picks_format], picks_pattern=options.picks_pattern, box_size=options.box))
    train = runs['fine-tune']
    train.labelSource.set(LABELS_FROM_FILE)
    train.labelsFile.set(options.labels)
    launch(project, runs['micrographs'])
    launch(project, runs['picks'])
    for name in ('fine-tune', 'cleaner', 'consensus'):      # before hours go into the first of them
        check(runs[name])
    for name in ('fine-tune', 'prune', 'cleaner', 'consensus', 'comparison'):
        launch(project, runs[name])
    show(runs['comparison'])


def parse():
    """The arguments, checked; ends the program with one line if one is wrong."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--micrographs', required=True, type=existing, metavar='FOLDER')
    parser.add_argument('--pattern', default='*.mrc', help='of their names (%(default)s)')
    parser.add_argument('--pixel-size', required=True, type=positive, help='of the micrographs, Å/px')
    parser.add_argument('--voltage', default=300, type=positive, help='kV (%(default)s)')
    parser.add_argument('--picks', required=True, type=existing, metavar='PATH',
                        help='a folder, or a file for relion and scipion')
    parser.add_argument('--picks-format', default='auto', choices=FORMATS, help='(%(default)s)')
    parser.add_argument('--picks-pattern', default='*', help='of the names of the files, if a folder (%(default)s)')
    parser.add_argument('--box', required=True, type=box, help=f'px, {SMALLEST_BOX} or more')
    parser.add_argument('--labels', required=True, type=existing, metavar='FILE')
    parser.add_argument('--project', default='ThreeWays', help='name of the project that is made (%(default)s)')
    return parser.parse_args()


def existing(path):
    if not os.path.exists(path):
        raise argparse.ArgumentTypeError(f'there is no {path}')
    return os.path.abspath(path)


def positive(text):
    number = float(text)
    if not 0 < number < math.inf:
        raise argparse.ArgumentTypeError(f'{text} is not above 0')
    return number


def box(text):
    if int(text) < SMALLEST_BOX:
        raise argparse.ArgumentTypeError(f'Deep Consensus takes no boxes below {SMALLEST_BOX} px: use micrographs '
                                         f'that are not binned')
    return int(text)


if __name__ == '__main__':
    main()
