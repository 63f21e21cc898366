"""What a prune window shows, without the window: picks as columns, the decision, counts, orders and corrections.

Knows neither Tk nor Scipion. A pick is named by its row in the columns, a micrograph by its place in the list.
"""
from collections import namedtuple
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Optional, Tuple

import numpy as np

from ...domain.decision import MINIMUM, MOST_PROBABLE, expectedLines, isKept, minimumFor
from ...domain.shares import RunShares
from ...worker.exchange.classes import KEPT_FROM, KNOWN, MOST_JUNK, is_particle, ordered
from ...worker.exchange.errors import InputError
from ...worker.exchange.tables import NEAR_JUNK, OUTSIDE, UNREADABLE, CoordinateRow, write_rows
from ..outcomes import BELOW, KEPT, countRejected, outcomeOfCode, outcomeOfLabel, outcomesOf

FIRST_COLUMNS = ('mic_id', 'mic_name', 'picks', 'kept', 'rejected', 'rejected_share', 'particle_rejected')
LAST_COLUMNS = ('outside', 'not_scored')      # of the table; between them is one for each kind of junk

KEPT_PICKS, REJECTED_PICKS, ALL_PICKS, CORRECTED_PICKS = 'kept', 'rejected', 'all picks', 'corrected'
LEAST_CERTAIN, MOST_CERTAIN, MOST_NOVEL = 'least certain', 'most certain', 'most novel'      # first
LOWEST_SCORE, HIGHEST_SCORE, RANDOM = 'lowest score', 'highest score', 'at random'      # scores of the picker
MOST_TOLD = 4      # kinds of junk, of a pick, with their probabilities: a line or two

Rule = namedtuple('Rule', 'mode wanted minimum')      # of decision.py; minimum: None for particle against junk
AS_GIVEN = Rule(None, None, None)      # of picks of which no rule keeps just those that were kept


@dataclass(frozen=True)
class ScoredPicks:
    """The picks of a set, with what they were scored and decided, as columns of n rows each.

    ids, micIds: int64; x, y: px of the micrograph; classes: the names of the classes, the particle first; codes: int8,
    numbers into `names`; probabilities: (n, m) of the first m classes, nan for picks without, or None where no pick has
    them; novelty: (n,), nan for none, or None; kept: bool, or None where nothing was decided. score: (n,) of the
    picker, nan for none, or None; scoreName: its attribute, '' for none. nearJunk: bool, whether each is rejected for
    that, or None where it was not looked for; NEAR_JUNK is then among the classes, of those that look like particles.
    """
    ids: np.ndarray
    micIds: np.ndarray
    x: np.ndarray
    y: np.ndarray
    classes: Tuple[str, ...]
    codes: np.ndarray
    probabilities: Optional[np.ndarray] = None
    novelty: Optional[np.ndarray] = None
    kept: Optional[np.ndarray] = None
    score: Optional[np.ndarray] = None
    scoreName: str = ''
    nearJunk: Optional[np.ndarray] = None

    def __len__(self):
        return len(self.ids)

    @property
    def names(self):
        """What the codes stand for: the classes, and two that are none."""
        return (*self.classes, OUTSIDE, UNREADABLE)

    def only(self, rows):
        """Return the picks of some rows: an array of their numbers, or bool (n,)."""
        return replace(self, **{name: column[rows] for name, column in vars(self).items()
                                if isinstance(column, np.ndarray)})

    def withClasses(self, further):
        """Return the same picks with further classes after those that there are."""
        classes = (*self.classes, *(name for name in further if name not in self.classes))
        moved = len(classes) - len(self.classes)
        codes = np.where(self.codes < len(self.classes), self.codes, self.codes + moved)
        return replace(self, classes=classes, codes=codes.astype(np.int8))


class PruneModel:
    """Picks, how they are decided, and what the user has corrected.

    picks: ScoredPicks. micrographs: Micrographs; picks on others are left out. header: of the model that scored the
    picks, {} if it is not known. corrections: a corrections.Corrections, or None where nothing can be corrected.
    decision: (mode, wanted) by which the picks are said to have been kept.
    """

    def __init__(self, picks, micrographs, header=None, corrections=None, decision=(MOST_PROBABLE, None)):
        self.micrographs = list(micrographs)
        self._store = corrections
        places = {micrograph.id: i for i, micrograph in enumerate(self.micrographs)}
        mics = np.array([places.get(micId, -1) for micId in picks.micIds.tolist()], dtype=np.int64)
        known = mics >= 0
        if not known.all():
            picks, mics = picks.only(known), mics[known]
        self._learnt = picks.classes      # of the model or the set, without those that only a correction may name
        picks = picks.withClasses(() if corrections is None else self._correctable(picks.classes))
        self.picks, self._mics = picks, mics
        self.kinds = outcomesOf(picks.classes)
        self._byMicrograph = np.argsort(mics, kind='stable')
        self._starts = np.searchsorted(mics[self._byMicrograph], np.arange(len(self.micrographs) + 1))
        self._scored = picks.codes < len(picks.classes)
        # A pick that could not be scored may have been given a class by hand.
        self._numbered = self._scored & (True if picks.probabilities is None else
                                         np.isfinite(picks.probabilities[:, 0]))
        # No rule keeps those near junk, and none is asked about them.
        self._decided = self._numbered & (True if picks.nearJunk is None else ~picks.nearJunk)
        self._mostProbable = self._mostProbableCodes()
        self._shares = RunShares(self.particleProbabilities(), header)
        self._rowOf = {coordId: row for row, coordId in enumerate(picks.ids.tolist())}
        self.corrected = {}          # {row: class name}
        self._undo = []              # steps: [(row, its class before, the one that was given; None for none)],
        self._redo = []              # and the same of what was taken back since the last correction
        self.rule = self._givenRule(*decision)
        self.outcomes = self._decide()      # int8 (n,), numbers into `kinds`
        self.reloadCorrections()

    # ------------------------------ the decision ------------------------------

    @property
    def hasScores(self):
        """Whether there are probabilities to decide by."""
        return self.picks.probabilities is not None and bool(self._numbered.any())

    def particleProbabilities(self):
        """Return the particle probabilities of the picks that a rule decides about, (m,)."""
        return self.picks.probabilities[self._decided, 0] if self.hasScores else np.zeros(0)

    def setRule(self, mode, wanted):
        """Decide by another rule; mode, wanted: as decision.minimumFor takes them.

        Raises InputError, and leaves all as it was, where that is impossible.
        """
        self.rule = Rule(mode, wanted, minimumFor(mode, wanted, self._shares))
        self.outcomes = self._decide()

    def expected(self):
        """Return lines about what is expected of the rule; corrections are left aside."""
        return [] if self.rule is AS_GIVEN else expectedLines(*self.rule, self._shares)

    def _givenRule(self, mode, wanted):
        """Return the rule by which the given picks are kept: the one that is said, or a minimum, or else AS_GIVEN."""
        kept = self.picks.kept
        if not self.hasScores:
            return Rule(MOST_PROBABLE, None, None)
        with suppress(InputError):
            said = Rule(mode, wanted, minimumFor(mode, wanted, self._shares))
            if kept is None or np.array_equal(kept, self.isKept(said)):
                return said
        if kept is None:
            return Rule(MOST_PROBABLE, None, None)
        probabilities = self.picks.probabilities[:, 0]
        minimum = float(probabilities[kept].min()) if kept.any() else float(np.nextafter(1.0, 2.0))
        found = Rule(MINIMUM, minimum, minimum)
        return found if np.array_equal(kept, self.isKept(found)) else AS_GIVEN

    def isKept(self, rule=None):
        """Return whether a rule, by default the chosen one, keeps each pick, bool (n,); corrections are left aside."""
        if (rule or self.rule) is AS_GIVEN:
            return self._scored & self.picks.kept
        particle = None if self.picks.probabilities is None else self.picks.probabilities[:, 0]
        kept = self._scored & isKept(self._mostProbable, particle, (rule or self.rule).minimum)
        return kept if self.picks.nearJunk is None else kept & ~self.picks.nearJunk

    def _mostProbableCodes(self):
        """Codes of classes, of which only that of the particle counts: as the probabilities have it, where there are
        any, for a person may have given the class."""
        if self.picks.probabilities is None:
            return self.picks.codes
        return np.where(self._numbered, ~is_particle(self.picks.probabilities[:, 0]), self.picks.codes)

    def keptOfScored(self):
        """Return whether the rule keeps each of these picks, bool (m,), in the order of particleProbabilities."""
        return self.isKept()[self._decided]

    def _decide(self):
        outcomes = outcomeOfCode(self.picks.codes)
        outcomes[self.isKept()] = KEPT
        for row, label in self.corrected.items():
            outcomes[row] = outcomeOfLabel(label, self.picks.classes)
        return outcomes

    # ------------------------------ counts ------------------------------

    def counts(self):
        """Return the number of picks of each outcome on each micrograph, int (micrographs, kinds)."""
        kinds = len(self.kinds)
        cells = self._mics * kinds + self.outcomes
        return np.bincount(cells, minlength=len(self.micrographs) * kinds).reshape(-1, kinds)

    def shownKinds(self):
        """Return whether each kind is worth a line: not a class that a correction may name and none does, a list."""
        used = np.bincount(self.outcomes, minlength=len(self.kinds)) > 0
        used[[number for number, kind in enumerate(self.kinds) if kind.text not in self.picks.classes[1:]]] = True
        used[[outcomeOfLabel(name, self.picks.classes) for name in self._learnt]] = True
        return used.tolist()

    def keptAndRejected(self):
        """Return how many picks are kept, and how many are rejected, corrections included."""
        total = np.bincount(self.outcomes, minlength=len(self.kinds)).tolist()
        return total[KEPT], countRejected(total)

    def rowsOn(self, place):
        """Return the rows of the picks on a micrograph, a list."""
        return self._byMicrograph[self._starts[place]:self._starts[place + 1]].tolist()

    def placeOf(self, row):
        """Return the place of a pick's micrograph in the list."""
        return int(self._mics[row])

    def saveTable(self, path):
        """Write the counts of all micrographs as a CSV file, with a column for each kind of junk."""
        shown = self.shownKinds()
        rows = []
        for micrograph, counts in zip(self.micrographs, self.counts().tolist()):
            share = rejectedShare(counts)
            rejected = [number for number, isShown in zip(counts[BELOW:], shown[BELOW:]) if isShown]
            rows.append((micrograph.id, micrograph.name, sum(counts), counts[KEPT], countRejected(counts),
                         '' if share is None else f'{share:.4f}', *rejected))
        write_rows(path, (*FIRST_COLUMNS, *self._junk(), *LAST_COLUMNS), rows)

    def savePicks(self, path):
        """Write all picks as a CSV file: where they are, their numbers, whether they are kept, what was corrected."""
        picks, scored = self.picks, self._numbered
        names = {micrograph.id: micrograph.name for micrograph in self.micrographs}
        numbers = () if picks.probabilities is None else picks.classes[:picks.probabilities.shape[1]]
        columns = ('coord_id', 'mic_id', 'mic_name', 'x', 'y', 'class', *numbers, 'novelty',
                   picks.scoreName.lstrip('_') or 'picker_score', 'kept', 'corrected')
        kept = self.outcomes == KEPT

        def number(values, row):
            return '' if values is None or not np.isfinite(values[row]) else f'{values[row]:.6g}'

        write_rows(path, columns, ((
            picks.ids[row], picks.micIds[row], names[int(picks.micIds[row])], f'{picks.x[row]:g}', f'{picks.y[row]:g}',
            self._nameOf(row),
            *(number(picks.probabilities[:, k], row) if scored[row] else '' for k in range(len(numbers))),
            number(picks.novelty, row), number(picks.score, row), int(kept[row]), self.corrected.get(row, ''))
            for row in range(len(picks))))

    def pickersCut(self, least=None):
        """Return what the picker's score would do in the place of the rule: (least, kept, removed, lost).

        least: the score of a kept pick at least; None: that at which as many are kept as by the rule. kept: how many
        picks; removed: the share of those that the rule rejects that the score rejects, too; lost: of those that it
        keeps. Of scored picks with a picker's score; None where there are none, or the rule rejects or keeps none.
        """
        if self.picks.score is None:
            return None
        known = self._scored & np.isfinite(self.picks.score)
        score, ours = self.picks.score[known], self.isKept()[known]
        if not ours.any() or ours.all():
            return None
        if least is None:
            least = float(np.sort(score)[::-1][np.count_nonzero(ours) - 1])
        kept = score >= least
        return least, int(kept.sum()), float((~kept)[~ours].mean()), float((~kept)[ours].mean())

    # ------------------------------ which picks, in which order ------------------------------

    def subsets(self):
        """Return the names of the groups of picks that there can be, in the order of a menu."""
        return [KEPT_PICKS, REJECTED_PICKS, ALL_PICKS, *([CORRECTED_PICKS] if self.canCorrect else []), *self._junk(),
                OUTSIDE]

    def _junk(self):
        """Names of the kinds of junk that are worth a line."""
        shown = self.shownKinds()
        return [name for name in self.picks.classes[1:] if shown[outcomeOfLabel(name, self.picks.classes)]]

    def orders(self):
        """Return the names of the orders that there are, in the order of a menu."""
        picks = self.picks
        return [*([LEAST_CERTAIN, MOST_CERTAIN] if self.hasScores else []),
                *([MOST_NOVEL] if picks.novelty is not None else []),
                *([LOWEST_SCORE, HIGHEST_SCORE] if picks.score is not None else []), RANDOM]

    def listed(self, subset, order, place=None):
        """Return the rows, an array, of the picks of one of `subsets` in one of `orders`.

        Those without the number that orders them are left out. place: of their micrograph; None: of all of them.
        """
        rows = np.flatnonzero(self._isIn(subset) & (True if place is None else self._mics == place))
        if order == RANDOM:
            return np.random.default_rng(0).permutation(rows)
        values = self._valuesFor(order)[rows]
        known = np.isfinite(values)
        return rows[known][np.argsort(values[known], kind='stable')]

    def _isIn(self, subset):
        if subset == ALL_PICKS:
            return np.ones(len(self.picks), bool)
        if subset == CORRECTED_PICKS:
            return np.isin(np.arange(len(self.picks)), list(self.corrected))
        if subset in (KEPT_PICKS, REJECTED_PICKS):      # by the rule: a corrected one stays where it was found
            return self._scored & (self.isKept() == (subset == KEPT_PICKS))
        return self.outcomes == [kind.text for kind in self.kinds].index(subset)

    def _valuesFor(self, order):
        """Numbers (n,) that put the picks in an order, the lowest first."""
        if order == MOST_NOVEL:
            return -self.picks.novelty
        if order in (LOWEST_SCORE, HIGHEST_SCORE):
            return self.picks.score if order == LOWEST_SCORE else -self.picks.score
        cut = KEPT_FROM if self.rule.minimum is None else self.rule.minimum
        margin = np.where(self.isKept(), 1, -1) * (self.picks.probabilities[:, 0] - cut)
        if self.picks.nearJunk is not None:
            margin = np.where(self.picks.nearJunk, np.abs(margin), margin)
        return margin if order == LEAST_CERTAIN else -margin

    # ------------------------------ corrections ------------------------------

    @property
    def canCorrect(self):
        """Whether picks can be given other classes."""
        return self._store is not None

    def correct(self, row, label):
        """Give a pick, by its row, the class `label`, as correctAll does."""
        self.correctAll([row], label)

    def correctAll(self, rows, label):
        """Give picks, by their rows, the class `label`, in one step; None takes corrections back. It is stored before
        this returns.

        Raises InputError for a pick outside its micrograph, where there is nothing to learn from, and if the stored
        corrections cannot be read; OSError if they cannot be written.
        """
        if label is not None and any(self._nameOf(row) == OUTSIDE for row in rows):
            raise InputError(f'{"this box is" if len(rows) == 1 else "some of these boxes are"} not on the micrograph, '
                             f'or in its blank or repeated border.')
        self.reloadCorrections()
        step = [(row, self.corrected.get(row), label) for row in rows if self.corrected.get(row) != label]
        if step:
            self._change({row: label for row, _, _ in step})
            self._undo.append(step)
            self._redo.clear()

    def undo(self):
        """Take the last step of corrections of this window back; return the row of its last pick, None where there is
        nothing to undo.

        Raises InputError, and forgets it, where another window has changed one of these corrections since.
        """
        return self._turn(self._undo, self._redo)

    def redo(self):
        """Make the last step again that was taken back; return and raise as `undo`."""
        return self._turn(self._redo, self._undo)

    def _turn(self, changes, others):
        """Take the last of some changes back, and put it, turned round, to the others."""
        if not changes:
            return None
        step = changes[-1]
        self.reloadCorrections()
        if all(self.corrected.get(row) == given for row, _, given in step):
            self._change({row: before for row, before, _ in step})
            changes.pop()
            others.append([(row, given, before) for row, before, given in step])
            return step[-1][0]
        changes.pop()
        raise InputError('another window has corrected this pick since: it stays as it is.' if len(step) == 1 else
                         'another window has corrected some of these picks since: they stay as they are.')

    def _change(self, labels):
        """Store corrections, {row: class or None}."""
        picks = self.picks
        self._take(self._store.change({int(picks.ids[row]): None if label is None else CoordinateRow(
            int(picks.ids[row]), int(picks.micIds[row]), float(picks.x[row]), float(picks.y[row]), label)
            for row, label in labels.items()}))
        self.outcomes = self._decide()

    def reloadCorrections(self):
        """Read what other windows have corrected; return whether that changes anything."""
        before = self.corrected
        if self._store is not None:
            self._take(self._store.read())
        if self.corrected == before:
            return False
        self.outcomes = self._decide()
        return True

    def _take(self, stored):
        """Corrections of picks that these are: those of picks that the run had before are left alone."""
        picks, corrected = self.picks, {}
        for coordId, correction in stored.items():
            row = self._rowOf.get(coordId)
            if row is not None and (picks.micIds[row], picks.x[row], picks.y[row]) == \
                    (correction.mic_id, correction.x, correction.y):
                if correction.label not in picks.classes:
                    raise InputError(f'a pick was corrected to "{correction.label}" elsewhere, a class that this '
                                     f'window does not know: close the window and open it again.')
                corrected[row] = correction.label
        self.corrected = corrected

    def _correctable(self, classes):
        """The classes that corrections name besides these, and known ones as far as a model could learn them all."""
        named = ordered({row.label for row in self._store.read().values()}.difference(classes))
        known = [name for name in KNOWN if name not in (*classes, *named)]
        taken = len(set(classes) - {NEAR_JUNK}) + len(named)
        return (*named, *known[:max(0, 1 + MOST_JUNK - taken)])

    # ------------------------------ in words ------------------------------

    def _nameOf(self, row):
        return self.picks.names[self.picks.codes[row]]

    def describe(self, row):
        """Return a line about a pick: its place, its probabilities, its novelty, its correction."""
        picks = self.picks
        parts = [f'Pick {picks.ids[row]} at ({picks.x[row]:g}, {picks.y[row]:g}):']
        if not self._scored[row]:
            parts.append('not on the micrograph, or in its blank or repeated border'
                         if self._nameOf(row) == OUTSIDE else 'not scored')
        elif picks.probabilities is None or not self._numbered[row]:
            parts.append(self._nameOf(row))
        else:
            near = self.picks.nearJunk is not None and self.picks.nearJunk[row]
            values = ['rejected, for junk is too near', *self._probabilitiesInWords(row)] if near else \
                self._probabilitiesInWords(row)
            if picks.novelty is not None and np.isfinite(picks.novelty[row]):
                values.append(f'novelty {picks.novelty[row]:.2f}')
            if picks.score is not None and np.isfinite(picks.score[row]):
                values.append(f'{picks.scoreName.lstrip("_")} {picks.score[row]:.3g}')
            parts.append(', '.join(values))
        if row in self.corrected:
            parts.append(f'- corrected to {self.corrected[row]}')
        return ' '.join(parts)

    def _probabilitiesInWords(self, row):
        """Of the particle and of all kinds of junk; of the most probable ones, where they are many."""
        values = self.picks.probabilities[row]
        junk = [number for number in range(1, len(values)) if np.isfinite(values[number])]
        if len(junk) > MOST_TOLD:
            junk = sorted(junk, key=lambda number: -values[number])[:MOST_TOLD]
        return [f'{self.picks.classes[number]} {values[number]:.3f}' for number in (0, *junk)]


def rejectedShare(counts):
    """Return the share of the rejected among the decided picks, None where there are none.

    counts: of each outcome, a sequence.
    """
    kept, rejected = counts[KEPT], countRejected(counts)
    return rejected / (rejected + kept) if rejected + kept else None


def codesOf(names, classes):
    """Return the names (n,) of what picks are as numbers into ScoredPicks.names, int8 (n,).

    classes: those of the picks, which all names are of but outside and unreadable.
    """
    known, places = np.unique(np.asarray(names, dtype=str), return_inverse=True)
    codes = (*classes, OUTSIDE, UNREADABLE)
    return np.array([codes.index(name) for name in known], dtype=np.int8)[places]
