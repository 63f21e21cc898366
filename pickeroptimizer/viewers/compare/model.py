"""What a compare window shows, without the window: agreement of the methods that are seen, orders, words.

Knows neither Tk nor Scipion. A pick is named by its row in the comparison, a method by its place among those that
decide, and a micrograph by its place in the list of micrographs.
"""
from collections import namedtuple
from dataclasses import replace

import numpy as np

from ...comparison import UNKNOWN, agreement
from ...comparison.kinds import AGREEMENT, Kind, agreement_kinds
from ...comparison.names import apart
from ..micrograph import Micrograph
from ..palette import Style, styles

MOST_PANELS = 6        # methods side by side
PANELS_AT_FIRST = 4    # as the window opens
NO_SCORE = 'none'
EQUAL = 1e-9           # differences of ranks

# Whether a decision about a pick was right: the other colours, beside those of comparison.kinds.
GREY = '#A0A0A0'
RIGHT = (Kind('particle, kept', '#009E73'), Kind('particle, lost', '#D55E00'), Kind('junk, kept', '#F0E442'),
         Kind('junk, removed', '#56B4E9'), Kind('true class not known', GREY))
PARTICLE_KEPT, PARTICLE_LOST, JUNK_KEPT, JUNK_REMOVED, NOT_KNOWN = range(len(RIGHT))


class Choice(namedtuple('Choice', 'keepers rejecters')):
    """Picks that these methods kept and those rejected; both tuples of methods. Other methods may do as they like."""


class CompareModel:
    """A Comparison, and which of its methods are seen side by side."""

    def __init__(self, comparison):
        self.comparison = comparison
        self.truthStyles = {**styles(comparison.classes), None: Style(GREY)}      # of true classes; None: not known
        self.methods = comparison.deciding
        self.shortNames = apart([method.name for method in self.methods])
        self._scoring = [method for method in comparison.methods if not method.decides]
        self.micrographs = [Micrograph(micId, *named) for micId, named in comparison.micrographs.items()]
        self._mics, _ = agreement.micrograph_index(comparison)
        self._byMicrograph = np.argsort(self._mics, kind='stable')
        self._starts = np.searchsorted(self._mics[self._byMicrograph], np.arange(len(self.micrographs) + 1))
        self._ranks = {}
        self.byTruth = False
        self.show(range(min(PANELS_AT_FIRST, len(self.methods))))

    @property
    def hasTruth(self):
        """Whether true classes of picks are known."""
        return self.comparison.truth is not None

    def show(self, shown):
        """See these methods side by side."""
        self.shown = tuple(shown)
        self._seen = replace(self.comparison, methods=[self.methods[number] for number in self.shown])

    # ------------------------------ kinds of boxes ------------------------------

    def kindsOf(self):
        """Return the Kinds that the boxes are coloured by: AGREEMENT or RIGHT."""
        return RIGHT if self.byTruth else AGREEMENT

    def kindsOn(self, place):
        """Return the rows of the picks on a micrograph, and their kinds, int8 (shown, rows), numbers into kindsOf()."""
        rows = self.rowsOn(place)
        return rows, self._right(rows) if self.byTruth else agreement_kinds(self._seen, rows)

    def _right(self, rows):
        truth = self.comparison.truth[rows]
        particle = truth == 0
        kinds = np.empty((len(self.shown), len(rows)), dtype=np.int8)
        for line, method in zip(kinds, self._seen.methods):
            line[:] = np.where(method.kept[rows], np.where(particle, PARTICLE_KEPT, JUNK_KEPT),
                               np.where(particle, PARTICLE_LOST, JUNK_REMOVED))
            line[(truth == UNKNOWN) | ~method.covered[rows]] = NOT_KNOWN
        return kinds

    def counts(self):
        """Return numbers of each micrograph, int (micrographs, 4).

        They are: picks, and of these kept by all methods that are seen, rejected by all, disputed.
        """
        kept, covering = agreement.votes(self._seen)
        columns = (covering >= 0, (covering > 0) & (kept == covering), (covering > 0) & (kept == 0),
                   (kept > 0) & (kept < covering))
        return np.stack([np.bincount(self._mics[column], minlength=len(self.micrographs)) for column in columns],
                        axis=1)

    # ------------------------------ places ------------------------------

    def rowsOn(self, place):
        """Return the rows of the picks on a micrograph, int (k,)."""
        return self._byMicrograph[self._starts[place]:self._starts[place + 1]]

    def placeOf(self, row):
        """Return the place of a pick's micrograph in the list."""
        return int(self._mics[row])

    # ------------------------------ disagreements ------------------------------

    def chosen(self, choice):
        """Return the rows of a Choice's picks, int (k,), without those that one of its methods was not given."""
        return np.flatnonzero(agreement.select(self.comparison, {
            **dict.fromkeys(choice.keepers, True), **dict.fromkeys(choice.rejecters, False)}))

    def mostApart(self, choice, most):
        """Return the rows of at most `most` picks of a Choice, and how many it has in all.

        First those with the ranks most apart; in random order where none of the methods has scores.
        """
        rows = self.chosen(choice)
        if self._scored(choice):
            first, second = self._ranksOf(choice, rows)
            order = np.argsort(second - first, kind='stable')
        else:
            order = np.random.default_rng(0).permutation(len(rows))
        return rows[order[:most]].tolist(), len(rows)

    def _scored(self, choice):
        """Return the methods of a Choice that have scores."""
        return [number for numbers in choice for number in numbers if self.methods[number].has_scores]

    def _ranksOf(self, choice, rows):
        """Two ranks of each pick, float (2, rows), from 0 to 1.

        Scores of methods have scales of their own, so their ranks among all picks of a method are compared: the mean
        of those who kept and of those who rejected, 0.5 of a side without scores; where all did the same, the highest
        and the lowest.
        """
        scored = self._scored(choice)
        if not all(choice):
            ranks = np.array([self._rank(number)[rows] for number in scored])
            return np.stack([ranks.max(axis=0), ranks.min(axis=0)])
        sides = [[self._rank(number)[rows] for number in numbers if number in scored] for numbers in choice]
        return np.stack([np.mean(side, axis=0) if side else np.full(len(rows), 0.5) for side in sides])

    def mostDivided(self):
        """Return the Choice of two methods that has the most picks, None where there are no two."""
        choices = {}
        for pair in agreement.pairs(self.comparison):
            choices[Choice((pair.first,), (pair.second,))] = pair.only_first
            choices[Choice((pair.second,), (pair.first,))] = pair.only_second
        return max(choices, key=choices.get) if choices else None

    def _rank(self, number):
        """Return the rank of each pick by a method's scores, from 0 to 1, equal ones alike; 0.5 where it has none."""
        if number not in self._ranks:
            scores = self.methods[number].scores
            known = np.isfinite(scores)
            _, inverse, counts = np.unique(scores[known], return_inverse=True, return_counts=True)
            middle = np.cumsum(counts) - (counts + 1) / 2
            ranks = np.full(len(scores), 0.5)
            ranks[known] = (middle / max(1, known.sum() - 1))[inverse]
            self._ranks[number] = ranks
        return self._ranks[number]

    # ------------------------------ in words ------------------------------

    def trueClass(self, row):
        """Return the name of a pick's true class, None where it is not known."""
        truth = UNKNOWN if self.comparison.truth is None else int(self.comparison.truth[row])
        return None if truth == UNKNOWN else self.comparison.classes[truth]

    def describe(self, row):
        """Return a line about a pick: which methods kept it, by what scores, and its true class."""
        comparison = self.comparison
        seen = {'kept by': [], 'rejected by': [], 'not given to': []}
        for number in self.shown:
            seen[self._verdict(number, row)].append(self.methods[number].name + self._score(number, row))
        parts = [f'{verdict} {", ".join(names)}' for verdict, names in seen.items() if names]
        others = [self._verdict(number, row) for number in range(len(self.methods)) if number not in self.shown]
        if others:
            parts.append(f'{others.count("kept by")} of the {len(others)} others kept it')
        parts += [f'{method.name} {method.scores[row]:.3g}' for method in self._scoring
                  if np.isfinite(method.scores[row])]
        true = self.trueClass(row)
        if true is not None:
            parts.append(f'truth: {true}')
        return (f'Pick {comparison.ids[row]} at ({comparison.x[row]:g}, {comparison.y[row]:g}): ' +
                '; '.join(parts) + '.')

    def caption(self, row, choice):
        """Return the two ranks of a pick that mostApart goes by, in per cent; 'none' for a side without its score.

        Where none of the methods has scores: the pick's id.
        """
        scored = self._scored(choice)
        if not scored:
            return str(self.comparison.ids[row])
        sides = choice if all(choice) else (scored, scored)
        known = [any(np.isfinite(self.methods[number].scores[row]) for number in side) for side in sides]
        return ' | '.join(f'{100 * rank[0]:.0f} %' if has else NO_SCORE
                          for rank, has in zip(self._ranksOf(choice, [row]), known))

    def orderInWords(self, choice):
        """Return a line that says how mostApart orders the picks of a Choice, and what their captions are."""
        scored = self._scored(choice)
        if not scored:
            return 'None of these methods has scores: the order is random, and below each is its number.'
        unscored = [self.methods[number].name for numbers in choice for number in numbers if number not in scored]
        lines = [f'No scores: {", ".join(unscored)}.'] if unscored else []
        kept, rejected = (self.methods[numbers[0]].name if len(numbers) == 1 else f'those that {verb} them'
                          for numbers, verb in zip(choice, ('kept', 'rejected')))
        apart = np.diff(self._ranksOf(choice, self.chosen(choice)), axis=0)
        if apart.size > 1 and np.ptp(apart) < EQUAL:
            lines.append('The ranks differ equally for all of these picks, so their order says nothing.')
        elif all(choice):
            ends = [end for end, numbers in zip((f'high scores of {kept}', f'low scores of {rejected}'), choice)
                    if set(numbers) & set(scored)]
            lines.append(f'First those with {" and ".join(ends)}.')
        else:
            lines.append('First those whose scores differ most.')
        ranks = f'its rank among all scores of {kept} | of {rejected}' if all(choice) else 'its highest | lowest rank'
        return ' '.join(lines) + f' Below each: {ranks}; 100 % is the highest score.'

    def inWords(self, choice):
        """Return a Choice as the user reads it."""
        kept, rejected = (', '.join(self.methods[number].name for number in numbers) for numbers in choice)
        return ('Kept by ' + kept + (f', rejected by {rejected}' if rejected else '') if kept else
                f'Rejected by {rejected}')

    def trueClasses(self, choice):
        """Return in words how many of a Choice's picks are of which true class; '' without a truth."""
        if not self.hasTruth:
            return ''
        truth = self.comparison.truth[self.chosen(choice)]
        counts = [f'{np.count_nonzero(truth == number):,} {name}'
                  for number, name in enumerate(self.comparison.classes)]
        return ', '.join((*counts, f'{np.count_nonzero(truth == UNKNOWN):,} not known'))

    def _verdict(self, number, row):
        method = self.methods[number]
        return 'not given to' if not method.covered[row] else 'kept by' if method.kept[row] else 'rejected by'

    def _score(self, number, row):
        score = self.methods[number].scores[row]
        return f' ({score:.3g})' if np.isfinite(score) else ''
