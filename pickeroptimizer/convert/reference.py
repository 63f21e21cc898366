"""The picks before pruning, and how the picks of another set are joined to them: by micrograph and place.

Never by id: MicrographCleaner numbers the picks anew, Deep Consensus makes picks of its own, and particles carry copies
of their coordinates.
"""
from collections import Counter
from dataclasses import dataclass
from typing import Dict, List, Sequence

import numpy as np
from pwem.objects import SetOfCoordinates, SetOfMicrographs

from ..comparison.matching import match
from ..domain.micrograph_names import NameIndex
from ..worker.exchange.errors import InputError
from .micrographs import micrographFiles, micrographNames
from .named_scores import NamedScore, chooseNamed, numbersOf, withNamedScore
from .pick_micrographs import scaleBetween
from .picks import readColumns
from .places import SCORE_NAMES, chooseScore, readPlaces
from .set_files import checkFile

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


def readPicksFor(itemSet, name, reference, withClasses=False):
    """Return what readPlaces returns, with the score that is wanted where the set has it.

    The scales are those that the widths of the micrographs bear out.
    """
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


def joinMicrographs(keys, reference, micrographs, name):
    """Return ({key: mic_id of the reference}, notes) for the (mic_id, name) in `keys` that are among them.

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
    repeated = {micId for micId, count in Counter(found.values()).items() if count > 1}
    found = {key: micId for key, micId in found.items() if micId not in repeated or micId == key[0]}
    for key in named.keys() - found.keys():
        if key in ids and index.mayMean(key[1], ids[key]):
            found[key] = ids[key]
    if found or not keys:
        return found, []
    if len(ids) == len(keys):
        return ids, [BY_IDS]
    raise InputError(f'{name}: none of its micrographs is one of the reference, by name or by id.')


def checkGuess(notes, joined, known, name):
    """Raise InputError where micrographs were joined by their ids and the picks do not bear it out."""
    if BY_IDS in notes and joined < FEW * known:
        raise InputError(f'{name}: its micrographs have other names than those of the reference, and of its {known} '
                         f'picks only {joined} are reference picks: they are other micrographs.')


def joinPicks(picks, joined, reference, tolerance, scales, progress):
    """Return (reference rows, picks, number of picks on no micrograph with reference picks, scale).

    See comparison.matching. Of several scales that which joins most, the first of equals.
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
