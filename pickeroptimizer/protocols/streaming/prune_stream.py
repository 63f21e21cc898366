"""Pruning picks as they come: hands them to one worker, and its scores to the outputs, until all is done."""
import json
import os
import threading
import time
from concurrent import futures

import numpy as np
from pyworkflow.object import Set
from pyworkflow.utils import cleanPath, cleanPattern

from ... import convert
from ...convert.shared_scores import removeShares
from ...domain import decision
from ...domain.decision import ESTIMATED
from ...domain.shares import RunShares
from ...worker.exchange.classes import FORMER
from ...worker.exchange.errors import InputError
from ...worker.exchange.files import replacing
from ...worker.exchange.signals import CONTRASTS, EXIT_FEEDER_GONE
from ..protocol_base import MODEL, REPORT, WorkerStopped, fileDigest
from .growing_outputs import GrowingOutputs
from .heartbeat import Heartbeat
from .producer import ENDED, Producer
from .scored_files import ScoredFiles
from .shared_scoring import SharedScoring

RECORD = 'pruned_with.json'

SCORES_S = 2.0      # how often scores are looked for while some are due
PRODUCER_S = 30.0      # so long after the last picks, and then as often, it is asked whether their run goes on
STALL_S = 600.0      # so long without picks, the log tells
MANY = 200_000      # scores that are not kept back for a later update of the outputs
MOST_UPDATING = 0.2      # of the time goes to updating the outputs, at most


class PruneStream:
    """One launch of a prune run, from what it finds to its outputs.

    A set that is closed from the beginning is a stream with one arrival. What an earlier launch of the run left is
    taken up: its tables and scores if they are of the same picks, micrographs (the files too), model, contrast and
    distance from junk; its outputs if they were also split by the same decision, from picks with the same attributes.
    Picks whose micrograph cannot be read are kept back until the end, for the worker tries them again, as it does in
    each launch.

    After `prune`: minimum, of the decision (see decision.minimumFor); shares, the RunShares of the picks; novel, how
    many scores have a novelty above `novelty`; ending, how the run that makes the picks ended where it left its set
    open, '' otherwise; report, the worker's, None if there was no work for it; scaleNote, a line where pixel sizes and
    widths disagree, or ''; shared, the SharedScoring that several jobs did, or None.
    """

    def __init__(self, run, mode, wanted, novelty, inputKey=None):
        """mode, wanted: see decision.minimumFor. novelty: from which on picks are counted as novel. inputKey: of the
        picks with all their attributes, None while they grow.
        """
        self._inputKey = inputKey
        self._run, self._mode, self._wanted, self._novelty = run, mode, wanted, novelty
        self._folder = run._getExtraPath()
        self._tables, self._files = convert.GrowingTables(self._folder), ScoredFiles(self._folder)
        self._reader = convert.ScoresReader(self._folder)
        self._interval = max(1, run.streamingSleepOnWait.get())
        self._more = True      # whether more picks may come
        self._worker, self._outputs, self._pending = None, None, []
        self._keptBack = np.zeros(0, np.int64)      # ids
        self._particle = []      # particle probabilities of the others, arrays
        self._arrived = self._told = self._asked = self._looked = self._updated = time.monotonic()
        self._cost = 0.0      # seconds that the last update of the outputs took
        self.minimum, self.shares, self.novel, self.ending, self.report, self.scaleNote = None, None, 0, '', None, ''
        self.shared = None

    def prune(self):
        """Work until the input is closed and all of it is in the outputs.

        Raises WorkerStopped with the worker's line when it fails, InputError where the input cannot be used.
        """
        stepThread = getattr(threading.current_thread(), 'thId', None)
        jobs = self._run.jobs.get()
        with futures.ThreadPoolExecutor(jobs, initializer=_standFor, initargs=(stepThread,)) as pool, \
                Heartbeat(self._folder) as feed:
            self._begin(feed)
            if jobs > 1:
                self._share(jobs, pool, feed)
            while True:
                self._takeScores()
                if not self._more and self._isScored():
                    break
                self._superviseWorker(pool, feed)
                self._wait()
                if self._more and time.monotonic() - self._looked >= self._interval:
                    self._look(feed)
            self._finish()
        self._reader.close()

    # ------------------------------ the beginning ------------------------------

    def _begin(self, feed):
        model, classes = self._run.modelFile(), self._run.readModelHeader()['classes']
        self._record = {'model': fileDigest(model), 'contrast': self._run.contrastName(), 'input': self._inputKey,
                        'classes': classes, 'decision': [self._mode, self._wanted], 'box': self._run.modelBox(),
                        'junk_distance': self._run.junkDistance()}
        before = self._readRecord()
        inputs = before.get('input'), self._inputKey
        resume = before.get('decision') == self._record['decision'] and (None in inputs or inputs[0] == inputs[1])
        try:
            if before.get('model') != self._record['model']:
                raise convert.CannotResume('The model is another one.')
            if before.get('contrast', CONTRASTS[0]) != self._record['contrast']:
                raise convert.CannotResume('The contrast is another one.')
            if before.get('box') != self._record['box']:
                raise convert.CannotResume('The box is another one.')
            if before.get('junk_distance', 0) != self._record['junk_distance']:
                raise convert.CannotResume('The distance from junk is another one.')
            if before.get('classes', list(FORMER)) != classes:      # of a model of two, in columns for three
                raise convert.CannotResume('The classes of the scores are other ones.')
            self._tables.resume()
            self._files.resume(os.path.getmtime(os.path.join(self._folder, RECORD)))
            self._look(feed)
        except convert.CannotResume as reason:
            if before:
                self._run.info(f'Starting anew. {reason}')
            resume = False
            self._clear()
            self._look(feed)
        self._run._linkIntoExtra(model, MODEL)
        if self._mode in ESTIMATED:
            self._writeRecord({**self._record, 'decision': None})
            self._run.info('Where the cut is, is known when all is scored: the outputs come when the input is closed.')
        else:
            self._openOutputs(resume)

    def _clear(self):
        """Remove what an earlier launch made of other inputs."""
        self._writeRecord({})
        cleanPath(*(os.path.join(self._folder, name) for name in (convert.SCORES, REPORT)))
        cleanPattern(os.path.join(self._folder, f'{convert.SCORES}.*.part'))
        removeShares(self._folder)
        self._tables.clear()
        self._files.forget()

    def _openOutputs(self, resume):
        if not resume:      # if this is killed before the outputs are empty, the next launch empties them, too
            self._writeRecord({**self._record, 'decision': None})
        self.minimum = decision.minimumFor(self._mode, self._wanted, self.shares)
        self._outputs = GrowingOutputs(self._run, self.minimum, resume)
        self._writeRecord(self._record)

    def _readRecord(self):
        try:
            with open(os.path.join(self._folder, RECORD), encoding='utf-8') as stream:
                return json.load(stream)
        except (OSError, ValueError):
            return {}

    def _writeRecord(self, record):
        with replacing(os.path.join(self._folder, RECORD), encoding='utf-8') as stream:
            json.dump(record, stream)

    def _share(self, jobs, pool, feed):
        """Let several jobs score what is there and not scored yet, if it is enough to be worth while."""
        self._readScores()
        scoring = SharedScoring(self._run, self._tables, self._reader.rows)
        shares = scoring.shares(jobs)
        if shares:
            scoring.score(shares, pool, feed)
            self.shared = scoring

    # ------------------------------ what comes in ------------------------------

    def _look(self, feed):
        """Add what has come to the worker's tables; tell the worker if nothing more will come."""
        coordinates, micrographs = self._run.inputCoordinates.get(), self._run.lookedAt()
        self._askProducer(coordinates)
        # Whether they are open is asked before the picks are read: what comes in between, the next look finds.
        for itemSet in (coordinates, coordinates.getMicrographs(), micrographs):
            convert.refresh(itemSet)
        if coordinates.getSize():
            self._run.checkPixelSizes()
            self._noteArrival(self._tables.add(coordinates, micrographs))
            self._noteScale()
            self._files.note()
        late = bool(self._tables.waiting) and micrographs.isStreamOpen()
        isOpen = coordinates.isStreamOpen() or late
        if not isOpen or self.ending == ENDED:      # the file of an empty set cannot tell that it was closed
            self.ending, isOpen = '', False
        elif self.ending:
            self._run.info(f'The run of the input {self.ending} and left it open: pruning what has come.')
        self._more = isOpen and not self.ending
        self._looked = time.monotonic()
        if not self._more:
            feed.end()

    def _noteScale(self):
        if self._tables.note not in ('', self.scaleNote):
            self.scaleNote = self._tables.note
            self._run.warning(self.scaleNote)

    def _noteArrival(self, added):
        now = time.monotonic()
        if added:
            self._arrived = self._told = now
            self._run.info(f'{added} new picks, {len(self._tables)} in all.')
        elif now - self._told >= STALL_S:
            self._told = now
            self._run.info(f'Waiting for picks: none have come for {(now - self._arrived) / 60:.0f} minutes '
                           f'({len(self._tables)} before).')

    def _askProducer(self, coordinates):
        """See whether the run that makes the picks, or the micrographs that are waited for, still goes on."""
        now = time.monotonic()
        if min(now - self._arrived, now - self._asked) >= PRODUCER_S:
            self._asked = now
            pointer = self._run.inputCoordinates if coordinates.isStreamOpen() else self._run.lookedAtPointer()
            self.ending = Producer(pointer, self._run.getProject()).ending()

    # ------------------------------ the worker ------------------------------

    def _superviseWorker(self, pool, feed):
        """Start the worker when there is work for it. Raises WorkerStopped if it has ended before all was done."""
        if self._worker is None:
            if not self._isScored():
                self._worker = pool.submit(self._run.workerJob(feed.name))
            return
        if not self._worker.done():
            return
        error = self._worker.exception()
        if not feed.isThere():
            raise InputError('This run was launched again while it was going on: the later launch goes on instead.')
        if isinstance(error, WorkerStopped) and error.code == EXIT_FEEDER_GONE:
            self._run.info('The worker saw no sign of life of this run for a while: it is started again.')
            self._worker = None
        elif error is not None:
            raise error
        else:
            self._readScores()
            if not self._isScored():      # as a queue has it, which does not tell how a job ended
                raise WorkerStopped(self._run._workerError('', 0))

    def _isScored(self):
        """Whether the worker is through with all the picks that it was given so far, and all scores have been read."""
        through = self._reader.isWhole() and os.path.exists(os.path.join(self._folder, REPORT))
        triedAgain = self._worker is not None or not len(self._keptBack)
        return self._reader.rows == len(self._tables) and ((through and triedAgain) or not len(self._tables))

    def _wait(self):
        due = self._reader.rows < len(self._tables)
        seconds = min(SCORES_S, self._interval) if due else self._interval
        if self._worker is None:
            time.sleep(seconds)
        else:
            futures.wait([self._worker], seconds)

    # ------------------------------ what goes out ------------------------------

    def _takeScores(self):
        """Read the scores that have come, and put them into the outputs where it is time for that."""
        self._readScores()
        allRead = self._reader.rows == len(self._tables)
        if not self._pending or (allRead and not self._more):      # nothing, or the last: see _finish
            return
        if time.monotonic() - self._updated >= max(self._cost / MOST_UPDATING, 0 if allRead else self._interval):
            self._update(Set.STREAM_OPEN)

    def _readScores(self):
        for scores in iter(lambda: self._reader.read(self._tables.ids), None):
            self.novel += scores.countNovel(self._novelty)
            self._keptBack = np.concatenate((self._keptBack, scores.unscored()))
            scores = scores.without(self._keptBack)
            self._particle.append(scores.particleProbabilities())
            if self._outputs is not None and len(scores):
                self._pending.append(scores)
                if sum(map(len, self._pending)) >= MANY:
                    self._update(Set.STREAM_OPEN)

    def _update(self, state):
        start = time.monotonic()
        for scores in self._pending:
            self._outputs.append(scores)
        self._pending.clear()
        self._outputs.update(state)
        self._run.tellProgress(*self._outputs.sizes(), len(self._keptBack), len(self._tables))
        self._updated = time.monotonic()
        self._cost = self._updated - start

    def _finish(self):
        if self._tables.seen() and not len(self._tables):
            raise InputError('None of the coordinates is on one of the micrographs.')
        late = self._mode in ESTIMATED
        scores = convert.scoresSoFar(self._folder) if late or len(self._keptBack) else None
        if scores is not None:
            again = scores.only(self._keptBack)
            self.novel += again.countNovel(self._novelty)
            self._particle.append(again.particleProbabilities())
            self._pending.append(scores if late else again)
        self.shares = RunShares(np.concatenate([np.zeros(0), *self._particle]), self._run.readModelHeader())
        if late:
            self._openOutputs(False)
        if self._tables.waiting:
            missing = self._tables.missing(self._run.inputCoordinates.get())
            self._pending.append(convert.Scores.unreadable(self._record['classes'], missing))
        self._update(Set.STREAM_CLOSED)
        if len(self._keptBack):
            self._files.noteAgain(self._keptBack)
        if len(self._tables):
            self.report = self._run._readReport()
            if self.shared is not None:
                known = self.report['warnings']
                known += [line for line in dict.fromkeys(self.shared.warnings) if line not in known]


def _standFor(stepThread):
    """Let the executor of the queue take this thread for that of the step."""
    threading.current_thread().thId = stepThread
