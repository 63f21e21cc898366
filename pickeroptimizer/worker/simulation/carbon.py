"""Support films: where they lie, how thick they are, and what they look like inside."""
from dataclasses import dataclass
from typing import Tuple

import numpy as np
from scipy.ndimage import zoom
from scipy.spatial import cKDTree

from .fields import octaves, smooth_noise, soft_step

# Å, by texture; a film without visible grain shows by its absorption.
MEAN_FREE_PATHS = {'amorphous': (800, 15000), 'smooth': (600, 3000), 'gold': (250, 900)}
OUTLINES = ('hole', 'straight', 'two holes', 'lacey')


@dataclass(frozen=True)
class Film:
    """The support film of a grid."""
    texture: str = 'amorphous'         # amorphous, smooth or gold
    outline: str = 'hole'              # one of OUTLINES
    hole_radius: float = 6000.0        # Å
    thickness: float = 150.0           # Å
    potential: float = 9.0             # V, mean inner potential
    mean_free_path: float = 2000.0     # Å
    grain: float = 1.0                 # strength of the amorphous phase grain
    edge_width: float = 40.0           # Å over which the edge rises
    rim: float = 0.0                   # extra thickness of the rim, in film thicknesses
    roughness: float = 20.0            # Å, waviness of the edge
    crystal_size: float = 150.0        # Å, grains of a gold foil
    share: float = 0.5                 # share of the micrographs that show film


def random_film(rng: np.random.Generator) -> Film:
    """Draw the support film of an experiment."""
    texture = str(rng.choice(list(MEAN_FREE_PATHS), p=[0.6, 0.25, 0.15]))
    gold = texture == 'gold'
    return Film(
        texture=texture,
        outline=str(rng.choice(OUTLINES, p=[0.6, 0.15, 0.12, 0.13])),
        hole_radius=rng.uniform(3000, 10000),
        thickness=rng.uniform(200, 500) if gold else np.exp(rng.uniform(np.log(60), np.log(400))),
        potential=rng.uniform(20, 27) if gold else rng.uniform(7.5, 10.5),
        mean_free_path=np.exp(rng.uniform(*np.log(MEAN_FREE_PATHS[texture]))),
        grain=np.exp(rng.uniform(np.log(1), np.log(7))) if texture == 'amorphous' else rng.uniform(0, 0.4),
        edge_width=np.exp(rng.uniform(np.log(15), np.log(200))),
        rim=rng.choice([0.0, rng.uniform(0.1, 1.5)]),
        roughness=np.exp(rng.uniform(np.log(3), np.log(70))),
        crystal_size=rng.uniform(80, 500),
        share=rng.uniform(0.4, 0.7))


def film_distance(film: Film, shape: Tuple[int, int], pixel_size: float, rng: np.random.Generator) -> np.ndarray:
    """Signed distance in Å to the film's edge, positive on the film; float32 (rows, columns)."""
    height, width = shape[0] * pixel_size, shape[1] * pixel_size
    rows = np.linspace(-height / 2, height / 2, shape[0], dtype=np.float32)[:, None]
    columns = np.linspace(-width / 2, width / 2, shape[1], dtype=np.float32)[None, :]
    angle = rng.uniform(0, 2 * np.pi)
    direction = np.cos(angle), np.sin(angle)
    reach = 0.5 * (abs(direction[0]) * width + abs(direction[1]) * height)
    # How far the edge lies from the micrograph's centre: from a corner of film to more than half of it.
    edge = reach * rng.uniform(-0.1, 0.65)
    if film.outline == 'lacey':
        scale = rng.uniform(0.4, 0.9) * min(height, width)
        field = smooth_noise(shape, scale / pixel_size, rng)
        distance = (field - np.quantile(field[::8, ::8], rng.uniform(0.55, 0.8))) * scale / 4
    elif film.outline == 'straight':
        distance = columns * direction[0] + rows * direction[1] - edge
    else:
        distance = _outside_hole(rows, columns, direction, edge, -film.hole_radius)
        if film.outline == 'two holes':
            bar = edge + rng.uniform(0.2, 0.5) * reach
            distance = np.minimum(distance, _outside_hole(rows, columns, direction, bar, film.hole_radius))
    wavelength = rng.uniform(300, 2500) / pixel_size
    return distance + film.roughness * octaves(shape, wavelength, rng)


def film_thickness(film: Film, distance: np.ndarray) -> np.ndarray:
    """Thickness of the film in Å for signed distances (rows, columns) to its edge."""
    thickness = film.thickness * soft_step(distance, film.edge_width)
    if film.rim:
        width = 1.5 * film.edge_width
        thickness *= 1 + film.rim * np.exp(-((distance - width) / width) ** 2)
    return thickness


def film_wave(film: Film, distance: np.ndarray, interaction: float, pixel_size: float,
              rng: np.random.Generator) -> Tuple[np.ndarray, np.ndarray]:
    """Phase (rad) and absorption that the film adds to the exit wave, float32 (rows, columns) each.

    interaction: rad/(V Å).
    """
    thickness = film_thickness(film, distance)
    phase = interaction * film.potential * thickness
    absorption = thickness / (2 * film.mean_free_path)
    if film.texture == 'gold':
        diffraction, relief = _crystals(distance.shape, film.crystal_size / pixel_size, rng)
        absorption = absorption * (0.6 + diffraction)
        phase = phase * (1 + 0.04 * relief)
    if film.grain:
        phase = phase + film.grain * amorphous_phase(thickness, interaction, pixel_size, rng)
    unevenness = 0.06 * smooth_noise(distance.shape, 800 / pixel_size, rng)
    return phase, absorption * (1 + unevenness)


def amorphous_phase(thickness: np.ndarray, interaction: float, pixel_size: float, rng: np.random.Generator,
                    potential_spread: float = 3.0, cell: float = 3.5) -> np.ndarray:
    """Random phase (rad) of an amorphous layer of `thickness` Å (rows, columns).

    Atoms in cells of `cell` Å make the potential vary by `potential_spread` V; the cells of a column add up
    at random, as do the columns within a pixel.
    """
    noise = smooth_noise(thickness.shape, cell / pixel_size, rng)
    spread = np.float32(interaction * potential_spread * min(1.0, cell / pixel_size))
    return spread * np.sqrt(np.maximum(thickness, 0) * cell) * noise


def _outside_hole(rows, columns, direction, edge, radius):
    """Distance (Å) outside a round hole that meets the line along `direction` at `edge` Å.

    A positive radius (Å) puts the hole beyond the edge, a negative one before it.
    """
    offset = edge + radius
    return np.hypot(columns - direction[0] * offset, rows - direction[1] * offset) - abs(radius)


def _crystals(shape, size, rng, coarse=3):
    """Polycrystal with grains of about `size` px: Bragg darkening (0 to 1.5) and relief (about -1 to 1)."""
    small = tuple(length // coarse + 2 for length in shape)
    spacing = max(size / coarse, 2.0)
    count = int(small[0] * small[1] / spacing ** 2) + 4
    seeds = rng.uniform(-spacing, np.array(small) + spacing, (count, 2))
    rows, columns = np.mgrid[:small[0], :small[1]].astype(np.float32)
    bend = spacing / 5
    points = np.stack([rows + bend * smooth_noise(small, 2 * spacing, rng),
                       columns + bend * smooth_noise(small, 2 * spacing, rng)], axis=-1)
    nearest = cKDTree(seeds).query(points.reshape(-1, 2))[1].reshape(small)
    darkening = rng.gamma(1.2, 0.4, count).clip(0, 1.5)[nearest]
    darkening = darkening * (1 + 0.5 * smooth_noise(small, 1.5 * spacing, rng))
    relief = rng.uniform(-1, 1, count)[nearest]
    return tuple(zoom(field.astype(np.float32), coarse, order=1)[:shape[0], :shape[1]]
                 for field in (darkening.clip(0, 2), relief))
