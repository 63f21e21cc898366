"""Between Scipion's sets and the worker's tables: the joins."""
import math

import pytest

from pickeroptimizer import convert
from pickeroptimizer.worker.exchange import tables
from pickeroptimizer.worker.exchange.errors import InputError


@pytest.fixture()
def picksWith(tmp_path):
    """A function that makes a set of coordinates with these ids."""
    from pwem.objects import Coordinate, SetOfCoordinates

    def make(*ids):
        coordinates = SetOfCoordinates(filename=str(tmp_path / f'from{ids[0]}.sqlite'))
        for coordId in ids:
            pick = Coordinate(x=coordId, y=0)
            pick.setMicId(1)
            pick.setObjId(coordId)
            coordinates.append(pick)
        coordinates.write()
        return coordinates

    return make


def writeScores(path, *rows, classes=('particle', 'ice', 'carbon')):
    tables.write_rows(path, tables.score_columns(classes), rows)
    return path


def test_scores_join_by_id(tmp_path, picksWith):
    path = writeScores(tmp_path / 'scores.csv', (7, 0.1, 0.9, 0, 1.5, 'scored', ''),
                       (2, '', '', '', '', 'outside', 'why'), (5, '', '', '', '', 'unreadable', 'gone, "really"'),
                       (90000, 1, 0, 0, 1, 'scored', ''))
    scores = convert.readScores(path)
    merged = [(pick.getObjId(), pick.getX(), status, tuple(values))
              for pick, status, values in scores.merge(picksWith(1, 2, 4, 5, 7, 9, 500, 90000, 90001))]
    nothing = pytest.approx([math.nan] * 4, nan_ok=True)
    assert merged == [(2, 2, 'outside', nothing), (5, 5, 'unreadable', nothing), (7, 7, 'scored', (0.1, 0.9, 0, 1.5)),
                      (90000, 90000, 'scored', (1, 0, 0, 1))]
    assert scores.unscored().tolist() == [5]
    with pytest.raises(InputError, match='The pick 2 is not among the input coordinates any more.'):
        list(scores.merge(picksWith(10)))


def test_picks_without_scores_bear_no_numbers(tmp_path, picksWith):
    """Nor do those that had some before; the columns are there, whatever comes first, and are read as nan."""
    from pwem.objects import SetOfCoordinates
    from pyworkflow.object import Float, String
    given = SetOfCoordinates(filename=str(tmp_path / 'given.sqlite'))
    picks = picksWith(1, 2, 3, 4)
    for pick in picks.iterItems():      # a class without numbers, as outputLabels have it, and one of the numbers
        pick._poClass, pick._poNovelty = String('ice'), Float(5)
        given.append(pick)
    given.write()
    scores = convert.readScores(writeScores(
        tmp_path / 'scores.csv', (1, '', '', '', '', 'outside', 'why'), (2, '', '', '', '', 'unreadable', 'gone'),
        (3, 0.9, 0.1, 0, 1.5, 'scored', ''), (4, '', '', '', '', 'unreadable', 'gone')))
    assert scores.countNovel(1) == 1 and scores.particleProbabilities().tolist() == [0.9]
    for minimum in (None, 0.0):
        sets = [SetOfCoordinates(filename=str(tmp_path / f'{name}{minimum}.sqlite')) for name in 'kru']
        convert.splitCoordinates(given, scores, minimum, *sets, corrected={4: 'particle'})
        names = '_poParticle', '_poIce', '_poCarbon', '_poNovelty', '_poClass'
        found = [{pick.getObjId(): [getattr(pick, name).get() for name in names] for pick in itemSet.iterItems()}
                 for itemSet in sets]
        nothing = [None] * 4
        assert found == [{3: [0.9, 0.1, 0, 1.5, 'particle'], 4: [*nothing, 'particle']}, {1: [*nothing, 'outside']},
                         {2: [*nothing, 'unreadable']}]
        for itemSet in sets:
            itemSet.write()
            columns = convert.readPicks(itemSet)
            assert all(math.isnan(columns[name][columns['id'] != 3][0]) for name in names[:4])


@pytest.mark.parametrize('text', ['', 'a,b\n1,2\n', '{header}\n1,0.5,0.5,0,1,lost,\n', '{header}\n1,0.5\n',
                                  '{header}\nx,0.5,0.5,0,1,scored,\n', '{header},\n1,0.5,0.5,0,1,scored,,\n',
                                  'coord_id,ice,particle,novelty,status,reason\n1,0.5,0.5,1,scored,\n'])
def test_damaged_scores(tmp_path, text):
    path = tmp_path / 'scores.csv'
    path.write_text(text.format(header='coord_id,particle,ice,carbon,novelty,status,reason'))
    with pytest.raises(InputError, match='table of scores'):
        convert.readScores(path)


FIVE = 'particle', 'carbon', 'empty', 'gold edge', 'gold-2'      # in their order


def split(folder, given, classes, *rows, corrected=None):
    """The sets of the kept and of the rejected, written, of picks with these scores."""
    from pwem.objects import SetOfCoordinates
    folder.mkdir()
    scores = convert.readScores(writeScores(folder / 'scores.csv', *rows, classes=classes))
    assert scores.classes == classes
    sets = [SetOfCoordinates(filename=str(folder / f'{name}.sqlite')) for name in ('kept', 'rejected')]
    convert.splitCoordinates(given, scores, None, *sets, corrected=corrected)
    for itemSet in sets:
        itemSet.write()
    return sets


def test_classes_of_any_name(tmp_path, picksWith):
    """Particle against all junk together; names with a blank; columns, counts and names come back."""
    picks = picksWith(1, 2, 3, 4)
    kept, rejected = split(tmp_path / 'a', picks, FIVE, (1, 0.5, 0.1, 0.1, 0.1, 0.2, 1, 'scored', ''),
                           (2, 0.3, 0.1, 0.1, 0.25, 0.25, 1, 'scored', ''), (3, *[''] * 6, 'outside', 'why'),
                           (4, 0.1, 0.6, 0.1, 0.1, 0.1, 2, 'scored', ''), corrected={4: 'a membrane'})
    assert convert.countClasses(kept) == {'particle': 1}
    assert list(convert.countClasses(rejected).items()) == [('a membrane', 1), ('gold edge', 1), ('outside', 1)]
    columns = convert.readPicks(rejected)
    assert columns['_poGoldEdge'].tolist() == pytest.approx([0.25, math.nan, 0.1], nan_ok=True)
    assert convert.probabilityAttribute('gold edge') == '_poGoldEdge'
    # Without a pick that bears it, the likeliest name: no pick tells that it was "gold-2". Corrected ones add none.
    assert convert.classesOf(kept, rejected) == ('particle', 'carbon', 'empty', 'gold edge', 'gold2')
    assert convert.classesOf(picks) == convert.classesOf() == ()


def test_pruned_again_with_other_classes(tmp_path, picksWith):
    """What an earlier model said does not stay beside what the new one says."""
    first, _ = split(tmp_path / 'a', picksWith(1), ('particle', 'ice', 'carbon'),
                     (1, 0.8, 0.1, 0.1, 1, 'scored', ''))
    assert convert.classesOf(first) == ('particle', 'ice', 'carbon')
    second, _ = split(tmp_path / 'b', first, ('particle', 'ice', 'gold edge'), (1, 0.7, 0.1, 0.2, 1, 'scored', ''))
    assert convert.classesOf(second) == ('particle', 'ice', 'gold edge')
    assert '_poCarbon' not in convert.readPicks(second)
    assert convert.readPicks(second)['_poGoldEdge'].tolist() == [0.2]


def test_tables_of_a_run_have_the_same_classes(tmp_path):
    """A worker that begins anew with other classes is not read on."""
    rows = [(number, 0.9, 0.1, 1, 'scored', '') for number in range(3)]
    path = writeScores(tmp_path / 'scores.csv', *rows, classes=('particle', 'ice'))
    reader = convert.ScoresReader(tmp_path)
    assert reader.read().classes == reader.classes == ('particle', 'ice')
    writeScores(path, *rows, *rows, classes=('particle', 'empty'))
    with pytest.raises(InputError, match='its classes are particle, empty, those of the scores .* particle, ice'):
        reader.read()


def test_labels_find_their_picks(lab, picks):
    given = [(pick.getObjId(), pick.getMicId(), pick.getX(), pick.getY())
             for pick in picks.outputCoordinates.iterItems()][:2]
    labels = [tables.CoordinateRow(None, micId, x + shift, y + 0.4, 'ice')
              for (_, micId, x, y), shift in zip(given, (0.9, -0.4))]
    labels.append(tables.CoordinateRow(None, 1, 0.5, 0.5, 'ice'))
    assert [row.coord_id for row in convert.matchPicks(picks.outputCoordinates, labels)] == [
        given[0][0], given[1][0], None]
