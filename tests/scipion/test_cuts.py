"""Further cuts of "prune": as a text, and as outputs that are made again wherever the run is."""
import json

import pytest
from laboratory import items

from pickeroptimizer.domain.cuts import Cut, readCuts
from pickeroptimizer.domain.decision import MINIMUM, MOST_PROBABLE, PURITY, SHARE
from pickeroptimizer.worker.exchange.errors import InputError


def test_cuts_as_text():
    cuts = readCuts('min 0.6, share 95, junk 2, class\nMIN .6 no2 corrected')
    assert cuts == [Cut(MINIMUM, 0.6), Cut(SHARE, 95), Cut(PURITY, 2), Cut(MOST_PROBABLE), Cut(MINIMUM, 0.6, 2, True)]
    assert [cut.name for cut in cuts] == ['Min0_6', 'Share95', 'MaxJunk2', 'MostProbable', 'Min0_6_no2']
    text = ', '.join(cut.text for cut in cuts)
    assert text == 'min 0.6, share 95, junk 2, class, min 0.6 no2 corrected' and readCuts(text) == cuts
    exact = Cut(MINIMUM, 1 / 3)
    assert readCuts(exact.text) == [exact] and exact.name == 'Min0_333333'
    assert readCuts('') == readCuts(' , ') == []


@pytest.mark.parametrize('text', ['mn 0.6', 'min', 'min 2', 'min nan', 'min 0,6', 'class 3', 'share 100', 'junk 0',
                                  '0.6', 'min 0.6 twice', 'min 0.6 no1', 'corrected', 'min 0.6 corrected no2'])
def test_text_that_is_no_cut(text):
    with pytest.raises(InputError, match='is no cut: give "class", "min" with'):
        readCuts(text)


def test_a_cut_that_is_given_twice():
    with pytest.raises(InputError, match='"min 0.60" is given twice'):
        readCuts('min 0.6, min 0.60')


def test_validation(lab, few, trained):
    run = lab.prune(few, trained, furtherCuts='min 0.6, mn 2')
    line, = run.validate()
    assert line.startswith('Further cuts: "mn 2" is no cut') and '\n' not in line
    run.furtherCuts.set('class, junk 5, share 99.9')
    assert run.validate() == []


def test_made_again_by_an_imported_workflow(lab, few, trained):
    """Sets that were made in the window, and a run that uses one of them, go through Scipion's JSON."""
    run = lab.finished(lab.prune(few, trained))
    scores = {i: pick._poParticle.get() for output in (run.outputCoordinates, run.rejectedCoordinates)
              for i, pick in items(output).items() if pick._poClass.get() != 'outside'}
    cut = round(sorted(scores.values())[len(scores) // 2], 3)
    corrected = max(scores, key=scores.get)
    run.corrections().change(
        {corrected: next(row for row in _rows(few) if row.coord_id == corrected)})
    (name, kept), _ = run.createCoordinates(MINIMUM, cut)
    (again, without), _ = run.createCoordinates(MINIMUM, cut, {corrected: 'ice'})
    assert again == f'{name}_no2' and run.furtherCuts.get() == f'min {cut}, min {cut} no2 corrected'
    expected = {i for i, p in scores.items() if p >= cut}
    assert items(kept).keys() == expected and items(without).keys() == expected - {corrected}

    following = lab.new('ProtPickerOptimizerPrune', label='following', inputCoordinates=(run, name),
                        inputModel=(trained, 'outputModel'))
    lab.project.saveProtocol(following)
    lab.project.getRunsGraph(refresh=True)
    rows = list(lab.project.getProtocolsDict([run, following]).values())
    copy, follower = lab.project.loadProtocols(jsonStr=json.dumps(rows)).values()
    assert follower.inputCoordinates.get() is None and any('EMPTY' in line for line in follower.validate())
    lab.finished(copy)
    assert items(getattr(copy, name)).keys() == items(getattr(copy, again)).keys() == expected
    assert follower.inputCoordinates.get() is not None and follower.validate() == []

    # Continued with another decision and another cut, the sets stay the objects that others point to.
    objId = getattr(copy, name).getObjId()
    copy.furtherCuts.set(f'min {cut}, junk 3')
    copy.decision.set(MINIMUM)
    lab.finished(copy)
    assert getattr(copy, name).getObjId() == objId and items(getattr(copy, name)).keys() == expected
    assert copy.keptMaxJunk3.getSize() + copy.rejectedMaxJunk3.getSize() == few.outputCoordinates.getSize()

    # What is not asked for any more is not made again, and the summary says so.
    left, = [line for line in copy.summary() if line.startswith('*Of an earlier launch*')]
    assert again in left and f'{name},' not in left and 'keptMaxJunk3' not in left
    assert not any('earlier launch*' in line for line in run.summary())

    # A restart of the run itself makes them, and takes the correction up.
    run.runMode.set(1)
    lab.finished(run)
    assert items(getattr(run, again)).keys() == expected - {corrected}
    assert '1 correction was taken up from an earlier launch.' in run.summary()


def _rows(picks):
    from pickeroptimizer.worker.exchange.tables import CoordinateRow
    return [CoordinateRow(i, pick.getMicId(), *map(float, pick.getPosition()), 'ice')
            for i, pick in items(picks.outputCoordinates).items()]
