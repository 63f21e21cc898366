"""Labelled picks of many simulated experiments, the categories of a pretraining."""
from dataclasses import replace
from typing import Iterator, List, Tuple

import numpy as np

from .conditions import random_conditions
from .picking import LabelledPick, pick
from .scene import simulate_scene

BOXES_ACROSS = 7.5      # of a micrograph, at the least


def simulate_experiment(number: int, seed: int = 0, size: int = 1024, boxes: int = 100,
                        max_micrographs: int = 8) -> Iterator[Tuple[np.ndarray, float, float, List[LabelledPick]]]:
    """Simulate experiment `number` of a series, with many contaminants and much film.

    Yields for each micrograph (image float32 (size, size), pixel size in Å/px, box in Å, [(x, y, label), ...] in
    px). It goes on until it has `boxes` boxes of each class, or `max_micrographs` micrographs.
    """
    rng = np.random.default_rng([seed, number])
    conditions = _rich_in_junk(random_conditions(rng, largest_box=size / BOXES_ACROSS))
    left = dict.fromkeys(('particle', 'ice', 'carbon'), boxes)
    for _ in range(max_micrographs):
        scene = simulate_scene(conditions, size, rng, with_film=left['carbon'] > 0)
        picks = []
        for x, y, label in pick(scene, conditions, rng):
            if left[label] > 0:
                left[label] -= 1
                picks.append((x, y, label))
        yield scene.image, conditions.pixel_size, conditions.box_angstrom, picks
        if not any(left.values()):
            return


def _rich_in_junk(conditions):
    """The same experiment with so much junk in a micrograph that few micrographs are enough."""
    contamination = conditions.contamination
    return replace(conditions,
                   contamination=replace(contamination, per_micrograph=max(contamination.per_micrograph, 12.0)),
                   picker=replace(conditions.picker, false_share=0.6))
