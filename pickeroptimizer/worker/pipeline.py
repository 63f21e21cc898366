"""Reads micrographs ahead and spreads them over the devices; what comes of them comes in order."""
import time
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from queue import SimpleQueue
from typing import Iterable, Iterator, Optional, Sequence, Tuple

import torch

from . import boxes
from .groups import Group
from .looking import Looker, raise_clearly
from .micrographs import read_micrograph

TICK = 0.05                    # seconds, while there is nothing to do
IN_WORK = 3                    # micrographs for each looker: one looked at, the others read or being read
MOST_BYTES = 2 ** 30           # of the micrographs in work, for each device; one there may be in any case


def look_ahead(groups: Iterable[Optional[Group]], lookers: Sequence[Looker]) -> Iterator[Tuple[Group, Future]]:
    """Yield each group, in their order, with a future of (which of its picks lie on the micrograph, what a looker says
    of these).

    While one micrograph is looked at, the next ones are read. None among the groups stands for a moment in which there
    is nothing to do. A future raises what reading or looking raised.
    """
    free: SimpleQueue = SimpleQueue()
    for looker in lookers:
        free.put(looker)
    devices = {looker.device for looker in lookers}
    pinned = any(device.torch_device.type == 'cuda' for device in devices)
    budget = MOST_BYTES * len(devices)
    largest = 0                # bytes of a micrograph, as far as is known
    used: deque = deque(maxlen=len(lookers))      # memory that the system has made ready already, for the next ones

    def read(path):
        images = []

        def empty(shape, _):
            images.append(_memory(shape, used, pinned))
            return images[0].numpy()
        read_micrograph(path, empty)
        return images      # a list, to take the image out: a future keeps what it returned

    def look(group, reading):
        nonlocal largest
        image = reading.result().pop()
        largest = max(largest, image.nbytes)
        on_it = boxes.inside(group.xy, *image.shape)
        looker = free.get()
        try:
            return on_it, looker(image, group.micrograph.pixel_size, group.xy[on_it])
        finally:
            free.put(looker)
            used.append(image)

    readers = ThreadPoolExecutor(len(lookers))
    workers = ThreadPoolExecutor(len(lookers), initializer=torch.set_num_threads, initargs=(torch.get_num_threads(),))
    waiting: deque = deque()
    try:
        for group in groups:
            if group is not None:
                reading = readers.submit(read, group.micrograph.path)
                waiting.append((group, workers.submit(look, group, reading)))
                if len(waiting) < (min(IN_WORK * len(lookers), budget // largest) if largest else 1):
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
        raise_clearly(error, 'the GPU')
