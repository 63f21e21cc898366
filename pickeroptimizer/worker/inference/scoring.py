"""Prunes: gives every pick its class probabilities, micrograph by micrograph."""
import time
from concurrent.futures import Future
from contextlib import closing
from typing import Any, Callable, Dict, Iterable, Iterator, Optional, Sequence, Set

from ..exchange.errors import InputError
from ..exchange.model_header import ModelHeader
from ..exchange.score_table import GrowingScores
from ..exchange.tables import OUTSIDE, SCORE_NUMBERS, SCORED, UNREADABLE
from ..network.device import Device
from ..network.networks import Recogniser
from .predictors import Scorer
from .prefetching import prefetch_and_predict
from .progress import Progress
from .sources import MicrographPicks, PickSource

UNSCORED = [''] * len(SCORE_NUMBERS)


def prune(source: PickSource, recogniser: Recogniser, header: ModelHeader, scores: GrowingScores,
          devices: Sequence[Device], batch_size: int, log: Callable[[str], None]) -> Dict[str, Any]:
    """Score the picks of `source` with a loaded model, append them to `scores`, return the report.

    Batches never span two micrographs. A micrograph that
    cannot be read is reported, its picks stay unscored; if none can, InputError is raised at the end.
    """
    start = time.monotonic()
    run = _Run(scores, log)
    scorers = [Scorer(recogniser, header, device, batch_size, log) for device in devices for _ in range(device.streams)]
    with closing(scores):
        scores.open()
        progress = Progress(log)
        for group, predicted in prefetch_and_predict(run.unscored(source), scorers):
            scored = run.add(group, predicted)
            progress.add(group.micrograph.mic_id, scored, len(group.ids), source.picks - run.kept)
        if run.failed and not run.counts[SCORED] + run.counts[OUTSIDE]:
            scores.discard()
            reason = next(iter(run.failed.values()))['reason']
            raise InputError(f'none of the {len(run.failed)} micrographs can be read; the first: {reason}')
        scores.complete()
    return {'micrographs': len(run.micrographs), 'boxes': sum(run.counts.values()), 'scored': run.counts[SCORED],
            'outside': run.counts[OUTSIDE], 'unreadable': run.counts[UNREADABLE],
            'failed_micrographs': list(run.failed.values()), 'device': ' and '.join(d.name for d in devices),
            'seconds': round(time.monotonic() - start, 2), 'boxes_per_second': round(progress.rate(), 1)}


class _Run:
    """The count of one run so far: picks by status, the micrographs, and those that failed."""

    def __init__(self, scores, log):
        self.counts = dict.fromkeys((SCORED, OUTSIDE, UNREADABLE), 0)
        self.micrographs: Set[int] = set()
        self.failed: Dict[int, dict] = {}
        self.kept = 0      # picks that an earlier run has scored
        self._scores, self._log = scores, log

    def unscored(self, groups: Iterable[Optional[MicrographPicks]]) -> Iterator[Optional[MicrographPicks]]:
        """Yield the groups without the picks that an earlier run has scored; these are counted."""
        told = False
        for group in groups:
            if group is not None:
                self.micrographs.add(group.micrograph.mic_id)
                kept = self._scores.take(group.ids.tolist())
                self._count(group, kept)
                if len(kept) == len(group.ids):
                    continue
                if self.kept and not told:
                    self._log(f'{self.kept} picks were scored by an earlier run; continuing with the others')
                    told = True
                group = group.some(slice(len(kept), None))
            yield group

    def add(self, group: MicrographPicks, predicted: Future) -> int:
        """Write the rows of a group; return how many of its picks were scored."""
        ids = group.ids.tolist()
        try:
            on_it, numbers = predicted.result()
        except InputError as error:
            reason = ' '.join(str(error).split())      # one row, one line
            self._log(f'warning: micrograph {group.micrograph.mic_id} is not scored: {reason}')
            self._fail(group, reason)
            self.counts[UNREADABLE] += len(ids)
            self._scores.append([coord_id, *UNSCORED, UNREADABLE, reason] for coord_id in ids)
            return 0
        scored = int(on_it.sum())
        self.counts[SCORED] += scored
        self.counts[OUTSIDE] += len(ids) - scored
        numbers = iter(numbers.tolist())
        self._scores.append(
            [coord_id, *(f'{value:.6f}' for value in next(numbers)), SCORED, ''] if good else
            [coord_id, *UNSCORED, OUTSIDE, 'the centre lies outside the micrograph']
            for coord_id, good in zip(ids, on_it.tolist()))
        return scored

    def _count(self, group, kept):
        self.kept += len(kept)
        for row in kept:
            self.counts[row['status']] += 1
            if row['status'] == UNREADABLE:
                self._fail(group, row['reason'])

    def _fail(self, group, reason):
        row = group.micrograph
        self.failed.setdefault(row.mic_id, {'mic_id': row.mic_id, 'path': str(row.path), 'reason': reason})
