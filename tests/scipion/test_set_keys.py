"""What a step depends on: what a set holds, not what its file is called, how many items it has, or when it was made."""
import os
import shutil

import mrcfile
import numpy as np
import pytest

from pickeroptimizer.convert import setKey

PICKS = ((3, 1, 'a', 10, 20, 'ice'), (5, 1, 'a', 30, 40, 'particle'), (6, 2, 'b', 50, 60, 'particle'))
NAMES = ('a', 'b')


@pytest.fixture()
def makeSets(tmp_path):
    """A function that makes (SetOfMicrographs, SetOfCoordinates) at the same paths again and again."""
    from pwem.objects import Coordinate, Micrograph, SetOfCoordinates, SetOfMicrographs
    from pyworkflow.object import String
    for name in NAMES:
        with mrcfile.new(tmp_path / f'{name}.mrc') as mrc:
            mrc.set_data(np.zeros((20, 20), np.int8))

    def make(picks=PICKS, names=NAMES, pixelSize=1.0):
        for name in ('micrographs', 'coordinates'):
            (tmp_path / f'{name}.sqlite').unlink(missing_ok=True)
        micrographs = SetOfMicrographs(filename=str(tmp_path / 'micrographs.sqlite'))
        micrographs.setSamplingRate(pixelSize)
        for file, name in zip(NAMES, names):
            micrograph = Micrograph(location=str(tmp_path / f'{file}.mrc'))
            micrograph.setMicName(name)
            micrographs.append(micrograph)
        micrographs.write()
        coordinates = SetOfCoordinates(filename=str(tmp_path / 'coordinates.sqlite'))
        coordinates.setMicrographs(micrographs)
        for objId, micId, name, x, y, label in picks:
            pick = Coordinate(x=x, y=y)
            pick.setObjId(objId)
            pick.setMicId(micId)
            pick.setMicName(name)
            pick._poClass = String(label)
            coordinates.append(pick)
        coordinates.write()
        coordinates.close()
        return micrographs, coordinates
    return make


def test_the_same_content_is_the_same(makeSets, tmp_path):
    micrographs, coordinates = makeSets()
    keys = setKey(micrographs), setKey(coordinates)
    assert keys[1][0] == str(tmp_path / 'coordinates.sqlite') and keys[1][2] == keys[0]
    os.utime(tmp_path / 'coordinates.sqlite', (1, 1))
    shutil.copy(tmp_path / 'micrographs.sqlite', tmp_path / 'copy')
    os.replace(tmp_path / 'copy', tmp_path / 'micrographs.sqlite')
    assert (setKey(micrographs), setKey(coordinates)) == keys
    assert tuple(map(setKey, makeSets())) == keys      # made again, later
    assert setKey(None) == []


@pytest.mark.parametrize('changed', [
    PICKS[:2], (*PICKS[:2], (7, *PICKS[2][1:])), (*PICKS[:2], (6, 1, *PICKS[2][2:])),
    (*PICKS[:2], (6, 2, 'a', 50, 60, 'particle')), (*PICKS[:2], (6, 2, 'b', 51, 60, 'particle')),
    (*PICKS[:2], (6, 2, 'b', 50, 61, 'particle')), (*PICKS[:2], (6, 2, 'b', 50, 60, 'carbon'))])
def test_other_picks_under_the_same_name(makeSets, changed):
    _, coordinates = makeSets()
    before = setKey(coordinates)
    os.utime(coordinates.getFileName(), (1, 1))
    _, coordinates = makeSets(changed)
    os.utime(coordinates.getFileName(), (1, 1))      # as a restart within a second, or a copy, leaves it
    assert setKey(coordinates) != before


def test_other_micrographs_under_the_same_names(makeSets, tmp_path):
    def keyOf(**options):
        return setKey(makeSets(**options)[1])
    keys = [keyOf(), keyOf(names=('b', 'a')), keyOf(pixelSize=1.1)]
    with mrcfile.open(tmp_path / 'b.mrc', 'r+') as mrc:      # of the same size
        mrc.data[0, 0] = 1
    keys.append(keyOf())
    (tmp_path / 'b.mrc').unlink()
    keys.append(keyOf())
    assert len({str(key) for key in keys}) == len(keys)


def test_empty_and_absent_sets(makeSets, tmp_path):
    from pwem.objects import SetOfCoordinates
    empty = SetOfCoordinates(filename=str(tmp_path / 'empty.sqlite'))
    assert setKey(empty)[1] and setKey(empty)[2] == []
    empty.close()
    (tmp_path / 'empty.sqlite').unlink()
    assert setKey(empty) == [str(tmp_path / 'empty.sqlite'), ''] and not (tmp_path / 'empty.sqlite').exists()
