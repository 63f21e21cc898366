"""Prunes: gives every pick its class probabilities, micrograph by micrograph."""
import time
from collections import defaultdict
from contextlib import closing
from typing import Callable, Dict, List, Sequence

import numpy as np
import torch

from . import boxes
from .device import Device
from .errors import InputError
from .micrographs import read_ahead
from .progress import Progress
from .scores import GrowingScores
from .tables import CLASSES, OUTSIDE, SCORE_COLUMNS, SCORE_NUMBERS, SCORED, UNREADABLE, CoordinateRow, MicrographRow

UNSCORED = [''] * len(SCORE_NUMBERS)
NOVELTY = SCORE_NUMBERS.index('novelty')
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
        for row, reading in read_ahead(order[first:]):
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
    """A model on its device: a micrograph and centres in, the numbers of SCORE_NUMBERS out, (n, 4)."""

    def __init__(self, recogniser, header, device, batch_size):
        self.recogniser = recogniser.to(device.torch_device, memory_format=torch.channels_last)
        self.device, self.batch_size = device, batch_size
        self.box_angstrom, self.size, self.fields = header['box_angstrom'], header['input_size'], header['fields']
        self.columns = [CLASSES.index(c) for c in header['classes']]

    def __call__(self, image: np.ndarray, pixel_size: float, xy: np.ndarray) -> np.ndarray:
        result = np.zeros((len(xy), len(SCORE_NUMBERS)), dtype=np.float32)
        done = 0
        for pixels in boxes.batches(image, xy, self.box_angstrom / pixel_size, self.size, self.fields,
                                    self.batch_size, self.device.torch_device):
            with torch.no_grad(), self.device.autocast():
                probabilities, novelty = self.recogniser.judge(pixels)
            part = slice(done, done + len(pixels))
            result[part, self.columns] = probabilities.cpu().numpy()
            result[part, NOVELTY] = novelty.cpu().numpy()
            done += len(pixels)
        return result


def _score_micrograph(row, reading, picks, scorer, tally, log):
    """The rows of one micrograph's picks."""
    try:
        image = reading.result()
        xy = np.array([(p.x, p.y) for p in picks], dtype=np.float32)
        on_it = boxes.inside(xy, *image.shape)
        numbers = iter(scorer(image, row.pixel_size, xy[on_it]))
    except InputError as error:
        log(f'warning: micrograph {row.mic_id} is not scored: {error}')
        tally.fail(row, str(error))
        tally.add(UNREADABLE, len(picks))
        return [[p.coord_id, *UNSCORED, UNREADABLE, str(error)] for p in picks]
    tally.add(SCORED, int(on_it.sum()))
    tally.add(OUTSIDE, int((~on_it).sum()))
    return [[p.coord_id, *(f'{v:.6f}' for v in next(numbers)), SCORED, ''] if good else
            [p.coord_id, *UNSCORED, OUTSIDE, 'the centre lies outside the micrograph'] for p, good in zip(picks, on_it)]
