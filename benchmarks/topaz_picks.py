"""Picks with one of Topaz's own models: a table coord_id,mic_id,x,y,score of all micrographs of a data set.

    python -m venv ENVIRONMENT; ENVIRONMENT/bin/pip install topaz-em==0.3.20
    PYTHONPATH=pickeroptimizer python benchmarks/topaz_picks.py --topaz ENVIRONMENT/bin/topaz --data FOLDER \
        --work FOLDER --output picks.csv

Topaz keeps its models as pickles, which it loads itself, in an environment of its own; nothing of it is loaded here.
The score is Topaz's log-likelihood ratio. On the CPU, one thread. What is in the work folder is not made again: take
another one for other options.
"""
import argparse
import csv
import subprocess
from pathlib import Path

from picks import write_picks
from worker.exchange import tables
from worker.exchange.errors import InputError


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--topaz', type=Path, required=True, help="the program in Topaz's environment")
    parser.add_argument('--data', type=Path, required=True)
    parser.add_argument('--work', type=Path, required=True)
    parser.add_argument('--output', type=Path, required=True)
    parser.add_argument('--model', default='resnet16', help='one of those that Topaz ships (%(default)s)')
    parser.add_argument('--scale', type=int, default=4, help='by which micrographs are made smaller (%(default)s)')
    parser.add_argument('--radius', type=int, default=8, help='of a particle, px of the smaller micrograph '
                                                               '(%(default)s)')
    parser.add_argument('--threshold', type=float, default=-2, help='least log-likelihood ratio (%(default)s)')
    options = parser.parse_args()
    by_name = {row.path.stem: row for row in tables.read_micrographs(options.data / 'micrographs.csv').values()}
    small = [options.work / f'{name}.mrc' for name in by_name]
    options.work.mkdir(parents=True, exist_ok=True)
    todo = [by_name[path.stem].path for path in small if not path.exists()]
    if todo:
        topaz(options, 'preprocess', '--scale', options.scale, '--destdir', options.work, '--device', -1, *todo)
    found = options.work / 'picks.txt'
    if not found.exists():
        part = found.with_suffix('.part')
        topaz(options, 'extract', '--model', options.model, '--radius', options.radius, '--threshold',
              options.threshold, '--up-scale', options.scale, '--device', -1, '--output', part, *small)
        part.rename(found)
    with open(found, newline='') as stream:
        rows = [(by_name[row['image_name']].mic_id, int(row['x_coord']), int(row['y_coord']), row['score'])
                for row in csv.DictReader(stream, delimiter='\t')]
    print(f'{write_picks(options.output, options.data, rows)} picks on {len(small)} micrographs')


def topaz(options, command, *arguments):
    if subprocess.run(['nice', '-n', '10', options.topaz, command, '--num-threads', '1', *map(str, arguments)],
                      check=False).returncode:
        raise InputError(f'topaz {command} failed; what it says is above.')


if __name__ == '__main__':
    main()
