"""Picks as an automatic picker makes them, with their true classes."""
from dataclasses import dataclass
from typing import TYPE_CHECKING, List, Tuple

import numpy as np
from scipy.spatial import KDTree

from ..exchange.classes import EMPTY

if TYPE_CHECKING:      # which import this module
    from .conditions import Conditions
    from .scene import Scene

EDGE = (0.3, 0.85)        # share of a box on film: less is no film, more is whole film
CLEAR = 0.1               # at most this share of a particle's box is on film, or of one on film dirty
NEAREST = 0.5             # boxes from an empty one to a particle, at the least
BESIDE = 0.65             # boxes to the particle within which an empty one lies beside it: a part of it is seen
CANDIDATES = 4000         # places that are tried for empty boxes


LabelledPick = Tuple[float, float, str]      # centre (x, y) in px, class


@dataclass(frozen=True)
class Picker:
    """How a picker errs."""
    recall: float = 0.92            # share of the particles that are picked
    position_error: float = 0.03    # standard deviation of a pick's position, in boxes
    false_share: float = 0.18       # share of picks that are no particles
    edge_liking: float = 0.4        # share of the picks on film that lie along its edge
    border: float = 0.2             # boxes from the micrograph's border within which nothing is picked


def random_picker(rng: np.random.Generator) -> Picker:
    """Draw a picker."""
    return Picker(recall=rng.uniform(0.8, 0.98),
                  position_error=rng.uniform(0.01, 0.05),
                  false_share=rng.uniform(0.15, 0.25),
                  edge_liking=rng.uniform(0.2, 0.7),
                  border=float(rng.choice([0.0, rng.uniform(0, 0.5)])))


def pick(scene: 'Scene', conditions: 'Conditions', rng: np.random.Generator, empty: int = 0) -> List[LabelledPick]:
    """Pick a scene as a picker would: list of (x, y, label), (x, y) = centre of the box in px.

    conditions: the Conditions of the experiment. Labels are the true classes: particle, ice, carbon; and empty, of
    which there are so many as `empty` says, as far as there is room for them. Boxes that would be a matter of opinion
    (a half covered particle, a box that just touches film) are not picked.
    """
    picker = conditions.picker
    box, diameter = (length / conditions.pixel_size
                     for length in (conditions.box_angstrom, conditions.molecule.diameter))
    size = len(scene.film)
    film, ice = _Cover(scene.film), _Cover(scene.ice)
    particles = _particle_picks(scene, film, ice, picker, box, diameter, rng)
    wanted = max(round(len(particles) * picker.false_share / (1 - picker.false_share)), 4)
    on_film = _inside(_carbon_picks(scene, film, ice, picker, box, diameter, rng), size, picker.border * box)
    on_ice = _inside(_ice_picks(scene, film, box, rng), size, picker.border * box)
    carbon_count = min(max(round(wanted * rng.uniform(0.35, 0.65)), wanted - len(on_ice)), len(on_film))
    picks = ([(x, y, 'particle') for x, y in _inside(particles, size, picker.border * box)]
             + [(x, y, 'ice') for x, y in on_ice[:wanted - carbon_count]]
             + [(x, y, 'carbon') for x, y in on_film[:carbon_count]])
    if empty:
        picks += [(x, y, EMPTY) for x, y in _empty_picks(scene, film, ice, box, empty, rng)]
    return [picks[index] for index in rng.permutation(len(picks))]


class _Cover:
    """How much of a box a mask (rows, columns) covers; a summed-area table makes it quick."""

    def __init__(self, mask: np.ndarray):
        self.sums = np.zeros(np.add(mask.shape, 1), np.int32)
        np.cumsum(mask, axis=0, dtype=np.int32, out=self.sums[1:, 1:])
        np.cumsum(self.sums, axis=1, out=self.sums)

    def share(self, boxes, side):
        """Covered share (n,) of squares of `side` px, centred at boxes (n, 2) and cut at the border."""
        last = np.array(self.sums.shape[::-1]) - 1
        low = np.clip(np.round(boxes - (side - 1) / 2), 0, last - 1).astype(int)
        high = np.clip(np.round(boxes + (side + 1) / 2), low + 1, last).astype(int)
        (left, top), (right, bottom) = low.T, high.T
        covered = (self.sums[bottom, right] - self.sums[top, right]
                   - self.sums[bottom, left] + self.sums[top, left])
        return covered / ((bottom - top) * (right - left))


def _particle_picks(scene, film, ice, picker, box, diameter, rng):
    """Most of the particles that lie free, with the picker's position errors: (n, 2)."""
    free = ((film.share(scene.particles, box) <= CLEAR)
            & (ice.share(scene.particles, diameter) <= CLEAR)
            & (rng.random(len(scene.particles)) < picker.recall))
    return scene.particles[free] + rng.normal(0, picker.position_error * box, (free.sum(), 2))


def _ice_picks(scene, film, box, rng):
    """Boxes on contaminants, off film: one or more for each, more for a large one, at random places on it."""
    repeats = np.clip(np.ceil((2 * scene.contaminants[:, 2] / box) ** 2), 2, 12).astype(int)
    x, y, radius = np.repeat(scene.contaminants, repeats, axis=0).T
    turn = rng.uniform(0, 2 * np.pi, len(x))
    # Within 0.22 boxes of a small one's centre; on a large one anywhere up to its outline.
    step = np.maximum(0.22 * box, radius - 0.2 * box) * np.sqrt(rng.random(len(x)))
    boxes = np.column_stack([x + step * np.cos(turn), y + step * np.sin(turn)])
    clear = film.share(boxes, box) <= CLEAR
    return _thin(boxes[clear], 0.15 * box, rng)


def _carbon_picks(scene, film, ice, picker, box, diameter, rng):
    """Boxes on film, off contaminants: along its edge, on the particles that lie on it, and anywhere."""
    if not scene.film.any():
        return np.empty((0, 2))
    size = len(scene.film)
    boxes = rng.uniform(0, size - 1, (1500, 2))
    cover = film.share(boxes, box)
    along_edge = (cover >= EDGE[0]) & (cover <= EDGE[1])
    chance = np.where(along_edge, picker.edge_liking / max(along_edge.sum(), 1),
                      (1 - picker.edge_liking) / max((cover > EDGE[1]).sum(), 1))
    chance = np.where(cover >= EDGE[0], chance, 0)
    boxes = boxes[rng.random(len(boxes)) < chance / chance.max()] if chance.any() else boxes[:0]
    on_film = scene.particles[film.share(scene.particles, box) >= EDGE[0]]
    on_film = on_film + rng.normal(0, picker.position_error * box, on_film.shape)
    boxes = np.concatenate([boxes, on_film[:len(boxes)]])
    clear = (film.share(boxes, box) >= EDGE[0]) & (ice.share(boxes, diameter) <= CLEAR)
    return _thin(boxes[clear], 0.35 * box, rng)


def _empty_picks(scene, film, ice, box, wanted, rng):
    """Boxes without a particle, off film and contaminants: half of them beside a particle, half a box away from it.

    They keep half a box from the micrograph's border, as there may be particles beyond it.
    """
    boxes = rng.uniform(box / 2, len(scene.film) - 1 - box / 2, (CANDIDATES, 2))
    nearest, _ = KDTree(scene.particles).query(boxes) if len(scene.particles) else (np.full(CANDIDATES, np.inf), None)
    clear = (film.share(boxes, box) <= CLEAR) & (ice.share(boxes, box) <= CLEAR) & (nearest >= NEAREST * box)
    boxes, beside = boxes[clear], nearest[clear] < BESIDE * box
    # Where there is little of the one kind, there is more of the other.
    order = np.argsort(np.concatenate([np.arange(beside.sum()), np.arange((~beside).sum())]), kind='stable')
    boxes = np.concatenate([boxes[beside], boxes[~beside]])[order]
    return _apart(boxes, 0.35 * box)[:wanted]


def _inside(boxes, size, border):
    """The boxes (n, 2) whose centres lie at least `border` px inside the micrograph."""
    return boxes[((boxes >= border) & (boxes <= size - 1 - border)).all(axis=1)]


def _thin(boxes, distance, rng):
    """The boxes (n, 2) in random order, without those nearer than `distance` px to one that came before."""
    return _apart(boxes[rng.permutation(len(boxes))], distance)


def _apart(boxes, distance):
    """The boxes (n, 2), in their order, without those nearer than `distance` px to one that came before."""
    kept = np.empty_like(boxes)
    count = 0
    for box in boxes:
        if ((kept[:count] - box) ** 2).sum(axis=1).min(initial=np.inf) >= distance ** 2:
            kept[count] = box
            count += 1
    return kept[:count]
