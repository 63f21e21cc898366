"""How long "compare pruned sets" takes on many picks, and the memory that it needs.

    scipion3 python benchmarks/comparison_scale.py [--picks 1000000] [--micrographs 4000]

Synthetic picks at random places, 250 a micrograph as a rule, with a score and a true class for each. The methods: a
set with the same positions and a score of its own; one as MicrographCleaner writes it, positions cut to whole px and
numbered anew; one as Deep Consensus does, with positions of its own, 3 px off; and particles at half the pixel count,
as extraction writes them. Times in seconds, peak memory of the process in MB; the stages are those of the protocol,
without pictures of micrographs.
"""
import argparse
import resource
import tempfile
import time
from contextlib import contextmanager
from multiprocessing import Process
from pathlib import Path

import numpy as np
from pwem.objects import Coordinate, Micrograph, Particle, SetOfCoordinates, SetOfMicrographs, SetOfParticles
from pyworkflow.object import Float, Pointer, String

from pickeroptimizer import convert
from pickeroptimizer.comparison import report
from pickeroptimizer.comparison.agreement import kept_by_majority
from pickeroptimizer.comparison.analysis import Analysis
from pickeroptimizer.comparison.tables import write_tables

BOX, SIDE, PIXEL_SIZE = 200, 4096, 1.0
BINNING = 2


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--picks', type=int, default=1_000_000)
    parser.add_argument('--micrographs', type=int, default=4000)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        # By a process of its own, whose memory does not count.
        maker = Process(target=make_sets, args=(folder, arguments.picks, arguments.micrographs))
        maker.start()
        maker.join()
        print(f'{"before":<46}{0:7.1f} s   peak {peak():6.0f} MB', flush=True)
        compare(folder, *open_sets(folder))


def make_sets(folder, picks, micrographs):
    """Write the picks before pruning, and what four methods kept."""
    rng = np.random.default_rng(0)
    mics = SetOfMicrographs(filename=str(folder / 'micrographs.sqlite'))
    mics.setSamplingRate(PIXEL_SIZE)
    for number in range(micrographs):
        micrograph = Micrograph(location=f'micrograph_{number:05}.mrc')
        micrograph.setMicName(f'micrograph_{number:05}.mrc')
        mics.append(micrograph)
    mics.write()
    mic_ids = np.sort(rng.integers(1, micrographs + 1, picks))
    xy = rng.uniform(0, SIDE, (picks, 2))
    classes = np.where(rng.random(picks) < 0.8, 0, rng.integers(1, 3, picks))
    scores = 1 / (1 + np.exp(-rng.normal(np.where(classes == 0, 2, -2), 1.5)))

    def coordinates(name, chosen, positions, **columns):
        found = SetOfCoordinates(filename=str(folder / f'{name}.sqlite'))
        found.setBoxSize(BOX)
        pick = Coordinate()
        for column, (kind, _) in columns.items():
            setattr(pick, column, kind())
        values = [(getattr(pick, column), data[chosen].tolist()) for column, (_, data) in columns.items()]
        for i, (mic_id, (x, y)) in enumerate(zip(mic_ids[chosen].tolist(), positions[chosen].tolist())):
            pick.setObjId(i + 1)
            pick.setPosition(x, y)
            pick.setMicId(mic_id)
            for attribute, data in values:
                attribute.set(data[i])
            found.append(pick)
        found.write()
        found.close()

    everything = np.ones(picks, dtype=bool)
    coordinates('reference', everything, xy, _topazScore=(Float, scores),
                _poClass=(String, np.array(['particle', 'ice', 'carbon'])[classes]))
    kept = [rng.random(picks) < np.where(classes == 0, 0.95, 0.1 + 0.1 * i) for i in range(4)]
    coordinates('same positions', kept[0], xy, _poParticle=(Float, scores))
    coordinates('whole px', kept[1], np.floor(xy), _xmipp_goodRegionScore=(Float, scores))
    coordinates('3 px off', kept[2], xy + rng.normal(0, 3, xy.shape), _xmipp_zScoreDeepLearning1=(Float, scores))
    make_particles(folder, kept[3], mic_ids, xy)


def open_sets(folder):
    """(the picks before pruning, {name: set} of what four methods kept)."""
    mics = SetOfMicrographs(filename=str(folder / 'micrographs.sqlite'))
    mics.loadAllProperties()
    found = {}
    for name, kind in (('reference', SetOfCoordinates), ('same positions', SetOfCoordinates),
                       ('whole px', SetOfCoordinates), ('3 px off', SetOfCoordinates), ('particles', SetOfParticles)):
        found[name] = kind(filename=str(folder / f'{name}.sqlite'))
        found[name].loadAllProperties()
        if kind is SetOfCoordinates:
            found[name].setMicrographs(Pointer(mics))
        else:
            found[name].setCoordinates(Pointer(found['reference']))
    return found.pop('reference'), found


def make_particles(folder, chosen, mic_ids, xy):
    found = SetOfParticles(filename=str(folder / 'particles.sqlite'))
    found.setSamplingRate(PIXEL_SIZE * BINNING)
    coordinate, particle = Coordinate(), Particle()
    particle.setCoordinate(coordinate)
    for number, (mic_id, (x, y)) in enumerate(zip(mic_ids[chosen].tolist(), (xy[chosen] / BINNING).tolist()), start=1):
        particle.setObjId(number)
        particle.setLocation(number, 'particles.mrcs')
        coordinate.setPosition(x, y)
        coordinate.setMicId(mic_id)
        particle.setCoordinate(coordinate)
        found.append(particle)
    found.write()
    found.close()


def compare(folder, coordinates, sets):
    """The stages of the protocol, one after the other."""
    tolerance = 0.2 * BOX
    with stage('read the picks before pruning'):
        reference = convert.Reference.read(coordinates)
    methods = []
    for name, found in sets.items():
        with stage(f'read and join: {name} ({found.getSize():,})'):
            methods.append(convert.readMethod(Pointer(found), name, reference, tolerance))
    comparison = convert.makeComparison(reference, 'synthetic', methods, tolerance)
    with stage('read and join the truth'):
        comparison.classes, comparison.truth, _ = convert.readTruth(coordinates, reference, tolerance)
    with stage('save'):
        comparison.save(folder)
    with stage('statistics and intervals'):
        analysis = Analysis.of(comparison)
    with stage('tables and report'):
        write_tables(analysis, folder)
        report.write(folder / report.REPORT_FILE, analysis, 0)
    with stage('consensus set, kept by the majority'):
        consensus = SetOfCoordinates(filename=str(folder / 'consensus.sqlite'))
        convert.copyChosen(coordinates, kept_by_majority(comparison), consensus)
        consensus.write()


@contextmanager
def stage(name):
    start = time.perf_counter()
    yield
    print(f'{name:<46}{time.perf_counter() - start:7.1f} s   peak {peak():6.0f} MB', flush=True)


def peak():
    """Of this process so far, MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == '__main__':
    main()
