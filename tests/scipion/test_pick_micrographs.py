"""Which micrograph a pick is on, and how positions move to another set of micrographs."""
import mrcfile
import numpy as np
import pytest

from pickeroptimizer import convert
from pickeroptimizer.convert.pick_micrographs import MicrographOfPick, Scale, scaleBetween
from pickeroptimizer.domain import labels
from pickeroptimizer.domain.micrograph_names import NameIndex, match, plain
from pickeroptimizer.worker.exchange.errors import InputError


@pytest.fixture()
def setsOf(tmp_path):
    """A function that makes (SetOfMicrographs, SetOfCoordinates): names, and picks (id, micId, name, x)."""
    from pwem.objects import Coordinate, Micrograph, SetOfCoordinates, SetOfMicrographs
    made = []

    def make(names, picks=(), pixelSize=1.0, width=100, files=True):
        folder = tmp_path / f'set{len(made)}'
        folder.mkdir()
        micrographs = SetOfMicrographs(filename=str(folder / 'micrographs.sqlite'))
        micrographs.setSamplingRate(pixelSize)
        for number, name in enumerate(names):
            path = folder / f'{number}.mrc'
            if files:
                with mrcfile.new(path) as mrc:
                    mrc.set_data(np.zeros((width, width), np.int8))
            micrograph = Micrograph(location=str(path))
            micrograph.setMicName(name)
            micrographs.append(micrograph)
        micrographs.write()
        coordinates = SetOfCoordinates(filename=str(folder / 'coordinates.sqlite'))
        coordinates.setMicrographs(micrographs)
        coordinates.setBoxSize(10)
        for pickId, micId, name, x in picks:
            pick = Coordinate(x=x, y=1)
            pick.setObjId(pickId)
            pick.setMicId(micId)
            pick.setMicName(name)
            coordinates.append(pick)
        coordinates.write()
        made.append(coordinates)
        return micrographs, coordinates
    return make


# ------------------------------ names ------------------------------

@pytest.mark.parametrize('name, other, same', [
    ('x.mrc', 'x', True), ('x.1.mrc', 'x.1', True), ('x.mrc.gz', 'x.tif', True), ('Micrographs/x.mrc', 'x.mrc', True),
    ('my mic.mrc', 'my_mic.mrc', True), ('X.MRC', 'X.mrc', True), ('sq.1', 'sq.2', False), ('sq.1', 'sq', False),
    ('a_0.5s_fractions', 'a_0.7s_fractions', False), ('a_0.5s_fractions.tiff', 'a_0.5s_fractions.mrc', True),
    ('1@stack.mrcs', '2@stack.mrcs', False), ('000001@a/stack.mrcs', '1@stack.mrcs', True),
    ('10@stack.mrcs', '1@stack.mrcs', False), ('x.mrc', 'X.mrc', False), (r'D:\data\x.mrc', 'x.mrc', True)])
def test_which_names_mean_the_same(name, other, same):
    assert (plain(name) == plain(other)) is same


def test_names_match_one_to_one():
    dots = {1: 'sq.1', 2: 'sq.2', 3: 'sq.3'}
    assert match(dots, {7: 'sq.2'}) == {2: 7}
    assert match({1: 'x.1.mrc'}, {5: 'x.1', 6: 'x.2'}) == {1: 5}
    assert match({1: 'a.mrc', 2: 'a.tif'}, {5: 'a.mrc'}) == {1: 5}, 'the very same name goes before'
    with pytest.raises(InputError, match='"a.mrc" and "a.tif" both match "a.png"'):
        match({1: 'a.mrc', 2: 'a.tif'}, {5: 'a.png'})
    with pytest.raises(InputError, match='Several micrographs are called "d1/a.mrc"'):
        match({1: 'a'}, {5: 'd1/a.mrc', 6: 'd2/a.mrc'})
    assert NameIndex({1: 'b.mrc', 2: None}).find('folder/b.tif') == [1]


@pytest.mark.parametrize('name', ['my mic 1.mrc', 'my_mic_1.mrc', 'my_mic_1', 'Micrographs/my_mic_1.mrc'])
def test_a_labels_file_may_name_micrographs_as_on_disk(tmp_path, name):
    path = tmp_path / 'l.csv'
    path.write_text(f'mic_name,x,y,label\n{name},2,3,ice\n')
    assert labels.readLabelsFile(path, {4: 'my_mic_1.mrc', 5: 'my_mic_2.mrc'})[0].mic_id == 4


def test_id_and_name_in_a_labels_file_are_held_against_each_other(tmp_path):
    path = tmp_path / 'l.csv'
    path.write_text('mic_id,mic_name,x,y,label\n1,b.mrc,2,3,ice\n2,b.mrc,2,3,ice\n,a,2,3,ice\n1,,2,3,ice\n')
    assert [row.mic_id for row in labels.readLabelsFile(path, {1: 'a.mrc', 2: 'b.mrc'})] == [2, 2, 1, 1]
    path.write_text('mic_id,mic_name,x,y,label\n1,a.tif,2,3,ice\n1,a,2,3,ice\n')
    assert [row.mic_id for row in labels.readLabelsFile(path, {1: 'a.mrc', 2: 'a.tif'})] == [2, 1]
    path.write_text('mic_id,mic_name,x,y,label\n1,c.mrc,2,3,ice\n')
    with pytest.raises(InputError, match='line 2: no micrograph "c.mrc"'):
        labels.readLabelsFile(path, {1: 'a.mrc', 2: 'b.mrc'})


# ------------------------------ the micrograph of a pick ------------------------------

def test_where_id_and_name_disagree_the_name_decides(setsOf):
    picks = [(1, 1, 'b.mrc', 1), (2, 2, 'b.mrc', 2), (3, None, 'a', 3), (4, 2, None, 4), (5, 9, 'a.mrc', 5)]
    _, coordinates = setsOf(['a.mrc', 'b.mrc'], picks)
    micrographOf = MicrographOfPick(coordinates)
    assert [micrographOf.of(pick) for pick in coordinates.iterItems()] == [2, 2, 1, 2, 1]
    assert convert.countPicks(coordinates) == {1: 2, 2: 3}
    assert convert.readPicks(coordinates)['_micId'].tolist() == [2, 2, 1, 2, 1]
    assert sorted(convert.readPositions(coordinates, 2)) == [(1, 1), (2, 1), (4, 1)]
    assert convert.sampleMicrographs(coordinates, 1) == [1]


def test_the_very_name_goes_before_the_id_of_a_like_one(setsOf):
    """Of a micrograph and its denoised copy, or of one name in two folders, the pick says which."""
    picks = [(1, 1, 'a.tif', 1), (2, 1, 'a.mrc', 2), (3, 2, 'a', 3), (4, 3, 'd2/m.mrc', 4), (5, 3, 'm', 5)]
    _, coordinates = setsOf(['a.mrc', 'a.tif', 'd1/m.mrc', 'd2/m.mrc'], picks)
    micrographOf = MicrographOfPick(coordinates)
    assert [micrographOf.of(pick) for pick in coordinates.iterItems()] == [2, 1, 2, 4, 3]
    assert convert.readPicks(coordinates)['_micId'].tolist() == [2, 1, 2, 4, 3]


def test_a_name_that_is_not_there_is_refused_and_names_a_pick(setsOf):
    """As "join sets" makes them: ids of both imports, micrographs of the first."""
    _, joined = setsOf(['a1.mrc', 'a2.mrc'], [(1, 1, 'a1.mrc', 1), (2, 1, 'b1.mrc', 2)])
    with pytest.raises(InputError) as error:
        convert.countPicks(joined)
    assert 'Pick 2 is on the micrograph "b1.mrc" by its name and on "a1.mrc" by its id (1)' in str(error.value)
    assert convert.readPicks(joined)['_micId'].tolist() == [1, -1], 'windows show what can be shown'
    # With the micrographs of both, each pick is found.
    both, _ = setsOf(['b1.mrc', 'a2.mrc', 'a1.mrc'])
    assert convert.countPicks(joined, both) == {3: 1, 1: 1}


def test_repeated_names(setsOf):
    _, own = setsOf(['d1/m.mrc', 'd2/m.mrc'], [(1, 2, 'd2/m.mrc', 1), (2, 1, None, 2)])
    assert convert.countPicks(own) == {2: 1, 1: 1}, 'ids of the same set mean the same'
    others, _ = setsOf(['x/m.mrc', 'y/m.mrc'])
    with pytest.raises(InputError, match='Pick . is on a micrograph called "d./m.mrc", and several bear this name'):
        convert.countPicks(own, others)


def test_picks_of_other_micrographs_are_left_out(setsOf):
    _, coordinates = setsOf(['sq.1', 'sq.2', 'sq.3'], [(i, i, f'sq.{i}', i) for i in (1, 2, 3)])
    other, _ = setsOf(['sq.2'])
    assert convert.countPicks(coordinates, other) == {1: 1}
    assert [row.x for row in convert.labelsFromSet(coordinates, 'ice', other)] == [2]


def test_a_pick_without_position_is_named(setsOf, tmp_path):
    micrographs, coordinates = setsOf(['a.mrc'], [(1, 1, 'a.mrc', 1), (2, 1, 'a.mrc', None)])
    tables = convert.GrowingTables(str(tmp_path))
    tables.clear()
    for use in (tables.add, lambda picks, others: convert.labelsFromSet(picks, 'ice', others)):
        with pytest.raises(InputError, match=r'Pick 2 has no position \(x is missing\)'):
            use(coordinates, micrographs)


def test_the_worker_is_given_the_micrograph_of_the_name(setsOf, tmp_path):
    picks = [(1, 1, 'b.mrc', 1), (2, None, 'a.mrc', 2), (3, 2, 'b.mrc', 3)]
    micrographs, coordinates = setsOf(['a.mrc', 'b.mrc'], picks)
    tables = convert.GrowingTables(str(tmp_path))
    tables.clear()
    assert tables.add(coordinates, micrographs) == 3 and not tables.waiting
    rows = (tmp_path / convert.COORDINATES).read_text().splitlines()[1:]
    assert sorted(row.split(',')[:2] for row in rows) == [['1', '2'], ['2', '1'], ['3', '2']]


# ------------------------------ positions ------------------------------

@pytest.mark.parametrize('width, pixelSize, factor, told', [
    (100, 1.0, 1.0, False),          # the same
    (50, 2.0, 0.5, False),           # binned
    (33, 3.0, 1 / 3, False),         # binned, and cut off
    (100, 1.1, 1.0, True),           # calibrated since
    (50, 2.2, 0.5, True),            # binned, and calibrated
    (1000, 0.1, 10.0, False), (1000, 0.1003, 10.0, True),      # by 0.3 %, which is 3 px at the other side
    (100, 1.0000001, 1.0, False),    # written with other digits
    (102, 1.0, 1.0, False)])         # padded
def test_positions_are_scaled_by_what_the_widths_bear_out(setsOf, width, pixelSize, factor, told):
    source, coordinates = setsOf(['a.mrc', 'b.mrc'], [(1, 1, 'a.mrc', 80)])
    target, _ = setsOf(['b.mrc', 'a.mrc'], pixelSize=pixelSize, width=width)
    scale = scaleBetween(source, target)
    assert scale.factor == pytest.approx(factor) and bool(scale.note) is told
    assert ('calibrated' in scale.note) is told
    label, = convert.labelsFromSet(coordinates, 'ice', target)
    assert (label.mic_id, label.x) == (2, pytest.approx(80 * factor))
    moved, = convert.moveLabels(convert.labelsFromSet(coordinates, 'ice', source), source, target)
    assert (moved.mic_id, moved.x) == (2, pytest.approx(80 * factor))


def test_positions_that_cannot_be_known_are_refused(setsOf):
    source, _ = setsOf(['a.mrc'], files=False)
    target, _ = setsOf(['a.mrc'], pixelSize=1.1, files=False)
    with pytest.raises(InputError, match='pixel sizes of 1 and 1.1 Å/px, and how wide they are in px cannot be read'):
        scaleBetween(source, target)
    same, _ = setsOf(['a.mrc'], files=False)
    assert scaleBetween(source, same) == Scale(1.0)
    assert scaleBetween(source, source) == Scale(1.0)


def test_micrographs_of_other_proportions_are_refused(setsOf, tmp_path):
    source, _ = setsOf(['a.mrc'])
    target, _ = setsOf(['a.mrc'])
    with mrcfile.new(tmp_path / 'set1' / '0.mrc', overwrite=True) as mrc:
        mrc.set_data(np.zeros((100, 150), np.int8))
    with pytest.raises(InputError, match='100 x 100 px in one set and 150 x 100 px in the other'):
        scaleBetween(source, target)
