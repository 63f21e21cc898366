"""How fast `prune` is, against the way of the paper's published program and against reading alone, in one run.

    PYTHONPATH=pickeroptimizer python benchmarks/speed.py [--data FOLDER] [--device auto] [--threads 0] [--repeat 5]
        [--micrographs 48] [--picks 300] [--size 4096] [--boxes 150] [--input-size 64] [--folder DIR]

prune: micrograph files and the table of picks in, the table of scores out, with a model of the recipe `default`;
    without the start of Python and the loading of torch, which are told apart.
published way: every box a file of its own (float32 MRC), read one at a time, resized to 224 px with PIL, a ResNet-18
    in float32, batch 1; written from its description. Cutting the boxes out is not counted. Always on the CPU.
reading: the same micrographs read and decoded by as many threads as prune uses for it, and nothing else done.
Repetitions of the three alternate; the ratios are within a repetition. Without --data, micrographs are simulated
(float32, 1 Å/px, boxes of 200 px). A data set is a folder with micrographs.csv, labels.csv and box_angstrom.txt.
"""
import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import mrcfile
import numpy as np
import torch
import torchvision
from PIL import Image
from worker.boxes import cropping
from worker.exchange.micrograph_reader import read_micrograph
from worker.exchange.score_table import GrowingScores
from worker.exchange.tables import (
    COORDINATE_COLUMNS,
    LABEL_COLUMNS,
    MICROGRAPH_COLUMNS,
    read_labels,
    read_micrographs,
    write_rows,
)
from worker.inference.predictors import Scorer
from worker.inference.scoring import prune
from worker.inference.sources import WholeTables
from worker.network.device import choose_devices
from worker.network.model_file import load_model
from worker.simulation.dataset import simulate

BOX = 200.0          # Å, of the simulated micrographs
ENLARGED = 4         # they are simulated at so many Å/px
SHOTS = 30
PUBLISHED_SIZE = 224
MEAN, SD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)      # of ImageNet, as the published program takes them


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--data', type=Path)
    parser.add_argument('--device', default='auto')
    parser.add_argument('--threads', type=int, default=0)
    parser.add_argument('--repeat', type=int, default=5)
    parser.add_argument('--micrographs', type=int, default=48)
    parser.add_argument('--picks', type=int, default=300, help='on each micrograph')
    parser.add_argument('--size', type=int, default=4096, help='px of a micrograph')
    parser.add_argument('--boxes', type=int, default=150, help='that the published way is timed on')
    parser.add_argument('--input-size', type=int, default=64)
    parser.add_argument('--folder', type=Path, help='where the data are made and kept (default: a temporary folder)')
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.folder or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        data = Data(folder, options)
        measure(data, options)
        print()
        where_time_goes(data, options)


class Data:
    """The tables, the model and the box files of a benchmark, made in `folder` unless they are there."""

    def __init__(self, folder, options):
        self.folder = folder
        self.micrographs, self.coordinates = folder / 'micrographs.csv', folder / 'coordinates.csv'
        self.model = folder / f'model-{options.input_size}.safetensors'
        labels = folder / 'labels.csv'
        if options.data:
            box = float((options.data / 'box_angstrom.txt').read_text())
            learnt = options.data / 'micrographs.csv'
            if not self.coordinates.exists():
                real(options.data.resolve(), self, labels)
        else:
            box, learnt = BOX, folder / 'small' / 'micrographs.csv'
            if not self.coordinates.exists():
                simulated(self, labels, options)
        if not self.model.exists():
            worker('finetune', '--micrographs', learnt, '--labels', labels, '--box-angstrom', box, '--input-size',
                   options.input_size, '--output', self.model, '--device', options.device)
        self.source = WholeTables(self.micrographs, self.coordinates)
        self.files = box_files(self, box, options.boxes)


def simulated(data, labels, options):
    """Small micrographs to learn from, and the same ones enlarged to prune."""
    small = data.folder / 'small'
    simulate(small, micrographs=6, size=options.size // ENLARGED, pixel_size=float(ENLARGED), box_angstrom=BOX, seed=1)
    write_shots(labels, read_labels(small / 'labels.csv'))
    rng = np.random.default_rng(0)
    picks = {}
    for label in read_labels(small / 'labels.csv'):
        picks.setdefault(label.mic_id, []).append((label.x * ENLARGED, label.y * ENLARGED))
    sources = list(read_micrographs(small / 'micrographs.csv').values())
    micrographs, coordinates = [], []
    for number in range(options.micrographs):
        source = sources[number % len(sources)]
        path = data.folder / f'large_{source.mic_id}.mrc'      # a few files, read again and again
        if not path.exists():
            image = read_micrograph(source.path).repeat(ENLARGED, axis=0).repeat(ENLARGED, axis=1)
            with mrcfile.new(path) as mrc:
                mrc.set_data(image + rng.normal(0, image.std(), image.shape).astype(np.float32))
        micrographs.append((number, path.name, 1.0))
        here = np.array(picks[source.mic_id])
        chosen = here[rng.integers(0, len(here), options.picks)] + rng.uniform(-5, 5, (options.picks, 2))
        coordinates += [(len(coordinates) + i, number, *xy) for i, xy in enumerate(chosen.tolist())]
    write_rows(data.micrographs, MICROGRAPH_COLUMNS, micrographs)
    write_rows(data.coordinates, COORDINATE_COLUMNS, coordinates)


def real(folder, data, labels):
    """All labelled boxes of a data set as picks; some of them to learn from."""
    rows = read_labels(folder / 'labels.csv')
    write_shots(labels, [rows[i] for i in np.random.default_rng(0).permutation(len(rows))])
    write_rows(data.micrographs, MICROGRAPH_COLUMNS, [(row.mic_id, row.path, row.pixel_size) for row in
                                                      read_micrographs(folder / 'micrographs.csv').values()])
    write_rows(data.coordinates, COORDINATE_COLUMNS, [(i, r.mic_id, r.x, r.y) for i, r in enumerate(rows)])


def write_shots(path, rows):
    """SHOTS labels of each class, the first ones."""
    kept = {}
    for row in rows:
        kept.setdefault(row.label, []).append((row.coord_id, row.mic_id, row.x, row.y, row.label))
    write_rows(path, LABEL_COLUMNS, [row for same in kept.values() for row in same[:SHOTS]])


def box_files(data, box_angstrom, number):
    """Files of the first boxes, as an extraction program writes them."""
    folder = data.folder / 'boxes'
    folder.mkdir(exist_ok=True)
    paths = [folder / f'{i}.mrc' for i in range(min(number, data.source.picks))]
    if all(path.exists() for path in paths):
        return paths
    todo = iter(paths)
    for group in data.source:
        half = round(box_angstrom / group.micrograph.pixel_size / 2)
        image = np.pad(read_micrograph(group.micrograph.path), half, mode='reflect')
        for (x, y), path in zip(np.round(group.xy).astype(int), todo):
            with mrcfile.new(path, overwrite=True) as mrc:
                mrc.set_data(image[y:y + 2 * half, x:x + 2 * half])
    return paths


def worker(*arguments):
    """Run a command of the worker to its end; returns seconds."""
    start = time.perf_counter()
    done = subprocess.run([sys.executable, '-m', 'worker', *map(str, arguments)], capture_output=True, text=True)
    if done.returncode:
        sys.exit(done.stderr)
    return time.perf_counter() - start


def published_way(paths):
    """Judge box files one by one; returns seconds."""
    network = torchvision.models.resnet18(weights=None)
    network.fc = torch.nn.Linear(network.fc.in_features, 3)
    network.eval()
    mean, sd = (torch.tensor(values)[:, None, None] for values in (MEAN, SD))
    results = []
    start = time.perf_counter()
    for path in paths:
        with mrcfile.open(path) as mrc:
            picture = Image.fromarray(mrc.data)
        pixels = torch.from_numpy(np.asarray(picture.resize((PUBLISHED_SIZE, PUBLISHED_SIZE), Image.BILINEAR)).copy())
        with torch.no_grad():
            results.append(int(network(((pixels.expand(3, -1, -1) - mean) / sd)[None]).argmax()))
    return time.perf_counter() - start


def pruned(data, options):
    """Prune once; returns seconds."""
    output = data.folder / 'scores.csv'
    start = time.perf_counter()
    source = WholeTables(data.micrographs, data.coordinates)
    recogniser, header = load_model(data.model)
    scores = GrowingScores(output, (data.model, data.micrographs, data.coordinates), no_log)
    prune(source, recogniser, header, scores, choose_devices(options.device, options.threads), 0, no_log)
    return time.perf_counter() - start


def no_log(line):
    """The lines of a log are not wanted here."""


def read(data, options):
    """Read all micrographs with as many threads as prune; returns seconds."""
    threads = sum(device.streams for device in choose_devices(options.device, options.threads))
    start = time.perf_counter()
    with ThreadPoolExecutor(threads) as readers:
        for reading in [readers.submit(decoded, group.micrograph.path) for group in data.source]:
            reading.result()
    return time.perf_counter() - start


def decoded(path):
    """Read a micrograph and let it go."""
    read_micrograph(path)


def measure(data, options):
    """Time the three in turn, and print what comes of it."""
    for once in (lambda: published_way(data.files[:8]), lambda: pruned(data, options), lambda: read(data, options)):
        once()
    rows = [(len(data.files) / published_way(data.files), data.source.picks / pruned(data, options),
             read(data, options)) for _ in range(options.repeat)]
    published, scored, reading = np.array(rows).T
    devices = ' and '.join(device.name for device in choose_devices(options.device, options.threads))
    print(f'{data.source.picks} picks on {data.source.groups} micrographs, {options.input_size} px; {devices}; '
          f'{options.repeat} repetitions: median (least to most)\n')
    print('| | |\n|---|---|')
    seconds = data.source.picks / scored
    for name, values, form in (('published way, boxes/s', published, '.1f'), ('prune, boxes/s', scored, '.0f'),
                               ('prune against the published way', scored / published, '.1f'),
                               ('prune, s', seconds, '.2f'), ('reading alone, s', reading, '.2f'),
                               ('prune against reading', seconds / reading, '.2f')):
        print(f'| {name} | {np.median(values):{form}} ({values.min():{form}} to {values.max():{form}}) |')
    whole = worker('prune', '--micrographs', data.micrographs, '--coordinates', data.coordinates, '--model', data.model,
                   '--device', options.device, '--threads', options.threads, '--output', data.folder / 'scores.csv')
    memory = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 2 ** 20
    print(f'| the whole command, with its start, s | {whole:.2f} |')
    print(f'| its largest memory, GB | {memory:.2f} |')


def where_time_goes(data, options):
    """Time the parts of the work on one micrograph, one after the other."""
    device = choose_devices(options.device, options.threads)[0]
    recogniser, header = load_model(data.model)
    scorer = Scorer(recogniser, header, device, 0, no_log)
    group = max(data.source, key=lambda group: len(group.ids))
    width, where = header['box_angstrom'] / group.micrograph.pixel_size, device.torch_device
    image = torch.from_numpy(read_micrograph(group.micrograph.path))
    on_device = image.to(where)
    levels = cropping.levels(on_device, width, scorer.size, scorer.fields)
    centres = torch.from_numpy(group.xy.astype(np.float32)).to(where)
    cut = torch.cat([cropping.crop(level, centres, width * field, scorer.size)
                     for level, field in zip(levels, scorer.fields)], dim=1)

    def look():
        with torch.no_grad(), device.autocast():
            return [scorer.predict(part) for part in cut.split(scorer.batch_size)]

    scores = GrowingScores(data.folder / 'part.csv', (), no_log)
    scores.open(header['classes'])
    row = [*(f'{value:.6f}' for value in (0.1, 0.2, 0.7, 1.0)), 'scored', '']
    parts = {'read and check': lambda: read_micrograph(group.micrograph.path), 'to the device': lambda: image.to(where),
             'resize and normalise': lambda: cropping.levels(on_device, width, scorer.size, scorer.fields),
             'cut out': lambda: [cropping.crop(level, centres, width * field, scorer.size)
                                 for level, field in zip(levels, scorer.fields)],
             'network': look,
             'write the rows': lambda: scores.append([coord_id, *row] for coord_id in group.ids.tolist())}
    print(f'One micrograph of {image.shape[1]} x {image.shape[0]} px with {len(centres)} picks, part by part, the '
          f'least of {options.repeat}:\n\n| | ms |\n|---|---|')
    for name, part in parts.items():
        print(f'| {name} | {1000 * min(timed(part, where) for _ in range(options.repeat)):.1f} |')
    scores.discard()


def timed(part, where):
    """Seconds that a part takes, until the device is done."""
    start = time.perf_counter()
    part()
    if where.type == 'cuda':
        torch.cuda.synchronize(where)
    return time.perf_counter() - start


if __name__ == '__main__':
    os.environ.setdefault('PYTHONPATH', str(Path(cropping.__file__).parents[2]))
    main()
