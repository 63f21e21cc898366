"""How well blank and repeated borders are found, and whether particles are lost by it.

    python benchmarks/borders.py --data FOLDER [FOLDER ...]

Run it with the worker's Python. --data: data sets (micrographs.csv, labels.csv, box_angstrom.txt; `worker simulate`
makes some). Nothing is trained. First their labels, as they are and with micrographs changed in ways that make
neighbours equal; and, where there are regions.json (`valid_xyxy`, see picked.py) and picks/*.csv, the picks beyond the
valid area. Then borders are added, 0.25 to 1.5 boxes wide, on sides drawn by lot: found is the share of places all over
them that are told to be in the border; lost are labels, and boxes all along it, centred NEAR px to a quarter of a box
inside the image, STRESS a micrograph. At the end, the table of all sets together.
"""
import argparse
import io
import json
import sys
import time
from pathlib import Path

import numpy as np
from PIL import Image
from scipy.ndimage import gaussian_filter, zoom

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / 'pickeroptimizer'))

from worker.exchange import tables
from worker.exchange.borders import find_borders
from worker.exchange.micrograph_reader import read_micrograph

STRESS = 400
NEAR = 3
SCALE = 1.3


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--data', type=Path, nargs='+', required=True)
    options = parser.parse_args()
    judged = [judge(folder) for folder in options.data]
    print('\n| border | found, % (range over the sets) | labels lost | boxes beside it lost |\n|---|---|---|---|')
    for name in BORDERS:
        tallies = [added[name] for added in judged]
        shares = [100 * tally.found / tally.all for tally in tallies]
        total = {key: sum(vars(tally)[key] for tally in tallies) for key in vars(tallies[0])}
        print(f'| {name} | {100 * total["found"] / total["all"]:.1f} ({min(shares):.1f} to {max(shares):.1f}) '
              f'| {total["labels_lost"]} of {total["labels"]} | {total["lost"]} of {total["safe"]} |')


def judge(folder):
    """Print what became of a data set; return {border: Tally} of those that were added."""
    rows = tables.read_micrographs(folder / 'micrographs.csv')
    box_angstrom = float((folder / 'box_angstrom.txt').read_text())
    labels = tables.read_labels(folder / 'labels.csv')
    regions = json.loads((folder / 'regions.json').read_text()) if (folder / 'regions.json').exists() else {}
    rng = np.random.default_rng(0)
    changed = {name: Tally() for name in CHANGES}
    added = {name: Tally() for name in BORDERS}
    picked = {path.stem: Tally() for path in sorted((folder / 'picks').glob('*.csv'))} if regions else {}
    picks = {name: tables.read_coordinates(folder / 'picks' / f'{name}.csv') for name in picked}
    seconds = []
    for mic_id, row in rows.items():
        image, box = read_micrograph(row.path), box_angstrom / row.pixel_size
        xy = positions(labels, mic_id)
        start = time.perf_counter()
        borders = find_borders(image)
        seconds.append(time.perf_counter() - start)
        for name, change in CHANGES.items():
            changed_image, scale = change(image)
            changed[name].lose(find_borders(changed_image).hold((xy + 0.5) * scale - 0.5, box * scale))
        region = regions.get(str(mic_id))
        for name, tally in picked.items():
            centres = positions(picks[name], mic_id)
            left, top, right, bottom = region['valid_xyxy']
            beyond = ((centres < (left, top)) | (centres > (right, bottom))).any(axis=1)
            held = borders.hold(centres, box)
            tally.find(held[beyond])
            tally.lose(held[~beyond])
        if region:      # a border of its own is no place to add one
            left, top, right, bottom = np.round(region['valid_xyxy']).astype(int)
            image, xy = image[top:bottom + 1, left:right + 1], xy - (left, top)
        for name, add in BORDERS.items():
            add_and_judge(image, xy, box, add, added[name], rng)
    print(f'\n{folder.name}: {len(rows)} micrographs, {np.median(seconds) * 1e3:.1f} ms each')
    for name, tally in changed.items():
        print(f'  {name:34s} labels lost: {tally.lost} of {tally.safe}')
    for name, tally in picked.items():
        print(f'  picks of {name:25s} beyond the valid area: {tally.found} of {tally.all} found; '
              f'elsewhere: {tally.lost} of {tally.safe} lost')
    return added


class Tally:
    """Counts of boxes that should be found, and that should not."""

    def __init__(self):
        self.found = self.all = self.lost = self.safe = self.labels_lost = self.labels = 0

    def find(self, held):
        self.found, self.all = self.found + int(held.sum()), self.all + len(held)

    def lose(self, held):
        self.lost, self.safe = self.lost + int(held.sum()), self.safe + len(held)


def positions(rows, mic_id):
    return np.array([(row.x, row.y) for row in rows if row.mic_id == mic_id]).reshape(-1, 2)


def add_and_judge(image, xy, box, add, tally, rng):
    """Add a border to a micrograph; judge places in it, labels (n, 2), and boxes beside it."""
    widths = np.where(rng.random(4) < 0.7, rng.uniform(0.25, 1.5, 4) * box, 0).round().astype(int)
    left, right, top, bottom = widths
    padded, scale = add(image, ((top, bottom), (left, right)))
    rows, columns = image.shape
    inside = np.array([0, 0]), np.array([columns - 1, rows - 1])
    places = rng.uniform(-0.5 - np.array([left, top]), np.array([columns - 0.5 + right, rows - 0.5 + bottom]),
                         (20 * STRESS, 2))
    outside = ((places < inside[0] - 0.5) | (places > inside[1] + 0.5)).any(axis=1)
    depth = np.minimum(places - inside[0], inside[1] - places).min(axis=1)
    near = (depth >= NEAR) & (depth <= box / 4)
    borders = find_borders(padded)

    def held(at):
        return borders.hold((at + (left, top) + 0.5) * scale - 0.5, box * scale)
    tally.find(held(places[outside]))
    tally.lose(held(places[near][:STRESS]))
    found = held(xy)
    tally.labels_lost, tally.labels = tally.labels_lost + int(found.sum()), tally.labels + len(found)


# ------------------------------ what is done to micrographs: (array, scale) ------------------------------

def eight_bits(image):
    low, high = np.percentile(image, (0.5, 99.5))
    return np.clip(np.round((image - low) * (255 / (high - low))), 0, 255).astype(np.float32)


def jpeg(image, quality=75):
    stream = io.BytesIO()
    Image.fromarray(eight_bits(image).astype(np.uint8)).save(stream, 'JPEG', quality=quality)
    return np.asarray(Image.open(stream)).astype(np.float32)


def binned(image):
    rows, columns = (length // 2 * 2 for length in image.shape)
    return image[:rows, :columns].reshape(rows // 2, 2, columns // 2, 2).mean(axis=(1, 3))


def few_greys(image):
    return np.round(eight_bits(image) / 64)


def with_gaps(image):
    """A constant cross, as between the chips of a camera, and one more gap near a side."""
    image = image.copy()
    for line in (0.04, 0.5):
        rows, columns = (int(line * length) for length in image.shape)
        image[rows:rows + 5] = image[:, columns:columns + 5] = image.mean()
    return image


def low_passed(image, sharply=False):
    """Low-passed at 8 px, around the ends as Fourier transforms do it; then 8 bits."""
    frequency = np.hypot(np.fft.fftfreq(image.shape[0])[:, None], np.fft.rfftfreq(image.shape[1])[None]) * 8
    passed = frequency < 1 if sharply else 0.5 ** frequency ** 2
    return eight_bits(np.fft.irfft2(np.fft.rfft2(image) * passed, image.shape))


CHANGES = {'as they are': lambda image: (image, 1), '8 bits': lambda image: (eight_bits(image), 1),
           'five grey values': lambda image: (few_greys(image), 1), 'JPEG': lambda image: (jpeg(image), 1),
           'binned by 2': lambda image: (binned(image), 0.5),
           'interpolated to 1.3 times': lambda image: (zoom(image, SCALE, order=1, grid_mode=True, mode='reflect'),
                                                       SCALE),
           'every pixel doubled': lambda image: (image.repeat(2, 0).repeat(2, 1), 2),
           'every pixel fourfold': lambda image: (image.repeat(4, 0).repeat(4, 1), 4),
           'blurred by 3 px': lambda image: (gaussian_filter(image, 3), 1),
           'low-passed': lambda image: (low_passed(image), 1),
           'low-passed sharply': lambda image: (low_passed(image, True), 1),
           'gaps inside': lambda image: (with_gaps(image), 1)}
BORDERS = {'blank': lambda image, widths: (np.pad(image, widths, constant_values=float(image.mean())), 1),
           'repeated': lambda image, widths: (np.pad(image, widths, 'edge'), 1),
           'repeated, JPEG': lambda image, widths: (jpeg(np.pad(image, widths, 'edge')), 1),
           'repeated, binned': lambda image, widths: (binned(np.pad(image, widths, 'edge')), 0.5),
           'repeated, interpolated': lambda image, widths: (zoom(np.pad(image, widths, 'edge'), SCALE, order=1,
                                                                 grid_mode=True, mode='nearest'), SCALE),
           'repeated, low-passed': lambda image, widths: (low_passed(np.pad(image, widths, 'edge')), 1),
           'repeated, low-passed sharply': lambda image, widths: (low_passed(np.pad(image, widths, 'edge'), True), 1)}

if __name__ == '__main__':
    main()
