"""The categories of a pretraining: boxes of many data sets, each with its classes, in one file.

A data set is a folder with micrographs.csv, labels.csv and box_angstrom.txt, as the simulator and a lab's own
projects give it, or a simulated experiment. Its boxes of one class are one category, such as `sim07-ice`.
"""
import json
import os
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Callable, Dict, List, Sequence, Tuple

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from ..exchange import tables
from ..exchange.classes import FORMER, ordered
from ..exchange.errors import InputError
from ..exchange.files import PathLike, replacing
from . import cropping
from .cropping import FIELDS_OF_VIEW, INPUT_SIZE
from .labelled import crop_labels

METADATA_KEY = 'pickeroptimizer-categories'
MARGIN = 2 ** 0.5
SIDE = int(np.ceil(INPUT_SIZE * MARGIN))


@dataclass(frozen=True)
class Categories:
    """Boxes of many data sets.

    pixels: (n, fields, SIDE, SIDE) float16, normalised; data_sets: (n) number of the data set; classes: (n) number
    of the class in class_names; names: of the data sets.
    """
    pixels: Tensor
    data_sets: Tensor
    classes: Tensor
    names: List[str]
    class_names: Tuple[str, ...]

    def without(self, left_out: Sequence[str]) -> 'Categories':
        """Return all but some data sets, for a pretraining that must not have seen them. Raises InputError."""
        unknown = sorted(set(left_out) - set(self.names))
        if unknown:
            raise InputError(f'--leave-out {unknown[0]}: there is no such data set; there are {", ".join(self.names)}.')
        kept = [i for i, name in enumerate(self.names) if name not in left_out]
        number = torch.full((len(self.names),), -1)
        number[kept] = torch.arange(len(kept))
        mask = number[self.data_sets] >= 0
        return Categories(self.pixels[mask], number[self.data_sets[mask]], self.classes[mask],
                          [self.names[i] for i in kept], self.class_names)

    def counts(self) -> Dict[str, Dict[str, int]]:
        """Return {data set: {class: number of boxes}}."""
        return {name: {c: int(((self.data_sets == i) & (self.classes == number)).sum())
                       for number, c in enumerate(self.class_names)} for i, name in enumerate(self.names)}

    def summary(self) -> str:
        """Return one line: how many data sets, categories and boxes."""
        categories = len(set(zip(self.data_sets.tolist(), self.classes.tolist())))
        return f'{len(self.names)} data sets, {categories} categories, {len(self.pixels)} boxes'


def join(parts: Sequence[Categories]) -> Categories:
    """Put several together. Raises InputError for two data sets of one name."""
    names = [name for part in parts for name in part.names]
    _check_names(names)
    class_names = ordered(name for part in parts for name in part.class_names)
    classes = [torch.tensor([class_names.index(c) for c in part.class_names])[part.classes] for part in parts]
    before = np.cumsum([0, *(len(part.names) for part in parts)]).tolist()
    data_sets = [part.data_sets + number for part, number in zip(parts, before)]
    return Categories(torch.cat([p.pixels for p in parts]), torch.cat(data_sets), torch.cat(classes), names,
                      class_names)


def _check_names(names):
    repeated = [name for name, times in Counter(names).items() if times > 1]
    if repeated:
        raise InputError(f'Two data sets are called "{repeated[0]}", so that neither could be left out alone: rename '
                         f'the folder of one, or give it once.')


def from_folders(folders: Sequence[Path], most: int, seed: int,
                 log: Callable[[str], None] = lambda line: None) -> Categories:
    """Cut boxes out of labelled data sets, at most `most` of each class, drawn at random. Raises InputError."""
    _check_names(map(_name, folders))      # before any is read
    return join([_from_folder(Path(folder), most, np.random.default_rng([seed, i]), log)
                 for i, folder in enumerate(folders)])


def simulated(experiments: int, most: int, seed: int, log: Callable[[str], None], processes: int = 0) -> Categories:
    """Simulate experiments and cut boxes out of them; experiment i is the same however many there are.

    processes: how many at a time; 0: as many as there are CPUs.
    """
    parts = []
    with ProcessPoolExecutor(processes or len(os.sched_getaffinity(0)), initializer=torch.set_num_threads,
                             initargs=(1,)) as pool:
        for part in pool.map(_simulate_one, range(experiments), [most] * experiments, [seed] * experiments):
            parts.append(part)
            if len(parts) % 10 == 0 or len(parts) == experiments:
                log(f'{len(parts)} of {experiments} experiments simulated')
    return join(parts)


def write_categories(path: PathLike, categories: Categories) -> None:
    """Write a file of categories, whole or not at all."""
    with replacing(path, 'wb') as stream:
        stream.write(save({'pixels': categories.pixels, 'data_sets': categories.data_sets,
                           'classes': categories.classes},
                          metadata={METADATA_KEY: json.dumps({'names': categories.names,
                                                              'classes': categories.class_names})}))


def read_categories(path: PathLike) -> Categories:
    """Read a file of categories. Raises InputError if it is none."""
    try:
        with safe_open(path, 'pt') as stream:
            about = json.loads((stream.metadata() or {})[METADATA_KEY])
            pixels, data_sets, classes = (stream.get_tensor(key) for key in ('pixels', 'data_sets', 'classes'))
            return Categories(pixels, data_sets, classes, list(about['names']),
                              tuple(about.get('classes', FORMER)))
    except (OSError, SafetensorError, KeyError, TypeError, ValueError):
        raise InputError(f'{path}: no file of categories; make one with "worker categories".') from None


def _name(folder):
    return Path(folder).resolve().name


def _from_folder(folder, most, rng, log):
    micrographs = tables.read_micrographs(folder / 'micrographs.csv')
    labels = tables.read_labels(folder / 'labels.csv')
    try:
        box_angstrom = float((folder / 'box_angstrom.txt').read_text(encoding='utf-8'))
    except (OSError, ValueError):
        raise InputError(f'{folder / "box_angstrom.txt"}: has to hold the box size in Å.') from None
    class_names = ordered(str(label.label) for label in labels)
    chosen = [labels[i] for name in class_names
              for i in rng.permutation([i for i, label in enumerate(labels) if label.label == name])[:most]]
    boxes = crop_labels(micrographs, chosen, box_angstrom, INPUT_SIZE, FIELDS_OF_VIEW, MARGIN)
    for warning in boxes.warnings:
        log(f'warning: {warning}')
    classes = torch.tensor([class_names.index(label) for label in boxes.labels])
    return Categories(boxes.pixels.half(), torch.zeros_like(classes), classes, [_name(folder)], class_names)


def _simulate_one(number, most, seed):
    from ..simulation.categories import simulate_experiment
    pixels, labels = [], []
    for image, pixel_size, box_angstrom, picks in simulate_experiment(number, seed, boxes=most):
        if picks:
            box = box_angstrom / pixel_size
            xy = torch.tensor([pick[:2] for pick in picks], dtype=torch.float32)
            levels = cropping.levels(torch.from_numpy(image), box, INPUT_SIZE, FIELDS_OF_VIEW)
            pixels.append(torch.cat([cropping.crop(level, xy, box * SIDE / INPUT_SIZE * field, SIDE)
                                     for level, field in zip(levels, FIELDS_OF_VIEW)], dim=1).half())
            labels += [pick[2] for pick in picks]
    class_names = ordered(labels)
    classes = torch.tensor([class_names.index(label) for label in labels])
    return Categories(torch.cat(pixels), torch.zeros_like(classes), classes, [f'sim{seed}-{number:03d}'],
                      class_names)
