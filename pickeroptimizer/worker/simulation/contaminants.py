"""Contaminants: crystalline ice, ethane, dirt, gold beads. Heaps of the molecule itself: see `scene`."""
from dataclasses import dataclass, field

import numpy as np

from .fields import octaves, smooth_noise, soft_step


@dataclass(frozen=True)
class Material:
    """What a contaminant is made of."""
    potential: float          # V, mean inner potential
    mean_free_path: float     # Å


ICE = Material(4.5, 4000.0)
ETHANE = Material(4.0, 2500.0)
DIRT = Material(8.0, 1500.0)
GOLD = Material(25.0, 400.0)


@dataclass(frozen=True)
class Contamination:
    """The contaminants of an experiment."""
    kinds: dict[str, float] = field(default_factory=lambda: {'crystal': 0.7, 'ethane': 0.3})   # name: share
    per_micrograph: float = 5.0      # mean count
    size: float = 0.7                # typical diameter in boxes
    size_spread: float = 0.4         # standard deviation of the logarithm of the size
    aggregates: float = 0.5          # mean count of heaps of the molecule itself
    clustering: float = 0.3          # probability that one more piece hangs on to an object
    opacity: float = 1.0             # factor on the absorption
    least_darkening: float = 0.05    # share of the intensity that even the faintest takes away
    sharpness: float = 1.0           # factor on the steepness of the outlines


def random_contamination(rng: np.random.Generator, particle_contrast: float) -> Contamination:
    """Draw the contaminants of an experiment, mostly one to three kinds, all darker than the particles.

    particle_contrast: standard deviation of the relative intensity in images of particles.
    """
    shares = rng.dirichlet([COMMONNESS[name] for name in KINDS])
    return Contamination(
        kinds={name: float(share) for name, share in zip(KINDS, shares)},
        per_micrograph=np.exp(rng.uniform(np.log(3), np.log(15))),
        size=np.exp(rng.uniform(np.log(0.35), np.log(1.3))),
        size_spread=rng.uniform(0.15, 0.6),
        aggregates=rng.exponential(1.0),
        clustering=rng.uniform(0, 0.6),
        opacity=np.exp(rng.uniform(np.log(0.3), np.log(1.8))),
        least_darkening=min(rng.uniform(2.0, 4.5) * particle_contrast, 0.3),
        sharpness=np.exp(rng.uniform(np.log(0.5), np.log(2))))


@dataclass(frozen=True)
class Piece:
    """Thickness in Å of one piece of contaminant, (side, side), its material, and extra absorption inside."""
    thickness: np.ndarray
    material: Material
    diffraction: object = 0.0      # absorption by Bragg scattering, a number or (side, side)


def random_piece(kind: str, diameter: float, pixel_size: float, rng: np.random.Generator,
                 sharpness: float = 1.0) -> Piece:
    """A piece of contaminant of one of KINDS, about `diameter` Å across, on a square patch with a margin."""
    half = int(np.ceil(0.75 * diameter / pixel_size)) + 3
    axis = np.arange(-half, half + 1, dtype=np.float32) * pixel_size
    return KINDS[kind](axis[None, :], axis[:, None], 0.5 * diameter, pixel_size, sharpness, rng)


def _crystal(x, y, radius, pixel_size, sharpness, rng):
    """A facetted or rounded plate or pyramid of crystalline ice, darkened by Bragg scattering."""
    sides = int(rng.choice([4, 5, 6, 6, 6, 8, 20]))
    angles = rng.uniform(0, 2 * np.pi) + 2 * np.pi * (np.arange(sides) + rng.normal(0, 0.06, sides)) / sides
    apothems = radius * rng.uniform(0.75, 1.0, sides)
    inside = np.min([apothem - x * np.cos(angle) - y * np.sin(angle)
                     for angle, apothem in zip(angles, apothems)], axis=0)
    wobble = smooth_noise(inside.shape, 0.5 * radius / pixel_size, rng)
    inside = inside + 0.02 * radius * rng.random() * wobble
    height = radius * rng.uniform(0.4, 1.6)
    slope = rng.uniform(0.15, 0.9) * radius / sharpness
    thickness = height * np.clip(inside / slope, 0, 1) * (1 + 0.3 * np.clip(inside / radius, 0, 1))
    bands = smooth_noise(inside.shape, rng.uniform(0.4, 2) * radius / pixel_size, rng)
    diffraction = rng.exponential(0.2) * (1 + rng.uniform(0, 0.8) * bands)
    return Piece(thickness, ICE, diffraction * soft_step(inside, 3 * pixel_size))


def _ball(x, y, radius, pixel_size, sharpness, rng):
    """A round frost ball or droplet, slightly out of round."""
    angle, squeeze = rng.uniform(0, np.pi), rng.uniform(0.75, 1.0)
    u, v = x * np.cos(angle) + y * np.sin(angle), (y * np.cos(angle) - x * np.sin(angle)) / squeeze
    profile = np.clip(1 - (u ** 2 + v ** 2) / radius ** 2, 0, None)
    profile = profile ** (0.5 / sharpness)
    grain = 1 + rng.uniform(0, 0.25) * smooth_noise(profile.shape, 0.3 * radius / pixel_size, rng)
    return Piece(radius * rng.uniform(0.6, 1.8) * profile * grain, ICE, rng.exponential(0.1) * (profile > 0))


def _ethane(x, y, radius, pixel_size, sharpness, rng):
    """A soft, irregular, dark droplet of ethane."""
    wobble = octaves(np.broadcast_shapes(x.shape, y.shape), 1.2 * radius / pixel_size, rng, gain=0.4)
    inside = 0.75 - np.hypot(x, y) / radius + 0.12 * wobble
    return Piece(radius * rng.uniform(0.4, 1.2) * soft_step(inside, rng.uniform(0.3, 0.9) / sharpness)
                 * (inside > -0.6), ETHANE)


def _dirt(x, y, radius, pixel_size, sharpness, rng):
    """A rugged, dense flake."""
    shape = np.broadcast_shapes(x.shape, y.shape)
    wobble = octaves(shape, radius / pixel_size, rng, count=4, gain=0.7)
    inside = 0.65 - np.hypot(x, y) / radius + 0.22 * wobble
    texture = np.clip(1 + 0.4 * octaves(shape, 0.5 * radius / pixel_size, rng), 0.2, None)
    return Piece(radius * rng.uniform(0.15, 0.6) * soft_step(inside, 0.25 / sharpness) * texture, DIRT)


def _bead(x, y, radius, pixel_size, sharpness, rng):
    """A gold nanoparticle; beads are 50 to 200 Å across whatever else there is."""
    radius = min(radius, rng.uniform(25, 100))
    return Piece(2 * np.sqrt(np.clip(radius ** 2 - x ** 2 - y ** 2, 0, None)), GOLD)


KINDS = {'crystal': _crystal, 'ball': _ball, 'ethane': _ethane, 'dirt': _dirt, 'bead': _bead}
# How often a kind is the main one.
COMMONNESS = {'crystal': 0.9, 'ball': 0.5, 'ethane': 0.6, 'dirt': 0.4, 'bead': 0.25}
