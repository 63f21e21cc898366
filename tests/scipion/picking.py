"""Runs at work, for tests and benchmarks: their outputs still grow."""
import os


def reopen(lab, run, itemSet):
    """Empty an output of a run, and let it seem to go on, in this process."""
    setStatus(lab, run, 'running', os.getpid())
    itemSet.close()
    itemSet.load()
    itemSet.clear()
    itemSet.setStreamState(itemSet.STREAM_OPEN)
    itemSet._getMapper().commit()
    itemSet.close()
    lab.project.mapper.store(itemSet)
    lab.project.mapper.commit()


def setStatus(lab, run, status, pid):
    """Write into a run's own database what its process would."""
    from pyworkflow.protocol import getProtocolFromDb
    run = getProtocolFromDb(lab.project.path, run.getDbPath(), run.getObjId())
    run.setStatus(status)
    run.setPid(pid)
    run._store(run.status, run._pid)
    run.getProject().closeMapper()
    run.closeMappers()


class Picker:
    """An import of coordinates that is made out to be a picker that goes on, on imported micrographs.

    names: of the micrographs; `row.mic_id` counts them from 1.
    """

    def __init__(self, lab, micrographs, rows, names, box, label='picker'):
        """rows: as of Lab.coordinates; one is enough, and it is taken out again. It ends with an open, empty set."""
        self._lab, self._names = lab, names
        self.run = lab.coordinates(micrographs, rows, label, box=box, names=names)
        self._box = box
        self._micrographs = {m.getMicName(): m.clone() for m in micrographs.outputMicrographs.iterItems()}
        reopen(lab, self.run, self.run.outputCoordinates)

    def add(self, rows, isLast=False):
        """Append picks with the ids and the `_topazScore` that Lab.coordinates gives; isLast: and close the set."""
        from pwem.objects import Coordinate, SetOfCoordinates
        from pyworkflow.object import Float
        picks = SetOfCoordinates(filename=self.run.outputCoordinates.getFileName(), indexes=['_micId'])
        picks.enableAppend()
        picks.setBoxSize(self._box)
        for row in rows:
            pick = Coordinate(x=row.x, y=row.y)
            pick.setObjId(row.coord_id)
            pick.setMicrograph(self._micrographs[self._names[row.mic_id - 1]])
            pick._topazScore = Float(row.coord_id / 8)
            picks.append(pick)
        picks.setStreamState(picks.STREAM_CLOSED if isLast else picks.STREAM_OPEN)
        picks.write()
        picks.close()
        if isLast:
            setStatus(self._lab, self.run, 'finished', 0)
