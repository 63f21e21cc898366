"""Junk of any kind, with names that the user gives: in the form, through training and pruning, in old runs."""
import csv
from collections import Counter

import pytest
from laboratory import NAMES, Row, items
from made_sets import Sets

from pickeroptimizer import convert
from pickeroptimizer.domain import labels
from pickeroptimizer.protocols import retraining
from pickeroptimizer.protocols.parameters.labelled_input import LabelledSource
from pickeroptimizer.protocols.parameters.training_labels import LabelSource
from pickeroptimizer.worker.exchange.errors import InputError
from pickeroptimizer.worker.exchange.tables import CoordinateRow

FIVE = ['particle', 'ice', 'carbon', 'empty', 'gold edge']


# ------------------------------ the form ------------------------------

@pytest.fixture()
def form(lab, tmp_path):
    """A function that makes a protocol with the sets of these classes; `others`: lists of sets and their names."""
    sets = Sets(tmp_path)
    micrographs = sets.micrographs({1: 'a.mrc'})
    given = [sets.coordinates(micrographs, [(1, 100 + 10 * number, 100)]) for number in range(12)]

    def make(own, others, names, name='ProtPickerOptimizerTrain', **values):
        if name == 'ProtPickerOptimizerTrain':
            values = {'inputCoordinates': sets.coordinates(micrographs, [(1, 500, 500)]),
                      'labelSource': int(LabelSource.COORDINATE_SETS), **values}
        else:
            values = {'labelSource': LabelledSource.SET_A_CLASS, **values}
        protocol = lab.new(name, otherClasses=names, **{k: v for k, v in values.items() if isinstance(v, (int, str))})
        for key, value in values.items():
            if not isinstance(value, (int, str)):
                getattr(protocol, key).set(value)
        for field, number in own.items():
            getattr(protocol, f'{field}Labels').set(given[number])
        for number in others:
            protocol.otherLabels.append(given[number])
        return protocol

    return make


BAD_NAMES = [
    ([2, 3], 'empty', '"Their classes" names 1 classes (empty), and there are 2 sets of other classes: give one name '),
    ([2], '', '"Their classes" names 0 classes (none), and there are 1 sets'),
    ([], 'empty', '"Their classes" names 1 classes (empty), and there are 0 sets'),
    ([2], 'gold/edge', '"Their classes": "gold/edge" is no name of a class; use a letter or digit first'),
    ([2], 'Outside', '"Their classes": "Outside" cannot be the name of a class'),
    ([2], 'x' * 31, '"Their classes": "' + 'x' * 31 + '" is no name of a class'),
    ([2], 'Particle', '"Their classes": labels of the class particle go into their own field.'),
    ([2], ' ICE', 'There is more than one set for the class ice: join them, or give one another name.'),
    ([2, 3], 'empty, Empty', 'There is more than one set for the class empty'),
    ([2, 2], 'empty, gold edge', 'empty and gold edge are given the same set: empty the fields that are not meant'),
    ([1], 'empty', 'ice and empty are given the same set'),
    ([2, 3], 'gold edge, gold-edge', 'the classes "gold edge", "gold-edge" are too much alike'),
    ([2, 3, 4, 5, 6, 7, 8, 9], 'a, b, c, d, e, f, g, h', '9 kinds of junk (ice, a, b, c, d, e, f, g, h): there can'),
]


@pytest.mark.parametrize('others, names, line', BAD_NAMES)
@pytest.mark.parametrize('name', ['ProtPickerOptimizerTrain', 'ProtPickerOptimizerEvaluate'])
def test_names_and_sets_that_do_not_fit(form, name, others, names, line):
    protocol = form({'particle': 0, 'ice': 1}, others, names, name)
    found = [text for text in protocol.validate() if 'worker' not in text]
    assert found and found[0].startswith(line) and '\n' not in found[0]
    protocol.warnings()      # is asked, too, and does not fail


def test_a_set_that_is_gone(form):
    protocol = form({'particle': 0, 'ice': 1}, [2], 'empty')
    assert protocol.validate() == []
    protocol.otherLabels[0].set(None)
    assert protocol.validate() == ['The set given for empty is not there (any more): take it out of the list.']


def test_classes_of_the_form(form):
    """In their order, named as they are used; own fields that are empty may be named."""
    protocol = form({'particle': 0, 'carbon': 1}, [2, 3, 4], ' Gold  Edge, EMPTY ,ice')
    assert protocol.validate() == []
    counts = labels.countByClass(protocol._collectLabels())
    assert list(counts.items()) == [('particle', 1), ('ice', 1), ('carbon', 1), ('empty', 1), ('gold edge', 1)]
    assert len(protocol._labelPointers()) == 5
    assert sum('single box' in line for line in protocol.warnings()) == 5
    protocol.emptyLabelSets()
    assert protocol._labelPointers() == [] and protocol.otherClasses.get() == ''
    assert protocol.validate()[0].startswith('There are no labels')


def test_names_that_are_almost_alike():
    assert labels.alikeLines(['particle', 'ice', 'gold edge', 'empty']) == []
    lines = labels.alikeLines(['particles', 'gold edge', 'gold edges'])
    assert len(lines) == 2 and 'The classes "particle" and "particles" are two' in lines[0]


def test_labels_of_a_class_that_the_run_lacks(form):
    protocol = form({'particle': 0}, [2], 'gold edge', labelSource=int(LabelSource.INTERACTIVE),
                    beginWithLabels=True)
    line, = protocol.validate()
    assert line.startswith('The class "gold edge" is not among those of this run (particle, ice, carbon, empty, '
                           'aggregate, other): add it to "Classes that the window offers"')
    protocol.classes.set('Gold Edge, particle,,  membrane')
    assert protocol.validate() == [] and protocol.getClasses() == ('particle', 'gold edge', 'membrane')
    for text, line in (('ice, carbon', 'there must be a class "particle"'), ('', 'there must be a class "particle"'),
                       ('particle', 'there must be a kind of junk'), ('particle, a/b', '"a/b" is no name of a class'),
                       ('particle, a b, a-b', 'too much alike'),
                       ('particle, ' + ', '.join('abcdefghi'), '9 kinds of junk')):
        protocol.classes.set(text)
        found, = protocol.validate()
        assert found.startswith('Classes that the window offers: ') and line in found


def test_labels_of_a_set_with_any_classes(tmp_path):
    sets = Sets(tmp_path)
    micrographs = sets.micrographs({1: 'a.mrc'})
    names = ['particle', 'Gold Edge', 'outside', 'unreadable', 'empty']
    labelled = sets.coordinates(micrographs, [(1, x, 5) for x in range(5)], _poClass=names)
    assert [row.label for row in convert.labelsFromClasses(labelled)] == ['particle', 'gold edge', 'empty']
    with pytest.raises(InputError, match='"ice!" is no name of a class'):
        convert.labelsFromClasses(sets.coordinates(micrographs, [(1, 5, 5)], _poClass=['ice!']))


# ------------------------------ through training and pruning ------------------------------

@pytest.fixture(scope='module')
def fiveSets(lab, micrographs, simulated):
    """Runs with up to 12 labels each of FIVE: half of what lies on carbon is a gold edge here."""
    rows = {name: [row for row in simulated.rows if row.label == name and row.mic_id <= 4]
            for name in ('particle', 'ice', 'carbon')}
    rows['gold edge'], rows['carbon'] = rows['carbon'][1::2], rows['carbon'][::2]
    grid = [(micId, x, y) for micId in (1, 2, 3, 4) for x in range(60, 600, 45) for y in range(60, 600, 45)]
    rows['empty'] = [Row(number, *place, 'empty') for number, place in enumerate(grid, start=8001)
                     if all(row.mic_id != place[0] or max(abs(row.x - place[1]), abs(row.y - place[2])) > 40
                            for row in simulated.rows)]
    return {name: lab.coordinates(micrographs, rows[name][::max(1, len(rows[name]) // 12)][:12],
                                  f'five{name.replace(" ", "")}', score=False) for name in FIVE}


@pytest.fixture(scope='module')
def five(lab, picks, fiveSets):
    """A model of five classes, from coordinate sets."""
    from pyworkflow.object import Pointer
    run = lab.new('ProtPickerOptimizerTrain', inputCoordinates=(picks, 'outputCoordinates'), folds=2, numberOfThreads=2,
                  otherClasses='Gold edge, empty',
                  **{f'{name}Labels': (fiveSets[name], 'outputCoordinates') for name in FIVE[:3]})
    for name in ('gold edge', 'empty'):
        run.otherLabels.append(Pointer(fiveSets[name], extended='outputCoordinates'))
    return lab.finished(run)


@pytest.fixture(scope='module')
def fivePruned(lab, few, five):
    return lab.finished(lab.prune(few, five))


def test_a_model_of_five_classes(five, fiveSets):
    sizes = {name: run.outputCoordinates.getSize() for name, run in fiveSets.items()}
    assert five.outputModel.getClasses() == FIVE and five.outputModel.getCounts() == sizes
    assert Counter(pick._poClass.get() for pick in items(five.outputLabels).values()) == sizes
    counts = ', '.join(f'{sizes[name]} {name}' for name in FIVE)
    assert five.summary()[0].startswith(f'Labels: {counts};') and counts in five.methods()[0]
    assert any(line.startswith(f'   {sizes["gold edge"]} gold edge: ') and ' empty, ' in line
               for line in five.summary())
    assert counts in str(five.outputModel)


def test_picks_pruned_by_five_classes(few, fivePruned):
    names = [convert.probabilityAttribute(name) for name in FIVE]
    assert names[3:] == ['_poEmpty', '_poGoldEdge']
    kept, rejected = items(fivePruned.outputCoordinates), items(fivePruned.rejectedCoordinates)
    assert kept.keys() | rejected.keys() == items(few.outputCoordinates).keys()
    for isKept, picks in ((True, kept), (False, rejected)):
        for pick in picks.values():
            numbers = [getattr(pick, name).get() for name in names]
            if pick._poClass.get() == 'outside':
                assert not isKept and numbers == [None] * 5
                continue
            assert sum(numbers) == pytest.approx(1, abs=1e-4) and isKept == (numbers[0] >= 0.5)
            junk = max(range(1, 5), key=numbers.__getitem__)
            assert pick._poClass.get() == ('particle' if isKept else FIVE[junk])
    outputs = fivePruned.outputCoordinates, fivePruned.rejectedCoordinates
    assert convert.classesOf(*outputs) == tuple(FIVE)
    counts = convert.countClasses(fivePruned.rejectedCoordinates)
    assert list(counts) == [name for name in (*FIVE[1:], 'outside') if name in counts]
    assert any(all(f'{number} {name}' in line for name, number in counts.items()) for line in fivePruned.summary())


def test_corrections_cuts_and_retraining_with_five_classes(lab, few, five, fivePruned):
    """A correction may bear a class that the model does not know: that is what a retraining is for."""
    run = fivePruned
    picks = items(few.outputCoordinates)
    first, second = sorted(picks)[:2]
    for coordId, name in ((first, 'gold edge'), (second, 'membrane')):
        pick = picks[coordId]
        run.corrections().change({coordId: CoordinateRow(coordId, pick.getMicId(), *pick.getPosition(), name)})
    try:
        planned = retraining.plan(lab.project, run)
        counts = labels.countByClass(planned.labels)
        assert list(counts) == [*FIVE, 'membrane'] and planned.new == 2
        corrected = {coordId: row.label for coordId, row in run.getCorrections().items()}
        (_, kept), (_, rejected) = run.createCoordinates(1, 0.0, corrected)
        found = {coordId: pick._poClass.get() for coordId, pick in items(rejected).items()}
        assert found[first] == 'gold edge' and found[second] == 'membrane'
        assert list(convert.countClasses(rejected)) == ['gold edge', 'membrane', 'outside']
        assert convert.classesOf(kept, rejected) == tuple(FIVE)
        training, pruning = retraining.prepare(lab.project, run, planned)
        assert training.otherLabels.getSize() == 0 and training.otherClasses.get() == ''
        assert training.validate() == [] and labels.countByClass(training._collectLabels()) == counts
        for made in (pruning, training):
            lab.project.deleteProtocol(made)
    finally:
        for coordId in (first, second):
            run.corrections().change({coordId: None})


def test_five_classes_beside_three(lab, few, five, fivePruned, fewPruned):
    """Pruned again by a model of three, a union of both, and a comparison with a truth of five."""
    from pyworkflow.object import Pointer
    again = lab.finished(lab.new('ProtPickerOptimizerPrune', inputCoordinates=(fivePruned, 'rejectedCoordinates'),
                                 inputModel=(fewPruned.inputModel.getObjValue(), 'outputModel'), numberOfThreads=2))
    assert convert.classesOf(again.outputCoordinates, again.rejectedCoordinates) == \
        ('particle', 'ice', 'carbon', 'empty')
    union = lab.new('ProtUnionSet', renumber=True)
    for run in (fivePruned, fewPruned):
        union.inputSets.append(Pointer(run, extended='rejectedCoordinates'))
    lab.finished(union)
    assert convert.classesOf(union.outputSet) == ('particle', 'ice', 'carbon', 'empty')      # what both have
    names = {row.label for row in convert.labelsFromClasses(union.outputSet)}
    assert names == {name for run in (fivePruned, fewPruned)
                     for name in convert.countClasses(run.rejectedCoordinates)} - {'outside'}

    comparison = lab.new('ProtPickerOptimizerCompare', inputCoordinates=(few, 'outputCoordinates'), pictures=0,
                         truth=(fivePruned, 'rejectedCoordinates'))
    for run in (fivePruned, fewPruned):
        comparison.inputSets.append(Pointer(run, extended='outputCoordinates'))
    lab.finished(comparison)
    found = comparison.getComparison()
    assert set(found.classes) == {'particle', *convert.countClasses(fivePruned.rejectedCoordinates)} - {'outside'}
    lacking = [name for name in found.classes if name not in FIVE[:3]]
    ours, theirs = found.methods
    assert not any('ground truth' in note for note in ours.notes)
    assert bool(lacking) == any(', '.join(lacking) + ', which the ground truth has' in note for note in theirs.notes)
    with open(comparison._getExtraPath('tables', 'truth.csv'), newline='', encoding='utf-8') as stream:
        row = next(csv.DictReader(stream))
    assert [key for key in row if key.startswith('true ')] == [f'true {name}' for name in found.classes]


def test_five_classes_in_a_library_and_evaluated(lab, fiveSets, five, tmp_path):
    from pyworkflow.object import Pointer
    run = lab.new('ProtPickerOptimizerLibrary', labelSource=LabelledSource.SET_A_CLASS, libraryFolder=str(tmp_path),
                  dataSetName='five', otherClasses='gold edge',
                  **{f'{name}Labels': (fiveSets[name], 'outputCoordinates') for name in FIVE[:3]})
    run.otherLabels.append(Pointer(fiveSets['gold edge'], extended='outputCoordinates'))
    lab.finished(run)
    assert ' gold edge to ' in run.summary()[0]
    with open(tmp_path / 'five' / 'labels.csv', newline='', encoding='utf-8') as stream:
        assert {row['label'] for row in csv.DictReader(stream)} == {*FIVE} - {'empty'}
    run = lab.finished(lab.new('ProtPickerOptimizerEvaluate', inputLabels=(five, 'outputLabels'), shots='3', draws=1,
                               split=1, numberOfThreads=2))
    assert run.outputEvaluation.getF1() is not None


def test_a_run_that_was_saved_without_these_parameters(lab, trained):
    """As earlier versions did: it opens, offers what a new one offers, and its labels are as they were."""
    import sqlite3

    from pyworkflow.project import Project
    run = lab.new('ProtPickerOptimizerTrain', inputCoordinates=(trained, 'outputLabels'),
                  labelSource=LabelSource.LABELLED_SET, inputLabels=(trained, 'outputLabels'))
    lab.project.saveProtocol(run)
    with sqlite3.connect(lab.project.dbPath) as connection:
        removed = [connection.execute('DELETE FROM Objects WHERE name LIKE ?', (f'{run.getObjId()}.{name}%',)).rowcount
                   for name in ('otherLabels', 'otherClasses', 'classes')]
    assert all(removed)
    again = Project(lab.domain, lab.project.getPath())
    again.load()
    opened = again.getProtocol(run.getObjId())
    assert opened.getClasses()[:3] == ('particle', 'ice', 'carbon') and len(opened.otherLabels) == 0
    assert opened.validate() == []
    assert set(labels.countByClass(opened._collectLabels())) == {'particle', 'ice', 'carbon'}


def test_five_classes_in_the_window_and_in_a_file(lab, picks, fiveSets, simulated, tmp_path):
    """Labels of a class of one's own are registered, refused where the run does not offer it, and go into a file."""
    run = lab.run(lab.new('ProtPickerOptimizerTrain', inputCoordinates=(picks, 'outputCoordinates'), folds=0,
                          labelSource=LabelSource.INTERACTIVE, classes='particle, gold edge, empty', numberOfThreads=2,
                          beginWithLabels=True, particleLabels=(fiveSets['particle'], 'outputCoordinates')))
    assert run.getStatus() == 'interactive' and run.getClasses() == ('particle', 'empty', 'gold edge')
    rows = run.getRegisteredLabels()
    micId = rows[0].mic_id
    run.registerLabels([*rows, (micId, 5, 5, 'Gold Edge'), (micId, 9, 9, 'empty')])
    assert run.summary()[0] == f'Waiting for labels; so far: {len(rows)} particle, 1 empty, 1 gold edge.'
    with pytest.raises(InputError, match=r'The class "ice" is not among those of this run \(particle, empty, gold'):
        run.registerLabels([*rows, (micId, 5, 5, 'ice')])
    assert len(run.getRegisteredLabels()) == len(rows) + 2
    # The list was shortened since: the run says so, waits on, and keeps what was labelled.
    run.classes.set('particle, empty')
    with pytest.raises(InputError, match='The class "gold edge" is not among those of this run'):
        run.finish()
    assert run.getStatus() == 'interactive' and len(run.getRegisteredLabels()) == len(rows) + 2
    run.registerLabels([*rows, (micId, 5, 5, 'gold edge')])      # an open window can still save, and relabel it
    run.registerLabels([*rows, (micId, 5, 5, 'empty')])
    with pytest.raises(InputError, match='The class "gold edge" is not among'):
        run.registerLabels([*rows, (micId, 5, 5, 'gold edge')])
    run.offerClasses(['gold edge', 'empty'])
    assert run.getClasses() == ('particle', 'empty', 'gold edge')

    path = tmp_path / 'labels.csv'
    path.write_text('mic_name,x,y,label\n' + ''.join(f'{NAMES[0]},{x},50,{name}\n' for x, name in enumerate(
        ['particle', 'Gold  Edge', 'gold edge', 'empty'])))
    given = lab.new('ProtPickerOptimizerTrain', inputCoordinates=(picks, 'outputCoordinates'),
                    labelSource=LabelSource.FILE, labelsFile=str(path))
    assert given.validate() == []
    assert labels.countByClass(given._collectLabels()) == {'particle': 1, 'empty': 1, 'gold edge': 2}
