"""What many data sets have in common: a recogniser that needs no labels, and from which fine-tuning starts.

Two regularised logistic regressions on the features of all boxes, each data set of the same weight: one looks at a box
by itself, one also at how it differs from what is typical of a run's picks. Runs are put together from the boxes of a
data set, with more or less junk of one kind or of all.
"""
from typing import Any, Callable, Dict, Iterator, List, NamedTuple, Optional, Tuple

import numpy as np
import torch
from scipy.special import softmax
from torch import Tensor

from ..boxes.categories import Categories
from ..boxes.contrast import contrast
from ..boxes.cropping import FIELDS_OF_VIEW, INPUT_SIZE
from ..exchange.classes import PARTICLE, decide
from ..exchange.files import PathLike
from ..exchange.model_header import GENERAL
from ..network.device import Device
from ..network.fast import for_inference
from ..network.fast.activation_ranges import observe_ranges
from ..network.initial_weights import round_weights, save_extractor
from ..network.model_file import save_model
from ..network.networks import FeatureExtractor, GeneralRecogniser, LinearRecogniser, typical
from .calibration import calibrated, expected_calibration_error, fit_temperature, reliability
from .cross_validation import ALL
from .metrics import figures
from .recipes import MOST_OBSERVED, MOST_REFERENCES
from .regression import fit_around

MOST_BOXES = 25             # of each category
REGULARISATION = 3e3        # 1/C; chosen with benchmarks/general.py, as is the next
JUNK_WEIGHT = 0.5           # of all junk of a data set, where its particles weigh 1
RUNS = 2                    # put together of each data set
JUNK_SHARES = 0.03, 0.7     # of their picks
ONE_KIND = 0.4              # share of the runs whose junk is of one kind
FOLDS = 3                   # of data sets, for the temperature and the figures
BY_DATA_SET = 'data set'    # how these are split
TOLD = 200                  # probabilities of particles, and of junk, that headers have
BATCH = 64


class DescribedBoxes(NamedTuple):
    """Boxes of many data sets: features (n, width) float32, standardised; numbers of data sets and of classes (n)."""
    features: np.ndarray
    data_sets: np.ndarray
    targets: np.ndarray

    def some(self, chosen: np.ndarray) -> 'DescribedBoxes':
        """Return some of the boxes."""
        return DescribedBoxes(*(column[chosen] for column in self))


class Linear(NamedTuple):
    """Of a linear classifier: weight (classes, width), bias (classes)."""
    weight: np.ndarray
    bias: np.ndarray


def learn_general(categories: Categories, extractor: FeatureExtractor, device: Device, seed: int,
                  log: Callable[[str], None]) -> Tuple[GeneralRecogniser, Optional[Dict[str, Any]]]:
    """Fit a general recogniser on top of an extractor; return it and what is to be said of it.

    The particle has to be the first of the classes. What is said: a cross-validation over data sets, as headers have
    it.
    """
    rng = np.random.default_rng(seed)
    chosen = sample(categories, rng)
    pixels = categories.pixels[chosen]
    observed = pixels[torch.linspace(0, len(pixels) - 1, min(len(pixels), MOST_OBSERVED)).round().long()]
    extractor.ranges = observe_ranges(extractor, _central(observed).reshape(-1, 1, INPUT_SIZE, INPUT_SIZE))
    recogniser = GeneralRecogniser(extractor, len(categories.class_names), len(FIELDS_OF_VIEW),
                                   min(len(chosen), MOST_REFERENCES)).eval()
    features = features_of(recogniser, pixels, device, log)
    recogniser.standardise_by(features)
    recogniser.remember(features[torch.from_numpy(rng.permutation(len(features)))])
    boxes = DescribedBoxes(recogniser.standardised(features).numpy(), categories.data_sets[chosen].numpy(),
                   categories.classes[chosen].numpy())
    log('general recogniser: fitting')
    number, width = len(categories.class_names), boxes.features.shape[1]
    by_itself = fit_by_itself(boxes, number)
    among = fit_among(boxes, number, by_itself, rng)
    with torch.no_grad():
        for layer, (weight, bias) in ((recogniser.linear, by_itself),
                                      (recogniser.among, Linear(among.weight[:, :width], among.bias))):
            layer.weight.copy_(torch.from_numpy(weight))
            layer.bias.copy_(torch.from_numpy(bias))
        recogniser.beside.weight.copy_(torch.from_numpy(among.weight[:, width:]))
    report = _judge(boxes, categories.class_names, rng, log)
    if report:
        recogniser.temperature.fill_(report['temperature'])
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
        'particle_contrast': particle_contrast(categories), 'ranges': extractor.ranges, 'seed': seed, 'counts': {},
        'data_sets': len(categories.names), 'cross_validation': report})


def particle_contrast(categories: Categories) -> Optional[Tuple[float, float]]:
    """Return the mean over data sets of the contrast of their particles (boxes.contrast), and its standard error.

    None with less than two data sets.
    """
    particle = categories.classes == 0
    means = []
    for number in torch.unique(categories.data_sets[particle]):
        boxes = categories.pixels[particle & (categories.data_sets == number)]
        means.append(float(contrast(_central(boxes)[:, 0]).mean()))
    if len(means) < 2:
        return None
    return round(float(np.mean(means)), 6), round(float(np.std(means, ddof=1)) / len(means) ** 0.5, 6)


def runs_of(boxes: DescribedBoxes, rng: np.random.Generator) -> Iterator[Tuple[np.ndarray, np.ndarray]]:
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


def fit_by_itself(boxes: DescribedBoxes, classes: int, regularisation: float = REGULARISATION,
                  junk_weight: float = JUNK_WEIGHT) -> Linear:
    """Fit the classifier that looks at a box by itself. junk_weight: of all junk of a data set, particles weigh 1."""
    return _fit(boxes.features, boxes.data_sets, boxes.targets, classes, regularisation, junk_weight)


def fit_among(boxes: DescribedBoxes, classes: int, by_itself: Linear, rng: np.random.Generator,
              regularisation: float = REGULARISATION, junk_weight: float = JUNK_WEIGHT) -> Linear:
    """Fit the classifier that sees beside the features, in twice the width, how they differ from a run's typical pick.

    by_itself: that tells which picks are plainly junk.
    """
    seen, targets, numbers = [], [], []
    for number, (mine, run) in enumerate(runs_of(boxes, rng)):
        seen.append(beside_typical(boxes.features[mine], boxes.features[run], by_itself))
        targets.append(boxes.targets[mine])
        numbers.append(np.full(len(mine), number))
    return _fit(np.concatenate(seen), np.concatenate(numbers), np.concatenate(targets), classes,
                RUNS * regularisation, junk_weight)


def beside_typical(features: np.ndarray, of_run: np.ndarray, by_itself: Linear) -> np.ndarray:
    """Return features (n, width), and behind them how they differ from what is typical of a run's (m, width)."""
    particle = softmax(of_run @ by_itself.weight.T + by_itself.bias, axis=1)[:, 0]
    return np.concatenate((features, features - typical(of_run, particle)), axis=1)


def _fit(features, groups, targets, classes, regularisation, junk_weight):
    """Fit with the same weight for each group and, in it, for each kind of junk."""
    weights = np.zeros(len(groups))
    for group in np.unique(groups):
        mine = np.flatnonzero(groups == group)
        counts = np.bincount(targets[mine], minlength=classes)
        kinds = max(1, int((counts[1:] > 0).sum()))
        shares = np.r_[1.0, np.full(classes - 1, junk_weight / kinds)]
        weights[mine] = (shares / counts.clip(min=1))[targets[mine]]
    weights *= len(groups) / weights.sum()
    start = np.zeros((classes, features.shape[1]), np.float32), np.zeros(classes, np.float32)
    return Linear(*fit_around(features, targets, weights, *start, regularisation))


def _judge(boxes, class_names, rng, log):
    """What a cross-validation tells of runs of data sets that a fit has not seen, as headers have it; None if none can.

    Each fold is judged at one temperature, which is fitted to all: there are hundreds of boxes for it.
    """
    names, folds = np.array(class_names), boxes.data_sets % FOLDS
    said: List[np.ndarray] = []
    true: List[np.ndarray] = []
    for fold in np.unique(folds) if len(np.unique(folds)) > 1 else ():
        learnt = boxes.some(folds != fold)
        by_itself = fit_by_itself(learnt, len(names))
        weight, bias = fit_among(learnt, len(names), by_itself, rng)
        out = boxes.some(folds == fold)
        for mine, run in runs_of(out, rng):
            logits = beside_typical(out.features[mine], out.features[run], by_itself) @ weight.T + bias
            said.append(softmax(logits.astype(np.float64), axis=1))
            true.append(out.targets[mine])
    if not said:
        return None
    raw, targets = np.concatenate(said), np.concatenate(true)
    temperature = fit_temperature(raw, targets)
    probabilities = calibrated(raw, temperature)
    report = {**figures(names[targets], names[decide(probabilities)], list(names)),
              'calibration_error': expected_calibration_error(probabilities, targets),
              'reliability': reliability(probabilities, targets), 'temperature': temperature, 'split': BY_DATA_SET,
              'folds': FOLDS, 'particle_probabilities': _spread(probabilities[targets == 0, 0]),
              'junk_probabilities': _spread(probabilities[targets != 0, 0]), 'particles': ALL}
    log(f'general recogniser, on data sets that it was not fitted to: balanced macro-F1 '
        f'{report["balanced_macro_f1"]:.3f}, junk removed {report["junk_removed"]:.3f}, particles lost '
        f'{report["particles_lost"]:.3f}, calibration error {report["calibration_error"]:.3f}')
    return report


def _spread(values):
    """TOLD quantiles of values, as evenly as they lie."""
    return [round(float(v), 6) for v in np.quantile(values, (np.arange(TOLD) + 0.5) / TOLD)]


def sample(categories: Categories, rng: np.random.Generator) -> Tensor:
    """Return the numbers of at most MOST_BOXES boxes of each category, in their order."""
    number = len(categories.class_names)
    category = (categories.data_sets * number + categories.classes).numpy()
    return torch.from_numpy(np.sort(np.concatenate([rng.permutation(np.flatnonzero(category == c))[:MOST_BOXES]
                                                    for c in np.unique(category)])))


def _central(pixels):
    """The middle INPUT_SIZE px of boxes with a margin; half a pixel off, as the margin is odd, but not blurred."""
    start = (pixels.shape[-1] - INPUT_SIZE) // 2
    return pixels[..., start:start + INPUT_SIZE, start:start + INPUT_SIZE].float()


def features_of(recogniser: LinearRecogniser, pixels: Tensor, device: Device, log: Callable[[str], None]) -> Tensor:
    """Return the features (n, width), on the CPU, of boxes of categories (n, fields, side, side)."""
    ready = for_inference(recogniser, INPUT_SIZE, device)
    log(f'general recogniser: describing {len(pixels)} boxes')
    with torch.no_grad(), device.autocast():
        return torch.cat([ready.features(_central(part).to(device.torch_device)).float().cpu()
                          for part in pixels.split(BATCH)])
