"""What grows while a run goes on, without a run: the worker's tables, its scores, the sign of life."""
import csv
import os
import time

import pytest

from pickeroptimizer import convert
from pickeroptimizer.protocols.streaming import heartbeat
from pickeroptimizer.worker.exchange import tables
from pickeroptimizer.worker.exchange.errors import InputError
from pickeroptimizer.worker.exchange.processes import Process


class Sets:
    """Micrographs, and coordinates on them, that grow."""

    def __init__(self, folder, names, pixelSize=1.0, stem=''):
        from pwem.objects import SetOfCoordinates, SetOfMicrographs
        self.micrographs = SetOfMicrographs(filename=str(folder / f'{stem}micrographs.sqlite'))
        self.micrographs.setSamplingRate(pixelSize)
        self.coordinates = SetOfCoordinates(filename=str(folder / f'{stem}coordinates.sqlite'))
        self.coordinates.setMicrographs(self.micrographs)
        for name in names:
            self.addMicrograph(name)

    def addMicrograph(self, path):
        from pwem.objects import Micrograph
        micrograph = Micrograph(location=path)
        micrograph.setMicName(os.path.basename(path))
        self.micrographs.append(micrograph)
        width = round(4000 / self.micrographs.getSamplingRate())      # their files are not there
        self.micrographs.setDim((width, width, 1))
        self.micrographs.write()

    def addPicks(self, *picks):
        """picks: (id, mic_id, x)."""
        from pwem.objects import Coordinate
        for coordId, micId, x in picks:
            pick = Coordinate(x=x, y=1)
            pick.setObjId(coordId)
            pick.setMicId(micId)
            self.coordinates.append(pick)
        self.coordinates.write()


def read(folder, name=convert.COORDINATES):
    with open(folder / name, newline='') as stream:
        return list(csv.reader(stream))[1:]


@pytest.fixture()
def folder(tmp_path):
    (tmp_path / 'extra').mkdir()
    return tmp_path / 'extra'


def test_picks_are_added_once(tmp_path, folder):
    sets = Sets(tmp_path, ['a/mic.mrc', 'b/mic.mrc'])      # two of one name, as sessions in folders have them
    grown = convert.GrowingTables(folder)
    grown.clear()
    assert grown.add(sets.coordinates, sets.micrographs) == 0 and not len(grown)
    sets.addPicks((7, 2, 70), (9, 1, 90))
    assert grown.add(sets.coordinates, sets.micrographs) == 2
    sets.addPicks((11, 2, 110), (3, 1, 30))      # one whose id is lower than what is there
    assert grown.add(sets.coordinates, sets.micrographs) == 2
    assert grown.add(sets.coordinates, sets.micrographs) == 0
    assert [row[:3] for row in read(folder)] == [['9', '1', '90.0'], ['7', '2', '70.0'], ['3', '1', '30.0'],
                                                 ['11', '2', '110.0']]
    assert [os.path.basename(os.path.dirname(row[1])) for row in read(folder, convert.MICROGRAPHS)] == ['a', 'b']

    # After a kill in the middle of a line.
    with open(folder / convert.COORDINATES, 'a') as stream:
        stream.write('12,2,12')
    sets.addPicks((12, 2, 120))
    resumed = convert.GrowingTables(folder)
    resumed.resume()
    assert len(resumed) == 4 and resumed.add(sets.coordinates, sets.micrographs) == 1
    assert read(folder)[-1] == ['12', '2', '120.0', '1.0'] and resumed.ids(3, 5).tolist() == [11, 12]


def test_other_picks_are_noticed(tmp_path, folder):
    sets = Sets(tmp_path, ['mic.mrc'])
    sets.addPicks((1, 1, 10), (2, 1, 20))
    grown = convert.GrowingTables(folder)
    grown.clear()
    grown.add(sets.coordinates, sets.micrographs)
    for other, picks in ((Sets(tmp_path, ['mic.mrc'], stem='moved'), [(1, 1, 10), (2, 1, 21)]),
                         (Sets(tmp_path, ['mic.mrc'], stem='lacking'), [(1, 1, 10), (3, 1, 20)]),
                         (Sets(tmp_path, ['mic.mrc'], 2.0, 'scaled'), [(1, 1, 10), (2, 1, 20)]),
                         (Sets(tmp_path, ['another.mrc'], stem='renamed'), [(1, 1, 10), (2, 1, 20)])):
        other.addPicks(*picks)
        resumed = convert.GrowingTables(folder)
        resumed.resume()
        with pytest.raises(convert.CannotResume):
            resumed.add(other.coordinates, other.micrographs)
    (folder / convert.MICROGRAPHS).unlink()
    with pytest.raises(InputError, match='micrographs.csv'):
        resumed.resume()


def test_picks_wait_for_their_micrographs(tmp_path, folder):
    sets, others = Sets(tmp_path, ['a.mrc', 'b.mrc']), Sets(tmp_path, ['b.tif'], 2.0, 'other')
    sets.addPicks((1, 1, 10), (2, 2, 20), (3, 1, 30))
    grown = convert.GrowingTables(folder)
    grown.clear()
    assert grown.add(sets.coordinates, others.micrographs) == 1
    assert read(folder)[0][:3] == ['2', '1', '10.0'] and grown.waiting == {(1, None): 2}
    sets.addPicks((4, 1, 40))
    assert grown.add(sets.coordinates, others.micrographs) == 0 and grown.waiting == {(1, None): 3}
    assert grown.missing(sets.coordinates).tolist() == [1, 3, 4]
    others.addMicrograph('a.tif')
    assert grown.add(sets.coordinates, others.micrographs) == 3 and not grown.waiting


def test_line_break_in_a_name(tmp_path, folder):
    sets = Sets(tmp_path, ['one\ntwo.mrc'])
    sets.addPicks((1, 1, 10))
    grown = convert.GrowingTables(folder)
    grown.clear()
    with pytest.raises(InputError, match='line break in the name of this micrograph'):
        grown.add(sets.coordinates, sets.micrographs)


def test_scores_are_read_on(folder):
    def line(coordId, p=0.25):
        return f'{coordId},{p},0.5,0.25,1.0,scored,\n'

    reader = convert.ScoresReader(folder)
    assert reader.read() is None
    part = folder / f'{convert.SCORES}.0123.part'
    header = ','.join(tables.score_columns(('particle', 'ice', 'carbon'))) + '\n'
    part.write_text(header + line(5) + line(3) + line(8)[:7])
    ids = [5, 3, 8, 9]
    assert reader.read(lambda first, number: ids[first:first + number]).ids.tolist() == [3, 5]
    assert reader.read() is None
    with part.open('a') as stream:
        stream.write(line(8)[7:])
    assert reader.read(lambda first, number: ids[first:first + number]).ids.tolist() == [8]
    # A worker that takes it up cuts it off, and writes the rows anew: these were read.
    part.write_text(header + line(5))
    assert reader.read() is None
    part.write_text(header + line(5, 0.125) + line(3) + line(8) + line(9))
    assert reader.read(lambda first, number: ids[first:first + number]).ids.tolist() == [9]
    os.replace(part, folder / convert.SCORES)
    assert reader.read() is None and reader.isWhole() and reader.rows == 4
    assert convert.scoresSoFar(folder).ids.tolist() == [3, 5, 8, 9]
    reader.close()
    with pytest.raises(InputError, match='not the scores of the picks'):
        convert.ScoresReader(folder).read(lambda first, number: [1, 2, 3, 4])
    assert convert.ScoresReader(folder.parent).read() is None


def test_sign_of_life(folder, monkeypatch):
    monkeypatch.setattr(heartbeat, 'BEAT_S', 0.01)
    (folder / 'feed-old').write_text('')
    with heartbeat.Heartbeat(folder) as ours:
        assert os.listdir(folder) == [ours.name]
        before = os.stat(folder / ours.name).st_mtime_ns
        deadline = time.monotonic() + 10
        while os.stat(folder / ours.name).st_mtime_ns == before and time.monotonic() < deadline:
            time.sleep(0.01)
        assert os.stat(folder / ours.name).st_mtime_ns > before
        assert Process.parse((folder / ours.name).read_text().rstrip('\n')) == Process.own()
        ours.end()
        lines = (folder / ours.name).read_text().splitlines()
        assert lines == [str(Process.own()), 'end'] and ours.isThere()
        with heartbeat.Heartbeat(folder) as later:
            ours.end()      # does not bring it back
            assert not ours.isThere() and later.isThere()
    assert os.listdir(folder) == []
