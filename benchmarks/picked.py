"""Makes a data set of what a picker picked, with labels that follow from regions drawn on the micrographs.

    python benchmarks/picked.py --data FOLDER --picks FILE --output FOLDER

Run it with the worker's Python. --data: a data set with regions.json, which holds for each mic_id, in px,
`carbon_polygons` (lists of corners), `ice_objects` and `unsure_objects` (x, y, radius) and `valid_xyxy`. --picks: a
table coord_id,mic_id,x,y. A pick is carbon if film covers 30 % of its box or more; ice if its centre is on such an
object or off it by up to 22 % of a box; else a particle, whatever it may be. Left out is what is a matter of opinion:
less film than 30 % but more than 5 %, ice elsewhere in the box, objects that could not be told; and what is centred
beyond the valid area.
"""
import argparse
import json
import sys
from pathlib import Path

import numpy as np
from matplotlib.path import Path as Outline

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / 'pickeroptimizer'))

from worker.exchange import tables

FILM = (0.05, 0.30)       # share of a box: none up to the first, carbon from the second
OFF_CENTRE = 0.22         # boxes
GRID = (np.arange(15) + 0.5) / 15 - 0.5


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--data', type=Path, required=True)
    parser.add_argument('--picks', type=Path, required=True)
    parser.add_argument('--output', type=Path, required=True)
    options = parser.parse_args()
    micrographs = tables.read_micrographs(options.data / 'micrographs.csv')
    regions = json.loads((options.data / 'regions.json').read_text())
    box_angstrom = float((options.data / 'box_angstrom.txt').read_text())
    rows = []
    for pick in tables.read_coordinates(options.picks):
        box = box_angstrom / micrographs[pick.mic_id].pixel_size
        label = true_label(pick.x, pick.y, box, regions[str(pick.mic_id)])
        if label:
            rows.append((pick.coord_id, pick.mic_id, pick.x, pick.y, label))
    options.output.mkdir()
    tables.write_rows(options.output / 'labels.csv', tables.LABEL_COLUMNS, rows)
    tables.write_rows(options.output / 'micrographs.csv', tables.MICROGRAPH_COLUMNS,
                      [(row.mic_id, row.path.resolve(), row.pixel_size) for row in micrographs.values()])
    (options.output / 'box_angstrom.txt').write_text(f'{box_angstrom}\n')


def true_label(x, y, box, region):
    """The class of a box of `box` px at (x, y) px; None where it is a matter of opinion."""
    left, top, right, bottom = region['valid_xyxy']
    if not (left <= x <= right and top <= y <= bottom):
        return None
    if any(np.hypot(x - u, y - v) < radius + box / 2 for u, v, radius in region['unsure_objects']):
        return None
    points = np.stack(np.meshgrid(x + GRID * box, y + GRID * box), axis=-1).reshape(-1, 2)
    on_film = np.zeros(len(points), dtype=bool)
    for polygon in region['carbon_polygons']:
        on_film |= Outline(polygon).contains_points(points)
    if on_film.mean() >= FILM[1]:
        return 'carbon'
    off = [np.hypot(x - u, y - v) for u, v, _ in region['ice_objects']]
    near = [distance < radius + box / 2 for distance, (_, _, radius) in zip(off, region['ice_objects'])]
    if any(near) and on_film.mean() <= FILM[0]:
        return 'ice' if min(off) <= OFF_CENTRE * box else None
    return None if any(near) or on_film.mean() > FILM[0] else 'particle'


if __name__ == '__main__':
    main()
