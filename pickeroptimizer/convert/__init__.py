"""Scipion sets into the worker's tables and back: nothing else in the plugin does either.

Sets are read in one pass and never held whole, so that a million picks cost memory for their scores only.
Iterating a Scipion set yields one object again and again; it is read or stored at once, never kept.
"""
from .growing import CannotResume, GrowingTables
from .labelled_coordinates import (
    LABELS,
    appendLabelled,
    isLabelled,
    isScored,
    labelsFromClasses,
    labelsFromSet,
    matchPicks,
    moveLabels,
    readLabelled,
    writeDataSet,
)
from .methods import copyChosen, makeComparison, ownScores, readMethod
from .micrographs import (
    MICROGRAPHS,
    micrographFiles,
    micrographNames,
    writeMicrographs,
)
from .named_scores import checkNamedScores, namedScores, numericAttributes
from .pick_micrographs import MicrographOfPick, scaleBetween
from .picks import (
    COORDINATES,
    countMicrographs,
    countPicks,
    pickerScore,
    readPicks,
    readPositions,
    sampleMicrographs,
    writeCoordinates,
)
from .reference import Reference
from .scores import SCORES, Scores, ScoresReader, readScores, scoresSoFar, takeUpScores
from .set_classes import classesOf, probabilityAttribute
from .set_files import checkFile, firstItem, refresh, reopen
from .set_keys import setKey
from .splitting import countClasses, splitCoordinates
from .truths import checkTruth, noteUnknownClasses, readTruth

__all__ = [
    'COORDINATES', 'LABELS', 'MICROGRAPHS', 'SCORES', 'CannotResume', 'GrowingTables', 'MicrographOfPick', 'Reference',
    'Scores', 'ScoresReader', 'appendLabelled', 'checkFile', 'checkNamedScores', 'checkTruth', 'classesOf',
    'copyChosen', 'countClasses', 'countMicrographs', 'countPicks', 'firstItem', 'isLabelled', 'isScored',
    'labelsFromClasses', 'labelsFromSet', 'makeComparison', 'matchPicks', 'micrographFiles', 'micrographNames',
    'moveLabels', 'namedScores', 'noteUnknownClasses', 'numericAttributes', 'ownScores', 'pickerScore',
    'probabilityAttribute', 'readLabelled', 'readMethod', 'readPicks', 'readPositions', 'readScores', 'readTruth',
    'refresh', 'reopen', 'sampleMicrographs', 'scaleBetween', 'scoresSoFar', 'setKey', 'splitCoordinates',
    'takeUpScores', 'writeCoordinates', 'writeDataSet', 'writeMicrographs',
]
