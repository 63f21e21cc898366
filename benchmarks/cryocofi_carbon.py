"""cryoCOFI, which looks for the round edge of carbon film, beside ours without labels: film removed, particles lost.

    PYTHONPATH=pickeroptimizer python benchmarks/cryocofi_carbon.py --wheel FOLDER --work FOLDER --data empiar-10017
        [--simulate 3]

Run it with the worker's Python. --wheel: the unpacked wheel of `cryocofi` 1.0.3 from PyPI (`pip download --no-deps`,
`unzip`). cryoCOFI (GPLv3) runs on CUDA alone: CuPy, and compiled kernels. For single particles, as its help advises
(`canny`), it needs these for arrays and in two places: the Hough transform of a circle of known radius, and the
difference of the commonest grey values inside and outside. Here its own code runs with numpy in the place of CuPy, and
with functions of ours, after the docstrings, in those two places. So this is its method, and not quite its program.

The diameter of the hole has to be known, and a threshold to be chosen "dataset by dataset". For simulated experiments
the diameter is the true one; for data sets several are tried. The threshold is the one that best tells the micrographs
that show film, by the labels, from the others: with the truth at hand, which favours cryoCOFI. Its low-pass filter,
200 or 300 Å, leaves edges too thin for its own thinning by 20 px unless pixels are about 1 Å; a wider one is tried too.
The padding of empiar-10017 is cut off for it. A box goes where its centre is off the hole; intervals as in peers.py.
"""
import argparse
import contextlib
import io
import json
import re
import sys
import types
from pathlib import Path

import matplotlib
import mrcfile
import numpy as np
from peers import counted, print_row, without_labels
from published_picks import JUNK, TRUE, UNKNOWN
from scipy import fft
from worker.exchange.classes import PARTICLE
from worker.exchange.micrograph_reader import read_micrograph
from worker.exchange.tables import read_labels, read_micrographs
from worker.simulation.dataset import simulate

matplotlib.use('Agg')
from matplotlib import pyplot

DIAMETERS = 10000, 12000, 14000             # Å, of data sets; the second is cryoCOFI's own
LOW_PASS = 300, 1000                        # Å; the first is its own for single particles
CANNY_KERNEL, CROPPING, INSIDE_EDGE, LEAST_DIFFERENCE = 2, 20, 20, 0.0      # its own
FILM, HOLE = 'carbon', 'hole'
FIRST_SEED = 40
SIMULATED = {'micrographs': 6, 'size': 1024, 'pixel_size': 3.0, 'box_angstrom': 150.0}
BINS = 256


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--wheel', type=Path, required=True)
    parser.add_argument('--work', type=Path, required=True)
    parser.add_argument('--data', type=Path, nargs='*', default=[])
    parser.add_argument('--simulate', type=int, default=0, metavar='N', help='experiments with film with a round hole')
    options = parser.parse_args()
    options.work.mkdir(parents=True, exist_ok=True)
    detector = cryocofi(options.wheel)
    print('| data | method | film boxes | removed, % (95 %) | particles | lost, % (95 %) |')
    print('|---' * 6 + '|')
    for folder in options.data:
        judge(folder, DIAMETERS, detector, options.work)
    for folder, diameter in experiments(options.work, options.simulate):
        judge(folder, [diameter], detector, options.work)


def cryocofi(wheel):
    """Its module of the detector, with numpy in the place of CuPy and of two kernels."""
    cupy = types.ModuleType('cupy')
    cupy.__getattr__ = lambda name: getattr(np, name)
    cupy.array = lambda values: np.array(values).view(_OnCpu)
    cupy.zeros_like = lambda values: np.zeros_like(values).view(_OnCpu)
    cupy.fft = types.SimpleNamespace(fft2=np.fft.fft2, fftshift=np.fft.fftshift, ifftshift=np.fft.ifftshift,
                                     ifft2=lambda values: np.fft.ifft2(values).view(_OnCpu))
    sys.modules['cupy'] = cupy
    sys.path.append(str(wheel))
    from cryoCOFI import carbon_film_detector
    carbon_film_detector.hough_transform_for_radius = circle_through
    carbon_film_detector.find_highest_density = difference_of_modes
    return carbon_film_detector


class _OnCpu(np.ndarray):
    def get(self):
        return np.asarray(self)


def circle_through(edges, radius):
    """The centre (x, y), moved by the radius, of the circle on which most of the edge lies; the votes for each."""
    rows, columns = edges.shape
    shape = rows + 2 * radius, columns + 2 * radius
    angles = np.linspace(0, 2 * np.pi, max(360, int(2 * np.pi * radius)), endpoint=False)
    ring = np.zeros((2 * radius + 1,) * 2, np.float32)
    y, x = (np.rint(radius + radius * wave(angles)).astype(int) for wave in (np.sin, np.cos))
    ring[y, x] = 1
    votes = fft.irfft2(fft.rfft2(edges.astype(np.float32), shape) * fft.rfft2(ring, shape), shape)
    y, x = np.unravel_index(votes.argmax(), shape)
    return int(x), int(y), votes


def difference_of_modes(image, mask, inside_flags=(1, 4), outside_flags=(0,)):
    """The commonest grey value inside less that outside, of an image from 0 to 1; 0 where either is not there."""
    modes = []
    for flags in (inside_flags, outside_flags):
        values = image[np.isin(mask, flags)]
        if not len(values):
            return 0.0
        modes.append(np.histogram(values, BINS, (0, 1))[0].argmax() / BINS)
    return modes[0] - modes[1]


def experiments(work, number):
    """(folder, diameter of the hole in Å) of simulated experiments, those whose film has a round hole."""
    seed, found = FIRST_SEED, 0
    while found < number:
        folder = work / f'simulated {seed}'
        note = folder / 'film.json'
        if not note.exists():
            film = simulate(folder, **SIMULATED, seed=seed).film
            note.write_text(json.dumps({'outline': film.outline, 'diameter': 2 * film.hole_radius}), encoding='utf-8')
        film = json.loads(note.read_text(encoding='utf-8'))
        if film['outline'] == HOLE:
            found += 1
            yield folder, film['diameter']
        seed += 1


def judge(folder, diameters, detector, work):
    """Print the rows of a data set."""
    labels = [row for row in read_labels(folder / 'labels.csv') if row.coord_id is not None]
    truth = np.array([JUNK if row.label == FILM else TRUE if row.label == PARTICLE else UNKNOWN for row in labels])
    mic_ids = np.array([row.mic_id for row in labels])
    options = argparse.Namespace(work=work, data=folder)
    ours = without_labels(options, folder.name, folder / 'labels.csv', np.array([row.coord_id for row in labels]))
    print_row(folder.name, 'ours, no labels', counted(ours, truth, mic_ids))
    shows = {mic_id: bool((truth[mic_ids == mic_id] == JUNK).any()) for mic_id in np.unique(mic_ids).tolist()}
    for low_pass in LOW_PASS:
        for diameter in diameters:
            seen = {mic_id: look(folder, mic_id, detector, diameter, low_pass, work / 'micrograph.mrc')
                    for mic_id in shows}
            threshold = best_threshold({mic_id: quotient for mic_id, (quotient, _) in seen.items()}, shows)
            kept = np.array([float(seen[row.mic_id][0] <= threshold or seen[row.mic_id][1](row.x, row.y))
                             for row in labels])
            found = {mic_id for mic_id, (quotient, _) in seen.items() if quotient > threshold}
            right = len([mic_id for mic_id in found if shows[mic_id]])
            print_row(folder.name, f'cryoCOFI, hole of {diameter:.0f} Å, low-pass {low_pass} Å, threshold '
                                   f'{threshold:.2f}: film on {right} of {sum(shows.values())} that show it '
                                   f'and {len(found) - right} of {len(shows) - sum(shows.values())} others',
                      counted(kept, truth, mic_ids))


def look(folder, mic_id, detector, diameter, low_pass, path):
    """(edge quotient, -inf where its other test finds no film; whether a place, x and y in px, is in the hole).

    path: of the file that it is given.
    """
    row = read_micrographs(folder / 'micrographs.csv')[mic_id]
    regions, image = folder / 'regions.json', read_micrograph(row.path)
    left, top, right, bottom = (json.loads(regions.read_text())[str(mic_id)]['valid_xyxy'] if regions.exists() else
                                (0, 0, image.shape[1], image.shape[0]))
    with mrcfile.new(path, overwrite=True) as mrc:
        mrc.set_data(np.ascontiguousarray(image[top:bottom, left:right]))
        mrc.voxel_size = row.pixel_size
    said = io.StringIO()
    with contextlib.redirect_stdout(said), np.errstate(all='ignore'):
        mask = detector.detector_for_mrc(path, low_pass, 'canny', 0, 0.0, 0.0, CANNY_KERNEL, diameter, CROPPING,
                                         INSIDE_EDGE, LEAST_DIFFERENCE, -np.inf, False, True)
    pyplot.close('all')
    quotient = re.search(r'edge_quotient: (\S+)', said.getvalue())
    if mask is False or quotient is None or quotient[1] == 'nan':
        return -np.inf, None
    good = np.isin(mask.get(), (1, 2))      # 2: the border of the image, which tells nothing of film

    def in_hole(x, y):
        row, column = int(y) - top, int(x) - left
        return not (0 <= row < good.shape[0] and 0 <= column < good.shape[1]) or good[row, column]
    return float(quotient[1]), in_hole


def best_threshold(quotients, shows):
    """The one above which there is film on most micrographs that show it and fewest of the others, weighed the same."""
    def merit(threshold):
        shares = [np.mean([quotients[mic_id] > threshold for mic_id in quotients if shows[mic_id] == there] or [0])
                  for there in (True, False)]
        return shares[0] - shares[1]
    return max([np.inf, *(value - 1e-6 for value in quotients.values() if np.isfinite(value))], key=merit)


if __name__ == '__main__':
    main()
