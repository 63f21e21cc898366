"""Pruned sets as methods of a comparison: their picks, micrographs and scores, in px of the reference's micrographs.

Sets are joined by micrograph and position, never by id: MicrographCleaner numbers the picks anew, Deep Consensus makes
picks of its own, and particles carry copies of their coordinates.
"""
import sqlite3
from dataclasses import dataclass
from typing import Dict, List, Sequence

import numpy as np
from pwem.objects import SetOfCoordinates, SetOfMicrographs
from pyworkflow.mapper.sqlite import SqliteFlatMapperException

from ..comparison import UNKNOWN, Comparison, Method
from ..comparison.matching import match
from ..constants import PO_CLASS
from ..domain.micrograph_names import NameIndex
from ..worker.exchange.classes import PARTICLE, class_name, ordered, safe_name
from ..worker.exchange.errors import InputError
from .labelled_coordinates import isClass
from .micrographs import micrographFiles, micrographNames
from .named_scores import NamedScore, chooseNamed, numbersOf, withNamedScore
from .pick_micrographs import scaleBetween
from .picks import countPicks, readColumns
from .places import SCORE_NAMES, chooseScore, readPlaces
from .set_classes import classesOf
from .set_files import checkFile, firstItem, reopen

# Outputs whose picks were not scored: "prune coordinates" could not read their micrographs.
UNSCORED_OUTPUT = 'unscoredCoordinates'
# Outputs with scores of another network than those of the final output: of Deep Consensus while it is being trained.
OTHER_SCORES = {UNSCORED_OUTPUT, 'preliminarOutputCoordinates'}

FEW = 0.5          # share of a set's picks: if fewer are reference picks, the user is told
BY_IDS = 'No micrograph has a name that the reference knows: they were joined by their ids.'


@dataclass
class Reference:
    """The picks before pruning: ids, mic_ids int64; xy float64 (n, 2), px; scores as in PlacedPicks; names and files
    {mic_id: ...}; pixelSize in Å/px; box in px; micrographs: their set; path: the file of that; wanted: the
    NamedScores that go before the scores that are known by name."""
    ids: np.ndarray
    micIds: np.ndarray
    xy: np.ndarray
    scores: np.ndarray
    scoreName: str
    names: Dict[int, str]
    files: Dict[int, str]
    pixelSize: float
    box: float
    micrographs: SetOfMicrographs
    path: str
    notes: List[str]
    wanted: Sequence[NamedScore] = ()

    @classmethod
    def read(cls, coordinates, wanted=()):
        """Read a SetOfCoordinates. wanted: see namedScores. Raises InputError where picks have no position."""
        columns = readColumns(coordinates, (*SCORE_NAMES, *numbersOf(coordinates, wanted)), ())
        xy = np.stack([columns['_x'], columns['_y']], axis=1)
        if not np.isfinite(xy).all():
            raise InputError(f'{int((~np.isfinite(xy)).any(axis=1).sum())} of the reference picks have no position.')
        name, scores, notes = chooseNamed(wanted, columns) or chooseScore(columns)
        micrographs = coordinates.getMicrographs()
        names, files = micrographNames(micrographs), micrographFiles(micrographs)
        lost = sorted(set(np.unique(columns['_micId']).tolist()) - set(names))
        if lost:
            notes.append(f'{len(lost)} micrographs of the reference picks are not in their set of micrographs: they '
                         f'are compared, but there are no pictures of them.')
            names.update((micId, f'micrograph {micId}') for micId in lost)
        repeated = len(names) - len(set(names.values()))
        if repeated:
            notes.append(f'{repeated} micrographs of the reference have the name of another: picks on them are joined '
                         f'only where the micrographs have the same ids too.')
        return cls(columns['id'], columns['_micId'], xy, scores, name, names, files,
                   micrographs.getSamplingRate(), float(coordinates.getBoxSize()), micrographs,
                   micrographs.getFileName(), notes, wanted)


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
    picks, scales, micrographs = _readPicks(itemSet, name, reference)
    if micrographs is None and not picks.keys:
        raise InputError(f'{name}: it is empty and does not know its micrographs, so that it cannot be told from a '
                         f'method that was given none.')
    try:
        joined, notes = _joinMicrographs(picks.keys, reference, micrographs, name)
        covered = _covered(picks, joined, micrographs, reference, name, notes)
        rows, chosen, elsewhere, scale = _join(picks, joined, reference, tolerance, scales, progress)
        _checkGuess(notes, len(rows), len(picks.x) - elsewhere, name)
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


def checkTruth(coordinates):
    """Return lines that say why a SetOfCoordinates that is not empty cannot be the truth.

    Raises InputError where it cannot be read.
    """
    if hasattr(firstItem(coordinates), PO_CLASS):
        return []
    return [f'The ground truth has no attribute {PO_CLASS}: give a set whose picks bear their classes, such as '
            f'outputLabels of "fine-tune".']


def readTruth(coordinates, reference, tolerance):
    """(names of the classes, true classes of the reference picks as int8 (n,) numbers into these; notes).

    From a set whose picks have a class in `_poClass`; those without, and what is `outside`, tell nothing. The particle
    is always the first. Raises InputError where the set has no classes, something else in their place, or where none of
    them is of a reference pick.
    """
    name = 'The ground truth'
    for line in checkTruth(coordinates):
        raise InputError(line)
    picks, scales, micrographs = _readPicks(coordinates, name, reference, withClasses=True)
    joined, notes = _joinMicrographs(picks.keys, reference, micrographs, name)
    notes += picks.notes
    rows, chosen, elsewhere, _ = _join(picks, joined, reference, tolerance, scales, None)
    _checkGuess(notes, len(rows), len(picks.x) - elsewhere, name)
    truth = np.full(len(reference.ids), UNKNOWN, dtype=np.int8)
    named = {text: class_name(text) for text in set(picks.classes.tolist()) if isClass(text)}
    names = np.array([named.get(text, '') for text in picks.classes.tolist()], dtype=str)
    doubtful = _withOtherClasses(picks, names)
    if doubtful.any():
        notes.append(f'{int(doubtful.sum())} picks of the ground truth lie at the very place of one of another class: '
                     f'they do not count.')
    classes = ordered({PARTICLE, *named.values()})
    for code, label in enumerate(classes):
        truth[rows[(names[chosen] == label) & ~doubtful[chosen]]] = code
    if (truth == UNKNOWN).all():
        raise InputError(f'None of the {len(picks.x)} places of the ground truth is a reference pick with a class.')
    left = len(picks.x) - len(rows)
    if left:
        notes.append(f'{left} of {len(picks.x)} places of the ground truth are no reference picks, {elsewhere} of them '
                     f'on other micrographs: they do not count.')
    return classes, truth, notes


def _withOtherClasses(picks, names):
    """bool (n,): the PlacedPicks at whose very place there is one of another class; names: of their classes, or ''."""
    places = np.unique(np.stack([picks.micrographs, picks.x, picks.y], axis=1), axis=0, return_inverse=True)[1].ravel()
    known = names != ''
    classes = np.unique(names, return_inverse=True)[1]
    pairs = np.unique(np.stack([places[known], classes[known]], axis=1), axis=0)
    return known & (np.bincount(pairs[:, 0], minlength=len(places)) > 1)[places]


def noteUnknownClasses(itemSet, method, classes):
    """Note on a Method which kinds of junk of the truth its set has no probabilities of, if it has some at all.

    classes: those of the truth.
    """
    known = set(map(safe_name, classesOf(itemSet))) if isinstance(itemSet, SetOfCoordinates) else ()
    unknown = [name for name in classes if safe_name(name) not in known] if known else []
    if unknown:
        method.notes.append(f'Its picks have no probability of {", ".join(unknown)}, which the ground truth has: that '
                            f'counts as junk all the same, whatever kind it was taken for.')


def copyChosen(coordinates, chosen, output):
    """Append to the set `output` the coordinates of which `chosen` is true, as they are; it is by growing id."""
    coordinates = reopen(coordinates)
    for pick, wanted in zip(coordinates.iterItems(orderBy='id'), chosen.tolist()):
        if wanted:
            output.append(pick)
    coordinates.close()


# ------------------------------ joining ------------------------------

def _readPicks(itemSet, name, reference, withClasses=False):
    """What readPlaces returns, with the score that is wanted where the set has it, and scales that widths bear out."""
    checkFile(itemSet)
    picks, scales, micrographs = readPlaces(itemSet, name, reference.pixelSize, withClasses)
    picks = withNamedScore(picks, itemSet, reference.wanted)
    if isinstance(itemSet, SetOfCoordinates):
        try:
            scale = scaleBetween(micrographs, reference.micrographs)
        except InputError:      # widths that are not known: what fits is taken
            scales = list(dict.fromkeys((*scales, 1.0)))
        else:
            scales = [scale.factor]
            picks.notes += [scale.note] if scale.note else []
    return picks, scales, micrographs


def _joinMicrographs(keys, reference, micrographs, name):
    """({key: mic_id of the reference}, notes) for the (mic_id, name) in `keys` that are among them.

    By name, with or without suffix; where several bear a name, by name and id; where no name is known to the
    reference, by id, which is only a guess. In the same set of micrographs ids mean the same, unless names contradict.
    """
    ids = {key: key[0] for key in keys if key[0] in reference.names}
    index = NameIndex(reference.names)
    if micrographs is not None and micrographs.getFileName() == reference.path:
        ids = {key: micId for key, micId in ids.items() if not key[1] or index.mayMean(key[1], micId)}
        if len(ids) == len(keys):
            return ids, []
    named = {key: key[1] for key in keys if key[1]}
    found = {key: same[0] for key, name in named.items() if len(same := index.find(name)) == 1}
    repeated = {micId for micId, count in _counts(found.values()).items() if count > 1}
    found = {key: micId for key, micId in found.items() if micId not in repeated or micId == key[0]}
    for key in named.keys() - found.keys():
        if key in ids and index.mayMean(key[1], ids[key]):
            found[key] = ids[key]
    if found or not keys:
        return found, []
    if len(ids) == len(keys):
        return ids, [BY_IDS]
    raise InputError(f'{name}: none of its micrographs is one of the reference, by name or by id.')


def _checkGuess(notes, joined, known, name):
    """Raise InputError where micrographs were joined by their ids and the picks do not bear it out."""
    if BY_IDS in notes and joined < FEW * known:
        raise InputError(f'{name}: its micrographs have other names than those of the reference, and of its {known} '
                         f'picks only {joined} are reference picks: they are other micrographs.')


def _counts(values):
    counts = {}
    for value in values:
        counts[value] = counts.get(value, 0) + 1
    return counts


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
        given = set(_joinMicrographs(keys, reference, micrographs, name)[0].values()) | set(joined.values())
    return np.isin(reference.micIds, np.array(sorted(given), dtype=np.int64))


def _join(picks, joined, reference, tolerance, scales, progress):
    """(reference rows, picks, number of picks on no micrograph with reference picks, scale): see comparison.matching.

    Of several scales that which joins most, the first of equals.
    """
    micIds = np.array([joined.get(key, 0) for key in picks.keys] or [0], dtype=np.int64)[picks.micrographs]
    found = np.array([key in joined for key in picks.keys] or [False])[picks.micrographs]
    known = found & np.isin(micIds, reference.micIds)
    xy = np.stack([picks.x, picks.y], axis=1)[known]
    best = None
    for scale in scales:
        pairs = match(reference.micIds, reference.xy, micIds[known], xy * scale, tolerance, progress)
        if best is None or len(pairs[0]) > len(best[0][0]):
            best = pairs, scale
    (rows, chosen), scale = best
    return rows, np.flatnonzero(known)[chosen], int((~known).sum()), scale


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
            micIds += _joinMicrographs(keys, reference, micrographs, name)[0].values()
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
            picks, scales, micrographs = _readPicks(output, name, reference)
            joined, _ = _joinMicrographs(picks.keys, reference, micrographs, name)
        except InputError:      # they would be welcome, no more
            continue
        if picks.scoreName != scoreName:
            continue
        rows, chosen, _, _ = _join(picks, joined, reference, tolerance, scales, None)
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
