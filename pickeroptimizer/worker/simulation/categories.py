"""Labelled picks of many simulated experiments, the categories of a pretraining."""
from dataclasses import replace
from typing import Iterator, List, Tuple

import numpy as np

from ..exchange.classes import EMPTY, PARTICLE
from .conditions import random_conditions
from .picking import LabelledPick, pick
from .scene import simulate_scene
from .varieties import random_padding, vary

BOXES_ACROSS = 7.5      # of a micrograph, at the least
MOST_ACROSS = 24        # of one, at the most: more would be more particles than are wanted
SIMULATED = (PARTICLE, 'ice', 'carbon', EMPTY)


def simulate_experiment(number: int, seed: int = 0, size: int = 1024, boxes: int = 100,
                        max_micrographs: int = 8) -> Iterator[Tuple[np.ndarray, float, float, List[LabelledPick]]]:
    """Simulate experiment `number` of a series, with many contaminants and much film.

    Yields for each micrograph (image float32 (size, size) or smaller, pixel size in Å/px, box in Å, [(x, y, label),
    ...] in px). It goes on until it has `boxes` boxes of each class, or `max_micrographs` micrographs.
    """
    rng = np.random.default_rng([seed, number])
    conditions = _rich_in_junk(vary(random_conditions(rng, largest_box=size / BOXES_ACROSS), rng))
    size = min(size, round(MOST_ACROSS * conditions.box_angstrom / conditions.pixel_size))
    padding = random_padding(size, rng)
    left = dict.fromkeys(SIMULATED, boxes)
    for _ in range(max_micrographs):
        scene = simulate_scene(conditions, size, rng, with_film=left['carbon'] > 0)
        picks = []
        for x, y, label in pick(scene, conditions, rng, min(left[EMPTY], -(-boxes // 4))):
            if left[label] > 0 and padding.spares(x, y, size, size):
                left[label] -= 1
                picks.append((x, y, label))
        yield padding.lay(scene.image), conditions.pixel_size, conditions.box_angstrom, picks
        if not any(left.values()):
            return


def _rich_in_junk(conditions):
    """The same experiment with so much junk in a micrograph that few micrographs are enough."""
    contamination = conditions.contamination
    return replace(conditions,
                   contamination=replace(contamination, per_micrograph=max(contamination.per_micrograph, 12.0)),
                   picker=replace(conditions.picker, false_share=0.6))
