"""The conditions of a simulated experiment: everything that its micrographs have in common."""
from dataclasses import dataclass, replace
from typing import Optional, Sequence

import numpy as np
from scipy.ndimage import gaussian_filter

from .carbon import Film, random_film
from .contaminants import Contamination, random_contamination
from .optics import Microscope, defocus_image, random_microscope
from .particles import Molecule, project, random_molecule, random_rotations
from .picking import Picker, random_picker
from .publication import Publication, random_publication

BOX_PIXELS = (48, 136)       # box sizes in px that are drawn when nothing is prescribed
CLARITY = (4.0, 120.0)       # signal-to-noise ratios of the particles, low-passed to DETAIL
DETAIL = 1 / 14              # what is looked at in a particle, as a share of its diameter
DOSES = (1.0, 80.0)          # electrons/Å² that are put up with to get there


@dataclass(frozen=True)
class Specimen:
    """Molecules in vitreous ice."""
    crowding: float = 0.3            # share of the area where particles may lie that they cover, about
    spacing: float = 1.0             # smallest distance of two particles, in diameters
    protein_potential: float = 2.5   # V above that of ice
    ice_thickness: float = 400.0     # Å
    ice_gradient: float = 0.2        # relative change of the thickness across a micrograph
    ice_grain: float = 0.3           # strength of the ice's phase grain
    debris: float = 0.2              # strength of the unresolved protein in the background
    mottling: float = 0.0            # strength of a patchy layer of contamination, "leopard skin"
    on_film: float = 0.3             # density of particles on film, relative to that in the holes


def random_specimen(rng: np.random.Generator) -> Specimen:
    """Draw a specimen."""
    return Specimen(
        crowding=np.exp(rng.uniform(np.log(0.12), np.log(0.65))),
        spacing=rng.uniform(0.75, 1.3),
        protein_potential=rng.uniform(1.6, 3.2),
        ice_thickness=rng.uniform(200, 1000),
        ice_gradient=rng.exponential(0.2),
        ice_grain=np.exp(rng.uniform(np.log(0.1), np.log(1.2))),
        debris=rng.exponential(0.25),
        mottling=rng.uniform(0.3, 1.0) if rng.random() < 0.12 else 0.0,
        on_film=rng.uniform(0, 0.9))


@dataclass(frozen=True)
class Conditions:
    """One experiment: one molecule, one grid, one session at one microscope, one picker."""
    pixel_size: float            # Å/px
    box_angstrom: float          # Å
    molecule: Molecule
    specimen: Specimen
    film: Film
    contamination: Contamination
    microscope: Microscope
    picker: Picker
    publication: Publication


def random_conditions(rng: np.random.Generator, pixel_size: Optional[float] = None,
                      box_angstrom: Optional[float] = None, shapes: Optional[Sequence[str]] = None,
                      largest_box: float = BOX_PIXELS[1]) -> Conditions:
    """Draw an experiment from a numpy Generator.

    pixel_size: Å/px, box_angstrom: Å; by default they are drawn so that they suit the molecule. A given box
    decides on the size of the molecule. shapes: names of particle families (particles.FAMILIES), default any.
    largest_box: px, an upper bound where the pixel size is drawn.
    """
    margin = rng.uniform(1.15, 1.9)
    molecule = random_molecule(rng, shapes, box_angstrom / margin if box_angstrom else None)
    box_angstrom = float(box_angstrom or round(margin * molecule.diameter))
    box_pixels = np.exp(rng.uniform(*np.log(BOX_PIXELS)))
    pixel_size = float(pixel_size or round(box_angstrom / min(box_pixels, largest_box), 3))
    specimen, microscope = random_specimen(rng), random_microscope(rng)
    contrast = particle_contrast(molecule, specimen, microscope, pixel_size, rng)
    clarity = np.exp(rng.uniform(*np.log(CLARITY)))
    # White noise low-passed by a Gaussian of standard deviation s keeps 1 / (4 pi s^2) of its variance.
    blur = DETAIL * molecule.diameter
    dose = float(np.clip(clarity / (contrast ** 2 * 4 * np.pi * blur ** 2), *DOSES))
    return Conditions(
        pixel_size=pixel_size,
        box_angstrom=box_angstrom,
        molecule=molecule,
        specimen=specimen,
        film=random_film(rng),
        contamination=random_contamination(rng, contrast),
        microscope=replace(microscope, dose=dose),
        picker=random_picker(rng),
        publication=random_publication(rng, box_angstrom))


def particle_contrast(molecule: Molecule, specimen: Specimen, microscope: Microscope, pixel_size: float,
                      rng: np.random.Generator, rows: int = 3) -> float:
    """Standard deviation of the relative intensity in low-passed noise-free images of single particles."""
    spacing = 1.2 * molecule.diameter / pixel_size
    x, y = (np.mgrid[:rows, :rows].reshape(2, -1) + 0.5) * spacing
    shape = (int(np.ceil(rows * spacing)),) * 2
    turns = random_rotations(len(x), rng, molecule.tilt_spread)
    phase = (microscope.interaction * specimen.protein_potential
             * project(molecule, np.column_stack([x, y]), turns, shape, pixel_size))
    image = defocus_image(phase, microscope.amplitude_contrast * phase, microscope, pixel_size, rng)
    return float(gaussian_filter(image, DETAIL * molecule.diameter / pixel_size, mode='wrap').std())
