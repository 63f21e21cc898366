"""Pruned sets as methods of a comparison: what they kept of the reference's picks, and by which scores."""
import sqlite3

import numpy as np
from pwem.objects import SetOfCoordinates
from pyworkflow.mapper.sqlite import SqliteFlatMapperException

from ..comparison import Comparison, Method
from ..worker.exchange.errors import InputError
from .micrographs import micrographNames
from .picks import countPicks
from .reference import FEW, checkGuess, joinMicrographs, joinPicks, readPicksFor
from .set_files import checkFile, firstItem, reopen

# Outputs whose picks were not scored: "prune coordinates" could not read their micrographs.
UNSCORED_OUTPUT = 'unscoredCoordinates'
# Outputs with scores of another network than those of the final output: of Deep Consensus while it is being trained.
OTHER_SCORES = {UNSCORED_OUTPUT, 'preliminarOutputCoordinates'}


def makeComparison(reference, name, methods, tolerance):
    """Return the Comparison of Methods that were joined to a Reference, which is called `name`; it has no truth."""
    files = {micId: (micName, reference.files.get(micId, '')) for micId, micName in reference.names.items()}
    return Comparison(reference.ids, reference.micIds, reference.xy[:, 0].copy(), reference.xy[:, 1].copy(), methods,
                      None, files, reference.box, reference.pixelSize, tolerance, name, list(reference.notes))


def ownScores(name, reference):
    """Return the reference's own scores as a Method that decides nothing; None where it has none."""
    if not reference.scoreName:
        return None
    everywhere = np.ones(len(reference.ids), dtype=bool)
    return Method(name, everywhere, everywhere, reference.scores, reference.scoreName, decides=False,
                  notes=_scoreNotes(reference.scores, everywhere))


def readMethod(pointer, name, reference, tolerance, progress=None):
    """Return the Method that the set of a Scipion pointer is, joined to the Reference.

    The set is a SetOfCoordinates, a SetOfParticles or a SetOfClasses2D; all that is in it counts as kept. tolerance:
    px of the reference. progress: see comparison.matching. Scores of rejected picks are taken from other outputs of the
    same run that have them. A set that cannot be read, or of which nothing is a reference pick, is a Method that is
    left out, and whose note says why.
    """
    try:
        return _readMethod(pointer, name, reference, tolerance, progress)
    except InputError as error:
        return _leftOut(name, reference, str(error).removeprefix(f'{name}: '))
    except (sqlite3.Error, SqliteFlatMapperException):
        return _leftOut(name, reference, f'its file {pointer.get().getFileName()} cannot be read: is it damaged?')


def _leftOut(name, reference, why, unmatched=0, elsewhere=0):
    """The Method of a set that cannot be compared; why: a sentence."""
    nothing = np.zeros(len(reference.ids), dtype=bool)
    return Method(name, nothing, nothing, np.full(len(reference.ids), np.nan), unmatched=unmatched,
                  elsewhere=elsewhere, notes=[' '.join(why.split())], decides=False)


def _readMethod(pointer, name, reference, tolerance, progress):
    itemSet, run = pointer.get(), pointer.getObjValue()
    picks, scales, micrographs = readPicksFor(itemSet, name, reference)
    if micrographs is None and not picks.keys:
        raise InputError(f'{name}: it is empty and does not know its micrographs, so that it cannot be told from a '
                         f'method that was given none.')
    try:
        joined, notes = joinMicrographs(picks.keys, reference, micrographs, name)
        covered = _covered(picks, joined, micrographs, reference, name, notes)
        rows, chosen, elsewhere, scale = joinPicks(picks, joined, reference, tolerance, scales, progress)
        checkGuess(notes, len(rows), len(picks.x) - elsewhere, name)
    except InputError as error:
        raise InputError(f'none of its picks is a reference pick: {str(error).removeprefix(f"{name}: ")}') from None
    unmatched = len(picks.x) - elsewhere - len(rows)
    if len(picks.x) and not len(rows):
        return _leftOut(name, reference, f'none of its picks is a reference pick: none of {len(picks.x)} is within '
                                         f'{tolerance:g} px of one. It was not made of these picks, or its positions '
                                         f'are in other pixels.', unmatched, elsewhere)
    kept = np.zeros(len(reference.ids), dtype=bool)
    kept[rows] = True
    scores = np.full(len(reference.ids), np.nan)
    scores[rows] = picks.scores[chosen]
    if len(scales) > 1 and isinstance(itemSet, SetOfCoordinates):
        notes.append(f'The pixel sizes differ ({reference.pixelSize:g} and {micrographs.getSamplingRate():g} Å/px), '
                     f'and how wide its micrographs are in px cannot be read: positions are taken as they fit better, '
                     f'{"as the pixel sizes have it" if scale == scales[0] else "as they are"}.')
    elif len(scales) > 1:
        notes.append(f'Positions are taken as px of the {"particles" if scale == scales[0] else "micrographs"}, with '
                     f'which more of them are reference picks.')
    if abs(scale - 1) > 1e-6:
        notes.append(f'Positions were multiplied by {scale:.4g}, for other pixel sizes.')
    if unmatched > FEW * (len(picks.x) - elsewhere):
        notes.append(f'Only {len(rows)} of {len(picks.x) - elsewhere} picks are reference picks: look whether this '
                     f'set was made of them.')
    if isinstance(itemSet, SetOfCoordinates):
        covered &= ~np.isin(reference.micIds, _unscored(run, itemSet, name, reference))
        if picks.scoreName:
            _scoresOfTheRest(run, itemSet, picks.scoreName, reference, tolerance, scores)
    else:
        notes.append('Picks that were never extracted, such as those too near to the border, count as rejected.')
    # A set cut by the picker's own score: the picks before pruning have it for all.
    known = np.isfinite(scores)
    if picks.scoreName == reference.scoreName and known.any() and np.allclose(scores[known], reference.scores[known]):
        scores = np.where(known, scores, reference.scores)
    return Method(name, kept, covered, scores, picks.scoreName, unmatched, elsewhere,
                  picks.notes + notes + _scoreNotes(scores, covered) * bool(picks.scoreName))


def copyChosen(coordinates, chosen, output):
    """Append to the set `output` the coordinates of which `chosen` is true, as they are; it is by growing id."""
    coordinates = reopen(coordinates)
    for pick, wanted in zip(coordinates.iterItems(orderBy='id'), chosen.tolist()):
        if wanted:
            output.append(pick)
    coordinates.close()


def _covered(picks, joined, micrographs, reference, name, notes):
    """bool (n,): the reference picks on micrographs that the method was given."""
    if micrographs is None:
        notes.append('The set does not know the micrographs that it was made of: only those count on which it has '
                     'picks.')
        given = set(joined.values())
    elif micrographs.getFileName() == reference.path:
        given = set(reference.names)
    else:
        keys = list(micrographNames(micrographs).items())
        given = set(joinMicrographs(keys, reference, micrographs, name)[0].values()) | set(joined.values())
    return np.isin(reference.micIds, np.array(sorted(given), dtype=np.int64))


# ------------------------------ other outputs of the run ------------------------------

def _siblings(run, itemSet):
    """[(name, SetOfCoordinates)] of the other outputs of the run that a set is an output of."""
    if run is None or not hasattr(run, 'iterOutputAttributes'):
        return []
    return [(name, output) for name, output in run.iterOutputAttributes(SetOfCoordinates)
            if output.getFileName() != itemSet.getFileName() and _isReadable(output)]


def _isReadable(itemSet):
    try:
        checkFile(itemSet)
    except InputError:
        return False
    return True


def _unscored(run, itemSet, name, reference):
    """mic_ids of the reference on which "prune coordinates" could not judge the picks."""
    micIds = []
    for sibling, output in _siblings(run, itemSet):
        if sibling == UNSCORED_OUTPUT and output.getSize():
            micrographs = output.getMicrographs()
            names = micrographNames(micrographs)
            keys = [(micId, names.get(micId)) for micId in countPicks(output)]
            micIds += joinMicrographs(keys, reference, micrographs, name)[0].values()
    return micIds


def _scoresOfTheRest(run, itemSet, scoreName, reference, tolerance, scores):
    """Fill in the scores of the picks that the set does not hold, from the other outputs of its run."""
    for name, output in _siblings(run, itemSet):
        if not np.isnan(scores).any():
            return
        first = None if name in OTHER_SCORES else firstItem(output)
        if first is None or not hasattr(first, scoreName.lstrip('-')):
            continue
        try:
            picks, scales, micrographs = readPicksFor(output, name, reference)
            joined, _ = joinMicrographs(picks.keys, reference, micrographs, name)
        except InputError:      # they would be welcome, no more
            continue
        if picks.scoreName != scoreName:
            continue
        rows, chosen, _, _ = joinPicks(picks, joined, reference, tolerance, scales, None)
        lacking = np.isnan(scores[rows])
        scores[rows[lacking]] = picks.scores[chosen[lacking]]


def _scoreNotes(scores, covered):
    """Sentences about scores that are few or say nothing."""
    known = scores[covered & np.isfinite(scores)]
    notes = []
    if len(known) < np.count_nonzero(covered):
        notes.append(f'{np.count_nonzero(covered) - len(known)} of {np.count_nonzero(covered)} picks have no score: at '
                     f'any threshold they stay what the set makes of them.')
    if len(known) and known.min() == known.max():
        notes.append(f'All scores are {known[0]:g}: they tell nothing.')
    return notes
