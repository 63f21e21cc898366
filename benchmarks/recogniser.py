"""How well the variants of a study do on labelled data sets: one Markdown table.

    PYTHONPATH=pickeroptimizer python benchmarks/recogniser.py --data FOLDER ... --output FOLDER --study recipes
        [--variants NAME ...] [--shots 10 20 30] [--draws 10] [--imagenet FILE]

A data set is a folder with micrographs.csv, labels.csv and box_angstrom.txt. It is split by micrograph where that
leaves every class on both sides, at random otherwise. All variants are drawn the same boxes. The paper's are not
calibrated, which would take five more trainings each. What is done is kept in --output, so that a run that was
broken off goes on. The studies are those of worker/exchange/studies.py.
"""
import argparse
import io
import json
import re
import sys
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

from worker.cli import main as worker
from worker.exchange.splits import AT_RANDOM, BY_MICROGRAPH
from worker.exchange.studies import STUDIES

ROWS = ('balanced_macro_f1', 'macro_f1', 'junk_removed', 'particles_lost', 'calibration_error')


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--data', type=Path, nargs='+', required=True)
    parser.add_argument('--output', type=Path, required=True)
    parser.add_argument('--study', choices=STUDIES, required=True)
    parser.add_argument('--variants', nargs='+', help='of the study (all)')
    parser.add_argument('--draws', type=int, default=10)
    parser.add_argument('--shots', type=int, nargs='+', default=[10, 20, 30])
    parser.add_argument('--imagenet', default='imagenet', help='file of ImageNet weights, instead of a download')
    options = parser.parse_args()
    options.output.mkdir(parents=True, exist_ok=True)
    print('| data | split | variant | shots | balanced macro-F1 | worst draw | macro-F1 | junk removed | '
          'particles lost | calibration error |')
    print('|---' * 10 + '|')
    for folder in options.data:
        for variant in options.variants or STUDIES[options.study]:
            split, report = evaluated(folder, variant, with_imagenet(STUDIES[options.study][variant], options.imagenet),
                                      options.output, options.shots, options.draws)
            for shots, row in report['summary'].items():
                cells = [f'{100 * row[key]["mean"]:.1f} ± {100 * row[key]["sd"]:.1f}' for key in ROWS]
                cells.insert(1, f'{100 * row["balanced_macro_f1"]["worst"]:.1f}')
                print(f'| {folder.resolve().name} | {split} | {variant} | {shots} | ' + ' | '.join(cells) + ' |',
                      flush=True)


def with_imagenet(arguments, file):
    """The arguments of a variant, with ImageNet's weights from a file."""
    return [file if word == 'imagenet' else word for word in arguments]


def evaluated(folder, variant, arguments, output, shots, draws, splits=(BY_MICROGRAPH, AT_RANDOM)):
    """Run `worker evaluate` on a data set with the first of `splits` that can be; returns the split and the report.

    The results of a variant are kept in the folder `output`, and are not made again.
    """
    for split in splits:
        results = output / f'{folder.resolve().name}-{re.sub("[^a-z0-9.]+", "-", variant.lower())}-{split}.json'
        told = io.StringIO()
        with redirect_stdout(told), redirect_stderr(told):
            code = worker(['evaluate', '--micrographs', str(folder / 'micrographs.csv'),
                           '--labels', str(folder / 'labels.csv'),
                           '--box-angstrom', (folder / 'box_angstrom.txt').read_text().strip(),
                           '--shots', *map(str, shots), '--draws', str(draws), '--split', split,
                           '--output', str(results), *map(str, arguments)])
        if code == 0:
            return split, json.loads(results.read_text())
        if 'no split by micrograph' not in told.getvalue():
            break
    sys.exit(f'{folder}: {told.getvalue().strip()}')


if __name__ == '__main__':
    main()
