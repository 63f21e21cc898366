"""The general model beside MicrographCleaner's own published mask of one micrograph, on RELION's picks: a table.

    PYTHONPATH=pickeroptimizer python benchmarks/micrograph_cleaner.py --wheel FOLDER --output FOLDER

FOLDER is the unpacked wheel of `micrograph-cleaner-em` 1.0.2 from PyPI (`pip download --no-deps`, `unzip`): its tests
hold the micrograph, the mask that its network made, and 45 picks. A pick's score there is the mean of the mask in its
box of 46 px, and 0.2 a usual threshold. What the picks are was told by eye in the picture that this writes, with only
what cannot be disputed among CRYSTAL (on the large one) and OBJECT (a dark round object within the box).
"""
import argparse
import csv
import subprocess
import sys
from pathlib import Path

import matplotlib
import mrcfile
import numpy as np

matplotlib.use('Agg')
from matplotlib import pyplot

BOX = 46.0                      # px; the file does not tell its pixel size, so 1 px stands for 1 Å
THRESHOLD = 0.2
NAME = 'Ucsf_stack_1142_DW'
CRYSTAL = (1, 2, 3, 4, 5, 6, 7, 9, 10)
OBJECT = (8, 11, 12, 13, 14, 15, 16, 17, 25, 26, 27, 29, 36)      # numbers of the picks, from 1


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--wheel', type=Path, required=True)
    parser.add_argument('--output', type=Path, required=True)
    options = parser.parse_args()
    options.output.mkdir(parents=True, exist_ok=True)
    micrograph, picks, mask = read_wheel(options.wheel)
    ours, theirs, _ = of_wheel(options.wheel, options.output)
    numbers = np.arange(1, len(picks) + 1)
    print('| picks | number | rejected without labels | by the mask |\n|---|---|---|---|')
    kinds = {'on the large crystal': np.isin(numbers, CRYSTAL), 'on a dark round object': np.isin(numbers, OBJECT)}
    kinds['others, which cannot be told by eye'] = ~np.any(list(kinds.values()), axis=0)
    for name, chosen in kinds.items():
        print(f'| {name} | {chosen.sum()} | {ours[chosen].sum()} | {theirs[chosen].sum()} |')
    draw(mrcfile.read(micrograph), mask, picks, ours, theirs, options.output / 'picks.png')


def read_wheel(wheel):
    """(path of the micrograph, its picks (n, 2) in px, the mask)."""
    data = wheel / 'micrograph_cleaner_em' / 'tests' / 'data'
    return ((data / 'mics' / f'{NAME}.mrc').resolve(),
            read_picks(data / 'inCoords' / 'relion' / f'{NAME}_autopick.star'),
            mrcfile.read(data / 'masks' / f'{NAME}.mrc'))


def of_wheel(wheel, folder):
    """(rejected by ours, rejected by the mask, certainly junk) of the picks, bool (n); tables are kept in `folder`."""
    micrograph, picks, mask = read_wheel(wheel)
    theirs = np.array([in_box(mask, x, y, BOX).mean() >= THRESHOLD for x, y in picks])
    return rejected(micrograph, picks, folder), theirs, np.isin(np.arange(1, len(picks) + 1), CRYSTAL + OBJECT)


def read_picks(path):
    """(n, 2) px, of RELION's star file."""
    rows = [line.split() for line in path.read_text(encoding='ascii').splitlines()]
    return np.array([[float(row[0]), float(row[1])] for row in rows if len(row) == 5 and row[0][0].isdigit()])


def in_box(mask, x, y, box):
    """The part of a mask in a box of `box` px, a pick at least."""
    left, top = round(x - box / 2), round(y - box / 2)
    return mask[max(top, 0):top + int(box), max(left, 0):left + int(box)]


def rejected(micrograph, picks, folder):
    """Whether the general model rejects each of the picks: bool (n)."""
    micrographs, coordinates, scores = (folder / f'{name}.csv' for name in ('micrographs', 'coordinates', 'scores'))
    micrographs.write_text(f'mic_id,path,pixel_size\n1,{micrograph},1\n', encoding='utf-8')
    coordinates.write_text('coord_id,mic_id,x,y\n' + ''.join(f'{number},1,{x},{y}\n' for number, (x, y)
                                                             in enumerate(picks, 1)), encoding='utf-8')
    scores.unlink(missing_ok=True)
    subprocess.run([sys.executable, '-m', 'worker', 'prune', '--micrographs', micrographs, '--coordinates', coordinates,
                    '--model', 'general', '--box-angstrom', str(BOX), '--output', scores],
                   check=True, stdout=sys.stderr)
    with open(scores, encoding='utf-8') as stream:
        particle = {int(row['coord_id']): float(row['particle'] or 0) for row in csv.DictReader(stream)}
    return np.array([particle[number] < 0.5 for number in range(1, len(picks) + 1)])


def draw(image, mask, picks, ours, theirs, path):
    figure, axes = pyplot.subplots(1, 2, figsize=(20, 10))
    low, high = np.percentile(image, (1, 99))
    for axis, bad, title in zip(axes, (ours, theirs), ('general model', 'MicrographCleaner, its mask in red')):
        axis.imshow(image, cmap='gray', vmin=low, vmax=high)
        axis.set_title(title)
        for number, ((x, y), is_bad) in enumerate(zip(picks, bad), 1):
            axis.add_patch(pyplot.Rectangle((x - BOX / 2, y - BOX / 2), BOX, BOX, fill=False,
                                            edgecolor='red' if is_bad else 'lime'))
            axis.text(x, y, str(number), color='yellow', fontsize=8)
    axes[1].imshow(mask, cmap='Reds', alpha=0.4)
    figure.tight_layout()
    figure.savefig(path, dpi=70)


if __name__ == '__main__':
    main()
