"""Scoring by several jobs at once: each gets some rows of the picks that are there when a run is launched."""
import json
import os
import time
from concurrent import futures

from ...convert import shared_scores
from ...worker.exchange.errors import InputError
from ...worker.exchange.signals import EXIT_FEEDER_GONE
from ..protocol_base import WorkerStopped

LEAST = 2000      # picks of a job: with fewer, starting it is not worth while
LOOK_S = 2.0
TELL_S = 30.0


class SharedScoring:
    """Jobs that score the picks from row `first` on, up to the last that is there, side by side.

    What they score is then joined to the scores of the run, as if an earlier launch had left it there, and its worker
    goes on. Rows do not depend on how they were shared. A run that was killed goes on with the shares that it finds.

    After `score`: picks, jobs and seconds, of what was scored; warnings, of the jobs.
    """

    def __init__(self, run, tables, first):
        self._run, self._folder, self._first, self._end = run, run._getExtraPath(), first, len(tables)
        self._micIds = tables.micrographIds(first, self._end - first)
        self.picks, self.jobs, self.seconds, self.warnings = 0, 0, 0.0, []

    def shares(self, jobs):
        """Return the ranges of rows for so many jobs; [] where sharing is not worth while.

        Those of which there are tables already stay as they are, and what lies between is cut.
        """
        there = shared_scores.keepShares(self._folder, self._first, self._end)
        gaps = shared_scores.gaps(there, self._first, self._end)
        left = sum(map(len, gaps))
        if not there and min(jobs, left // LEAST) < 2:
            return []
        for rows in gaps:
            micIds = self._micIds[rows.start - self._first:rows.stop - self._first]
            number = max(1, min(len(rows) // LEAST, round(jobs * len(rows) / left)))
            there += shared_scores.cutRows(micIds, rows.start, number)
        return sorted(there, key=lambda rows: rows.start)

    def score(self, shares, pool, feed):
        """Run a job for each range of rows, and join what they have scored. Raises WorkerStopped if one fails."""
        start = time.monotonic()
        self._run.info(f'{self._end - self._first} picks are shared by {len(shares)} jobs.')
        partial = self._run.takeUpScores()
        running = {rows: self._submit(pool, feed, rows) for rows in shares
                   if not shared_scores.isWholeShare(self._folder, rows)}
        told = start
        while running:
            for rows in [rows for rows, job in running.items() if self._isDone(rows, job, feed)]:
                running.pop(rows)
            for rows, job in running.items():
                if job.done() and job.exception() is not None:      # it saw no sign of life of this run for a while
                    running[rows] = self._submit(pool, feed, rows)
            if time.monotonic() - told >= TELL_S:
                told = time.monotonic()
                self._tell(shares)
            futures.wait(running.values(), LOOK_S)
        self.warnings = [line for rows in shares for line in self._warningsOf(rows)]
        shared_scores.joinShares(self._folder, partial, shares)
        self.picks, self.jobs, self.seconds = self._end - self._first, len(shares), time.monotonic() - start

    def _submit(self, pool, feed, rows):
        return pool.submit(self._run.workerJob(feed.name, rows))

    def _isDone(self, rows, job, feed):
        """Whether a share is scored. Raises what its job has raised, but for a want of a sign of life."""
        if shared_scores.isWholeShare(self._folder, rows):      # a queue may tell only later that the job has ended
            return True
        if not feed.isThere():
            raise InputError('This run was launched again while it was going on: the later launch goes on instead.')
        if job.done():
            error = job.exception()
            if error is None:
                raise WorkerStopped(self._run._workerError('', 0))
            if not (isinstance(error, WorkerStopped) and error.code == EXIT_FEEDER_GONE):
                raise error
        return False

    def _tell(self, shares):
        done = sum(shared_scores.rowsSoFar(self._folder, rows) for rows in shares)
        self._run.info(f'{done} of {self._end - self._first} picks are scored.')
        self._run.tellShared(self._first + done, self._end, len(shares))

    def _warningsOf(self, rows):
        with open(os.path.join(self._folder, self._run.reportName(rows)), encoding='utf-8') as stream:
            return json.load(stream)['warnings']
