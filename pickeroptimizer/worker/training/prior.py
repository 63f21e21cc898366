"""What is known before any box is labelled, in the terms of a new linear classifier."""
from dataclasses import dataclass
from typing import Optional, Sequence, Tuple

import numpy as np

from ..exchange.classes import MOST_JUNK, PARTICLE, ordered
from ..network.initial_weights import initial_file
from ..network.model_file import holds_general_model, load_model
from ..network.networks import GeneralRecogniser

UNHEARD_OF = 2.0      # by how much the logarithm of the odds of a kind of junk that nobody knows is less than the mean
TRUST = 0.5           # by how much of it a regression starts from what is known; chosen with benchmarks/general.py
HELD = 0.3            # labelled particles that what is typical elsewhere counts for; likewise
PRESUMED = 3.0        # labelled boxes that the spread of features elsewhere counts for; likewise


@dataclass(frozen=True)
class LinearClassifier:
    """weight: (classes, width); bias: (classes). Both float32."""
    weight: np.ndarray
    bias: np.ndarray


@dataclass(frozen=True)
class Prior:
    """What a general recogniser knows of `classes`, on features that are standardised by `mean` and `scale` (width).

    alone: the classifier of boxes by themselves. among: the one that also knows the typical particle of a run, as if it
    were that of all simulated experiments; beside (classes, width): what another typical particle changes.
    """
    classes: Tuple[str, ...]
    mean: np.ndarray
    scale: np.ndarray
    alone: LinearClassifier
    among: LinearClassifier
    beside: np.ndarray

    @classmethod
    def of(cls, general: GeneralRecogniser, classes: Sequence[str]) -> 'Prior':
        """Return what a general recogniser of these classes knows."""
        tensors = (general.mean, general.scale, general.linear.weight, general.linear.bias, general.among.weight,
                   general.among.bias, general.beside.weight)
        mean, scale, weight, bias, among, among_bias, beside = (t.detach().cpu().numpy() for t in tensors)
        return cls(tuple(classes), mean, scale, LinearClassifier(weight, bias),
                   LinearClassifier(among + beside, among_bias), beside)

    def about(self, labelled: Sequence[str]) -> 'Prior':
        """Return what it knows of the labelled classes, and of others of its own as far as a model has room for them.

        A kind of junk that it does not know is like the mean of those that it knows, and less likely.
        """
        unlabelled = [name for name in self.classes if name not in labelled]
        room = MOST_JUNK - sum(name != PARTICLE for name in labelled)
        classes = ordered([*labelled, *unlabelled[:max(0, room) + (PARTICLE in unlabelled)]])
        known = np.array([name in self.classes for name in classes])
        of_classes = np.array([[name == own if name in self.classes else own != PARTICLE for own in self.classes]
                               for name in classes], dtype=np.float32)
        of_classes /= of_classes.sum(axis=1, keepdims=True)

        def classifier(own: LinearClassifier) -> LinearClassifier:
            bias = of_classes @ own.bias - UNHEARD_OF * ~known
            return LinearClassifier(of_classes @ own.weight, bias.astype(np.float32))
        return Prior(classes, self.mean, self.scale, classifier(self.alone), classifier(self.among),
                     of_classes @ self.beside)

    def spread_beside(self, mean: np.ndarray, scale: np.ndarray, boxes: int) -> Tuple[np.ndarray, np.ndarray]:
        """Return the mean and the s.d. (width) of features of so many boxes, and of PRESUMED others like all simulated.

        mean, scale: of those of the boxes (width).
        """
        share = PRESUMED / (boxes + PRESUMED)
        variance = (1 - share) * scale ** 2 + share * self.scale ** 2 + share * (1 - share) * (mean - self.mean) ** 2
        return (1 - share) * mean + share * self.mean, np.sqrt(variance)

    def start(self, mean: np.ndarray, scale: np.ndarray, particles: np.ndarray) -> LinearClassifier:
        """Return where a regression starts on features that are standardised by `mean` and `scale` (width).

        particles: features (n, width), as they come, of boxes that are labelled so: what is typical of the run. Where
        there is none, boxes are looked at by themselves.
        """
        weight, bias = self.alone.weight, self.alone.bias
        if len(particles):
            typical = ((particles - self.mean) / self.scale).sum(axis=0) / (len(particles) + HELD)
            weight, bias = self.among.weight, self.among.bias - self.beside @ typical
        # The same classifier for features standardised otherwise.
        return LinearClassifier((TRUST * weight * (scale / self.scale)).astype(np.float32),
                                (TRUST * (bias + weight @ ((mean - self.mean) / self.scale))).astype(np.float32))


def what_is_known(source: str, architecture: str) -> Optional[Prior]:
    """Return what comes with the starting weights `source` (see initial_weights); None with those that know nothing.

    Raises InputError for a file that is damaged.
    """
    path = initial_file(source, architecture)
    if path is None or not holds_general_model(path):
        return None
    recogniser, header = load_model(path)
    return Prior.of(recogniser, header['classes'])
