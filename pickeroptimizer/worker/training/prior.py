"""What a linear classifier knows before any box is labelled, in the terms of a new one."""
from dataclasses import dataclass
from typing import List, Optional, Sequence, Tuple

import numpy as np

from ..exchange.classes import MOST_JUNK, PARTICLE, ordered
from ..network.initial_weights import initial_file
from ..network.model_file import holds_general_model, load_model
from ..network.networks import LinearRecogniser

UNHEARD_OF = 2.0      # by how much the logarithm of the odds of a kind of junk that nobody knows is less than the mean


@dataclass(frozen=True)
class Prior:
    """A linear classifier of `classes`, on features that are standardised by `mean` and `scale`.

    mean, scale: (width); weight: (classes, width); bias: (classes). All float32.
    """
    classes: Tuple[str, ...]
    mean: np.ndarray
    scale: np.ndarray
    weight: np.ndarray
    bias: np.ndarray

    @classmethod
    def of(cls, recogniser: LinearRecogniser, classes: Sequence[str]) -> 'Prior':
        """Return what a recogniser knows of single boxes."""
        tensors = recogniser.mean, recogniser.scale, recogniser.linear.weight, recogniser.linear.bias
        return cls(tuple(classes), *(tensor.detach().cpu().numpy() for tensor in tensors))

    def about(self, labelled: Sequence[str]) -> 'Prior':
        """Return what it knows of the labelled classes, and of others of its own as far as a model has room for them.

        A kind of junk that it does not know is like the mean of those that it knows, and less likely.
        """
        unlabelled = [name for name in self.classes if name not in labelled]
        room = MOST_JUNK - sum(name != PARTICLE for name in labelled)
        classes = ordered([*labelled, *unlabelled[:max(0, room) + (PARTICLE in unlabelled)]])
        junk = [self.classes.index(name) for name in self.classes if name != PARTICLE]
        rows: List[Tuple[np.ndarray, float]] = []
        for name in classes:
            if name in self.classes:
                number = self.classes.index(name)
                rows.append((self.weight[number], float(self.bias[number])))
            else:
                rows.append((self.weight[junk].mean(axis=0), float(self.bias[junk].mean()) - UNHEARD_OF))
        return Prior(classes, self.mean, self.scale, np.stack([weight for weight, _ in rows]),
                     np.array([bias for _, bias in rows], np.float32))


def what_is_known(source: str, architecture: str) -> Optional[Prior]:
    """Return what comes with the starting weights `source` (see initial_weights); None with those that know nothing.

    Raises InputError for a file that is damaged.
    """
    path = initial_file(source, architecture)
    if path is None or not holds_general_model(path):
        return None
    recogniser, header = load_model(path)
    return Prior.of(recogniser, header['classes'])
