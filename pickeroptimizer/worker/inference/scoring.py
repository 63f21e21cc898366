"""Prunes: gives every pick its class probabilities, micrograph by micrograph."""
import time
from concurrent.futures import Future
from contextlib import closing
from typing import Any, Callable, Dict, Iterable, Iterator, List, Optional, Sequence, Set, Tuple

import numpy as np

from ..exchange.errors import InputError
from ..exchange.model_header import ModelHeader
from ..exchange.score_table import GrowingScores
from ..exchange.signals import AS_IS
from ..exchange.tables import OUTSIDE, PARTICLE, SCORE_NUMBERS, SCORED, UNREADABLE
from ..network.device import Device
from ..network.networks import Recogniser
from .frames import DOUBTFUL_OUTSIDE, DOUBTFUL_PARTICLES, FrameSample, better_frame
from .polarity import decide, is_inverted
from .predictors import Scorer
from .prefetching import prefetch_and_predict
from .progress import Progress
from .sources import MicrographPicks, PickSource

UNSCORED = [''] * len(SCORE_NUMBERS)


def prune(source: PickSource, recogniser: Recogniser, header: ModelHeader, scores: GrowingScores,
          devices: Sequence[Device], batch_size: int, log: Callable[[str], None],
          wanted_contrast: str = AS_IS) -> Dict[str, Any]:
    """Score the picks of `source` with a loaded model, append them to `scores`, return the report.

    wanted_contrast: one of signals.CONTRASTS. Batches never span two micrographs. A micrograph that cannot be read is
    tried again when the others are through; then it is reported, and its picks stay unscored. Raises InputError if none
    can be read.
    """
    start = time.monotonic()
    run = _Run(scores, log)
    with closing(scores):
        scores.open()
        progress = Progress(log)
        inverted, groups = decide(wanted_contrast, header, source, log)
        scorers = [Scorer(recogniser, header, device, batch_size, log, inverted)
                   for device in devices for _ in range(device.streams)]
        for group, predicted in prefetch_and_predict(run.unscored(groups), scorers, run.warn):
            scored = run.add(group, predicted)
            progress.add(group.micrograph.mic_id, scored, len(group.ids), source.picks - run.kept)
        run.amend(prefetch_and_predict(list(run.failed_groups), scorers, run.warn))
        if run.failed and not run.counts[SCORED] + run.counts[OUTSIDE]:
            scores.discard()
            reason = next(iter(run.failed.values()))['reason']
            raise InputError(f'none of the {len(run.failed)} micrographs can be read; the first: {reason}')
        run.judge_contrast(header, scorers, inverted)
        run.judge_frame(scorers[0])
        scores.complete(run.amended)
    return {'micrographs': len(run.micrographs), 'boxes': sum(run.counts.values()), 'scored': run.counts[SCORED],
            'outside': run.counts[OUTSIDE], 'unreadable': run.counts[UNREADABLE],
            'failed_micrographs': list(run.failed.values()), 'inverted': inverted, 'warnings': run.warnings,
            'device': ' and '.join(d.name for d in devices),
            'seconds': round(time.monotonic() - start, 2), 'boxes_per_second': round(progress.rate(), 1)}


class _Run:
    """The count of one run so far: picks by status, the micrographs, and those that failed."""

    def __init__(self, scores: GrowingScores, log: Callable[[str], None]):
        self.counts = dict.fromkeys((SCORED, OUTSIDE, UNREADABLE), 0)
        self.micrographs: Set[int] = set()
        self.failed: Dict[int, dict] = {}
        self.kept = 0      # picks that an earlier run has scored
        self.failed_groups: List[MicrographPicks] = []
        self.amended: Dict[int, List] = {}      # rows, by coord_id, of picks that were scored at the second try
        self.warnings: List[str] = []
        self._sample = FrameSample()
        self._particles = 0.0      # sum of the particle probabilities of the scored picks
        self._scores, self._log = scores, log

    def warn(self, line: str) -> None:
        """Tell a warning in the log and in the report."""
        self._log(f'warning: {line}')
        self.warnings.append(line)

    def unscored(self, groups: Iterable[Optional[MicrographPicks]]) -> Iterator[Optional[MicrographPicks]]:
        """Yield the groups without the picks that an earlier run has scored; these are counted."""
        told = False
        for group in groups:
            if group is not None:
                self.micrographs.add(group.micrograph.mic_id)
                self._sample.see(group)
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
        try:
            on_it, numbers = predicted.result()
        except InputError as error:
            reason = ' '.join(str(error).split())      # one row, one line
            self._log(f'warning: micrograph {group.micrograph.mic_id} is not scored: {reason}')
            self._fail(group, reason)
            self.counts[UNREADABLE] += len(group.ids)
            self._scores.append([coord_id, *UNSCORED, UNREADABLE, reason] for coord_id in group.ids.tolist())
            return 0
        self._scores.append(self._rows(group, on_it, numbers))
        return int(on_it.sum())

    def amend(self, predictions: Iterable[Tuple[MicrographPicks, Future]]) -> None:
        """Score the picks of micrographs that could not be read before, those that an earlier run left among them."""
        for group, predicted in predictions:
            try:
                on_it, numbers = predicted.result()
            except InputError:
                continue
            self.amended.update((row[0], row) for row in self._rows(group, on_it, numbers))
            self.counts[UNREADABLE] -= len(group.ids)
            if self.failed.pop(group.micrograph.mic_id, None):
                self._log(f'micrograph {group.micrograph.mic_id} could be read at a later try')

    def judge_contrast(self, header: ModelHeader, scorers: Sequence[Scorer], inverted: bool) -> None:
        """Warn if the picks are bright where the model's particles are dark, or the other way round."""
        found = [part.float().cpu().numpy() for scorer in scorers for part in scorer.contrasts]
        if found and is_inverted(header, np.concatenate(found) * (-1 if inverted else 1)):
            self.warn('the particles of these picks have the opposite contrast of those that the model was trained on '
                      + ('once the contrast is inverted: leave it as it is.' if inverted else
                         '(bright for dark, or dark for bright): prune with inverted contrast.'))

    def judge_frame(self, scorer: Scorer) -> None:
        """Warn if many picks lie outside, or seem to mean other places than they name."""
        inside, outside = self.counts[SCORED], self.counts[OUTSIDE]
        outside_many = outside > DOUBTFUL_OUTSIDE * (inside + outside)
        doubtful = outside_many or self._particles < DOUBTFUL_PARTICLES * inside
        better = better_frame(self._sample.groups, scorer) if doubtful else None
        if better:
            self.warn(f'do the picks belong to these micrographs? They fit far better if their positions are {better}.')
        elif outside_many:
            self.warn(f'{outside} of {inside + outside} picks lie outside their micrograph: were they made on these '
                      f'micrographs, and at this pixel size?')

    def _rows(self, group, on_it, numbers):
        scored = int(on_it.sum())
        self.counts[SCORED] += scored
        self.counts[OUTSIDE] += len(on_it) - scored
        self._particles += float(numbers[:, 0].sum()) if scored else 0.0
        values = iter(numbers.tolist())
        return [[coord_id, *(f'{value:.6f}' for value in next(values)), SCORED, ''] if good else
                [coord_id, *UNSCORED, OUTSIDE, 'the centre lies outside the micrograph']
                for coord_id, good in zip(group.ids.tolist(), on_it.tolist())]

    def _count(self, group, kept):
        self.kept += len(kept)
        for row in kept:
            self.counts[row['status']] += 1
            self._particles += float(row[PARTICLE] or 0)
        unread = [number for number, row in enumerate(kept) if row['status'] == UNREADABLE]
        if unread:
            self._fail(group.some(unread), kept[unread[0]]['reason'])

    def _fail(self, group, reason):
        row = group.micrograph
        self.failed_groups.append(group)
        self.failed.setdefault(row.mic_id, {'mic_id': row.mic_id, 'path': str(row.path), 'reason': reason})
