"""Several pickers' picks as one set: who picked what, scores, the consensus, pruned in one go and taken as labels."""
import numpy as np
import pytest
from laboratory import Row, items
from pyworkflow.object import Pointer

from pickeroptimizer.comparison.uniting import unite
from pickeroptimizer.protocols.parameters.training_labels import LabelSource


def test_places_of_several_pickers():
    first = np.array([1, 1, 2]), np.array([[10.0, 10], [50, 50], [10, 10]])
    second = np.array([1, 1, 3]), np.array([[12.0, 10], [80, 80], [5, 5]])
    third = np.array([1, 1]), np.array([[11.0, 11], [11.5, 10]])
    united = unite([first, second, third], 4)
    assert united.mic_ids.tolist() == sorted(united.mic_ids.tolist()) and len(united.mic_ids) == 6
    places = {(micId, *xy): members for micId, xy, members in zip(
        united.mic_ids.tolist(), united.xy.tolist(), united.members.tolist())}
    assert places[1, 10, 10][:2] == [0, 0] and places[1, 10, 10][2] in (0, 1), 'one of the third, where the first is'
    assert places[1, 80, 80] == [-1, 1, -1] and places[3, 5, 5] == [-1, 2, -1] and places[2, 10, 10] == [2, -1, -1]
    assert sorted(united.counts.tolist()) == [1, 1, 1, 1, 1, 3]


@pytest.fixture(scope='module')
def pickers(lab, micrographs, simulated):
    """Two pickers: one found all but every fifth pick, the other some px beside all but every third."""
    rows = [row for row in simulated.rows if row.mic_id in (2, 4, 5)]
    one = [row for row in rows if row.coord_id % 5]
    other = [Row(row.coord_id + 5000, row.mic_id, row.x + 3, row.y - 2, row.label) for row in rows if row.coord_id % 3]
    found = lab.coordinates(micrographs, one, 'topaz'), lab.coordinates(micrographs, other, 'other_one', score=False)
    found[1].setObjLabel('other, one')
    return found


def inputs(run, *pickers):
    for picker in pickers:
        run.inputSets.append(Pointer(picker, extended='outputCoordinates'))
    return run


@pytest.fixture(scope='module')
def united(lab, pickers):
    return lab.finished(inputs(lab.new('ProtPickerOptimizerUnite'), *pickers))


def test_who_picked_what(united, pickers, simulated):
    rows = [row for row in simulated.rows if row.mic_id in (2, 4, 5)]
    found = items(united.outputCoordinates)
    places = sum(1 for row in rows if row.coord_id % 5 or row.coord_id % 3)
    assert places - 3 <= len(found) <= places, 'neighbours that one picker each has may be taken for one'
    byPlace = {(pick.getMicId(), pick.getX(), pick.getY()): pick for pick in found.values()}
    scores = {(pick.getMicId(), *pick.getPosition()): pick._topazScore.get()
              for pick in items(pickers[0].outputCoordinates).values()}
    assert scores.keys() <= byPlace.keys(), 'at the place of the first picker'
    for place, score in scores.items():
        assert byPlace[place]._pickerScore1.get() == pytest.approx(score)
    assert {pick._pickedByCount.get() for pick in found.values()} == {1, 2}
    both = {pick.getObjId() for pick in found.values() if pick._pickedByCount.get() == 2}
    assert set(items(united.consensusCoordinates)) == both
    assert all(pick._pickedBy.get().startswith('topaz, other') for pick in items(united.consensusCoordinates).values())
    assert 'picked by 2' in united.summary()[1]


def test_they_are_pruned_in_one_go(lab, united, trained):
    pruned = lab.finished(lab.prune(united, trained))
    kept, rejected = items(pruned.outputCoordinates), items(pruned.rejectedCoordinates)
    assert len(kept) + len(rejected) == united.outputCoordinates.getSize() and kept and rejected
    assert all(pick._pickedByCount.get() in (1, 2) and hasattr(pick, '_pickerScore1') for pick in kept.values())


def test_a_consensus_as_labels_of_particles(lab, united, labelSets):
    run = lab.new('ProtPickerOptimizerTrain', inputCoordinates=(united, 'outputCoordinates'), folds=0, shots=20,
                  labelSource=LabelSource.COORDINATE_SETS, particleLabels=(united, 'consensusCoordinates'),
                  iceLabels=(labelSets['ice'], 'outputCoordinates'))
    assert run.validate() == [] and {row.label for row in run._collectLabels()} == {'particle', 'ice'}


def test_what_is_refused(lab, pickers, micrographs, simulated):
    def lines(*runs, **values):
        return inputs(lab.new('ProtPickerOptimizerUnite', **values), *runs).validate()
    assert lines(pickers[0]) == ['Give two sets of coordinates or more.']
    assert lines(pickers[0], pickers[0]) == ['The same set is given twice: take one out.']
    assert lines(*pickers, leastPickers=3) == ['A consensus of 3 of 2 pickers there cannot be.']
    elsewhere = lab.coordinates(micrographs, [row for row in simulated.rows if row.mic_id == 1], 'elsewhere')
    # They share no micrograph with picks, which is told.
    run = lab.finished(inputs(lab.new('ProtPickerOptimizerUnite'), pickers[0], elsewhere))
    assert 'there is no consensus of all on these' in '\n'.join(run.summary())
    assert run.consensusCoordinates.getSize() == 0
