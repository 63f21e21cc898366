"""Reads micrographs ahead and spreads them over the devices; the predictions come in the order of the picks."""
import time
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from queue import SimpleQueue
from typing import Callable, Iterable, Iterator, Optional, Sequence, Tuple

import torch

from ..exchange.borders import why_outside
from ..exchange.micrograph_reader import read_micrograph
from ..network.failures import raise_clearly
from .predictors import Predictor
from .sources import MicrographPicks

TICK = 0.05                    # seconds, while there is nothing to do
IN_WORK = 3                    # micrographs for each predictor: one judged, the others read or being read
MOST_BYTES = 2 ** 30           # of the micrographs in work, for each device; one there may be in any case


def prefetch_and_predict(groups: Iterable[Optional[MicrographPicks]], predictors: Sequence[Predictor],
                         warn: Callable[[str], None] = lambda line: None) -> Iterator[Tuple[MicrographPicks, Future]]:
    """Yield each group of a PickSource, in their order, with a future of its predictions.

    The future holds (why each of the picks is outside, '' where it is not: str (n,); the numbers that a predictor gives
    for those that are not), or raises what reading or predicting raised. While one micrograph is judged, the next ones
    are read.
    warn: told, from whatever thread, of what was filled in in a micrograph.
    """
    free: SimpleQueue = SimpleQueue()
    for predictor in predictors:
        free.put(predictor)
    box_angstrom = predictors[0].box_angstrom      # they are of one model
    devices = {predictor.device for predictor in predictors}
    pinned = any(device.torch_device.type == 'cuda' for device in devices)
    budget = MOST_BYTES * len(devices)
    largest = 0                # bytes of a micrograph, as far as is known
    used: deque = deque(maxlen=len(predictors))      # memory that the system has made ready already, for the next ones

    def read(path):
        images = []

        def empty(shape, _):
            images.append(_memory(shape, used, pinned))
            return images[0].numpy()
        read_micrograph(path, empty, warn)
        return images      # a list, to take the image out: a future keeps what it returned

    def predict(group, reading):
        nonlocal largest
        image = reading.result().pop()
        largest = max(largest, image.nbytes)
        pixel_size = group.micrograph.pixel_size
        outside = why_outside(image.numpy(), group.xy, box_angstrom / pixel_size)
        predictor = free.get()
        try:
            return outside, predictor(image, pixel_size, group.xy[outside == ''])
        finally:
            free.put(predictor)
            used.append(image)

    readers = ThreadPoolExecutor(len(predictors))
    workers = ThreadPoolExecutor(len(predictors), initializer=torch.set_num_threads,
                                 initargs=(torch.get_num_threads(),))
    waiting: deque = deque()
    try:
        for group in groups:
            if group is not None:
                reading = readers.submit(read, group.micrograph.path)
                waiting.append((group, workers.submit(predict, group, reading)))
                if len(waiting) < (min(IN_WORK * len(predictors), budget // largest) if largest else 1):
                    continue
            if waiting:
                yield waiting.popleft()
            else:
                time.sleep(TICK)
        while waiting:
            yield waiting.popleft()
    finally:
        for executor in (workers, readers):
            executor.shutdown(cancel_futures=True)


def _memory(shape, used, pinned):
    """Memory for a micrograph: that of a used one of the same shape, or else new."""
    with suppress(IndexError):      # none is there
        image = used.popleft()
        if image.shape == shape:
            return image
        del image      # before other memory is taken
    try:      # pinned memory is where a GPU fetches it by itself
        return torch.empty(shape, dtype=torch.float32, pin_memory=pinned)
    except RuntimeError as error:
        raise_clearly(error)
