"""Evaluate: on labels of one's own, from a labelled set or one set a class; resumed; and what is wrong with some."""
import json
import os

import pytest

from pickeroptimizer.domain import evaluation_report
from pickeroptimizer.domain.evaluation_report import Evaluation
from pickeroptimizer.protocols.parameters.labelled_input import LabelledSource
from pickeroptimizer.worker.exchange.errors import InputError

QUICK = {'shots': '2 4', 'draws': 2, 'numberOfThreads': 1}      # one process: a second one takes longer to begin


def evaluate(lab, **values):
    return lab.new('ProtPickerOptimizerEvaluate', **{**QUICK, **values})


@pytest.fixture(scope='module')
def evaluated(lab, trained):
    return lab.finished(evaluate(lab, inputLabels=(trained, 'outputLabels')))


def test_result(evaluated, trained):
    report, = evaluated.getEvaluation().reports.values()
    assert {(draw['shots'], draw['draw']) for draw in report['draws']} == {(2, 0), (2, 1), (4, 0), (4, 1)}
    assert report['settings']['split'] == 'micrograph'
    assert sum(report['settings']['counts'].values()) == trained.outputLabels.getSize()
    result = evaluated.outputEvaluation
    assert result.getBest() == 'default' and 0.3 < result.getF1() <= 1
    assert result.getF1() == pytest.approx(report['summary']['4']['balanced_macro_f1']['mean'])
    assert f'best: default; balanced macro-F1 {result.getF1():.3f} with 4 labels a class' in str(result)
    assert 'The spread of 2 draws is a guess: take 10.' in evaluated.summary()
    summary = '\n'.join(evaluated.summary())
    assert f'{result.getF1():.3f} ± ' in summary and 'worst draw' in summary
    assert 'labels' in evaluation_report.advice(report) and evaluation_report.advice(report) in summary
    with open(evaluated._getExtraPath('evaluation.md'), encoding='utf-8') as stream:
        table = stream.read()
    assert '| variant | 2 | 4 |' in table and f'{100 * result.getF1():.1f} ± ' in table
    assert os.path.getsize(evaluated._getExtraPath('evaluation.png')) > 10000


def test_nothing_is_measured_twice(lab, evaluated):
    path = evaluated._getExtraPath('evaluation_default.json')
    with open(path, encoding='utf-8') as stream:
        report = json.load(stream)
    report['draws'][0]['balanced_macro_f1'] = 0.125       # of a finished draw; to be found again
    before = report['draws'][1]
    with open(path, 'w', encoding='utf-8') as stream:
        json.dump({**report, 'draws': report['draws'][:1]}, stream)      # as a run that was killed leaves it
    output = evaluated.outputEvaluation.getObjId()
    evaluated.draws.set(3)
    lab.finished(evaluated)
    draws = evaluated.getEvaluation().reports['default']['draws']
    assert len(draws) == 6 and draws[0]['balanced_macro_f1'] == 0.125
    assert draws[1] == before
    assert evaluated.outputEvaluation.getObjId() == output


def test_study_from_sets_with_two_classes(lab, labelSets, monkeypatch):
    from pickeroptimizer.worker.exchange import studies
    study = {'long': ['--recipe', 'paper', '--epochs', '2', '--init', 'scratch', '--input-size', '32'],
             'not: as long': ['--recipe', 'paper', '--epochs', '1', '--input-size', '32']}
    monkeypatch.setitem(studies.STUDIES, 'recipes', study)
    run = lab.finished(evaluate(lab, labelSource=LabelledSource.SET_A_CLASS, study=1, split=1, shots='3', draws=1,
                                **{f'{name}Labels': (labelSets[name], 'outputCoordinates')
                                   for name in ('particle', 'ice')}))
    reports = run.getEvaluation().reports
    assert list(reports) == list(study)
    for name, epochs in (('long', 2), ('not: as long', 1)):
        assert reports[name]['settings']['recipe_parameters']['epochs'] == epochs
        assert list(reports[name]['settings']['counts']) == ['particle', 'ice']
    assert len({report['settings']['weights'] for report in reports.values()}) == 2
    assert run.outputEvaluation.getBest() in study
    assert 'Best: *' in '\n'.join(run.summary())
    assert 'Give several numbers of labels to learn how many are enough.' in run.summary()


def test_bad_input(lab, trained, picks, fewPruned, labelSets):
    def lines(**values):
        return evaluate(lab, **values).validate()

    labels = (trained, 'outputLabels')
    for shots in ('0 5', '', 'ten', '2.5'):
        assert lines(inputLabels=labels, shots=shots)[-1] == (
            'The labels per class must be whole numbers above 0, such as "5 10 20 30".')
    assert 'have no attribute _poClass' in lines(inputLabels=(picks, 'outputCoordinates'))[0]
    sets = {f'{name}Labels': (labelSets[name], 'outputCoordinates') for name in ('particle', 'ice')}
    assert lines(labelSource=LabelledSource.SET_A_CLASS) == [
        'There are no labels: label some particles and some junk, such as ice or empty boxes.']
    assert lines(labelSource=LabelledSource.SET_A_CLASS, iceLabels=sets['iceLabels']) == [
        'There are no labels of the class particle, only of ice.']
    assert lines(labelSource=LabelledSource.SET_A_CLASS, particleLabels=sets['particleLabels']) == [
        'All labels are of the class particle: label some junk too, such as ice or empty boxes.']
    assert lines(labelSource=LabelledSource.SET_A_CLASS, **sets) == []
    scored = evaluate(lab, inputLabels=(fewPruned, 'rejectedCoordinates'))
    assert 'given by "prune", not by a person' in scored.warnings()[-1]


def test_too_few_labels_are_told_before_the_run(lab, micrographs, simulated, labelSets):
    def lines(particles, **values):
        run = lab.coordinates(micrographs, particles, 'some')
        return evaluate(lab, labelSource=LabelledSource.SET_A_CLASS, particleLabels=(run, 'outputCoordinates'),
                        iceLabels=(labelSets['ice'], 'outputCoordinates'), **values).validate()

    particles = [row for row in simulated.rows if row.label == 'particle']
    first = [row for row in particles if row.mic_id == particles[0].mic_id]
    line, = lines(particles[:5])
    assert line.startswith('There are 5 labels of particle: an evaluation needs 8 of each class')
    assert 'The labels are 5 particle, ' in line
    line, = lines(first[:8])
    assert line.startswith('All labels of particle are on one micrograph: label some on others too, or split')
    assert lines(first[:8], split=1) == []
    line, = lines(first[:8] + [row for row in particles if row.mic_id != first[0].mic_id][:1])
    assert line.startswith('There is no split by micrograph that leaves 4 boxes of each class on both sides')


def test_weights_that_cannot_be_downloaded(lab, trained, monkeypatch, tmp_path):
    monkeypatch.setenv('TORCH_HOME', str(tmp_path))      # so that no downloaded copy is found
    monkeypatch.setenv('https_proxy', 'http://127.0.0.1:9')
    line = lab.error(evaluate(lab, inputLabels=(trained, 'outputLabels'), startFrom=1))
    assert 'could not be downloaded' in line and '\n' not in line
    assert f'put the file into {tmp_path}/hub/checkpoints' in line


def report(means, sd=0.01, trained=None):
    """A report with these {labels: mean}."""
    figures = ('balanced_macro_f1', *evaluation_report.OTHERS)
    return {'settings': {'counts': {'particle': 99, 'ice': 99}},
            'draws': [{'trained_on': [number, min(number, trained or number)]} for number in means],
            'summary': {str(number): {'draws': 10, 'per_class': {'particle': {}, 'ice': {}},
                                      **{key: {'mean': mean, 'sd': sd, 'worst': mean - 2 * sd} for key in figures}}
                        for number, mean in means.items()}}


def test_advice():
    assert 'From *10* labels' in evaluation_report.advice(report({5: 0.9, 10: 0.96, 20: 0.965, 30: 0.962}))
    assert 'Label more than 30' in evaluation_report.advice(report({10: 0.8, 30: 0.9}))
    assert 'From *5* labels' in evaluation_report.advice(report({5: 0.9, 10: 0.85}))
    assert 'From *9* labels' in evaluation_report.advice(report({100: 0.97, 9: 0.97}))      # by number, not as text


def test_description():
    first, second = report({5: 0.9, 10: 0.95}), report({5: 0.8, 10: 0.945}, trained=7)
    lines = Evaluation({'a': first, 'b': second}, 2).describe()
    assert lines[3] == 'a: 0.900 ± 0.010 with 5, 0.950 ± 0.010 with 10; worst draw 0.880'
    assert lines[0] == ('Best: *a*, 0.950 with 10 labels a class (worst draw 0.930); no better than b beyond the '
                        'spread of the draws.')
    assert 'at most 7 ice' in Evaluation({'b': second}, 2).describe()[1]
    assert Evaluation({'a': first, 'b': {'draws': [1, 2, 3]}, 'c': None}, 20).describe()[2:] == [
        'b: 3 of 20 trainings done', 'c: 0 of 20 trainings done']


def test_damaged_results(tmp_path):
    with pytest.raises(InputError, match='cannot be read as the list of an evaluation'):
        Evaluation.read(str(tmp_path / 'evaluation.json'))
    index = evaluation_report.writeIndex(str(tmp_path), ['a: b'], 7)
    assert Evaluation.read(index) == Evaluation({'a: b': None}, 7)
    (tmp_path / 'evaluation_a_b.json').write_text('{"draws": 1}')
    with pytest.raises(InputError, match='evaluation_a_b.json: cannot be read .* delete it and continue the run'):
        Evaluation.read(index)


def whole():
    """A report as the worker writes it."""
    made = report({5: 0.9, 10: 0.95})
    for row in made['summary'].values():
        row['confusion'] = [[3, 1], [0, 4]]
        row['per_class'] = {name: {key: {'mean': 0.9, 'sd': 0.1} for key in ('precision', 'recall', 'f1')}
                            for name in row['per_class']}
    return made


def parts(content, path=()):
    """The paths of all that is in a report."""
    items = content.items() if isinstance(content, dict) else enumerate(content) if isinstance(content, list) else ()
    for key, value in items:
        yield (*path, key)
        yield from parts(value, (*path, key))


def test_results_that_lack_anything_are_told(tmp_path):
    """As those of another version, or damaged ones: no traceback in the summary."""
    index = evaluation_report.writeIndex(str(tmp_path), ['a'], 7)
    path = tmp_path / evaluation_report.fileOf('a')
    path.write_text(json.dumps(whole()))
    assert Evaluation.read(index).describe() and Evaluation.read(index).table()
    told = 0
    for place in list(parts(whole())):
        for value in (None, {}, 'x'):
            content = whole()
            within = content
            for key in place[:-1]:
                within = within[key]
            within[place[-1]] = value
            path.write_text(json.dumps(content))
            try:
                result = Evaluation.read(index)
                assert result.describe() and result.table()      # it was nothing that is told of
            except InputError as error:
                assert 'delete it and continue the run' in str(error)
                told += 1
    assert told > 200


def views(lab, viewer, run, *targets):
    """What a viewer shows for each target."""
    return [viewer(project=lab.project, protocol=run)._visualize(target)[0] for target in targets]


@pytest.mark.skipif('DISPLAY' not in os.environ, reason='needs a display')
def test_window(lab, evaluated, tmp_path):
    import tkinter

    from pickeroptimizer.viewers import PickerOptimizerEvaluationViewer
    from pickeroptimizer.viewers.evaluation.window import EvaluationWindow
    assert PickerOptimizerEvaluationViewer in lab.domain.findViewers(evaluated.getClassName(), 'tkinter')
    of = [view.__class__.__name__ for view in views(lab, PickerOptimizerEvaluationViewer, evaluated, evaluated,
                                                    evaluated.outputEvaluation)]
    assert of == ['WindowView', 'WindowView']
    root = tkinter.Tk()
    try:
        shown = Evaluation({'a': report({5: 0.9, 10: 0.95}), 'b': report({5: 0.8, 10: 0.945}), 'c': None}, 2)
        for rows in (r['summary'].values() for r in shown.finished().values()):
            for row in rows:
                row.update(confusion=[[8, 1], [2, 9]], per_class={
                    name: {key: {'mean': 0.9, 'sd': 0.05} for key in ('precision', 'recall', 'f1')}
                    for name in ('particle', 'ice')})
        window = EvaluationWindow(root, 'test', shown)
        window.update()
        assert window.variant.get() == 'a' and window.labels.get() == '10'
        window.tabs.select(1)
        window.update()
        window.variant.set('b')
        window.variant.event_generate('<<ComboboxSelected>>')
        window.labels.set('5')
        window.labels.event_generate('<<ComboboxSelected>>')
        window.update()
        assert window.labels.get() == '5'
        window.tabs.select(2)
        window.update()
        window.destroy()
        root.update()
    finally:
        root.destroy()


def test_viewer_of_a_run_that_has_not_come_far(lab, trained):
    from pickeroptimizer.viewers import PickerOptimizerEvaluationViewer
    run = evaluate(lab, inputLabels=(trained, 'outputLabels'))
    lab.project.saveProtocol(run)
    shown, = views(lab, PickerOptimizerEvaluationViewer, run, run)
    assert shown.getMessage() == 'No variant is evaluated yet.'
    os.makedirs(run._getExtraPath())
    evaluation_report.writeIndex(run._getExtraPath(), ['default'], 40)
    shown, = views(lab, PickerOptimizerEvaluationViewer, run, run)
    assert shown.getMessage().endswith('default: 0 of 40 trainings done')
