"""Prunes: gives every pick its class probabilities, micrograph by micrograph."""
import time
from contextlib import closing
from pathlib import Path
from typing import Any, Callable, Dict, Iterable, Iterator, List, Optional, Sequence, Set

import numpy as np

from ..exchange.classes import PARTICLE, is_particle
from ..exchange.errors import InputError
from ..exchange.micrograph_reader import about_all
from ..exchange.model_header import ModelHeader
from ..exchange.score_table import GrowingScores
from ..exchange.signals import AS_IS
from ..exchange.tables import IN_BORDER, NEAR_JUNK, OUTSIDE, SCORED, UNREADABLE
from ..network.device import Device
from ..network.networks import GeneralRecogniser, Recogniser
from .adaptation import adapt
from .frames import DOUBTFUL_OUTSIDE, DOUBTFUL_PARTICLES, FrameSample, better_frame
from .near_junk import Judged, NearJunk
from .polarity import decide, is_inverted
from .predictors import Scorer
from .progress import Progress
from .sources import MicrographPicks, PickSource, some_rows

IDLE, RETRY = 60.0, 600.0      # seconds without arrivals, and between two times, after which failures are tried again


def prune(source: PickSource, recogniser: Recogniser, header: ModelHeader, scores: GrowingScores,
          devices: Sequence[Device], batch_size: int, log: Callable[[str], None],
          wanted_contrast: str = AS_IS, rows: Optional[range] = None, junk_distance: float = 0.0,
          junk_maps: Optional[Path] = None) -> Dict[str, Any]:
    """Score the picks of `source` with a loaded model, append them to `scores`, return the report.

    wanted_contrast: one of signals.CONTRASTS. A general model, whose header has to say the box of the picks, is fitted
    to them first (adaptation). Batches never span two micrographs. A micrograph that cannot be read is
    tried again while nothing else is to be done, and when the others are through; then it is reported, and its picks
    stay unscored. Raises InputError if none can be read.

    rows: score these rows of the source alone, and leave it to another run to tell of micrographs that cannot be read.
    junk_distance: picks within so many Å of junk that covers an area are NEAR_JUNK; 0: the area is not looked at.
    junk_maps: a folder for maps of it (masks.junk_map).
    """
    start = time.monotonic()
    near = NearJunk(header, junk_distance, junk_maps)
    run = _Run(source, scores, header['classes'], log, rows, near)
    with closing(scores):
        scores.open(header['classes'])
        inverted, groups = decide(wanted_contrast, header, source, log)
        facts: Dict[str, Any] = {}
        if isinstance(recogniser, GeneralRecogniser):
            recogniser, groups, lines, facts['general'] = adapt(recogniser, header, groups, devices[0], inverted, log)
            for line in lines:
                run.warn(line)
        if rows is not None:
            groups = some_rows(groups, rows)
        scorers = [Scorer(recogniser, header, device, batch_size, log, inverted)
                   for device in devices for _ in range(device.streams)]
        for group, judged in near.judge(run.todo(groups), scorers, run.note_filled):
            run.add(group, judged)
        for group, judged in near.judge(run.failures(), scorers, run.note_filled):
            run.add(group, judged)
        if rows is None and run.failed and not run.looked_at + run.counts[OUTSIDE]:
            scores.discard()
            reason = next(iter(run.failed.values()))['reason']
            raise InputError(f'none of the {len(run.failed)} micrographs can be read; the first: {reason}')
        run.judge_contrast(header, inverted)
        run.judge_frame(scorers[0])
        scores.complete(run.amended)
    return {'micrographs': len(run.micrographs), 'boxes': sum(run.counts.values()), 'scored': run.looked_at,
            'near_junk': run.particles_near_junk, 'outside': run.counts[OUTSIDE], 'in_border': run.in_border,
            'unreadable': run.counts[UNREADABLE],
            'failed_micrographs': list(run.failed.values()), 'inverted': inverted,
            'warnings': about_all(run.filled) + run.warnings,
            'device': ' and '.join(d.name for d in devices),
            'seconds': round(time.monotonic() - start, 2), 'boxes_per_second': round(run.progress.rate(), 1), **facts}


class _Run:
    """The count of one run so far: picks by status, the micrographs, and those that failed."""

    def __init__(self, source: PickSource, scores: GrowingScores, classes: Sequence[str], log: Callable[[str], None],
                 rows: Optional[range], near: NearJunk):
        self.counts = dict.fromkeys((SCORED, NEAR_JUNK, OUTSIDE, UNREADABLE), 0)
        self.particles_near_junk = 0      # of those near junk, by their probabilities
        self.in_border = 0      # of those outside
        self.micrographs: Set[int] = set()
        self.failed: Dict[int, dict] = {}
        self.amended: Dict[int, List] = {}      # rows, by coord_id, of picks that were scored at a later try
        self.warnings: List[str] = []
        self.filled: List[str] = []
        self.progress = Progress(log)
        self._kept = 0      # picks that an earlier run has scored
        self._failures: List[MicrographPicks] = []
        self._tried_again: Set[int] = set()      # the first coord_ids of groups whose rows are in the table already
        self._sample = FrameSample()
        self._particles = 0.0      # sum of the particle probabilities of the scored picks
        self._contrasts: List[np.ndarray] = []      # of the scored picks
        self._numbers = len(classes) + 1      # of a pick in the table: probabilities and novelty
        self._source, self._scores, self._log, self._only, self._near = source, scores, log, rows, near

    @property
    def looked_at(self) -> int:
        """How many picks have probabilities."""
        return self.counts[SCORED] + self.counts[NEAR_JUNK]

    def warn(self, line: str) -> None:
        """Tell a warning in the log and in the report."""
        self._log(f'warning: {line}')
        self.warnings.append(line)

    def note_filled(self, line: str) -> None:
        """Tell what was filled in in a micrograph, once, however often it is read."""
        if line not in self.filled:
            self._log(f'warning: {line}')
            self.filled.append(line)

    def todo(self, groups: Iterable[Optional[MicrographPicks]]) -> Iterator[Optional[MicrographPicks]]:
        """Yield the groups without the picks that an earlier run has scored; these are counted.

        If none come for a while, those that have failed are among them again.
        """
        told = False
        busy = tried = time.monotonic()
        for group in groups:
            now = time.monotonic()
            if group is None:
                if now - busy >= IDLE and now - tried >= RETRY:
                    tried = now
                    yield from self.failures()
                yield None
                continue
            busy = now
            self.micrographs.add(group.micrograph.mic_id)
            kept = self._scores.take(group.ids.tolist())
            self._count(group, kept)
            if len(kept) == len(group.ids):
                continue
            if self._kept and not told:
                self._log(f'{self._kept} picks were scored by an earlier run; continuing with the others')
                told = True
            yield group.some(slice(len(kept), None))

    def failures(self) -> List[MicrographPicks]:
        """Return the groups that have failed so far, to be tried again."""
        failures, self._failures = self._failures, []
        self._tried_again.update(int(group.ids[0]) for group in failures)
        return failures

    def add(self, group: MicrographPicks, judged: Callable[[], Judged]) -> None:
        """Write the rows of a group, or keep them as amendments if it was tried again."""
        first, number = int(group.ids[0]) not in self._tried_again, len(group.ids)
        try:
            found = judged()
        except InputError as error:
            reason = ' '.join(str(error).split())      # one row, one line
            rows = [[coord_id, *[''] * self._numbers, UNREADABLE, reason] for coord_id in group.ids.tolist()]
            scored, unreadable = 0, number
            self._fail(group, reason)
            if first:
                self._log(f'warning: micrograph {group.micrograph.mic_id} is not scored: {reason}')
        else:
            rows = self._rows(group, found)
            scored, unreadable = len(found.numbers), 0
            self._sample.see(group)
        if first:
            self._scores.append(rows)
            self.counts[UNREADABLE] += unreadable
            total = self._source.picks if self._only is None else len(self._only)
            self.progress.add(group.micrograph.mic_id, scored, number, total - self._kept)
        elif not unreadable:
            self.amended.update((row[0], row) for row in rows)
            self.counts[UNREADABLE] -= number
            if self.failed.pop(group.micrograph.mic_id, None):
                self._log(f'micrograph {group.micrograph.mic_id} could be read at a later try')

    def judge_contrast(self, header: ModelHeader, inverted: bool) -> None:
        """Warn if the picks are bright where the model's particles are dark, or the other way round."""
        found = np.concatenate([np.zeros(0), *self._contrasts])
        if is_inverted(header, found * (-1 if inverted else 1)):
            self.warn('the particles of these picks have the opposite contrast of those that the model was trained on '
                      + ('once the contrast is inverted: leave it as it is.' if inverted else
                         '(bright for dark, or dark for bright): prune with inverted contrast.'))

    def judge_frame(self, scorer: Scorer) -> None:
        """Warn if many picks lie outside, or seem to mean other places than they name."""
        inside, outside = self.looked_at, self.counts[OUTSIDE] - self.in_border
        outside_many = outside > DOUBTFUL_OUTSIDE * (inside + outside)
        doubtful = outside_many or self._particles < DOUBTFUL_PARTICLES * inside
        better = better_frame(self._sample.groups, scorer) if doubtful else None
        if better:
            self.warn(f'do the picks belong to these micrographs? They fit far better if their positions are {better}.')
        elif outside_many:
            self.warn(f'{outside} of {inside + outside} picks lie outside their micrograph: were they made on these '
                      f'micrographs, and at this pixel size?')

    def _rows(self, group, judged):
        outside, numbers, distances = judged
        scored, near = len(numbers), self._near.is_near(distances)
        self.counts[SCORED] += scored - int(near.sum())
        self.counts[NEAR_JUNK] += int(near.sum())
        self.counts[OUTSIDE] += len(outside) - scored
        self.in_border += int((outside == IN_BORDER).sum())
        if scored:
            self._particles += float(numbers[:, 0].sum())
            self.particles_near_junk += int(is_particle(numbers[near, 0]).sum())
            self._contrasts.append(numbers[:, self._numbers])
        values = zip(numbers[:, :self._numbers].tolist(), near.tolist(), distances.tolist())
        return [_scored_row(coord_id, *next(values)) if not reason else
                [coord_id, *[''] * self._numbers, OUTSIDE, reason]
                for coord_id, reason in zip(group.ids.tolist(), outside.tolist())]

    def _count(self, group, kept):
        self._kept += len(kept)
        for row in kept:
            self.counts[row['status']] += 1
            self.in_border += row['reason'] == IN_BORDER
            self._particles += float(row[PARTICLE] or 0)
            if row['status'] == NEAR_JUNK:
                self.particles_near_junk += bool(is_particle(np.array(float(row[PARTICLE]))))
        unread = np.array([row['status'] == UNREADABLE for row in kept], bool)
        self._sample.see(group.some(np.flatnonzero(~unread)))
        if unread.any():
            self._fail(group.some(np.flatnonzero(unread)), kept[unread.argmax()]['reason'])

    def _fail(self, group, reason):
        row = group.micrograph
        self._failures.append(group)
        self.failed.setdefault(row.mic_id, {'mic_id': row.mic_id, 'path': str(row.path), 'reason': reason})


def _scored_row(coord_id, numbers, near, distance):
    """The row of a pick with probabilities; near: whether junk is too near, `distance` Å away."""
    became = (NEAR_JUNK, f'junk is {distance:.1f} Å away') if near else (SCORED, '')
    return [coord_id, *(f'{value:.6f}' for value in numbers), *became]
