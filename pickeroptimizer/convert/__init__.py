"""Scipion sets into the worker's tables and back: nothing else in the plugin does either.

Sets are read in one pass and never held whole, so that a million picks cost memory for their scores only.
Iterating a Scipion set yields one object again and again; it is read or stored at once, never kept.
"""
from .labels import (LABELS, appendLabelled, isScored, labelsFromClasses, labelsFromSet, matchPicks, moveLabels,
                     readLabelled, writeDataSet, writeLabels)
from .micrographs import (MICROGRAPHS, correspondence, matchMicrographs, micrographFiles, micrographNames, reopen,
                          writeMicrographs)
from .picks import COORDINATES, countPicks, readPicks, readPositions, sampleMicrographs, writeCoordinates
from .scores import SCORES, Scores, splitCoordinates

__all__ = ['COORDINATES', 'LABELS', 'MICROGRAPHS', 'SCORES', 'Scores', 'appendLabelled', 'correspondence',
           'countPicks', 'isScored', 'labelsFromClasses', 'labelsFromSet', 'matchMicrographs', 'matchPicks',
           'micrographFiles', 'micrographNames', 'moveLabels', 'readLabelled', 'readPicks', 'readPositions', 'reopen',
           'sampleMicrographs', 'splitCoordinates', 'writeCoordinates', 'writeDataSet', 'writeLabels',
           'writeMicrographs']
