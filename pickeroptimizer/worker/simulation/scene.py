"""One simulated micrograph: what lies where, and the image of it."""
from dataclasses import dataclass, replace

import numpy as np
from scipy import fft

from .carbon import amorphous_phase, film_distance, film_wave
from .conditions import Conditions
from .contaminants import ICE, random_piece
from .fields import octaves, smooth_noise
from .optics import defocus_image, record
from .particles import add_patch, project, random_rotations
from .publication import publish

MARGIN = 180.0                 # Å around the micrograph, where the periodic image formation wraps around
VISIBLE_CONTAMINANT = 0.3      # share of its greatest thickness from which a contaminant covers a pixel


@dataclass(frozen=True)
class Scene:
    """A micrograph and its truth; positions are (x, y) in px of the image."""
    image: np.ndarray          # (size, size) float32
    particles: np.ndarray      # (n, 2) centres of the particles
    contaminants: np.ndarray   # (m, 3) centre and radius in px of every contaminant
    film: np.ndarray           # (size, size) bool: support film
    ice: np.ndarray            # (size, size) bool: contaminant


@dataclass
class _Canvas:
    """Phase (rad) and absorption of the specimen while it is put together, and what covers which pixel."""
    phase: np.ndarray
    absorption: np.ndarray
    film: np.ndarray
    ice: np.ndarray


def simulate_scene(conditions: Conditions, size: int, rng: np.random.Generator, with_film: bool = True) -> Scene:
    """Simulate one micrograph of an experiment, `size` px square."""
    pixel_size, microscope = conditions.pixel_size, conditions.microscope
    margin = int(np.ceil(MARGIN / pixel_size)) + 16
    side = fft.next_fast_len(size + 2 * margin)
    canvas = _Canvas(*(np.zeros((side, side), kind) for kind in (np.float32, np.float32, bool, bool)))
    distance = _lay_film(canvas, conditions, rng) if with_film else None
    _pour_ice(canvas, conditions, distance, rng)
    contaminants = _contaminate(canvas, conditions, rng)
    clumps, clumped = _aggregate(canvas, conditions, rng)
    contaminants = np.concatenate([contaminants, clumps])
    particles = _scatter_particles(canvas, conditions, rng)
    _add_protein(canvas, conditions, np.concatenate([particles, clumped]), rng)
    intensity = defocus_image(canvas.phase, canvas.absorption, microscope, pixel_size, rng)
    inside = slice(margin, margin + size)
    intensity = np.ascontiguousarray(intensity[inside, inside])
    intensity /= intensity[::4, ::4].mean()
    image = publish(record(intensity, microscope, pixel_size, rng), conditions.publication, pixel_size)
    contaminants[:, :2] -= margin
    particles = particles - margin
    return Scene(image, particles[_within(particles, size)], contaminants[_within(contaminants, size)],
                 canvas.film[inside, inside], canvas.ice[inside, inside])


def _within(positions, size):
    return ((positions[:, :2] >= 0) & (positions[:, :2] <= size - 1)).all(axis=1)


def _lay_film(canvas, conditions, rng):
    """Add the support film; returns the signed distance (Å) to its edge."""
    distance = film_distance(conditions.film, canvas.phase.shape, conditions.pixel_size, rng)
    phase, absorption = film_wave(conditions.film, distance, conditions.microscope.interaction,
                                  conditions.pixel_size, rng)
    canvas.phase += phase
    canvas.absorption += absorption
    canvas.film |= distance > 0
    return distance


def _pour_ice(canvas, conditions, distance, rng):
    """Add vitreous ice: a thickness gradient, a meniscus at the film's edge, grain, unresolved material."""
    specimen, pixel_size = conditions.specimen, conditions.pixel_size
    interaction = conditions.microscope.interaction
    shape = canvas.phase.shape
    slope = smooth_noise(shape, 1.5 * shape[0], rng)
    thickness = specimen.ice_thickness * np.clip(1 + specimen.ice_gradient * slope, 0.3, 3)
    if distance is not None:
        thickness = thickness * (1 + 0.3 * np.exp(-np.abs(distance) / 800))
    canvas.absorption += thickness / (2 * ICE.mean_free_path)
    canvas.phase += specimen.ice_grain * amorphous_phase(thickness, interaction, pixel_size, rng, 1.5)
    diameter = conditions.molecule.diameter
    debris = octaves(shape, 0.6 * diameter / pixel_size, rng, count=4, gain=0.8)
    canvas.phase += 0.04 * diameter * specimen.debris * specimen.protein_potential * interaction * debris
    if specimen.mottling:
        patches = octaves(shape, 1.5 * conditions.box_angstrom / pixel_size, rng, count=4, gain=0.5)
        canvas.absorption += 0.03 * specimen.mottling * np.maximum(patches, -0.5)


def _contaminate(canvas, conditions, rng):
    """Add contaminants; returns (m, 3): centre (x, y) and radius of each in px of the canvas."""
    contamination, pixel_size = conditions.contamination, conditions.pixel_size
    names, shares = zip(*contamination.kinds.items())
    side = len(canvas.phase)
    placed = []
    for _ in range(max(rng.poisson(contamination.per_micrograph), 1)):
        kind = rng.choice(names, p=np.array(shares) / sum(shares))
        x, y = rng.uniform(0, side, 2)
        while True:
            boxes = contamination.size * rng.lognormal(0, contamination.size_spread)
            diameter = conditions.box_angstrom * np.clip(boxes, 0.3, 4)
            piece = random_piece(kind, diameter, pixel_size, rng, contamination.sharpness)
            radius = _add_piece(canvas, piece, x, y, conditions)
            placed.append((x, y, radius))
            if rng.random() >= contamination.clustering:
                break
            turn, step = rng.uniform(0, 2 * np.pi), rng.uniform(0.7, 1.1) * diameter / pixel_size
            x, y = x + step * np.cos(turn), y + step * np.sin(turn)
    return np.array(placed)


def _add_piece(canvas, piece, x, y, conditions):
    """Add a piece of contaminant centred at (x, y) px; returns its radius in px."""
    half = len(piece.thickness) // 2
    top, left = round(y) - half, round(x) - half
    thickness = piece.thickness.astype(np.float32)
    covered = thickness > VISIBLE_CONTAMINANT * thickness.max()
    phase = conditions.microscope.interaction * piece.material.potential * thickness
    absorption = thickness / (2 * piece.material.mean_free_path) + piece.diffraction
    absorption *= max(conditions.contamination.opacity,
                      0.5 * conditions.contamination.least_darkening / absorption[covered].mean())
    add_patch(canvas.phase, phase, top, left)
    add_patch(canvas.absorption, absorption.astype(np.float32), top, left)
    add_patch(canvas.ice, covered, top, left)
    return np.sqrt(covered.sum() / np.pi)


def _aggregate(canvas, conditions, rng):
    """Heaps of molecules: centres and radii (m, 3) of the heaps, centres (n, 2) of the molecules, in px."""
    side = len(canvas.phase)
    diameter = conditions.molecule.diameter / conditions.pixel_size
    clumps, molecules = np.empty((0, 3)), np.empty((0, 2))
    for _ in range(rng.poisson(conditions.contamination.aggregates)):
        x, y = rng.uniform(0, side, 2)
        radius = diameter * rng.uniform(0.5, 2.0)
        count = int(20 * (radius / diameter) ** 2) + 6
        offsets = 0.5 * radius * rng.normal(size=(count, 2)) * rng.uniform(0.5, 1.0, 2)
        molecules = np.concatenate([molecules, offsets + (x, y)])
        heap = random_piece('ethane', 2.4 * radius * conditions.pixel_size, conditions.pixel_size, rng)
        _add_piece(canvas, replace(heap, thickness=0.4 * heap.thickness), x, y, conditions)
        clumps = np.concatenate([clumps, [[x, y, radius]]])
    return clumps, molecules


def _scatter_particles(canvas, conditions, rng):
    """Centres (n, 2) as (x, y) px of the canvas: random, not too close to each other, fewer on film."""
    side = len(canvas.phase)
    specimen = conditions.specimen
    diameter = conditions.molecule.diameter / conditions.pixel_size
    wanted = int(specimen.crowding * side ** 2 / (np.pi / 4 * diameter ** 2)) + 2
    smallest = (specimen.spacing * diameter) ** 2
    candidates = rng.uniform(0, side - 1, (4 * wanted, 2))
    columns, rows = candidates.astype(int).T
    chance = np.where(canvas.film[rows, columns], specimen.on_film, 1.0)
    candidates = candidates[rng.random(len(candidates)) < chance]
    centres = np.empty((wanted, 2))
    count = 0
    for candidate in candidates:
        if count == wanted:
            break
        if ((centres[:count] - candidate) ** 2).sum(axis=1).min(initial=np.inf) >= smallest:
            centres[count] = candidate
            count += 1
    return centres[:count]


def _add_protein(canvas, conditions, centres, rng):
    """Add the particles' phase and amplitude contrast."""
    molecule = conditions.molecule
    rotations = random_rotations(len(centres), rng, molecule.tilt_spread)
    thickness = project(molecule, centres, rotations, canvas.phase.shape, conditions.pixel_size)
    phase = conditions.microscope.interaction * conditions.specimen.protein_potential * thickness
    canvas.phase += phase
    canvas.absorption += conditions.microscope.amplitude_contrast * phase
