"""Write a simulated data set to a folder, in the tables that the worker reads."""
from pathlib import Path
from typing import Callable, List, Optional, Sequence, Tuple

import mrcfile
import numpy as np

from ..exchange.errors import InputError
from ..exchange.files import PathLike
from ..exchange.tables import COORDINATE_COLUMNS, LABEL_COLUMNS, MICROGRAPH_COLUMNS, write_rows
from .conditions import Conditions, random_conditions
from .particles import FAMILIES
from .picking import pick
from .scene import simulate_scene

SMALLEST_SIZE = 128      # px of a micrograph
SMALLEST_BOX = 12        # px


def simulate(folder: PathLike, micrographs: int = 10, size: int = 1024, pixel_size: Optional[float] = None,
             box_angstrom: Optional[float] = None, shapes: Optional[Sequence[str]] = None, seed: int = 0,
             progress: Optional[Callable[[int, int], None]] = None, empty: int = 0) -> Conditions:
    """Simulate one experiment and write it to `folder`.

    micrographs: their number; size: px; pixel_size: Å/px and box_angstrom: Å, drawn from the seed when None;
    shapes: names of particle families (particles.FAMILIES), any when None; progress: called with
    (micrographs done, micrographs) after each; empty: boxes with nothing in them on each micrograph, as far as there
    is room. The same arguments give the same bytes, and all but the empty boxes do not depend on their number.

    Writes micrographs/sim_NNNN.mrc, micrographs.csv, coordinates.csv, labels.csv (the true class of each
    pick) and box_angstrom.txt. Returns the Conditions of the experiment. Raises InputError for impossible
    arguments.
    """
    _check(micrographs, size, pixel_size, box_angstrom, shapes)
    folder = Path(folder)
    if (folder / 'micrographs.csv').exists():
        raise InputError(f'{folder}: there is a data set already; choose another folder.')
    (folder / 'micrographs').mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(seed)
    conditions = random_conditions(rng, pixel_size, box_angstrom, shapes, largest_box=size / 8)
    with_film = _which_show_film(micrographs, conditions.film.share, rng)
    micrograph_rows: List[Tuple] = []
    label_rows: List[Tuple] = []
    for number, scene_rng in enumerate(rng.spawn(micrographs), start=1):
        path = Path('micrographs') / f'sim_{number:04d}.mrc'
        scene = simulate_scene(conditions, size, scene_rng, with_film[number - 1])
        _write_mrc(folder / path, scene.image, conditions.pixel_size)
        micrograph_rows.append((number, path.as_posix(), f'{conditions.pixel_size:g}'))
        for x, y, label in pick(scene, conditions, scene_rng, empty):
            label_rows.append((len(label_rows) + 1, number, f'{x:.1f}', f'{y:.1f}', label))
        if progress:
            progress(number, micrographs)
    write_rows(folder / 'micrographs.csv', MICROGRAPH_COLUMNS, micrograph_rows)
    write_rows(folder / 'labels.csv', LABEL_COLUMNS, label_rows)
    write_rows(folder / 'coordinates.csv', COORDINATE_COLUMNS, [row[:-1] for row in label_rows])
    (folder / 'box_angstrom.txt').write_text(f'{conditions.box_angstrom:g}\n', encoding='utf-8')
    return conditions


def _check(micrographs, size, pixel_size, box_angstrom, shapes):
    for name, number in (('number of micrographs', micrographs), ('size', size), ('pixel size', pixel_size),
                         ('box', box_angstrom)):
        if number is not None and not 0 < number < np.inf:
            raise InputError(f'The {name} is {number}; it must be positive.')
    for shape in shapes or ():
        if shape not in FAMILIES:
            raise InputError(f'"{shape}" is no family of particles; use one of {", ".join(FAMILIES)}.')
    if size < SMALLEST_SIZE:
        raise InputError(f'The size is {size} px; it must be at least {SMALLEST_SIZE}.')
    if pixel_size and box_angstrom and not SMALLEST_BOX <= box_angstrom / pixel_size <= size / 3:
        raise InputError(f'A box of {box_angstrom:g} Å at {pixel_size:g} Å/px must be {SMALLEST_BOX} to '
                         f'{size // 3} px in micrographs of {size} px, not {box_angstrom / pixel_size:.0f}.')


def _which_show_film(count, share, rng):
    """For each of `count` micrographs whether it shows film: about `share` of them, of several never all."""
    shown = int(np.clip(round(share * count), min(count, 1), max(count - 1, 1)))
    return rng.permutation(count) < shown


def _write_mrc(path, image, pixel_size):
    with mrcfile.new(path, overwrite=True) as mrc:
        mrc.set_data(image)
        mrc.voxel_size = pixel_size
        mrc.header.nlabl = 0          # the label would hold the time of day
        mrc.header.label = b''
