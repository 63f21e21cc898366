"""What many data sets have in common: a recogniser that needs no labels, and from which fine-tuning starts.

Two regularised logistic regressions on the features of all boxes, each data set of the same weight: one looks at a box
by itself, one also at how it differs from the median of a run's picks. Runs are put together from the boxes of a data
set, with more or less junk of one kind or of all.
"""
from typing import Any, Callable, Dict, Iterator, List, NamedTuple, Tuple

import numpy as np
import torch
from torch import Tensor

from ..boxes.categories import Categories
from ..boxes.cropping import FIELDS_OF_VIEW, INPUT_SIZE
from ..exchange.classes import PARTICLE, decide
from ..exchange.files import PathLike
from ..exchange.model_header import GENERAL
from ..network.device import Device
from ..network.fast import for_inference
from ..network.fast.activation_ranges import observe_ranges
from ..network.initial_weights import round_weights, save_extractor
from ..network.model_file import save_model
from ..network.networks import FeatureExtractor, GeneralRecogniser, LinearRecogniser
from .calibration import fit_temperature
from .metrics import figures
from .recipes import MOST_JUNK_WEIGHT, MOST_OBSERVED, MOST_REFERENCES
from .regression import fit_around

MOST_BOXES = 25             # of each category
REGULARISATION = 3e3        # 1/C; chosen with benchmarks/general.py
RUNS = 2                    # put together of each data set
JUNK_SHARES = 0.03, 0.7     # of their picks
ONE_KIND = 0.4              # share of the runs whose junk is of one kind
FOLDS = 3                   # of data sets, for the temperature and the figures
BATCH = 64


class _Boxes(NamedTuple):
    """features: (n, width) float32, standardised; data_sets, targets: (n)."""
    features: np.ndarray
    data_sets: np.ndarray
    targets: np.ndarray

    def of(self, chosen: np.ndarray) -> '_Boxes':
        return _Boxes(*(column[chosen] for column in self))


def learn_general(categories: Categories, extractor: FeatureExtractor, device: Device, seed: int,
                  log: Callable[[str], None]) -> Tuple[GeneralRecogniser, Dict[str, Any]]:
    """Fit a general recogniser on top of an extractor; return it and what is to be said of it.

    The particle has to be the first of the classes. What is said: the figures on data sets that were left out of a fit
    (FOLDS of them), each class counted the same.
    """
    rng = np.random.default_rng(seed)
    chosen = _sample(categories, rng)
    pixels = categories.pixels[chosen]
    observed = pixels[torch.linspace(0, len(pixels) - 1, min(len(pixels), MOST_OBSERVED)).round().long()]
    extractor.ranges = observe_ranges(extractor, _central(observed).reshape(-1, 1, INPUT_SIZE, INPUT_SIZE))
    recogniser = GeneralRecogniser(extractor, len(categories.class_names), len(FIELDS_OF_VIEW),
                                   min(len(chosen), MOST_REFERENCES)).eval()
    features = _features(recogniser, pixels, device, log)
    recogniser.standardise_by(features)
    recogniser.remember(features[torch.from_numpy(rng.permutation(len(features)))])
    boxes = _Boxes(recogniser.standardised(features).numpy(), categories.data_sets[chosen].numpy(),
                   categories.classes[chosen].numpy())
    log('general recogniser: fitting')
    by_itself, among = _fit(boxes, len(categories.class_names), rng)
    with torch.no_grad():
        for layer, (weight, bias) in ((recogniser.linear, by_itself),
                                      (recogniser.among, (among[0][:, :boxes.features.shape[1]], among[1]))):
            layer.weight.copy_(torch.from_numpy(weight))
            layer.bias.copy_(torch.from_numpy(bias))
        recogniser.beside.weight.copy_(torch.from_numpy(among[0][:, boxes.features.shape[1]:]))
    report, temperature = _judge(boxes, categories.class_names, rng, log)
    recogniser.temperature.fill_(temperature)
    return recogniser, report


def save_pretrained(path: PathLike, architecture: str, categories: Categories, extractor: FeatureExtractor,
                    device: Device, seed: int, log: Callable[[str], None]) -> None:
    """Write the weights of an extractor and the general recogniser on top of it, in one file that is a general model.

    Where the categories are not those of particles and junk, the weights alone.
    """
    round_weights(extractor)
    if categories.class_names[0] != PARTICLE or len(categories.class_names) < 2:
        save_extractor(path, extractor)
        return
    recogniser, report = learn_general(categories, extractor, device, seed, log)
    save_model(path, recogniser, {
        'architecture': architecture, 'head': GENERAL, 'classes': list(categories.class_names), 'box_angstrom': None,
        'input_size': INPUT_SIZE, 'fields': list(FIELDS_OF_VIEW), 'normalisation': 'median-iqr', 'recipe': 'default',
        'recipe_parameters': {'regularisation': REGULARISATION}, 'references': len(recogniser.references),
        'ranges': extractor.ranges, 'seed': seed, 'data_sets': len(categories.names), 'on_other_data_sets': report})


def runs_of(boxes: _Boxes, rng: np.random.Generator) -> Iterator[Tuple[np.ndarray, np.ndarray]]:
    """Yield (numbers of the boxes of a data set, numbers of those that make up a run), RUNS times for each."""
    for data_set in np.unique(boxes.data_sets):
        mine = np.flatnonzero(boxes.data_sets == data_set)
        particles, junk = mine[boxes.targets[mine] == 0], mine[boxes.targets[mine] != 0]
        if not len(particles) or not len(junk):
            continue
        for _ in range(RUNS):
            share = rng.uniform(*JUNK_SHARES)
            if rng.random() < ONE_KIND:
                kind = rng.choice(np.unique(boxes.targets[junk]))
                some = rng.permutation(junk[boxes.targets[junk] == kind])
            else:
                some = rng.permutation(junk)
            some = some[:max(1, round(len(particles) * share / (1 - share)))]
            number = max(1, round(len(some) * (1 - share) / share))
            yield mine, np.concatenate((rng.permutation(particles)[:number], some))


def _fit(boxes, classes, rng):
    """((weight, bias) of a box by itself, (weight, bias) of it and of how it differs from its run's median)."""
    width = boxes.features.shape[1]
    by_itself = fit_around(boxes.features, boxes.targets, _box_weights(boxes.data_sets, boxes.targets),
                           np.zeros((classes, width), np.float32), np.zeros(classes, np.float32), REGULARISATION)
    seen, targets, numbers = [], [], []
    for number, (mine, run) in enumerate(runs_of(boxes, rng)):
        median = np.median(boxes.features[run], axis=0)
        seen.append(np.concatenate((boxes.features[mine], boxes.features[mine] - median), axis=1))
        targets.append(boxes.targets[mine])
        numbers.append(np.full(len(mine), number))
    goal = np.concatenate(targets)
    among = fit_around(np.concatenate(seen), goal, _box_weights(np.concatenate(numbers), goal),
                       np.zeros((classes, 2 * width), np.float32), np.zeros(classes, np.float32),
                       RUNS * REGULARISATION)
    return by_itself, among


def _box_weights(groups, targets):
    """What boxes (n) weigh: each group the same, and in it the classes as recipes.class_weights has them."""
    weights = np.zeros(len(groups))
    for group in np.unique(groups):
        mine = np.flatnonzero(groups == group)
        counts = np.bincount(targets[mine])
        kinds = max(1, int((counts[1:] > 0).sum()))
        shares = np.r_[1.0, np.full(len(counts) - 1, min(MOST_JUNK_WEIGHT, kinds) / kinds)]
        weights[mine] = (shares / counts.clip(min=1))[targets[mine]]
    return weights * len(groups) / weights.sum()


def _judge(boxes, class_names, rng, log):
    """(figures on data sets that were left out, the temperature of their probabilities)."""
    names, folds = np.array(class_names), boxes.data_sets % FOLDS
    if len(np.unique(folds)) < 2:
        return {}, 1.0
    said: List[np.ndarray] = []
    true: List[np.ndarray] = []
    for fold in np.unique(folds):
        _, (weight, bias) = _fit(boxes.of(folds != fold), len(names), rng)
        out = boxes.of(folds == fold)
        for mine, run in runs_of(out, rng):
            features = out.features[mine]
            beside = features - np.median(out.features[run], axis=0)
            logits = torch.from_numpy(np.concatenate((features, beside), axis=1) @ weight.T + bias)
            said.append(logits.softmax(dim=1).numpy())
            true.append(out.targets[mine])
    if not said:
        return {}, 1.0
    probabilities, targets = np.concatenate(said).astype(np.float64), np.concatenate(true)
    report = figures(names[targets], names[decide(probabilities)], list(names))
    log(f'general recogniser, on data sets that it was not fitted to: balanced macro-F1 '
        f'{report["balanced_macro_f1"]:.3f}, junk removed {report["junk_removed"]:.3f}, particles lost '
        f'{report["particles_lost"]:.3f}')
    return report, fit_temperature(probabilities, targets)


def _sample(categories, rng):
    """Numbers of at most MOST_BOXES boxes of each category, in their order."""
    number = len(categories.class_names)
    category = (categories.data_sets * number + categories.classes).numpy()
    return torch.from_numpy(np.sort(np.concatenate([rng.permutation(np.flatnonzero(category == c))[:MOST_BOXES]
                                                    for c in np.unique(category)])))


def _central(pixels):
    """The middle INPUT_SIZE px of boxes with a margin; half a pixel off, as the margin is odd, but not blurred."""
    start = (pixels.shape[-1] - INPUT_SIZE) // 2
    return pixels[..., start:start + INPUT_SIZE, start:start + INPUT_SIZE].float()


def _features(recogniser: LinearRecogniser, pixels: Tensor, device: Device, log: Callable[[str], None]) -> Tensor:
    """(n, fields, side, side) -> (n, width), on the CPU."""
    ready = for_inference(recogniser, INPUT_SIZE, device)
    log(f'general recogniser: describing {len(pixels)} boxes')
    with torch.no_grad(), device.autocast():
        return torch.cat([ready.features(_central(part).to(device.torch_device)).float().cpu()
                          for part in pixels.split(BATCH)])
