"""Predictors: a recogniser on one device, that gives numbers for the boxes of one micrograph after the other."""
from abc import ABC, abstractmethod
from typing import Callable, Protocol, Sequence

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from ..boxes import cropping
from ..boxes.contrast import contrast, relief
from ..exchange.errors import InputError
from ..exchange.model_header import ModelHeader
from ..network.device import Device
from ..network.failures import memory_is_full, raise_clearly
from ..network.fast import for_inference
from ..network.networks import LinearRecogniser, Recogniser

# Below this many boxes the libraries of linear algebra take other ways, with other last digits: fewer are filled up,
# so that the numbers of a pick do not depend on the others that it is judged with.
LEAST_BATCH = 32
BATCHES = {'cpu': 64, 'cuda': 512}      # boxes at a time: what the caches hold; what keeps a GPU busy


class Predictor(Protocol):
    """Gives numbers for the boxes of a micrograph, `box_angstrom` Å wide; `device`: where it works."""
    box_angstrom: float
    device: Device

    def __call__(self, image: Tensor, pixel_size: float, xy: np.ndarray) -> np.ndarray:
        """Numbers (n, m) for the boxes around centres (n, 2) in px of a micrograph (rows, columns), float32."""


class BatchPredictor(ABC):
    """A Predictor that shows a recogniser as many boxes at a time as its device can take."""

    def __init__(self, recogniser: Recogniser, box_angstrom: float, size: int, fields: Sequence[float],
                 device: Device, batch_size: int, log: Callable[[str], None]):
        """Boxes of `box_angstrom` Å are shown as `size` px; batch_size: boxes at a time, 0: what suits the device."""
        self.recogniser = for_inference(recogniser, size, device)
        self.box_angstrom, self.size, self.fields = box_angstrom, size, fields
        self.device, self.batch_size = device, batch_size or BATCHES[device.torch_device.type]
        self._log = log
        # Each has its own, so that the copying of one micrograph hides behind the work on another.
        self._stream = torch.cuda.Stream(device.torch_device) if device.torch_device.type == 'cuda' else None
        if self._stream:
            self._stream.wait_stream(torch.cuda.current_stream(device.torch_device))      # until the weights are there

    def __call__(self, image: Tensor, pixel_size: float, xy: np.ndarray) -> np.ndarray:
        """Return what `predict` gives for the boxes around centres (n, 2) in px of a micrograph: (n, m) float32.

        When the memory of the GPU does not suffice, the batches become smaller from then on. Raises InputError if the
        box is larger than the micrograph, DeviceError if one box at a time is too much or the GPU fails.
        """
        while True:
            try:
                return self._in_batches(image, pixel_size, xy)
            except RuntimeError as error:
                if not memory_is_full(error) or self.batch_size == 1:
                    raise_clearly(error, self.device.name)
            self.batch_size = max(1, self.batch_size // 2)
            torch.cuda.empty_cache()
            self._log(f'warning: {self.device.name}: its memory is full; going on with {self.batch_size} boxes at a '
                      f'time')

    @abstractmethod
    def predict(self, pixels: Tensor) -> Tensor:
        """Boxes (n, fields, size, size) on the device -> (n, m) there."""

    def _in_batches(self, image, pixel_size, xy):
        results = []
        with torch.no_grad(), self.device.autocast(), torch.cuda.stream(self._stream):      # None: as it is
            for pixels in cropping.batches(image, xy.astype(np.float32), self.box_angstrom / pixel_size, self.size,
                                        self.fields, self.batch_size, self.device.torch_device):
                number = len(pixels)
                missing = min(LEAST_BATCH, self.batch_size) - number
                if missing > 0:
                    pixels = F.pad(pixels, (0, 0) * 3 + (0, missing))
                results.append(self.predict(pixels)[:number])
            # All at once, for on a GPU this waits until the work is done.
            return torch.cat(results).cpu().numpy() if results else np.zeros((0, 0), dtype=np.float32)


class Scorer(BatchPredictor):
    """Gives the probabilities of the classes of a model, in its order, the novelty, and the contrast (boxes.contrast).

    The contrast is that of the boxes as they are.
    """

    def __init__(self, recogniser: Recogniser, header: ModelHeader, device: Device, batch_size: int,
                 log: Callable[[str], None], inverted: bool = False):
        """A model as model_file.load_model gives it. inverted: show it the boxes with the opposite contrast."""
        super().__init__(recogniser, header['box_angstrom'], header['input_size'], header['fields'], device,
                         batch_size, log)
        self._sign = -1.0 if inverted else 1.0

    def __call__(self, image: Tensor, pixel_size: float, xy: np.ndarray) -> np.ndarray:
        """Predict as every BatchPredictor; InputError too if the model gives anything but numbers."""
        numbers = super().__call__(image, pixel_size, xy)
        if not np.isfinite(numbers).all():
            raise InputError('the model gives no finite numbers for it; is the model damaged?')
        return numbers

    def predict(self, pixels: Tensor) -> Tensor:
        """Boxes (n, fields, size, size) -> probabilities, novelty and contrast (n, classes + 2)."""
        probabilities, novelty = self.recogniser.judge(pixels * self._sign)
        return torch.cat([probabilities, novelty[:, None], contrast(pixels[:, 0])[:, None]], dim=1)


class Embedder(BatchPredictor):
    """Gives the features and, in the last column, the relief (boxes.contrast)."""

    def __init__(self, recogniser: LinearRecogniser, box_angstrom: float, size: int, fields: Sequence[float],
                 device: Device, batch_size: int, log: Callable[[str], None], inverted: bool = False):
        """As every BatchPredictor. inverted: show the recogniser the boxes with the opposite contrast."""
        super().__init__(recogniser, box_angstrom, size, fields, device, batch_size, log)
        self._sign = -1.0 if inverted else 1.0

    def predict(self, pixels: Tensor) -> Tensor:
        """Boxes (n, fields, size, size) -> features and relief (n, width + 1)."""
        features = self.recogniser.features(pixels * self._sign).float()
        return torch.cat((features, relief(pixels[:, 0])[:, None]), dim=1)
