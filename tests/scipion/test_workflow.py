"""The main job: import, fine-tune, prune, on simulated micrographs with nasty names."""
import csv
import os

from laboratory import NAMES, items


def test_model_from_coordinate_sets(trained, labelSets):
    model = trained.outputModel
    assert model.getClasses() == ['particle', 'ice', 'carbon', 'empty']
    assert model.getBoxAngstrom() == 180
    assert model.getCounts() == {name: run.outputCoordinates.getSize() for name, run in labelSets.items()}
    assert 0.4 < model.getMacroF1() <= 1      # a handful of labels on four micrographs: no more can be asked
    assert f'macro-F1 {model.getMacroF1():.3f}' in str(model)
    summary = '\n'.join(trained.summary())
    assert 'macro-F1' in summary and 'box 180 Å' in summary
    confusion = trained.outputModel.getHeader()['cross_validation']['confusion']
    assert f'{sum(confusion[1])} ice: {confusion[1][0]} particle, {confusion[1][1]} ice' in summary


def test_labels_are_the_picks(trained, picks, labelSets):
    labels, given = items(trained.outputLabels), items(picks.outputCoordinates)
    assert len(labels) == sum(run.outputCoordinates.getSize() for run in labelSets.values())
    for objId, label in labels.items():
        assert label.getPosition() == given[objId].getPosition()
        assert label._topazScore.get() == given[objId]._topazScore.get()
        assert label._poClass.get() in ('particle', 'ice', 'carbon')
        assert 0 <= label._poLabelProbability.get() <= 1
    assert trained.outputLabels.getBoxSize() == 60
    assert trained.outputLabels.getMicrographs().getSize() == len(NAMES)


def test_a_wrong_label_is_noticed(lab, picks, simulated, tmp_path):
    wrong = next(row for row in simulated.rows if row.label == 'carbon')
    with open(tmp_path / 'labels.csv', 'w', newline='') as stream:
        writer = csv.writer(stream)
        writer.writerow(['mic_name', 'x', 'y', 'label'])
        writer.writerows([NAMES[row.mic_id - 1], row.x, row.y, 'particle' if row is wrong else row.label]
                         for row in simulated.rows)
    run = lab.finished(lab.new('ProtPickerOptimizerTrain', inputCoordinates=(picks, 'outputCoordinates'), labelSource=1,
                               labelsFile=str(tmp_path / 'labels.csv'), numberOfThreads=2))
    suspicious = [pick.getPosition() for pick in items(run.outputLabels).values()
                  if pick._poClass.get() == 'particle' and pick._poLabelProbability.get() < 0.1]
    assert (wrong.x, wrong.y) in suspicious
    assert '*Look again*' in '\n'.join(run.summary())


def test_every_pick_comes_out_once(pruned, picks):
    given = items(picks.outputCoordinates)
    kept, rejected = items(pruned.outputCoordinates), items(pruned.rejectedCoordinates)
    assert kept.keys() | rejected.keys() == given.keys() and not kept.keys() & rejected.keys()
    for objId, pick in {**kept, **rejected}.items():
        before = given[objId]
        assert pick.getPosition() == before.getPosition()
        assert (pick.getMicId(), pick.getMicName()) == (before.getMicId(), before.getMicName())
        assert pick._topazScore.get() == before._topazScore.get()
        total = sum(getattr(pick, name).get() for name in ('_poParticle', '_poIce', '_poCarbon', '_poEmpty'))
        assert pick._poClass.get() == 'outside' or abs(total - 1) < 1e-3
    assert not hasattr(pruned, 'unscoredCoordinates')
    assert pruned.outputCoordinates.getBoxSize() == 60
    assert pruned.outputCoordinates.getMicrographs().getSize() == len(NAMES)


def test_classes_are_right(pruned, picks, simulated):
    truth = {3 * row.coord_id: row.label for row in simulated.rows}
    kept, rejected = items(pruned.outputCoordinates), items(pruned.rejectedCoordinates)
    assert all(pick._poClass.get() == 'particle' for pick in kept.values())
    right = sum(truth[i] == pick._poClass.get() for i, pick in {**kept, **rejected}.items())
    assert right / len(truth) > 0.85


def test_summary_and_texts_of_prune(pruned):
    summary = '\n'.join(pruned.summary())
    novelty = [pick._poNovelty.get() for output in (pruned.outputCoordinates, pruned.rejectedCoordinates)
               for pick in items(output).values()]
    novel = sum(value > 2 for value in novelty)
    assert 0.5 < sorted(novelty)[len(novelty) // 2] < 2
    assert (f'*{novel}* of the picks resemble no' in summary) == bool(novel)
    assert f'Kept *{pruned.outputCoordinates.getSize()}* of' in summary
    assert 'boxes per second' in summary and 'rejected:' in summary
    assert 'Li2022pickeroptimizer' in pruned._methods()[0]
    assert 'not found' not in ''.join(pruned.citations())


def test_relations(pruned, lab):
    related = {relation['object_child_id'] for relation in pruned.getRelations()}
    assert {pruned.outputCoordinates.getObjId(), pruned.rejectedCoordinates.getObjId()} <= related


def test_tables_hold_when_the_project_moves(pruned, trained):
    for run in (pruned, trained):
        with open(run._getExtraPath('micrographs.csv'), encoding='utf-8') as stream:
            assert os.getcwd() not in stream.read()
    assert not os.path.isabs(os.readlink(pruned._getExtraPath('model.safetensors')))
