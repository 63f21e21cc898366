"""What the 8 bits of the CPU's network cost: the recipe `default` evaluated with them and without, on the same draws.

    PYTHONPATH=pickeroptimizer python benchmarks/eight_bits.py --data FOLDER ... [--draws 10] [--shots 10 20 30]

Prints the mean of both and the mean of their differences, draw by draw, with its standard error, in per cent. Folders
as for recogniser.py; splits are by micrograph where that can be, or else at random.
"""
import argparse
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np
from worker.device import choose_device
from worker.errors import InputError
from worker.evaluation import evaluate
from worker.initial import initial_extractor
from worker.recipes import DefaultRecipe
from worker.samples import collect_samples
from worker.split import AT_RANDOM, BY_MICROGRAPH
from worker.tables import read_labels, read_micrographs

SIZE, FOLDS = 64, 5
FIGURES = ('balanced_macro_f1', 'macro_f1')


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--data', type=Path, nargs='+', required=True)
    parser.add_argument('--draws', type=int, default=10)
    parser.add_argument('--shots', type=int, nargs='+', default=[10, 20, 30])
    options = parser.parse_args()
    device = choose_device('cpu')
    if not device.eight_bit:
        sys.exit('This CPU has no instructions for 8 bits; prune does not use them on it.')
    print('| data | shots | ' + ' | '.join(f'{name}, {way}' for name in (f.replace('_', ' ') for f in FIGURES)
                                           for way in ('8 bits', 'without', 'difference')) + ' |')
    print('|---' * (2 + 3 * len(FIGURES)) + '|')
    for folder in options.data:
        samples = collect_samples(read_micrographs(folder / 'micrographs.csv'), read_labels(folder / 'labels.csv'),
                                  float((folder / 'box_angstrom.txt').read_text()), SIZE, DefaultRecipe.fields,
                                  DefaultRecipe.margin)
        ways = [draws(samples, DefaultRecipe(initial_extractor('default').eval(), way), options)
                for way in (device, replace(device, eight_bit=False))]
        for shots in options.shots:
            cells = []
            for figure in FIGURES:
                eight, without = (np.array([100 * row[figure] for row in rows if row['shots'] == shots])
                                  for rows in ways)
                differences = eight - without
                cells += [f'{eight.mean():.2f}', f'{without.mean():.2f}',
                          f'{differences.mean():+.2f} ± {differences.std(ddof=1) / len(differences) ** 0.5:.2f}']
            print(f'| {folder.resolve().name} | {shots} | ' + ' | '.join(cells) + ' |', flush=True)


def draws(samples, recipe, options):
    """The results of `evaluate`, draw by draw."""
    with tempfile.TemporaryDirectory() as folder:
        def judged(split):
            return evaluate(samples, recipe, options.shots, options.draws, split, FOLDS, 0,
                            Path(folder, 'results.json'), no_log, processes=2)['draws']
        try:
            return judged(BY_MICROGRAPH)
        except InputError:
            return judged(AT_RANDOM)


def no_log(line):
    """The lines of a log are not wanted here."""


if __name__ == '__main__':
    main()
