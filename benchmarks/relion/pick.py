"""Picks with RELION's Laplacian of Gaussian: a table coord_id,mic_id,x,y,score of all micrographs of a data set.

    PYTHONPATH=pickeroptimizer:benchmarks python benchmarks/relion/pick.py --data FOLDER --work FOLDER \
        --output picks.csv

RELION 3.1 has to be installed (Debian: apt-get install relion). The score is RELION's figure of merit.
"""
import argparse
from pathlib import Path

from picks import write_picks
from project import MICROGRAPHS, link_micrographs, micrograph_name, relion
from star import read_table
from worker.exchange import tables


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--data', type=Path, required=True)
    parser.add_argument('--work', type=Path, required=True)
    parser.add_argument('--output', type=Path, required=True)
    parser.add_argument('--diameters', type=float, nargs=2, default=(150, 200), help='least and largest, Å (150 200)')
    parser.add_argument('--adjust', type=float, default=0, help='LoG_adjust_threshold: more is stricter (%(default)s)')
    options = parser.parse_args()
    micrographs = tables.read_micrographs(options.data / 'micrographs.csv')
    link_micrographs(options.work, micrographs)
    relion(options.work, 'relion_autopick', '--i', MICROGRAPHS, '--odir', 'pick/', '--pickname', 'autopick', '--LoG',
           '--LoG_diam_min', options.diameters[0], '--LoG_diam_max', options.diameters[1],
           '--LoG_adjust_threshold', options.adjust, '--shrink', 0, '--lowpass', 20)
    rows = [(mic_id, *pick) for mic_id in micrographs for pick in read_picks(options.work, mic_id)]
    print(f'{write_picks(options.output, options.data, rows)} picks on {len(micrographs)} micrographs')


def read_picks(work, mic_id):
    """(x, y, figure of merit) of one micrograph's picks, px, the best first."""
    path = (work / 'pick' / micrograph_name(mic_id)).with_name(f'{mic_id:06d}_autopick.star')
    for row in read_table(path):
        yield (round(float(row['rlnCoordinateX']), 2), round(float(row['rlnCoordinateY']), 2),
               row['rlnAutopickFigureOfMerit'])


if __name__ == '__main__':
    main()
