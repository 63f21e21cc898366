"""Scipion sets into the worker's tables and back: nothing else in the plugin does either.

Sets are read in one pass and never held whole, so that a million picks cost memory for their scores only.
Iterating a Scipion set yields one object again and again; it is read or stored at once, never kept.
"""
from .growing import CannotResume, GrowingTables
from .labelled_coordinates import (
    LABELS,
    appendLabelled,
    isScored,
    labelsFromClasses,
    labelsFromSet,
    matchPicks,
    moveLabels,
    readLabelled,
    writeDataSet,
)
from .methods import Reference, checkTruth, copyChosen, makeComparison, ownScores, readMethod, readTruth
from .micrographs import (
    MICROGRAPHS,
    correspondence,
    matchMicrographs,
    micrographFiles,
    micrographNames,
    refresh,
    reopen,
    writeMicrographs,
)
from .picks import COORDINATES, countPicks, readPicks, readPositions, sampleMicrographs, writeCoordinates
from .scores import SCORES, Scores, ScoresReader, readScores, scoresSoFar, takeUpScores
from .splitting import countClasses, splitCoordinates

__all__ = ['COORDINATES', 'LABELS', 'MICROGRAPHS', 'SCORES', 'CannotResume', 'GrowingTables', 'Reference', 'Scores',
           'ScoresReader', 'appendLabelled', 'checkTruth', 'copyChosen', 'correspondence', 'countClasses', 'countPicks',
           'isScored', 'labelsFromClasses', 'labelsFromSet', 'makeComparison', 'matchMicrographs', 'matchPicks',
           'micrographFiles', 'micrographNames', 'moveLabels', 'ownScores', 'readLabelled', 'readMethod', 'readPicks',
           'readPositions', 'readScores', 'readTruth', 'refresh', 'reopen', 'sampleMicrographs', 'scoresSoFar',
           'splitCoordinates', 'takeUpScores', 'writeCoordinates', 'writeDataSet', 'writeMicrographs']
