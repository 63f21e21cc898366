"""The two ways to learn from labelled boxes: `default` (measured to be the best) and `paper`.

A recipe turns boxes into what it learns from (`embed`, done once), fits a recogniser to some of them (`fit`, done
for every fold of a cross-validation and once more for good), and gives probabilities (`predict`).
"""
import copy
from dataclasses import dataclass, field, replace
from typing import Any, Callable, Dict, Optional, Protocol, Sequence, Tuple

import numpy as np
import torch
import torch.nn.functional as F
from scipy.special import softmax
from torch import Tensor

from ..boxes.augmentation import augment, central, orientations
from ..boxes.cropping import FIELDS_OF_VIEW
from ..exchange.classes import PARTICLE
from ..network.device import Device
from ..network.fast import for_inference
from ..network.fast.activation_ranges import observe_ranges
from ..network.networks import FeatureExtractor, LinearRecogniser, MultiLossRecogniser, Recogniser
from .prior import LinearClassifier, Prior
from .regression import fit_around

BATCH = 256
MOST_REFERENCES = 512      # labelled boxes that a model remembers: 2 MB
MOST_JUNK_WEIGHT = 2.0     # of all junk together, where particles weigh 1
BIAS_REGULARISATION = 1.0   # of the biases, where something is known before
MOST_OBSERVED = 256        # boxes that show the ranges of the maps: all of the labelled ones, as a rule


# Called after each epoch with its number (from 1), the number of epochs, and the mean loss.
EpochDone = Callable[[int, int, float], None]


class Recipe(Protocol):
    """A way to learn from labelled boxes.

    extractor, device: the network that it starts from, and where it runs. name: as the command line has it. fields:
    widths of the fields of view, in boxes. margin: how much wider than a box the pixels are that it wants. classes: of
    the recognisers that it fits, see `learning`.
    """
    extractor: FeatureExtractor
    device: Device
    name: str
    fields: Tuple[float, ...]
    margin: float
    classes: Tuple[str, ...]

    def learning(self, labelled: Sequence[str]) -> 'Recipe':
        """Return the recipe for labels of these classes, in their order; what it knows of others is among `classes`."""

    def embed(self, pixels: Tensor) -> Tensor:
        """Turn boxes (n, fields, side, side) into what is learnt from: (n, ...), on the CPU."""

    def fit(self, embedded: Tensor, targets: np.ndarray, seed: int,
            epoch_done: Optional[EpochDone] = None) -> Recogniser:
        """Return a recogniser, in evaluation mode, fitted to what `embed` gave and numbers of `classes` (n)."""

    def predict(self, recogniser: Recogniser, embedded: Tensor) -> np.ndarray:
        """Return the probabilities (n, classes) that a recogniser of this recipe gives."""

    def without_labels(self, embedded: Tensor) -> Optional[np.ndarray]:
        """Return the probabilities (n, classes) by what is known before any label; None where nothing is."""

    def header(self) -> Dict[str, Any]:
        """Return what a model file has to say of this recipe's network and parameters."""


@dataclass
class DefaultRecipe:
    """Frozen features of all stages at two fields of view, and a regularised logistic regression on them.

    Each labelled box is shown in its eight orientations (D4). Regularisation is strong, for a few dozen boxes
    have to choose among two thousand features. What is known before, the prior, is where the regression starts from.
    """
    extractor: FeatureExtractor
    device: Device
    prior: Optional[Prior] = None
    regularisation: float = 100.0          # 1/C of the logistic regression
    classes: Tuple[str, ...] = ()
    name: str = field(default='default', init=False)
    fields: Tuple[float, ...] = field(default=FIELDS_OF_VIEW, init=False)
    margin: float = field(default=1.0, init=False)

    def learning(self, labelled: Sequence[str]) -> 'DefaultRecipe':
        """Return the recipe for labels of these classes and what the prior knows of others."""
        if self.prior is None:
            return replace(self, classes=tuple(labelled))
        prior = self.prior.about(labelled)
        return replace(self, prior=prior, classes=prior.classes)

    def embed(self, pixels: Tensor) -> Tensor:
        """(n, fields, s, s) -> features (n, 8, width) of the eight orientations; the first is the box as it is.

        Some of the boxes show the extractor the ranges of its maps.
        """
        some = pixels[torch.linspace(0, len(pixels) - 1, min(len(pixels), MOST_OBSERVED)).round().long()]
        self.extractor.ranges = observe_ranges(self.extractor, some.reshape(-1, 1, *some.shape[2:]))
        recogniser = for_inference(self._recogniser(classes=2), pixels.shape[-1], self.device)
        with torch.no_grad(), self.device.autocast():
            views = [torch.cat([recogniser.features(turned[i:i + BATCH].to(self.device.torch_device)).cpu()
                                for i in range(0, len(turned), BATCH)]) for turned in orientations(pixels)]
        return torch.stack(views, dim=1)

    def fit(self, embedded: Tensor, targets: np.ndarray, seed: int,
            epoch_done: Optional[EpochDone] = None) -> LinearRecogniser:
        """Fit to features (n, 8, width) with class numbers (n)."""
        views = embedded.shape[1]
        features = embedded.reshape(-1, embedded.shape[-1])
        recogniser = self._recogniser(len(self.classes), min(len(targets), MOST_REFERENCES))
        recogniser.standardise_by(features)
        if self.prior is not None:
            both = self.prior.spread_beside(recogniser.mean.numpy(), recogniser.scale.numpy(), len(targets))
            for buffer, values in zip((recogniser.mean, recogniser.scale), both):
                buffer.copy_(torch.from_numpy(values))
        recogniser.remember(embedded[:, 0])
        start = self._start(recogniser, embedded[targets == self.classes.index(PARTICLE)])
        weight, bias = fit_around(recogniser.standardised(features).numpy(), np.repeat(targets, views),
                                  np.repeat(class_weights(targets)[targets] / views, views), start.weight, start.bias,
                                  self.regularisation, 0.0 if self.prior is None else BIAS_REGULARISATION)
        with torch.no_grad():
            recogniser.linear.weight.copy_(torch.from_numpy(weight))
            recogniser.linear.bias.copy_(torch.from_numpy(bias))
        return recogniser.eval()

    def _start(self, recogniser: LinearRecogniser, particles: Tensor) -> LinearClassifier:
        """What the regression starts from; particles: features (n, 8, width) of the boxes labelled so."""
        if self.prior is None:
            width = recogniser.linear.in_features
            return LinearClassifier(np.zeros((len(self.classes), width), np.float32),
                                    np.zeros(len(self.classes), np.float32))
        return self.prior.start(recogniser.mean.numpy(), recogniser.scale.numpy(), particles.mean(dim=1).numpy())

    def predict(self, recogniser: LinearRecogniser, embedded: Tensor) -> np.ndarray:
        """Probabilities (n, classes) of the boxes as they are, as at prediction time."""
        with torch.no_grad():
            return recogniser.classify(embedded[:, 0]).numpy()

    def without_labels(self, embedded: Tensor) -> Optional[np.ndarray]:
        """Probabilities (n, classes) by the prior alone, of boxes by themselves; None without one."""
        if self.prior is None:
            return None
        standard = (embedded[:, 0].numpy() - self.prior.mean) / self.prior.scale
        return softmax(standard @ self.prior.alone.weight.T + self.prior.alone.bias, axis=1)

    def header(self) -> Dict[str, Any]:
        """What a model file has to say of this recipe's network and parameters."""
        return {'head': 'linear', 'recipe_parameters': {'regularisation': self.regularisation}}

    def _recogniser(self, classes, references=0):
        return LinearRecogniser(self.extractor, classes, len(self.fields), references).eval()


@dataclass
class PaperRecipe:
    """Fine-tuning of the whole network with the multi-loss head (the paper, sections 2.1.3 and 3.2).

    SGD with momentum 0.9, the learning rate a tenth every 7 epochs, flips and rotations. Cross-entropies of the
    branches are summed with `loss_weights`; there are as many branches as weights (1, 2 or 3).
    """
    extractor: FeatureExtractor
    device: Device
    epochs: int = 30
    learning_rate: float = 0.01
    batch_size: int = 24
    loss_weights: Tuple[float, ...] = (0.5, 0.5)
    size: int = 64
    classes: Tuple[str, ...] = ()
    name: str = field(default='paper', init=False)
    fields: Tuple[float, ...] = field(default=(1.0,), init=False)
    margin: float = field(default=2 ** 0.5, init=False)

    def learning(self, labelled: Sequence[str]) -> 'PaperRecipe':
        """Return the recipe for labels of these classes."""
        return replace(self, classes=tuple(labelled))

    def embed(self, pixels: Tensor) -> Tensor:
        """The boxes themselves, with their margin."""
        return pixels

    def fit(self, embedded: Tensor, targets: np.ndarray, seed: int,
            epoch_done: Optional[EpochDone] = None) -> MultiLossRecogniser:
        """Fine-tune on boxes (n, 1, side, side) with class numbers (n)."""
        torch.manual_seed(seed)
        where = self.device.torch_device
        recogniser = MultiLossRecogniser(copy.deepcopy(self.extractor), len(self.classes),
                                         len(self.loss_weights), min(len(targets), MOST_REFERENCES)).to(where).train()
        optimiser = torch.optim.SGD(recogniser.parameters(), lr=self.learning_rate, momentum=0.9)
        schedule = torch.optim.lr_scheduler.StepLR(optimiser, step_size=7, gamma=0.1)
        goal = torch.from_numpy(targets)
        for epoch in range(self.epochs):
            total = 0.0
            for batch in _batches(len(goal), self.batch_size):
                views = augment(embedded[batch], self.size).to(where)
                optimiser.zero_grad()
                losses = [F.cross_entropy(logits, goal[batch].to(where)) for logits in recogniser(views)]
                loss = sum(weight * term for weight, term in zip(self.loss_weights, losses))
                loss.backward()
                optimiser.step()
                total += float(loss.detach()) * len(batch)
            schedule.step()
            if epoch_done:
                epoch_done(epoch + 1, self.epochs, total / len(goal))
        recogniser.eval()
        described, _ = self._describe(recogniser, embedded)
        recogniser.standardise_by(described)
        recogniser.remember(described)
        return recogniser

    def predict(self, recogniser: MultiLossRecogniser, embedded: Tensor) -> np.ndarray:
        """Probabilities (n, classes) of the boxes without their margin."""
        return self._describe(recogniser, embedded)[1].cpu().numpy()

    def without_labels(self, embedded: Tensor) -> Optional[np.ndarray]:
        """Nothing: the whole network learns from the labels."""
        return None

    def _describe(self, recogniser, embedded):
        centre = central(embedded, self.size)
        with torch.no_grad():
            parts = [recogniser.describe(centre[i:i + BATCH].to(self.device.torch_device))
                     for i in range(0, len(centre), BATCH)]
        return [torch.cat(part) for part in zip(*parts)]

    def header(self) -> Dict[str, Any]:
        """What a model file has to say of this recipe's network and parameters."""
        return {'head': 'multi-loss', 'branches': len(self.loss_weights),
                'recipe_parameters': {'epochs': self.epochs, 'learning_rate': self.learning_rate,
                                      'batch_size': self.batch_size, 'loss_weights': list(self.loss_weights)}}


def class_weights(targets: np.ndarray) -> np.ndarray:
    """Return what a box of each class weighs, (classes,), from class numbers (n); 0 is the particle.

    Classes that have boxes weigh the same, but all junk together no more than MOST_JUNK_WEIGHT times the particles,
    however many kinds of it there are (benchmarks/kinds.py).
    """
    counts = np.bincount(targets)
    there = counts > 0
    kinds = max(1, int(there[1:].sum()))
    shares = there * np.r_[1.0, np.full(len(counts) - 1, min(MOST_JUNK_WEIGHT, kinds) / kinds)]
    return len(targets) * shares / shares.sum() / counts.clip(min=1)


def _batches(number, size):
    """Random batches of so many boxes; batch normalisation takes no batch of one, so a last one joins another."""
    batches = list(torch.randperm(number).split(size))
    if len(batches) > 1 and len(batches[-1]) == 1:
        batches[-2:] = [torch.cat(batches[-2:])]
    return batches
