"""Whether the picks of a set were kept. What made the set tells, whatever it is called: a subset of rejected picks, a
union, a copy or an import of our outputs opens as what it is.
"""
import os

import numpy as np
from pwem.objects import SetOfCoordinates

from ... import convert
from ...constants import PO_PARTICLE
from ...protocols import ProtPickerOptimizerPrune
from ...worker.exchange.errors import InputError

KEPT_FILE = 'coordinatesKept'      # what the name of the file of the kept begins with, be it by a further cut


def keptBefore(project, coordinates, mostProbable):
    """Return which picks of a set with our classes were kept, bool (n,), by growing id.

    Those are that an output of "prune" with the kept has, and no output with the rejected: of the outputs that the set
    was made from or, where Scipion does not know that, of all runs of the project (None: there is none), of which one
    that holds the very same picks is taken for the original. mostProbable: bool (n,), whether a pick counts as kept
    where they do not tell.
    """
    if project is None:
        return mostProbable
    outputs = _outputsBehind(project, coordinates, set())
    if outputs and outputs[0].getFileName() == coordinates.getFileName():
        return np.full(len(mostProbable), _holdsKept(outputs[0]))
    picks = _keys(coordinates)
    known = [(set(_keys(output)), _holdsKept(output)) for output in outputs or _allOutputs(project)]
    originals = {kept for keys, kept in known if keys == set(picks)}
    if len(originals) == 1:
        return np.full(len(mostProbable), originals.pop())
    votes = {True: np.zeros(len(picks), bool), False: np.zeros(len(picks), bool)}
    for keys, kept in known:
        votes[kept] |= np.fromiter((key in keys for key in picks), bool, len(picks))
    return np.where(votes[True] == votes[False], mostProbable, votes[True])


def _holdsKept(output):
    return os.path.basename(output.getFileName()).startswith(KEPT_FILE)


def _keys(coordinates):
    """Of each pick, what tells it from others in whatever set it is: its place, and how probably it is a particle.

    The probabilities of kinds of junk are lost where sets of several models are united.
    """
    try:
        columns = convert.readPicks(coordinates)
    except InputError:      # the file of an output is gone, or damaged: it tells nothing
        return []
    wanted = [np.nan_to_num(columns[name], nan=-1).tolist() for name in ('_x', '_y', PO_PARTICLE) if name in columns]
    return list(zip(*wanted))


def _outputsBehind(project, itemSet, seen):
    """The outputs of "prune" that a set is, or was made from."""
    if itemSet.getFileName() in seen:
        return []
    seen.add(itemSet.getFileName())
    run = project.mapper.selectById(itemSet.getObjParentId()) if itemSet.getObjParentId() else None
    if isinstance(run, ProtPickerOptimizerPrune):
        return [itemSet]      # by its file: what Scipion has in memory of the run may be older
    if run is None:
        return []
    inputs = [pointer.get() for _, pointer in run.iterInputAttributes()]
    found = [output for given in inputs if isinstance(given, SetOfCoordinates)
             for output in _outputsBehind(project, given, seen)]
    imported = getattr(run, 'filesPath', None)
    if imported is not None and imported.get():
        found += [output for output in _allOutputs(project)
                  if os.path.realpath(output.getFileName()) == os.path.realpath(imported.get())]
    return found


def _allOutputs(project):
    return [output for run in project.getRuns() if isinstance(run, ProtPickerOptimizerPrune)
            for _, output in run.iterOutputAttributes(SetOfCoordinates)]
