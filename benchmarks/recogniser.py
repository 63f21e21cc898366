"""How well the variants of a study do on labelled data sets: one Markdown table.

    PYTHONPATH=pickeroptimizer python benchmarks/recogniser.py --data FOLDER ... --output FOLDER --study recipes
        [--variants NAME ...] [--shots 10 20 30] [--draws 10] [--imagenet FILE]

A data set is a folder with micrographs.csv, labels.csv and box_angstrom.txt. It is split by micrograph where that
leaves every class on both sides, at random otherwise. All variants are drawn the same boxes. The paper's are not
calibrated, which would take five more trainings each. What is done is kept in --output, so that a run that was
broken off goes on. The studies are those of worker/exchange/studies.py.
"""
import argparse
import json
import re
import subprocess
import sys
from pathlib import Path

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
            split, report = evaluate(folder, variant, options)
            for shots, row in report['summary'].items():
                cells = [f'{100 * row[key]["mean"]:.1f} ± {100 * row[key]["sd"]:.1f}' for key in ROWS]
                cells.insert(1, f'{100 * row["balanced_macro_f1"]["worst"]:.1f}')
                print(f'| {folder.resolve().name} | {split} | {variant} | {shots} | ' + ' | '.join(cells) + ' |',
                      flush=True)


def evaluate(folder, variant, options):
    """Run `worker evaluate`, by micrograph if that can be; returns the split and the report."""
    arguments = [options.imagenet if word == 'imagenet' else word for word in STUDIES[options.study][variant]]
    for split in ('micrograph', 'random'):
        results = options.output / f'{folder.resolve().name}-{re.sub("[^a-z0-9.]+", "-", variant.lower())}-{split}.json'
        done = subprocess.run(
            [sys.executable, '-m', 'worker', 'evaluate', '--micrographs', folder / 'micrographs.csv',
             '--labels', folder / 'labels.csv', '--box-angstrom', (folder / 'box_angstrom.txt').read_text().strip(),
             '--shots', *map(str, options.shots), '--draws', str(options.draws), '--split', split,
             '--output', results, *arguments], capture_output=True, text=True)
        if done.returncode == 0:
            return split, json.loads(results.read_text())
        if 'no split by micrograph' not in done.stderr:
            sys.exit(done.stderr)
    sys.exit(f'{folder}: {done.stderr}')


if __name__ == '__main__':
    main()
