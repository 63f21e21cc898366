"""Prunes: gives every pick its class probabilities, micrograph by micrograph."""
import time
from collections import defaultdict, deque
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from itertools import islice
from typing import Callable, Dict, List, Sequence

import numpy as np
import torch

from . import boxes
from .device import Device
from .errors import InputError
from .micrographs import read_micrograph
from .progress import Progress
from .scores import GrowingScores
from .tables import CLASSES, OUTSIDE, SCORE_COLUMNS, SCORED, UNREADABLE, CoordinateRow, MicrographRow

READ_AHEAD = 2
UNSCORED = [''] * len(CLASSES)
STATUS = SCORE_COLUMNS.index('status')


def prune(micrographs: Dict[int, MicrographRow], coordinates: Sequence[CoordinateRow], recogniser, header: dict,
          scores: GrowingScores, device: Device, batch_size: int, log: Callable[[str], None]) -> dict:
    """Score all `coordinates` with a loaded model, append them to `scores`, return the report.

    The coordinates' micrographs have to be among `micrographs`. Batches never span two micrographs, so that a
    continued run gives the same numbers as an undisturbed one. A micrograph that cannot be read is reported, its
    picks stay unscored; if none can, InputError is raised.
    """
    start = time.monotonic()
    picks = defaultdict(list)
    for pick in coordinates:
        picks[pick.mic_id].append(pick)
    order = [row for mic_id, row in micrographs.items() if mic_id in picks]
    tally = _Tally()
    scorer = _Scorer(recogniser, header, device, batch_size)
    with closing(scores):
        first = tally.resume(scores.resume([picks[row.mic_id] for row in order]), order, picks)
        if first:
            log(f'{first} of {len(order)} micrographs were scored by an earlier run; continuing with the others')
        progress = Progress(len(order), log, done=first)
        for row, reading in _read_ahead(order[first:]):
            lines = _score_micrograph(row, reading, picks[row.mic_id], scorer, tally, log)
            scores.append(lines)
            progress.add(sum(line[STATUS] == SCORED for line in lines))
        if not tally.counts[SCORED] + tally.counts[OUTSIDE]:
            scores.discard()
            raise InputError(f'none of the {len(order)} micrographs can be read; the first: '
                             f'{tally.failed[0]["reason"]}')
        scores.complete()
    return {'micrographs': len(order), 'boxes': len(coordinates), 'scored': tally.counts[SCORED],
            'outside': tally.counts[OUTSIDE], 'unreadable': tally.counts[UNREADABLE],
            'failed_micrographs': tally.failed, 'device': device.name,
            'seconds': round(time.monotonic() - start, 2), 'boxes_per_second': round(progress.rate(), 1)}


def _read_ahead(rows):
    """Yield (row, future of its image); the next micrographs are read while one is scored."""
    with ThreadPoolExecutor(1) as reader:
        todo, waiting = iter(rows), deque()
        while True:
            waiting.extend((row, reader.submit(read_micrograph, row.path))
                           for row in islice(todo, READ_AHEAD - len(waiting)))
            if not waiting:
                return
            yield waiting.popleft()


class _Tally:
    """Counts by status, and the micrographs that failed."""

    def __init__(self):
        self.counts = dict.fromkeys((SCORED, OUTSIDE, UNREADABLE), 0)
        self.failed: List[dict] = []

    def add(self, status, number=1):
        self.counts[status] += number

    def resume(self, kept, order, picks):
        """Count the rows (dicts) that an earlier run left of the first micrographs; return how many these are."""
        number = done = 0
        while done < len(kept):
            if kept[done]['status'] == UNREADABLE:
                self.fail(order[number], kept[done]['reason'])
            done += len(picks[order[number].mic_id])
            number += 1
        for row in kept:
            self.add(row['status'])
        return number

    def fail(self, row, reason):
        self.failed.append({'mic_id': row.mic_id, 'path': str(row.path), 'reason': reason})


class _Scorer:
    """A model on its device: a micrograph and centres in, probabilities in the order of CLASSES out."""

    def __init__(self, recogniser, header, device, batch_size):
        self.recogniser = recogniser.to(device.torch_device, memory_format=torch.channels_last)
        self.device, self.batch_size = device, batch_size
        self.box_angstrom, self.size, self.fields = header['box_angstrom'], header['input_size'], header['fields']
        self.columns = [CLASSES.index(c) for c in header['classes']]

    def __call__(self, image: np.ndarray, pixel_size: float, xy: np.ndarray) -> np.ndarray:
        where = self.device.torch_device
        box = self.box_angstrom / pixel_size
        levels = boxes.levels(torch.from_numpy(image).to(where), box, self.size, self.fields)
        result = np.zeros((len(xy), len(CLASSES)), dtype=np.float32)
        for i in range(0, len(xy), self.batch_size):
            centres = torch.from_numpy(xy[i:i + self.batch_size]).to(where)
            pixels = torch.cat([boxes.crop(level, centres, box * field, self.size)
                                for level, field in zip(levels, self.fields)], dim=1)
            with torch.no_grad(), self.device.autocast():
                probabilities = self.recogniser.probabilities(pixels)
            result[i:i + self.batch_size, self.columns] = probabilities.float().cpu().numpy()
        return result


def _score_micrograph(row, reading, picks, scorer, tally, log):
    """The rows of one micrograph's picks."""
    try:
        image = reading.result()
        xy = np.array([(p.x, p.y) for p in picks], dtype=np.float32)
        on_it = boxes.inside(xy, *image.shape)
        probabilities = iter(scorer(image, row.pixel_size, xy[on_it]))
    except InputError as error:
        log(f'warning: micrograph {row.mic_id} is not scored: {error}')
        tally.fail(row, str(error))
        tally.add(UNREADABLE, len(picks))
        return [[p.coord_id, *UNSCORED, UNREADABLE, str(error)] for p in picks]
    tally.add(SCORED, int(on_it.sum()))
    tally.add(OUTSIDE, int((~on_it).sum()))
    return [[p.coord_id, *(f'{v:.6f}' for v in next(probabilities)), SCORED, ''] if good else
            [p.coord_id, *UNSCORED, OUTSIDE, 'the centre lies outside the micrograph'] for p, good in zip(picks, on_it)]
