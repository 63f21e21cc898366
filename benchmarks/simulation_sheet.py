"""A sheet of real micrographs and boxes next to simulated ones, to judge the simulator by eye.

    PYTHONPATH=pickeroptimizer python benchmarks/simulation_sheet.py --real FOLDER ... --output sheet.png [--width PX]

Each folder holds micrographs.csv, labels.csv and box_angstrom.txt. Grey values are scaled for each micrograph
and not for each box, as the network sees them.
"""
import argparse
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw
from worker.exchange.classes import ordered
from worker.exchange.micrograph_reader import read_micrograph
from worker.exchange.tables import read_labels, read_micrographs
from worker.simulation.categories import simulate_experiment

THUMBNAIL, THUMBNAILS_ACROSS, BOX, BOXES_ACROSS, BOX_ROWS, GAP, TITLE = 400, 3, 75, 16, 6, 16, 18
CONTRAST = 8               # robust standard deviations from black to white
BACKGROUND = (250, 245, 235)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--real', nargs='+', type=Path, required=True, metavar='FOLDER')
    parser.add_argument('--output', type=Path, required=True, metavar='PICTURE')
    parser.add_argument('--width', type=int, help='of the picture in px (default: as it comes, about 2400)')
    parser.add_argument('--micrographs', type=int, default=15, help='shown of each (default: %(default)s)')
    parser.add_argument('--experiments', type=int, default=32, help='simulated (default: %(default)s)')
    parser.add_argument('--seed', type=int, default=0)
    arguments = parser.parse_args()
    rng = np.random.default_rng(arguments.seed)
    sides = {'real': real(arguments.real), 'simulated': simulated(arguments.experiments, arguments.seed)}
    gathered = {name: gather(micrographs, rng, arguments.micrographs) for name, micrographs in sides.items()}
    classes = ordered(label for _, boxes in gathered.values() for label in boxes)
    panels = [draw_side(name, classes, *shown, arguments.micrographs) for name, shown in gathered.items()]
    sheet = Image.new('RGB', (sum(panel.width + GAP for panel in panels) - GAP, panels[0].height), BACKGROUND)
    for number, panel in enumerate(panels):
        sheet.paste(panel, (number * (panel.width + GAP), 0))
    if arguments.width:
        sheet.thumbnail((arguments.width, sheet.height), Image.LANCZOS)
    sheet.convert('L').save(arguments.output)


def real(folders):
    """Yield (folder name, image, box in px, [(x, y, label), ...]) of every labelled micrograph."""
    for folder in folders:
        box_angstrom = float((folder / 'box_angstrom.txt').read_text())
        labels = read_labels(folder / 'labels.csv')
        for row in read_micrographs(folder / 'micrographs.csv').values():
            picks = [(label.x, label.y, label.label) for label in labels if label.mic_id == row.mic_id]
            yield folder.name, read_micrograph(row.path), box_angstrom / row.pixel_size, picks


def simulated(experiments, seed):
    """Yield the same of simulated experiments, one or two micrographs of each."""
    for number in range(experiments):
        for image, pixel_size, box_angstrom, picks in simulate_experiment(number, seed, boxes=20):
            yield f'sim{number}', image, box_angstrom / pixel_size, picks


def gather(micrographs, rng, count):
    """Thumbnails and boxes {class: [image, ...]}, taken in turn from each data set."""
    thumbnails, boxes = {}, {}
    for name, image, box, picks in micrographs:
        gray = Image.fromarray(np.uint8(255 * np.clip(0.5 + robust_deviations(image) / CONTRAST, 0, 1)))
        thumbnails.setdefault(name, []).append(gray.resize((THUMBNAIL, THUMBNAIL), Image.LANCZOS))
        for index in rng.permutation(len(picks)):
            x, y, label = picks[index]
            corners = (x - box / 2, y - box / 2, x + box / 2, y + box / 2)
            if min(corners[:2]) >= 0 and corners[2] <= gray.width and corners[3] <= gray.height:
                crop = gray.resize((BOX, BOX), Image.BICUBIC, box=corners, reducing_gap=3)
                boxes.setdefault(label, {}).setdefault(name, []).append(crop)
    return in_turn(thumbnails)[:count], {label: in_turn(sets)[:BOXES_ACROSS * BOX_ROWS]
                                         for label, sets in boxes.items()}


def robust_deviations(image):
    """An image in robust standard deviations from its median."""
    centre = np.median(image[::3, ::3])
    return (image - centre) / (1.4826 * np.median(np.abs(image[::3, ::3] - centre)) + 1e-9)


def in_turn(sets):
    """The items of all lists of a dict: the first of each, the second of each..."""
    longest = max((len(items) for items in sets.values()), default=0)
    return [items[turn] for turn in range(longest) for items in sets.values() if turn < len(items)]


def draw_side(name, classes, thumbnails, boxes, count):
    """One half of the sheet; a block for each class, empty where this side has none."""
    rows = -(-count // THUMBNAILS_ACROSS)
    blocks = [(f'{name}: micrographs', thumbnails, THUMBNAIL, THUMBNAILS_ACROSS, rows)]
    blocks += [(f'{name}: {label}', boxes.get(label, ()), BOX, BOXES_ACROSS, BOX_ROWS) for label in classes]
    panel = Image.new('RGB', (THUMBNAIL * THUMBNAILS_ACROSS,
                              sum(TITLE + size * rows for _, _, size, _, rows in blocks)), BACKGROUND)
    draw, top = ImageDraw.Draw(panel), 0
    for title, images, size, across, rows in blocks:
        draw.text((4, top + 3), title, fill=(0, 0, 0))
        for index, image in enumerate(images[:across * rows]):
            panel.paste(image, (index % across * size, top + TITLE + index // across * size))
        top += TITLE + size * rows
    return panel


if __name__ == '__main__':
    main()
