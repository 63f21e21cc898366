"""What makes some experiments look unlike most: crowded, tiny, blurred, padded, uneven, with film or ice hard to see.

A pretraining has to have met them, since a recogniser that meets the first of its kind takes it for what it knows.
Each variety is drawn by itself, so that an experiment may have several, or none.
"""
from dataclasses import dataclass, replace
from typing import Callable, Dict, Tuple

import numpy as np

from .conditions import Conditions

Vary = Callable[[Conditions, np.random.Generator], Conditions]


@dataclass(frozen=True)
class Padding:
    """The band around a published image that is no image: its widths in px (left, right, top, bottom), how filled."""
    widths: Tuple[int, int, int, int] = (0, 0, 0, 0)
    blank: bool = True      # one grey value; otherwise the image's outermost line, repeated

    def lay(self, image: np.ndarray) -> np.ndarray:
        """Return the image (rows, columns) with its border replaced."""
        left, right, top, bottom = self.widths
        rows, columns = image.shape
        inner = image[top:rows - bottom, left:columns - right]
        around = ((top, bottom), (left, right))
        return np.pad(inner, around, constant_values=np.median(inner)) if self.blank else np.pad(inner, around, 'edge')

    def spares(self, x: float, y: float, rows: int, columns: int) -> bool:
        """Return whether the place (x, y) px of an image lies on what is left of it."""
        left, right, top, bottom = self.widths
        return left <= x < columns - right and top <= y < rows - bottom


def random_padding(size: int, rng: np.random.Generator) -> Padding:
    """Draw the padding of an experiment's images of `size` px: none for most, up to 4 % of a side for the others."""
    if rng.random() >= PADDED:
        return Padding()
    widths = rng.integers(0, round(0.04 * size) + 1, 4) * (rng.random(4) < 0.7)
    return Padding((int(widths[0]), int(widths[1]), int(widths[2]), int(widths[3])), bool(rng.random() < 0.5))


def vary(conditions: Conditions, rng: np.random.Generator) -> Conditions:
    """Return the experiment with the varieties that were drawn for it."""
    for change, share in VARIETIES.items():
        if rng.random() < share:
            conditions = change(conditions, rng)
    return conditions


def _crowded(conditions, rng):
    """Particles shoulder to shoulder, or one over the other."""
    return replace(conditions, specimen=replace(conditions.specimen, crowding=rng.uniform(0.6, 1.6),
                                                spacing=rng.uniform(0.5, 0.85)))


def _sparse(conditions, rng):
    return replace(conditions, specimen=replace(conditions.specimen, crowding=rng.uniform(0.02, 0.12)))


def _tiny(conditions, rng):
    """Thumbnails: a box of a few px."""
    pixels = np.exp(rng.uniform(np.log(14), np.log(44)))
    return replace(conditions, pixel_size=round(conditions.box_angstrom / pixels, 3))


def _blurred(conditions, rng):
    """Nothing left but shapes."""
    return replace(conditions, publication=replace(conditions.publication,
                                                   low_pass=rng.uniform(0.12, 0.32) * conditions.box_angstrom))


def _levelled(conditions, rng):
    """Band-passed, so that film is as grey as ice and only its grain and its edge are left."""
    return replace(conditions, publication=replace(conditions.publication,
                                                   high_pass=rng.uniform(0.8, 2.5) * conditions.box_angstrom))


def _uneven(conditions, rng):
    """A strong gradient of the beam, or of the ice."""
    return replace(conditions, specimen=replace(conditions.specimen, ice_gradient=rng.uniform(0.3, 1.0)),
                   microscope=replace(conditions.microscope, illumination=rng.uniform(0.05, 0.5)))


def _smooth_film(conditions, rng):
    """Film without a grain that could be seen: its grey and its edge tell."""
    return replace(conditions, film=replace(conditions.film, texture='smooth', grain=rng.uniform(0, 0.3),
                                            mean_free_path=rng.uniform(800, 5000)))


def _populated_film(conditions, rng):
    """As many particles on film as in the holes, or more."""
    return replace(conditions, specimen=replace(conditions.specimen, on_film=rng.uniform(0.8, 1.0)))


def _faint_ice(conditions, rng):
    """Ice no darker than particles."""
    contamination = conditions.contamination
    return replace(conditions, contamination=replace(
        contamination, opacity=rng.uniform(0.1, 0.4), least_darkening=contamination.least_darkening * 0.5,
        sharpness=rng.uniform(0.4, 1.0)))


def _large_ice(conditions, rng):
    return replace(conditions, contamination=replace(conditions.contamination, size=rng.uniform(1.2, 2.5),
                                                     size_spread=rng.uniform(0.3, 0.6)))


def _careless(conditions, rng):
    """A picker that centres its boxes badly."""
    return replace(conditions, picker=replace(conditions.picker, position_error=rng.uniform(0.05, 0.12)))


PADDED = 0.15      # share of the experiments
# A change, and the share of the experiments that it is made to.
VARIETIES: Dict[Vary, float] = {
    _crowded: 0.25, _sparse: 0.08, _tiny: 0.25, _blurred: 0.2, _levelled: 0.15, _uneven: 0.15, _smooth_film: 0.12,
    _populated_film: 0.15, _faint_ice: 0.15, _large_ice: 0.15, _careless: 0.15}
