"""Scipion sets made in a folder, to try functions on that read them; and a small one of picks before pruning."""
from laboratory import BOX

from pickeroptimizer import convert

CONSENSUS = '_xmipp_zScoreDeepLearning1'


class Sets:
    """Makes Scipion sets in a folder. A pick is (mic_id, x, y); ids are counted from 1."""

    def __init__(self, folder):
        self._folder, self._number = folder, 0

    def _file(self):
        self._number += 1
        return str(self._folder / f'set_{self._number}.sqlite')

    def micrographs(self, names, pixelSize=2.0, folder='nowhere'):
        """`names`: {mic_id: name}, of files in a folder."""
        from pwem.objects import Micrograph, SetOfMicrographs
        micrographs = SetOfMicrographs(filename=self._file())
        micrographs.setSamplingRate(pixelSize)
        for micId, name in names.items():
            micrograph = Micrograph(location=f'{folder}/{name}')
            micrograph.setMicName(name)
            micrograph.setObjId(micId)
            micrographs.append(micrograph)
        micrographs.write()
        return micrographs

    def coordinates(self, micrographs, picks, box=BOX, **attributes):
        """`attributes`: name = values, one for each pick; text or numbers."""
        from pwem.objects import Coordinate, SetOfCoordinates
        from pyworkflow.object import Float, Pointer, String
        coordinates = SetOfCoordinates(filename=self._file())
        coordinates.setBoxSize(box)
        if micrographs is not None:
            coordinates.setMicrographs(micrographs if micrographs.isPointer() else Pointer(micrographs))
        for i, (micId, x, y) in enumerate(picks):
            pick = Coordinate(x=x, y=y)
            pick.setMicId(micId)
            for name, values in attributes.items():
                setattr(pick, name, (String if isinstance(values[i], str) else Float)(values[i]))
            coordinates.append(pick)
        coordinates.write()
        coordinates.close()
        return coordinates

    def particle(self, micId, x, y, name=None, located=True):
        from pwem.objects import Coordinate, Particle
        particle = Particle()
        particle.setLocation(1, 'particles.mrcs')
        if located:
            coordinate = Coordinate(x=x, y=y)
            coordinate.setMicId(micId)
            coordinate.setMicName(name)
            particle.setCoordinate(coordinate)
        return particle

    def particles(self, coordinates, picks, pixelSize, names=None, located=True, scores=None):
        """`coordinates`: what they were extracted from, a Pointer, a set, or None. `scores`: of Deep Consensus."""
        from pwem.objects import SetOfParticles
        from pyworkflow.object import Float, Pointer
        particles = SetOfParticles(filename=self._file())
        particles.setSamplingRate(pixelSize)
        if coordinates is not None:
            particles.setCoordinates(coordinates if coordinates.isPointer() else Pointer(coordinates))
        for i, (micId, x, y) in enumerate(picks):
            particle = self.particle(micId, x, y, (names or {}).get(micId), located)
            if scores:
                setattr(particle, CONSENSUS, Float(scores[i]))
            particles.append(particle)
        particles.write()
        particles.close()
        return particles

    def classes(self, particles, groups):
        """`groups`: lists of picks, a class each; the last class is disabled, as by a user who unticks it."""
        from pwem.objects import Class2D, SetOfClasses2D
        from pyworkflow.object import Pointer
        classes = SetOfClasses2D(filename=self._file())
        if particles is not None:
            classes.setImages(particles if particles.isPointer() else Pointer(particles))
        for number, picks in enumerate(groups, start=1):
            group = Class2D()
            group.setObjId(number)
            group.setEnabled(number < len(groups))
            classes.append(group)
            for pick in picks:
                group.append(self.particle(*pick))
            group.write()
            classes.update(group)
        classes.write()
        classes.close()
        return classes


PICKS = [(1, 100, 100), (1, 200, 100), (1, 300, 100), (2, 100, 100), (2, 200, 200), (4, 50, 60)]
MICS = {1: 'a.mrc', 2: 'b.mrc', 4: 'd.mrc'}


def reference(sets, picks=PICKS, names=MICS, **attributes):
    micrographs = sets.micrographs(names)
    coordinates = sets.coordinates(micrographs, picks, **attributes)
    return micrographs, coordinates, convert.Reference.read(coordinates)


def joined(itemSet, reference, tolerance=5.0, name='M'):
    from pyworkflow.object import Pointer
    return convert.readMethod(Pointer(itemSet), name, reference, tolerance)
