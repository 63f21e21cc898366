"""Extracts picks and classifies them in 2D with RELION: a table coord_id,class and a picture of the averages.

    PYTHONPATH=pickeroptimizer:benchmarks python benchmarks/relion/classify.py --data FOLDER --picks picks.csv \
        --work FOLDER --output classes.csv

Writes `averages.png` beside it: look at it, and write down what to keep (as choice.csv here); with --choice, what it
discards is crossed out. One thread, at low priority; 10,000 picks take about a quarter of an hour. What is there is not
done again: an interrupted classification goes on with its last iteration (and may end with other classes than one that
was not interrupted).
"""
import argparse
from collections import Counter
from pathlib import Path

import mrcfile
import numpy as np
from averages import draw
from class_choice import kept_by_classes
from project import MICROGRAPHS, link_micrographs, micrograph_id, micrograph_name, relion
from star import read_table, write_tables
from worker.exchange import tables
from worker.exchange.errors import InputError

PARTICLES = 'particles.star'
SIDE = 54                 # px of the extracted boxes
BACKGROUND = 0.75         # of half a box: what is beyond is background
STEPS = ('--tau2_fudge', 2, '--flatten_solvent', '--zero_mask', '--oversampling', 1, '--psi_step', 24,
         '--offset_range', 4, '--offset_step', 2, '--norm', '--scale', '--pool', 30, '--dont_check_norm',
         '--strict_highres_exp', 30, '--fast_subsets', '--preread_images', '--random_seed', 1, '--j', 1)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--data', type=Path, required=True)
    parser.add_argument('--picks', type=Path, required=True)
    parser.add_argument('--work', type=Path, required=True)
    parser.add_argument('--output', type=Path, required=True)
    parser.add_argument('--classes', type=int, default=20)
    parser.add_argument('--iterations', type=int, default=20, help='20 at least (%(default)s)')
    parser.add_argument('--mask', type=float, default=200, help='diameter of the circular mask, Å (%(default)s)')
    parser.add_argument('--choice', type=Path, help='table class,particles,keep,why of these averages')
    options = parser.parse_args()
    micrographs = tables.read_micrographs(options.data / 'micrographs.csv')
    picks = {mic_id: [] for mic_id in micrographs}
    for pick in tables.read_coordinates(options.picks):
        picks[pick.mic_id].append(pick)
    link_micrographs(options.work, micrographs)
    if not (options.work / PARTICLES).exists():
        box = float((options.data / 'box_angstrom.txt').read_text()) / next(iter(micrographs.values())).pixel_size
        extract(options.work, picks, 2 * round(box / 2))
    last = f'class2d/run_it{options.iterations:03d}'
    if not (options.work / f'{last}_data.star').exists():
        classify(options.work, options)
    classes = read_classes(options.work / f'{last}_data.star', picks)
    tables.write_rows(options.output, ('coord_id', 'class'), sorted(classes.items()))
    keep = None
    if options.choice:
        kept = kept_by_classes(options.output, options.choice)
        keep = {number for coord_id, number in classes.items() if kept[coord_id]}
    with mrcfile.open(options.work / f'{last}_classes.mrcs') as stream:
        draw(np.array(stream.data), Counter(classes.values()), options.output.with_name('averages.png'), keep)


def extract(work, picks, box):
    """Cut out all `picks` {mic_id: rows}, in their order, in boxes of `box` px scaled to SIDE px."""
    for mic_id, rows in picks.items():
        path = (work / 'coordinates' / micrograph_name(mic_id)).with_name(f'{mic_id:06d}_autopick.star')
        path.parent.mkdir(parents=True, exist_ok=True)
        write_tables(path, {'': (('rlnCoordinateX', 'rlnCoordinateY'), [(row.x, row.y) for row in rows])})
    relion(work, 'relion_preprocess', '--i', MICROGRAPHS, '--coord_dir', 'coordinates/',
           '--coord_suffix', '_autopick.star', '--part_star', PARTICLES, '--part_dir', 'particles/', '--extract',
           '--extract_size', box, '--scale', SIDE, '--norm', '--bg_radius', round(BACKGROUND * SIDE / 2),
           '--white_dust', -1, '--black_dust', -1, '--invert_contrast')


def classify(work, options):
    """Classify from the beginning, or from the last iteration that is there."""
    (work / 'class2d').mkdir(exist_ok=True)
    done = sorted((work / 'class2d').glob('run_it*_optimiser.star'))
    start = (('--continue', done[-1].relative_to(work)) if done else
             ('--i', PARTICLES, '--K', options.classes, '--particle_diameter', options.mask, *STEPS))
    relion(work, 'relion_refine', *start, '--o', 'class2d/run', '--iter', options.iterations)


def read_classes(path, picks):
    """{coord_id: class, 1 and up}; an image NUMBER@STACK is the pick of that number on the stack's micrograph."""
    classes = {}
    for row in read_table(path, 'particles'):
        number, _, stack = row['rlnImageName'].partition('@')
        pick = picks[micrograph_id(stack)][int(number) - 1]
        classes[pick.coord_id] = int(row['rlnClassNumber'])
    if len(classes) != sum(map(len, picks.values())):
        raise InputError(f'{path}: {len(classes)} particles for {sum(map(len, picks.values()))} picks; was it made of '
                         f'other picks? Use another work folder.')
    return classes


if __name__ == '__main__':
    main()
