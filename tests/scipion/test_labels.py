"""Labels from a file, interactively, and what is wrong with some."""
import csv
import time

import pytest
from laboratory import NAMES, items, update
from made_sets import MICS, PICKS, Sets

from pickeroptimizer import convert
from pickeroptimizer.domain import labels
from pickeroptimizer.protocols.parameters.labelled_input import LabelledSource
from pickeroptimizer.protocols.parameters.training_labels import LabelSource
from pickeroptimizer.protocols.protocol_base import RECIPES
from pickeroptimizer.worker.exchange.errors import InputError
from pickeroptimizer.worker.exchange.tables import CoordinateRow


def trueLabels(simulated, each):
    """`each` true labels of every class, on the first four micrographs."""
    rows = [row for row in simulated.rows if row.mic_id <= 4]
    return [row for name in ('particle', 'ice', 'carbon') for row in [r for r in rows if r.label == name][:each]]


def train(lab, picks, **values):
    return lab.new('ProtPickerOptimizerTrain', inputCoordinates=(picks, 'outputCoordinates'), folds=0,
                   numberOfThreads=2, **values)


def test_file_with_shots_and_the_papers_recipe(lab, picks, simulated, tmp_path):
    path = tmp_path / "labels of 'mine' $HOME.csv"
    rows = trueLabels(simulated, 12)
    with open(path, 'w', newline='', encoding='utf-8') as stream:
        writer = csv.writer(stream)
        writer.writerow(['mic_name', 'x', 'y', 'label', 'coord_id', 'by whom'])
        writer.writerows([NAMES[r.mic_id - 1], r.x + 0.4, r.y - 0.3, r.label, '', 'me'] for r in rows)
    run = lab.finished(train(lab, picks, labelSource=LabelSource.FILE, labelsFile=str(path), shots=8, seed=5, recipe=1,
                             epochs=2, trainBatchSize=6, lossWeights='1 0.5'))
    assert run.outputModel.getCounts() == {'particle': 8, 'ice': 8, 'carbon': 8}
    assert run.outputModel.getMacroF1() is None
    assert run.outputModel.getHeader()['recipe_parameters'] == {
        'epochs': 2, 'learning_rate': 0.01, 'batch_size': 6, 'loss_weights': [1.0, 0.5]}
    truth = {3 * row.coord_id: row.label for row in simulated.rows}
    used = items(run.outputLabels)
    assert len(used) == 24
    assert all(label._poClass.get() == truth[objId] for objId, label in used.items())
    assert 'Not cross-validated.' in run.summary()


def test_interactive(lab, picks, simulated):
    run = lab.run(train(lab, picks, labelSource=LabelSource.INTERACTIVE))
    assert run.getStatus() == 'interactive'
    assert run.summary()[0] == 'Waiting for labels; so far: none.'
    assert [text for text, _ in run.getActions()] == ['Label boxes', 'Train with the labels']
    with pytest.raises(InputError, match='There are no labels'):
        run.finish()

    ids = {m.getMicName(): m.getObjId() for m in picks.outputCoordinates.getMicrographs().iterItems()}
    rows = [(ids[NAMES[r.mic_id - 1]], r.x, r.y, r.label) for r in trueLabels(simulated, 6)]
    run.registerLabels(rows[:1])
    for bad, line in (((1, 5, 5, 'dog!'), '"dog!" is no name of a class'),
                      ((77, 5, 5, 'ice'), 'There is no micrograph with the id 77 among those of the picks.'),
                      ((*rows[0][:3], 'ice'), 'keep one of them')):
        with pytest.raises(InputError, match=line):
            run.registerLabels([*rows, bad])
        assert len(run.getRegisteredLabels()) == 1
    run.recipe.set(RECIPES.index('paper'))      # which knows nothing without labels
    with pytest.raises(InputError, match='All labels are of the class particle: label some junk too, such as'):
        run.finish()
    run.recipe.set(RECIPES.index('default'))
    assert run.getStatus() == 'interactive'

    run.registerLabels([*rows, (ids[NAMES[0]], 300.5, 2.5, 'carbon')])      # a place that is no pick
    assert run.summary()[0] == 'Waiting for labels; so far: 6 particle, 6 ice, 7 carbon.'
    run.finish()
    deadline = time.monotonic() + 120
    while run.isActive() or run.getStatus() == 'launched':
        assert time.monotonic() < deadline
        time.sleep(0.5)
        update(lab.project, run)
    assert run.isFinished(), run.getErrorMessage()
    used, given = items(run.outputLabels), items(picks.outputCoordinates)
    new = [label for objId, label in used.items() if objId not in given]
    assert len(used) == 19 and len(new) == 1
    assert new[0].getPosition() == (300, 2) and new[0]._poClass.get() == 'carbon'
    assert new[0].getMicName() == NAMES[0] and new[0]._topazScore.get() is None
    assert [text for text, _ in run.getActions()] == ['Show the labels']

    # The project window may hold an older state of a run: it does not write that over what is there by now.
    run.setStatus('interactive')
    run.lastUpdateTimeStamp.set('2020-01-01 00:00:00')
    with pytest.raises(InputError, match='does not wait for labels any more'):
        run.finish()
    assert run.isFinished() and run.outputModel.getCounts()


BAD_FILES = [
    ('x,y,label\n1,1,ice\n', 'the header must name mic_id (or mic_name), x, y and label; it names x, y, label.'),
    ('', 'the header must name mic_id (or mic_name), x, y and label; it names nothing.'),
    ('mic_id,x,y,label\n1,2,3,dog!\n', 'line 2: "dog!" is no name of a class; use a letter or digit first, then '
     'letters, digits, space, - and _, 30 at most.'),
    ('mic_id,x,y,label\n1,2,3,\n', 'line 2: "" is no name of a class; use a letter or digit first, then letters, '
     'digits, space, - and _, 30 at most.'),
    ('mic_id,x,y,label\n1,2,3,ice\n1,nan,3,ice\n', 'line 3: x "nan" is no finite number.'),
    ('mic_id,x,y,label\n1,2,,ice\n', 'line 2: y "" is no finite number.'),
    ('label,mic_id,x,y\nice,1,2,5,3,5\n', 'line 2: more values than columns.'),
    ('mic_id,x,y,x,label\n1,2,3,4,ice\n', 'the header names the column x more than once.'),
    ('mic_id,x,y,label\n9,2,3,ice\n', 'line 2: no micrograph "9" among those of the picks.'),
    ('mic_name,x,y,label\nb.mrc,2,3,ice\n', 'line 2: no micrograph "b.mrc" among those of the picks.'),
    ('mic_name,x,y,label\ntwice.mrc,2,3,ice\n',
     'line 2: several micrographs are called "twice.mrc"; use a column mic_id instead.'),
]


BAD_FILES += [
    ('mic_id;x;y;label\n1;2,5;3,5;ice\n', 'its columns are separated by semicolons: save it with commas.'),
    ('mic_id\tx\ty\tlabel\n1\t2\t3\tice\n', 'its columns are separated by tabs: save it with commas.'),
]


@pytest.mark.parametrize('text, line', BAD_FILES)
def test_bad_file(tmp_path, text, line):
    path = tmp_path / 'labels.csv'
    path.write_text(text)
    with pytest.raises(InputError) as error:
        labels.readLabelsFile(str(path), {1: 'a.mrc', 2: 'twice.mrc', 3: 'twice.mrc'})
    message = str(error.value)
    assert message.endswith(line) and message.startswith(str(path)) and '\n' not in message


def test_no_file_and_no_table(tmp_path):
    with pytest.raises(InputError, match='no such labels file.'):
        labels.readLabelsFile(str(tmp_path / 'none.csv'), {})
    with pytest.raises(InputError, match='Is a directory'):
        labels.readLabelsFile(str(tmp_path), {})
    (tmp_path / 'image.csv').write_bytes(b'\xff\xfe\x00')
    with pytest.raises(InputError, match='cannot be read as a table'):
        labels.readLabelsFile(str(tmp_path / 'image.csv'), {})


@pytest.mark.parametrize('encoding', ['cp1252', 'utf-16', 'latin-1'])
def test_a_file_in_the_encoding_of_a_spreadsheet(tmp_path, encoding):
    path = tmp_path / 'labels.csv'
    path.write_text('mic_name,x,y,label\nmic_µ.mrc,2,3,ice\n', encoding=encoding)
    with pytest.raises(InputError, match='its text is not UTF-8: save it as "CSV UTF-8"') as error:
        labels.readLabelsFile(str(path), {1: 'mic_µ.mrc'})
    assert '\n' not in str(error.value)
    for encoding, end in (('utf-8', '\n'), ('utf-8-sig', '\r\n')):
        path.write_bytes(f' Mic_name , X, Y ,Label{end}mic_µ.mrc, 2, 3, ice{end}'.encode(encoding))
        assert labels.readLabelsFile(str(path), {-7: 'mic_µ.mrc'}) == [CoordinateRow(None, -7, 2, 3, 'ice')]
    path.write_text('mic_id,x,y,label\n-7,2,3,ice\n')
    assert labels.readLabelsFile(str(path), {-7: 'mic_µ.mrc'}) == [CoordinateRow(None, -7, 2, 3, 'ice')]


def test_shots_are_drawn_by_seed():
    rows = [CoordinateRow(None, 1, i, i, name) for name in ('particle', 'ice') for i in range(20)]
    drawn = labels.drawShots(rows, 5, seed=1)
    assert labels.countByClass(drawn) == {'particle': 5, 'ice': 5}
    assert drawn == labels.drawShots(rows, 5, seed=1) != labels.drawShots(rows, 5, seed=2)
    assert labels.drawShots(rows, 0, seed=1) == rows


def test_few_labels_are_warned_of(lab, picks, simulated, tmp_path):
    path = tmp_path / 'few.csv'
    with open(path, 'w', newline='') as stream:
        csv.writer(stream).writerows([('mic_id', 'x', 'y', 'label'), (1, 100, 100, 'ice'),
                                      *((1, x, 200, 'particle') for x in range(10))])
    run = train(lab, picks, labelSource=LabelSource.FILE, labelsFile=str(path))
    assert run.validate() == []
    assert run.warnings() == ['Labels of ice: 1. What is learnt from a single box cannot be checked by another: label '
                              'more, or let it be of another class.']


def test_fields_that_scipion_fills_by_itself(lab, picks, labelSets, pruned):
    same = {f'{name}Labels': (picks, 'outputCoordinates') for name in ('particle', 'ice')}
    run = lab.new('ProtPickerOptimizerTrain', inputCoordinates=(picks, 'outputCoordinates'), **same)
    assert run.validate() == ['particle and ice are given the same set: empty the fields that are not meant, which '
                              'Scipion fills by itself from the run that is selected.']
    # "Label now": the picks themselves are no labels to begin with, in whatever field, even where they bear classes.
    filled = 'inputCoordinates', 'inputLabels', 'particleLabels', 'carbonLabels'
    for given in (picks, pruned):
        run = lab.new('ProtPickerOptimizerTrain', labelSource=LabelSource.INTERACTIVE, beginWithLabels=True,
                      **dict.fromkeys(filled, (given, 'outputCoordinates')),
                      iceLabels=(labelSets['ice'], 'outputCoordinates'))
        assert run.validate() == [] and run.warnings() == []
        assert run._labelsOfClasses() == [] and {row.label for row in run._labelsOfSets()} == {'ice'}
        assert run._labelPointers() == [run.iceLabels]
        run.beginWithLabels.set(False)
        line, = run.validate()
        assert line.startswith('Labels are given as sets, and "label now" would not use them')
        run.iceLabels.set(None)
        assert run.validate() == []
    for name in ('inputLabels', 'particleLabels', 'iceLabels', 'carbonLabels'):      # of another run
        getattr(run, name).set(labelSets['ice'])
        getattr(run, name).setExtended('outputCoordinates')
    assert run.validate() == []


# ------------------------------ what is left out ------------------------------

def test_a_class_that_is_none(tmp_path):
    sets = Sets(tmp_path)
    micrographs = sets.micrographs(MICS)
    known = sets.coordinates(micrographs, PICKS[:4], _poClass=['ice', 'outside', 'unreadable', 'particle'])
    assert [row.label for row in convert.labelsFromClasses(known)] == ['ice', 'particle']
    other = sets.coordinates(micrographs, PICKS[:2], _poClass=['Ice', 'ice!'])
    with pytest.raises(InputError, match='Pick 2 of the labelled coordinates: "ice!" is no name of a class'):
        convert.labelsFromClasses(other)


def test_what_was_drawn_at_random_is_known_of_a_file_and_of_a_set(tmp_path):
    path = tmp_path / 'labels.csv'
    path.write_text('mic_id,x,y,Random,label\n1,10,20,1,particle\n1,30,40,0,particle\n1,50,60,,ice\n')
    rows = labels.readLabelsFile(str(path), {1: 'a.mrc'})
    assert [row.random for row in rows] == [True, False, False]
    path.write_text('mic_id,x,y,random,label\n1,10,20,perhaps,particle\n')
    with pytest.raises(InputError, match='line 2: random "perhaps" is neither 1 nor 0'):
        labels.readLabelsFile(str(path), {1: 'a.mrc'})

    sets = Sets(tmp_path)
    micrographs = sets.micrographs({1: 'a.mrc'})
    picks = sets.coordinates(micrographs, [(1, 10, 20), (1, 30, 40), (1, 99, 99)])
    labelled = sets.coordinates(micrographs, [])
    convert.appendLabelled(picks, convert.matchPicks(picks, rows), {1: 'a.mrc'}, labelled, {})
    labelled.write()
    again = convert.labelsFromClasses(labelled)
    assert [(row.x, row.label, row.random) for row in again] == [(10, 'particle', True), (30, 'particle', False),
                                                                 (50, 'ice', False)]
    before = sets.coordinates(micrographs, [(1, 10, 20)], _poClass=['ice'])      # a set of an earlier version
    assert [row.random for row in convert.labelsFromClasses(before)] == [False]


def test_labels_on_other_micrographs_are_told(lab, tmp_path):
    sets = Sets(tmp_path)
    picked = sets.coordinates(sets.micrographs({1: 'a.mrc', 2: 'b.mrc'}), PICKS[:4])
    others = sets.micrographs({1: 'b.mrc', 2: 'c.mrc', 4: 'd.mrc'})
    ice = sets.coordinates(others, PICKS)
    evaluation = lab.new('ProtPickerOptimizerEvaluate', labelSource=LabelledSource.SET_A_CLASS)
    evaluation.particleLabels.set(picked)
    evaluation.iceLabels.set(ice)
    assert evaluation.warnings() == ['3 of 6 coordinates given for ice are on micrographs that the labelled particles '
                                     'do not have: they are left out.']
    labelled = sets.coordinates(others, PICKS, _poClass=['ice', 'ice', 'outside', 'ice', 'ice', 'particle'])
    for source, given in ((LabelSource.COORDINATE_SETS, {'iceLabels': ice}),
                          (LabelSource.LABELLED_SET, {'inputLabels': labelled})):
        run = lab.new('ProtPickerOptimizerTrain', labelSource=source)
        run.inputCoordinates.set(picked)
        for field, coordinates in given.items():
            getattr(run, field).set(coordinates)
        assert run._countElsewhere() == 3
