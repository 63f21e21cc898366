"""The workflow templates in Scipion's own hands, with and without Xmipp's plugin, and the benchmarks that use them."""
import json
import os
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest
from laboratory import BOX, NAMES, PIXEL_SIZE, items, update

CHECKOUT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(CHECKOUT / 'benchmarks'), str(CHECKOUT / 'tools')]

import xmipp_comparison  # noqa: E402
from bootstrap import XMIPP, XMIPP_STUBS  # noqa: E402
from pyworkflow.object import PointerList  # noqa: E402
from pyworkflow.project import Manager  # noqa: E402
from pyworkflow.protocol.params import EnumParam  # noqa: E402
from pyworkflow.template import TemplateList  # noqa: E402
from workflow import fill_template, load_template  # noqa: E402

SHOTS = 12
OURS = ('micrographs', 'picks', 'fine-tune', 'prune')
WANTED = {'picks': {'inputMicrographs': ['micrographs.outputMicrographs']},
          'fine-tune': {'inputCoordinates': ['picks.outputCoordinates']},
          'prune': {'inputCoordinates': ['picks.outputCoordinates'], 'inputModel': ['fine-tune.outputModel']}}


def facts(rows, runs):
    """{id of a run that was loaded: (parameters and choices that its form does not have, {parameter: inputs})}."""
    ids = {run.getObjId(): key for key, run in runs.items()}
    found = {}
    for row in rows:
        key, wrong, inputs = row['object.id'], [], {}
        for name in [name for name in row if not name.startswith('object.')] if key in runs else ():
            param, value = runs[key].getParam(name), getattr(runs[key], name, None)
            choices = range(len(param.choices)) if isinstance(param, EnumParam) else None
            if param is None or (choices is not None and value.get() not in choices):
                wrong.append(name)
            elif value.isPointer() or isinstance(value, PointerList):
                inputs[name] = [None if pointer.getObjValue() is None else
                                f'{ids[pointer.getObjValue().getObjId()]}.{pointer.getExtended()}'
                                for pointer in (value if isinstance(value, PointerList) else [value])]
        if key in runs:
            found[key] = wrong, inputs
    return found


def test_scipion_lists_them():
    templates = TemplateList()
    templates.addPluginTemplates()
    own = {t.name: t for t in templates.sortListByPluginName().templates if t.source == 'pickeroptimizer'}
    assert set(own) == {'import_pick_prune', 'label_prune_compare', 'prune_three_ways'}
    for template in own.values():
        assert len(template.description) > 100
        assert not set('"$`\\\'') & set(template.description)      # it goes through a shell, twice
        template.replaceEnvVariables()
        template.parseContent()
        fields = list(template.getParams().values())
        # Two of the same title would be one to Scipion, and leave their text in the workflow.
        assert len(fields) == len(template.getContent()) // 2 == len({field.getAlias() for field in fields}) == 9
        assert [field.getAlias() for field in fields if field.validate()] == ['micrographs', 'picks']
        template.setParamValue('box_size', '144')
        with pytest.raises(Exception, match='is not compatible'):
            template.setParamValue('picks', '/nowhere')


def test_import_pick_prune(lab, picks, simulated):
    rows = fill_template('import_pick_prune', micrographs=simulated.folder, pixel_size=PIXEL_SIZE,
                         picks=picks.filesPath.get(), picks_format=5, box_size=BOX)
    runs = load_template(lab.project, rows)
    assert facts(rows, runs) == {'micrographs': ([], {}), **{key: ([], inputs) for key, inputs in WANTED.items()}}
    lab.finished(runs['micrographs'])
    lab.finished(runs['picks'])
    train = lab.run(runs['fine-tune'])
    assert train.getStatus() == 'interactive'
    ids = {m.getMicName(): m.getObjId() for m in runs['micrographs'].outputMicrographs.iterItems()}
    for name in ('particle', 'ice', 'carbon'):
        rows = [row for row in simulated.rows if row.label == name and row.mic_id <= 3][:SHOTS]
        train.registerLabels([*train.getRegisteredLabels(),
                              *((ids[NAMES[row.mic_id - 1]], row.x, row.y, row.label) for row in rows)])
    train.finish()
    deadline = time.monotonic() + 120
    while not train.isFinished():
        assert not train.isFailed(), train.getErrorMessage()
        assert time.monotonic() < deadline
        time.sleep(0.3)
        update(lab.project, train)
    lab.finished(runs['prune'])
    truth = {3 * row.coord_id: row.label for row in simulated.rows if row.mic_id > 3}
    kept = items(runs['prune'].outputCoordinates)
    found = Counter((label == 'particle', coordId in kept) for coordId, label in truth.items())
    assert found[True, True] > 0.9 * (found[True, True] + found[True, False])
    assert found[False, False] > 0.8 * (found[False, False] + found[False, True])


def test_label_prune_compare_loads(lab):
    """It needs no other plugin: all of its runs are there, and tied to each other."""
    rows = fill_template('label_prune_compare')
    runs = load_template(lab.project, rows)
    assert facts(rows, runs) == {
        'micrographs': ([], {}), **{key: ([], inputs) for key, inputs in WANTED.items()},
        'general': ([], {'inputCoordinates': ['picks.outputCoordinates']}),
        'compare': ([], {'inputCoordinates': ['picks.outputCoordinates'],
                         'inputSets': ['prune.outputCoordinates', 'general.outputCoordinates']})}
    assert runs['general'].usesGeneralModel() and not runs['prune'].usesGeneralModel()


def test_ours_loads_without_xmipp(lab, picks):
    """The project has runs of its own, which nothing of the template may be tied to by their numbers."""
    rows = fill_template('prune_three_ways')
    runs = load_template(lab.project, rows)
    assert facts(rows, runs) == {
        'micrographs': ([], {}), **{key: ([], inputs) for key, inputs in WANTED.items()},
        'comparison': ([], {'inputCoordinates': ['picks.outputCoordinates'],
                            'inputSets': ['prune.outputCoordinates']})}
    assert [run.getObjLabel() for run in runs.values()] == ['micrographs', 'picks', 'label and train',
                                                            'PickerOptimizer', 'comparison']
    # What Scipion's form and scheduler do with each input.
    stored = lab.project.getProtocol(runs['comparison'].getObjId())
    assert [pointer.getObjValue().getObjId() for pointer in stored.inputSets] == [runs['prune'].getObjId()]
    assert all(pointer.getObjValue() is not None for _, pointer in stored.iterInputAttributes())


@pytest.fixture(scope='module')
def withXmipp(picks, simulated, tmp_path_factory):
    """What xmipp_in_project.py prints."""
    assert XMIPP.is_dir(), f'There is no {XMIPP}: run "python3 tools/bootstrap.py --tests".'
    folder = tmp_path_factory.mktemp('xmipp')
    with open(folder / 'classes.json', 'w', encoding='utf-8') as stream:
        json.dump([[NAMES[row.mic_id - 1], row.x, row.y, row.label] for row in simulated.rows], stream)
    done = subprocess.run([sys.executable, Path(__file__).with_name('xmipp_in_project.py'), simulated.folder,
                           picks.filesPath.get(), folder / 'classes.json'], capture_output=True, text=True,
                          env={**os.environ, 'SCIPION_USER_DATA': str(folder / 'userdata'),
                               'PYTHONPATH': os.pathsep.join([str(XMIPP), str(XMIPP_STUBS)])})
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def test_names_of_xmipp(withXmipp):
    """Parameters, choices and outputs of the template are those of scipion-em-xmipp itself."""
    found, output, _, _ = withXmipp
    assert {key: wrong for key, (wrong, _) in found.items() if wrong} == {}
    assert found['cleaner'][1] == {'inputCoordinates': ['picks.outputCoordinates']} == found['consensus'][1]
    assert found['comparison'][1]['inputSets'] == ['prune.outputCoordinates', f'cleaner.{output}',
                                                   'consensus.outputCoordinates']


def test_sets_like_those_of_xmipp(withXmipp, simulated, micrographs):
    """Made by Xmipp's own code: new ids, no names of micrographs, scaled positions, scores of -1, nothing on one."""
    cleaner, whole, consensus, particles = withXmipp[3]
    picks = len(simulated.rows)
    for _, kept, size, strange, covered, scored, _ in withXmipp[3]:
        assert (kept, strange, covered) == (size, 0, picks)
        assert scored > 0
    name = micrographs.outputMicrographs.getFirstItem().getMicName()
    first = sum(NAMES[row.mic_id - 1] == name for row in simulated.rows)
    assert cleaner[0] == whole[0] == '_xmipp_goodRegionScore'
    assert f'{first} picks bear MicrographCleaner\'s score -1' in cleaner[6]
    assert cleaner[1] < picks == whole[1] == whole[5]
    assert consensus[0] == particles[0] == '_xmipp_zScoreDeepLearning1'
    assert consensus[1] == particles[1] < picks


def test_without_models_of_xmipp(withXmipp):
    line = withXmipp[2]
    assert line.startswith('MicrographCleaner cannot be run:') and 'environment not found' in line
    assert '\n' not in line


def test_comparison_without_xmipp(lab, simulated, picks, monkeypatch, capsys):
    """The script for users of Xmipp says in one line what is wrong, before it makes anything."""
    given = {'--micrographs': simulated.folder, '--pixel-size': 1.2, '--picks': picks.filesPath.get(), '--box': 150,
             '--labels': picks.filesPath.get(), '--project': 'never'}

    def refusal(**changed):
        changed = {f'--{name.replace("_", "-")}': value for name, value in changed.items()}
        monkeypatch.setattr(sys, 'argv', ['xmipp_comparison.py', *(
            str(word) for pair in {**given, **changed}.items() for word in pair)])
        with pytest.raises(SystemExit) as stop:
            xmipp_comparison.main()
        if stop.value.code == 2:
            return capsys.readouterr().err.splitlines()[-1]
        assert '\n' not in stop.value.code
        return stop.value.code

    assert 'MicrographCleaner and Deep Consensus of Xmipp are not there: install Xmipp' in refusal()
    assert 'there is no /nowhere' in refusal(labels='/nowhere')
    assert 'takes no boxes below 128 px' in refusal(box=100)
    assert '-3 is not above 0' in refusal(pixel_size='-3')
    assert 'nan is not above 0' in refusal(pixel_size='nan')
    assert "invalid choice: 'star'" in refusal(picks_format='star')
    assert not Manager().hasProject('never')
