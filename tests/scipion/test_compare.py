"""Pruned sets compared: as Scipion holds them, and by the protocol in a project."""
import csv
import math
import os
import sqlite3
from contextlib import closing
from pathlib import Path

import mrcfile
import numpy as np
import pytest
from laboratory import BOX, NAMES, PIXEL_SIZE, items
from made_sets import CONSENSUS, MICS, PICKS, Sets, joined, reference

from pickeroptimizer import convert
from pickeroptimizer.comparison import UNKNOWN, agreement
from pickeroptimizer.comparison.analysis import Analysis
from pickeroptimizer.comparison.describe import sentences
from pickeroptimizer.comparison.tables import methods_table
from pickeroptimizer.worker.exchange.errors import InputError

CLEANER = '_xmipp_goodRegionScore'
SIDE = 640


# ------------------------------ sets ------------------------------

@pytest.fixture
def sets(tmp_path):
    import pyworkflow as pw
    pw.Config.getDomain().getPlugins()
    return Sets(tmp_path)


def test_joined_by_place_and_never_by_id(sets):
    micrographs, _, before = reference(sets)
    # Numbered anew, moved a little, in another order; one pick that is none, one that lies on a place taken.
    method = joined(sets.coordinates(micrographs, [(4, 52, 58), (2, 103, 104), (1, 301, 100), (1, 250, 100),
                                                   (1, 300, 102)]), before)
    assert method.kept.tolist() == [False, False, True, True, False, True]
    assert method.covered.all() and (method.unmatched, method.elsewhere) == (2, 0)


@pytest.mark.parametrize('names, notes', [
    ({7: 'b.tif', 8: 'a', 9: 'd.mrc'}, 0),                          # by name, the extension aside
    ({2: 'x.mrc', 1: 'y.mrc', 4: 'z.mrc'}, 1)])                     # other names altogether: by id
def test_micrographs_are_joined_by_name_or_by_id(sets, names, notes):
    _, _, before = reference(sets)
    ids = {2: 7, 1: 8, 4: 9} if 7 in names else {1: 1, 2: 2, 4: 4}
    method = joined(sets.coordinates(sets.micrographs(names), [(ids[m], x, y) for m, x, y in PICKS[1:4]]), before)
    assert method.kept.tolist() == [False, True, True, True, False, False] and method.covered.all()
    assert len([note for note in method.notes if 'by their ids' in note]) == notes


def test_another_pixel_size_and_some_of_the_micrographs(sets):
    _, _, before = reference(sets)
    small = sets.micrographs({5: 'a.mrc', 6: 'b.mrc', 8: 'strange.mrc'}, pixelSize=4.0)
    method = joined(sets.coordinates(small, [(5, 50, 50), (6, 100, 100), (8, 1, 1)]), before)
    assert method.kept.tolist() == [True, False, False, False, True, False]
    assert method.covered.tolist() == [True] * 5 + [False] and (method.unmatched, method.elsewhere) == (0, 1)
    assert any('multiplied by 2' in note for note in method.notes)


@pytest.mark.parametrize('readable', [True, False])
@pytest.mark.parametrize('pixelSize, side, factor', [(2.2, 640, 1), (4.0, 320, 2), (4.4, 320, 2)])
def test_a_pixel_size_that_was_calibrated_moves_nothing(sets, tmp_path, readable, pixelSize, side, factor):
    """Widths in px tell; where they cannot be read, the places of the picks do, unless they were binned as well."""
    before, after = tmp_path / 'before', tmp_path / 'after'
    for folder, width in ((before, 640), (after, side)):
        folder.mkdir()
        for name in MICS.values():
            if readable:
                mrcfile.write(folder / name, np.zeros((width, width), np.float32))
    picks = [(micId, 2 * x, 2 * y) for micId, x, y in PICKS]
    reference = convert.Reference.read(sets.coordinates(sets.micrographs(MICS, folder=before), picks))
    others = sets.micrographs(MICS, pixelSize, folder=after)
    moved = [(micId, x // factor, y // factor) for micId, x, y in picks]
    labelled = sets.coordinates(others, moved, _poClass=['ice'] * 6)
    method = joined(labelled, reference)
    if not readable and pixelSize == 4.4:
        assert method.kept.sum() < 6
        return
    assert method.kept.all() and method.unmatched == 0
    classes, truth, notes = convert.readTruth(labelled, reference, 5.0)
    assert classes == ('particle', 'ice') and (truth == 1).all()
    if pixelSize != 4.0:
        assert any('pixel size' in note for note in method.notes)
        assert not readable or any('as if a pixel size had been calibrated' in note for note in notes)


def test_micrographs_of_one_name_are_told_apart_by_id_only(sets):
    names = {1: 'same.mrc', 2: 'same.mrc', 4: 'd.mrc'}
    micrographs, _, before = reference(sets, names=names)
    assert any('name of another' in note for note in before.notes)
    assert joined(sets.coordinates(micrographs, PICKS), before).kept.all()      # the same set: no names needed
    assert joined(sets.coordinates(sets.micrographs(names), PICKS), before).kept.all()
    method = joined(sets.coordinates(sets.micrographs({3: 'same.mrc', 4: 'd.mrc'}), [(3, 100, 100), (4, 50, 60)]),
                    before)
    assert method.kept.tolist() == [False] * 5 + [True] and method.elsewhere == 1
    assert method.covered.tolist() == [False] * 5 + [True]


def test_particles_and_classes_at_any_binning(sets):
    _, coordinates, before = reference(sets)
    # As extraction writes them: px of the particles, here binned twice, cut to whole px.
    particles = sets.particles(coordinates, [(1, 50, 50), (1, 150, 50), (2, 100, 100)], pixelSize=4.0)
    expected = [True, False, True, False, True, False]
    assert joined(particles, before).kept.tolist() == expected
    # As Deep Consensus writes them: binned particles at positions in px of the micrographs.
    method = joined(sets.particles(coordinates, [PICKS[0], PICKS[2], PICKS[4]], pixelSize=4.0, scores=[.7, .8, .9]),
                    before)
    assert method.kept.tolist() == expected and method.score_name == CONSENSUS
    assert method.scores[method.kept].tolist() == [.7, .8, .9]
    classes = sets.classes(particles, [[(1, 50, 50)], [(1, 150, 50), (2, 100, 100)], [(4, 25, 30)]])
    method = joined(classes, before)
    assert method.kept.tolist() == expected and method.covered.all()
    assert any('never extracted' in note for note in method.notes)


def test_particles_that_do_not_know_their_micrographs(sets):
    _, _, before = reference(sets)
    names = {1: 'b.mrc', 2: 'a.mrc'}      # ids of another project: names hold
    method = joined(sets.particles(None, [(2, 100, 100), (1, 200, 200)], 2.0, names), before)
    assert method.kept.tolist() == [True, False, False, False, True, False]
    assert method.covered.tolist() == [True] * 5 + [False]
    assert any('does not know the micrographs' in note for note in method.notes)


def test_a_score_is_found_and_what_is_none_is_not_taken_for_one(sets):
    micrographs, _, before = reference(sets, _topazScore=[-3.5, 1, 2, float('nan'), 4, 5])
    assert before.scoreName == '_topazScore'
    own = convert.ownScores('own', before)
    assert own.kept.all() and not own.decides and np.isnan(own.scores[3]) and own.scores[0] == -3.5
    method = joined(sets.coordinates(micrographs, PICKS[:5], _topazScore=[1.0] * 5,
                                     **{CLEANER: [-1.0, -1.0, 0.9, float('nan'), 0]}), before)
    assert method.score_name == CLEANER and method.kept.tolist() == [True] * 5 + [False]
    np.testing.assert_array_equal(method.scores, [math.nan, math.nan, 0.9, math.nan, 0, math.nan])
    assert any('2 picks bear MicrographCleaner' in note for note in method.notes)
    assert any('4 of 6 picks have no score' in note for note in method.notes)
    # Cut by the score that the picks already had, so that it is known of the rejected ones too; or by another.
    for values, known in (([2, 4], 5), ([2.5, 4], 2)):
        cut = joined(sets.coordinates(micrographs, [PICKS[2], PICKS[4]], _topazScore=values), before)
        assert np.isfinite(cut.scores).sum() == known
    constant = joined(sets.coordinates(micrographs, PICKS, _cryoloScore=[0.5] * 6), before)
    assert any('All scores are 0.5' in note for note in constant.notes)
    nothing = joined(sets.coordinates(micrographs, PICKS, **{CLEANER: [-1.0] * 6}), before)
    assert not nothing.has_scores and nothing.score_name == ''


def test_an_empty_set_is_a_method_that_kept_nothing(sets):
    micrographs, _, before = reference(sets)
    method = joined(sets.coordinates(micrographs, []), before)
    assert not method.kept.any() and method.covered.all()


@pytest.mark.parametrize('bad, line', [
    (lambda s, m: s.coordinates(m, [(1, 150, 150)]), 'none of its picks is a reference pick: none of 1 is within 5 px'),
    (lambda s, m: s.coordinates(s.micrographs({7: 'x.mrc'}), [(7, 100, 100)]),
     'none of its picks is a reference pick: none of its micrographs is one of the reference, by name or by id'),
    (lambda s, m: s.coordinates(s.micrographs({2: 'x.mrc', 1: 'y.mrc', 4: 'z.mrc'}),
                                [PICKS[0], *((2, 500 + 60 * i, 500) for i in range(3))]), 'they are other micrographs'),
    (lambda s, m: s.coordinates(s.micrographs(MICS, pixelSize=0), PICKS), 'no pixel size'),
    (lambda s, m: s.coordinates(None, PICKS), 'not linked to micrographs'),
    (lambda s, m: s.particles(None, PICKS, 2.0, located=False), 'do not know their coordinates'),
    (lambda s, m: s.particles(None, [], 2.0), 'it is empty'),
    (lambda s, m: s.classes(None, [[(1, 50, 50)], []]), 'not linked to the particles'),
    (lambda s, m: _gone(s.particles(None, PICKS, 2.0)), 'is not there any more'),
    (lambda s, m: _gone(s.coordinates(m, PICKS)), 'is not there any more'),
    (lambda s, m: _damaged(s.particles(None, PICKS, 2.0)), 'cannot be read'),
    (lambda s, m: _damaged(s.coordinates(m, PICKS)), 'cannot be read')])
def test_left_out_for_a_reason(sets, bad, line):
    """What cannot be compared is a method that says so; it is none that rejected everything."""
    micrographs, _, before = reference(sets)
    method = joined(bad(sets, micrographs), before)
    assert method.is_left_out and not method.kept.any() and not method.covered.any()
    note, = method.notes
    assert line in note and '\n' not in note
    comparison = convert.makeComparison(before, 'picks', [joined(sets.coordinates(micrographs, PICKS[:2]), before),
                                                          method, joined(sets.coordinates(micrographs, PICKS), before)],
                                        5.0)
    analysis = Analysis.of(comparison)
    assert [count.covered for count in analysis.counts] == [6, 6] and len(analysis.pairs) == 1
    assert agreement.kept_by_all(comparison).tolist() == [True, True, False, False, False, False]
    assert f'*M* is left out: {note}' in sentences(analysis)
    assert methods_table(analysis).rows[-1][0] == 'M (left out)'


def _gone(itemSet):
    os.remove(itemSet.getFileName())
    return itemSet


def _damaged(itemSet):
    with open(itemSet.getFileName(), 'r+b') as stream:
        stream.write(b'?' * 100)
    return itemSet


# ------------------------------ scores ------------------------------

OWN, FIGURE = '_score', '_rlnAutopickFigureOfMerit'


def named(sets, text, **attributes):
    """The picks before pruning, read with scores that a user has named."""
    micrographs = sets.micrographs(MICS)
    return micrographs, convert.Reference.read(sets.coordinates(micrographs, PICKS, **attributes),
                                               convert.namedScores(text))


def test_a_score_that_the_user_names(sets):
    values = [.1, .2, .3, .4, .5, float('nan')]
    micrographs, before = named(sets, ' _score, -_dose ', _score=values, _topazScore=[9.0] * 6)
    assert before.scoreName == OWN
    np.testing.assert_array_equal(before.scores, values)
    # Each set takes the first that it has; a minus turns it round; others are scored as ever.
    for attributes, name, scores in (({'_score': [7.0, 8], '_dose': [1.0, 2]}, OWN, [7, 8]),
                                     ({'_dose': [1.0, 2], '_topazScore': [3.0, 4]}, '-_dose', [-1, -2]),
                                     ({'_topazScore': [3.0, 4]}, '_topazScore', [3, 4]),
                                     ({'_score': ['a', 'b']}, '', [])):
        method = joined(sets.coordinates(micrographs, PICKS[:2], **attributes), before)
        assert method.score_name == name and method.scores[:len(scores)].tolist() == scores
    own = convert.ownScores('own', named(sets, f'-{FIGURE}', **{FIGURE: [1.0] * 5 + [2.0]})[1])
    assert own.score_name == f'-{FIGURE}' and own.scores.tolist() == [-1.0] * 5 + [-2.0]
    # What is known of a score holds for one that was named, too.
    _, before = named(sets, CLEANER, **{CLEANER: [-1.0, .5, .5, .5, .5, .5], '_poParticle': [1.0] * 6})
    assert before.scoreName == CLEANER and np.isnan(before.scores[0]) and 'MicrographCleaner' in before.notes[0]


def test_a_named_score_of_particles_and_of_the_rejected(sets, lab, micrographs, simulated):
    from pyworkflow.object import Pointer
    _, coordinates, _ = reference(sets)
    before = convert.Reference.read(coordinates, convert.namedScores(f'-{CONSENSUS}'))
    method = joined(sets.particles(coordinates, [PICKS[0], PICKS[2]], 2.0, scores=[.7, .8]), before)
    assert method.score_name == f'-{CONSENSUS}'
    np.testing.assert_array_equal(method.scores, [-.7, math.nan, -.8] + [math.nan] * 3)
    run = lab.coordinates(micrographs, simulated.rows[:5], 'named scores')
    on = coordinates.getMicrographs()
    run._defineOutputs(good=sets.coordinates(on, PICKS[:2], _dose=[1.0, 2.0]),
                       bad=sets.coordinates(on, PICKS[2:], _dose=[3.0, 4, 5, 6]))
    before = convert.Reference.read(coordinates, convert.namedScores('-_dose'))
    method = convert.readMethod(Pointer(run, extended='good'), 'M', before, 5.0)
    assert method.scores.tolist() == [-1, -2, -3, -4, -5, -6] and method.kept.sum() == 2


def test_a_score_that_is_text(sets):
    """Of particles as of coordinates: one line that names it."""
    from pwem.objects import SetOfParticles
    from pyworkflow.object import String
    _, coordinates, picked = reference(sets)
    particles = SetOfParticles(filename=sets._file())
    particles.setSamplingRate(2.0)
    for place, score in zip(PICKS, ('0.5', 'high')):
        particle = sets.particle(*place)
        particle._topazScore = String(score)
        particles.append(particle)
    particles.write()
    method = joined(particles, picked)
    assert method.is_left_out and method.notes == ['the score _topazScore of its particle 2 is no number ("high").']
    assert joined(sets.coordinates(coordinates.getMicrographs(), PICKS[:2], _topazScore=['0.5', 'high']),
                  picked).is_left_out


def test_a_named_score_is_checked(sets):
    micrographs = sets.micrographs(MICS)
    given = [sets.coordinates(micrographs, PICKS, _score=[1.0] * 6, _topazScore=[1.0] * 6),
             sets.coordinates(micrographs, PICKS, _note=['x'] * 6), sets.coordinates(micrographs, []),
             _gone(sets.coordinates(micrographs, PICKS))]

    def lines(text):
        return convert.checkNamedScores(convert.namedScores(text), given)
    assert lines('') == lines(None) == lines('_score -_topazScore') == []
    assert lines('_score nothing -_note') == [
        'No set has the attribute "nothing" that is to be the score; their numbers are _score, _topazScore.',
        'The attribute "_note" that is to be the score is no number but String.']
    assert convert.numericAttributes(given[0]) == ['_score', '_topazScore']
    assert convert.numericAttributes(given[1]) == convert.numericAttributes(given[3]) == []
    assert not os.path.exists(given[3].getFileName())


def test_a_score_that_is_the_same_by_chance_is_not_taken_over(sets, lab, micrographs, simulated):
    """Two models, of which both are sure of the one pick that was kept; what the second says of the rest is known."""
    from pyworkflow.object import Pointer
    _, coordinates, before = reference(sets, _poParticle=[1.0, .1, .2, .3, .4, .5])
    run = lab.coordinates(micrographs, simulated.rows[:5], 'another model')
    on = coordinates.getMicrographs()
    run._defineOutputs(good=sets.coordinates(on, PICKS[:1], _poParticle=[1.0]),
                       bad=sets.coordinates(on, PICKS[1:4], _poParticle=[.9, .8, .7]))
    method = convert.readMethod(Pointer(run, extended='good'), 'M', before, 5.0)
    np.testing.assert_array_equal(method.scores, [1, .9, .8, .7, math.nan, math.nan])


def test_truth_is_joined_too(sets):
    micrographs, _, before = reference(sets)
    labelled = sets.coordinates(micrographs, [(1, 101, 99), (1, 200, 100), (2, 100, 100), (4, 50, 60), (4, 500, 500)],
                                _poClass=['particle', 'ice', 'carbon', 'outside', 'ice'])
    classes, truth, notes = convert.readTruth(labelled, before, 5.0)
    assert classes == ('particle', 'ice', 'carbon')
    assert truth.tolist() == [0, 1, UNKNOWN, 2, UNKNOWN, UNKNOWN] and '1 of 5 places' in notes[0]
    # Joined labels that contradict each other are no truth; the same twice is one.
    labelled = sets.coordinates(micrographs, [PICKS[0], PICKS[0], PICKS[1], PICKS[1], PICKS[2], PICKS[2]],
                                _poClass=['ice', 'particle', 'ice', 'ice', 'ice', 'outside'])
    _, truth, notes = convert.readTruth(labelled, before, 5.0)
    assert truth.tolist() == [UNKNOWN, 1, 1, UNKNOWN, UNKNOWN, UNKNOWN] and '2 picks of the ground truth' in notes[0]
    with pytest.raises(InputError, match='no attribute _poClass'):
        convert.readTruth(sets.coordinates(micrographs, PICKS), before, 5.0)
    with pytest.raises(InputError, match='None of the 1 places'):
        convert.readTruth(sets.coordinates(micrographs, [(1, 9, 9)], _poClass=['ice']), before, 5.0)


def test_a_truth_of_any_classes(sets):
    """Names without regard to case, in their order; what a model does not know of them is said, and is junk."""
    micrographs, _, before = reference(sets)
    names = ['particle', 'Gold  Edge', 'gold edge', 'empty', 'unreadable', 'empty']
    classes, truth, _ = convert.readTruth(sets.coordinates(micrographs, PICKS, _poClass=names), before, 5.0)
    assert classes == ('particle', 'empty', 'gold edge') and truth.tolist() == [0, 2, 2, 1, UNKNOWN, 1]
    for attributes, line in (({'_poEmpty': [.1]}, 'no probability of gold edge, which the ground truth has'),
                             ({'_poEmpty': [.1], '_poGoldEdge': [.1]}, None), ({}, 'no probability of empty, gold')):
        itemSet = sets.coordinates(micrographs, PICKS[:1], _poParticle=[.9], _poClass=['particle'], **attributes)
        method = joined(itemSet, before)
        convert.noteUnknownClasses(itemSet, method, classes)
        told = [note for note in method.notes if 'ground truth' in note]
        assert len(told) == bool(line) and (not line or line in told[0])
    others = sets.coordinates(micrographs, PICKS[:1])      # of another program, which knows no classes
    method = joined(others, before)
    convert.noteUnknownClasses(others, method, classes)
    assert not any('ground truth' in note for note in method.notes)
    with pytest.raises(InputError, match='"ice!" is no name of a class'):
        convert.readTruth(sets.coordinates(micrographs, PICKS[:2], _poClass=['ice!', 'ice']), before, 5.0)


# ------------------------------ the protocol ------------------------------

@pytest.fixture(scope='module')
def others(lab, micrographs, picks, simulated):
    """A run with outputs like those of MicrographCleaner, Deep Consensus, extraction and 2D classification; what two
    of them kept of the picks, {output: {ids}}; and the score that each pick was given, {id: score}."""
    from pyworkflow.object import Pointer
    run = lab.coordinates(micrographs, simulated.rows[:5], 'others')
    make = Sets(Path(run._getExtraPath()))
    micrographs = picks.outputCoordinates.getMicrographs(asPointer=True)
    before = sorted(items(picks.outputCoordinates).values(), key=lambda pick: pick.getObjId())
    rng = np.random.default_rng(5)
    true = {3 * row.coord_id: row.label for row in simulated.rows}
    good = np.array([rng.random() < (0.9 if true[pick.getObjId()] == 'particle' else 0.2) for pick in before])
    scores = np.where(good, 0.8, 0.1) + rng.uniform(0, 0.1, len(before))

    def places(chosen, scale=1, shift=0):
        return [(pick.getMicId(), int(pick.getX() * scale) + shift, int(pick.getY() * scale))
                for pick, wanted in zip(before, chosen) if wanted]

    def attribute(name, chosen):
        return {name: scores[chosen].tolist()}

    everything = np.ones(len(before), dtype=bool)
    sure = scores > 0.85
    outputs = {
        'outputCoordinates_Auto_085': make.coordinates(micrographs, places(sure)[::-1],
                                                       **{CLEANER: scores[sure].tolist()[::-1]}),
        'outputCoordinates_Full': make.coordinates(micrographs, places(everything), **attribute(CLEANER, everything)),
        'outputCoordinates_Consensus': make.coordinates(micrographs, [*places(good, shift=1), (1, 639, 639)],
                                                        **{CONSENSUS: [*scores[good].tolist(), 0.5]}),
        'labelled': make.coordinates(micrographs, places(everything), _poClass=[true[p.getObjId()] for p in before]),
        'rejectedAll': make.coordinates(micrographs, [])}
    run._defineOutputs(**outputs)
    extracted = make.particles(Pointer(picks, extended='outputCoordinates'), places(good, 0.5), 2 * PIXEL_SIZE)
    run._defineOutputs(outputParticles=extracted)
    half = len(places(good)) // 2
    run._defineOutputs(outputClasses=make.classes(Pointer(run, extended='outputParticles'),
                                                  [places(good, 0.5)[:half], places(good, 0.5)[half:], []]))
    run._store()
    ids = np.array([pick.getObjId() for pick in before])
    return run, {'outputCoordinates_Auto_085': set(ids[sure].tolist()),
                 'outputCoordinates_Consensus': set(ids[good].tolist())}, dict(zip(ids.tolist(), scores.tolist()))


def comparing(lab, picks, pointers, **values):
    """A compare protocol of the picks of a run; `pointers`: (run, output) of the pruned sets."""
    from pyworkflow.object import Pointer
    protocol = lab.new('ProtPickerOptimizerCompare', inputCoordinates=(picks, 'outputCoordinates'), **values)
    for run, output in pointers:
        protocol.inputSets.append(Pointer(run, extended=output))
    return protocol


def test_compare_all_kinds_of_sets(lab, picks, others):
    run, kept, scores = others
    pointers = [(run, output) for output in ('outputCoordinates_Auto_085', 'outputCoordinates_Consensus',
                                             'outputParticles', 'outputClasses')]
    protocol = comparing(lab, picks, pointers, truth=(run, 'labelled'), pickerScore=True, keptByAll=True, pictures=1)
    assert protocol.warnings() == []
    lab.finished(protocol)
    comparison = protocol.getComparison()
    assert [m.name for m in comparison.methods] == [f'others, {output}' for _, output in pointers] + [
        "picker's own score"]
    assert (comparison.box, comparison.tolerance, comparison.pixel_size) == (BOX, 0.2 * BOX, PIXEL_SIZE)
    cleaner, consensus, particles, classes, own = comparison.methods
    for method, output in ((cleaner, 'outputCoordinates_Auto_085'), (consensus, 'outputCoordinates_Consensus'),
                           (particles, 'outputCoordinates_Consensus'), (classes, 'outputCoordinates_Consensus')):
        assert set(comparison.ids[method.kept].tolist()) == kept[output] and method.covered.all()
    assert consensus.unmatched == 1 and own.score_name == '_topazScore'
    # Scores of what was rejected are those of the same run's output that has them.
    assert cleaner.scores.tolist() == pytest.approx([scores[i] for i in comparison.ids.tolist()])
    assert np.isfinite(consensus.scores).tolist() == consensus.kept.tolist()

    summary = '\n'.join(protocol.summary())
    assert f'kept {len(kept["outputCoordinates_Auto_085"])} of {len(comparison)} picks' in summary
    assert 'junk removed' in summary and 'no reference pick of its own' in summary
    output = protocol.outputComparison
    assert str(output).startswith('PickerOptimizerComparison (5 methods') and output.getComparison().ids.tolist() == \
        comparison.ids.tolist()
    # What all keep is the picks themselves.
    both = items(protocol.keptByAllCoordinates)
    assert set(both) == kept['outputCoordinates_Auto_085'] & kept['outputCoordinates_Consensus']
    original = items(picks.outputCoordinates)
    assert all(pick._topazScore.get() == original[i]._topazScore.get() and
               pick.getPosition() == original[i].getPosition() for i, pick in both.items())
    assert not protocol.hasAttribute('keptByOneCoordinates')
    protocol.keptByAll.set(False)      # and continued, it is not made again
    assert '*Of an earlier launch*, and not asked for any more: keptByAllCoordinates.' in protocol.summary()
    with open(protocol._getExtraPath('tables', 'micrographs.csv'), newline='', encoding='utf-8') as stream:
        rows = list(csv.DictReader(stream))
    assert sorted(row['micrograph'] for row in rows) == sorted(NAMES)
    assert sum(int(row['picks']) for row in rows) == len(comparison)
    with open(protocol._getExtraPath('report.html'), encoding='utf-8') as stream:
        text = stream.read()
    assert text.count('data:image/png;base64') == 4      # a micrograph, two plots of curves, who kept what

    # A continued run with another wish for sets makes these alone, and nothing anew.
    written = os.path.getmtime(protocol._getExtraPath('comparison.npz'))
    protocol.keptByMajority.set(True)
    lab.finished(protocol)
    assert set(items(protocol.keptByMajorityCoordinates)) == kept['outputCoordinates_Consensus']
    assert set(items(protocol.keptByAllCoordinates)) == set(both)
    assert os.path.getmtime(protocol._getExtraPath('comparison.npz')) == written


def test_ours_with_scores_of_the_rejected(lab, few, fewPruned):
    protocol = lab.finished(comparing(lab, few, [(fewPruned, 'outputCoordinates'), (few, 'outputCoordinates')],
                                      pictures=0))
    ours, everything = protocol.getComparison().methods
    outside = [pick._poClass.get() == 'outside' for _, pick in sorted(items(fewPruned.rejectedCoordinates).items())]
    assert np.isnan(ours.scores).sum() == sum(outside) == 2 and ours.score_name == '_poParticle'
    assert ours.kept.sum() == fewPruned.outputCoordinates.getSize() and everything.kept.all()
    assert 'few*: kept' in '\n'.join(protocol.summary()) and '*all of them*' in '\n'.join(protocol.summary())


def test_picks_that_were_never_judged_do_not_count(lab, sets, simulated, micrographs, few):
    """A run of "prune coordinates" that could not read a micrograph."""
    from pyworkflow.object import Pointer
    before = convert.Reference.read(few.outputCoordinates)
    run = lab.coordinates(micrographs, simulated.rows[:5], 'a run')
    micrographs = few.outputCoordinates.getMicrographs(asPointer=True)
    rows = [(int(m), *map(int, xy)) for m, xy in zip(before.micIds, before.xy)]
    kept = [row for row in rows if row[0] != 4][:5]
    run._defineOutputs(
        keptMin=sets.coordinates(micrographs, kept, _poParticle=[0.9] * 5),
        unscoredCoordinates=sets.coordinates(micrographs, [r for r in rows if r[0] == 4],
                                             _poParticle=[0.0] * sum(r[0] == 4 for r in rows)))
    method = convert.readMethod(Pointer(run, extended='keptMin'), 'M', before, 5.0)
    assert method.covered.tolist() == (before.micIds != 4).tolist()
    assert not np.isfinite(method.scores[before.micIds == 4]).any() and method.kept.sum() == 5


def test_one_without_a_match_is_left_out_and_the_others_are_compared(lab, picks, others, sets, micrographs, simulated):
    run, kept, _ = others
    stranger = lab.coordinates(micrographs, [row._replace(x=row.x % 7, y=row.y % 7) for row in simulated.rows[:9]],
                               'stranger')
    good = [(run, 'outputCoordinates_Auto_085'), (run, 'outputCoordinates_Consensus')]
    protocol = lab.finished(comparing(lab, picks, [good[0], (stranger, 'outputCoordinates'), good[1]], pictures=0,
                                      keptByAll=True, tolerance=1))
    text = '\n'.join(protocol.summary())
    assert '*stranger* is left out: none of its picks is a reference pick: none of 9 is within 1 px' in text
    assert '2 methods compared' in text and 'All methods agree on' in text
    assert str(protocol.outputComparison).startswith('PickerOptimizerComparison (2 methods')
    assert set(items(protocol.keptByAllCoordinates)) == kept[good[0][1]] & kept[good[1][1]]
    with open(protocol._getExtraPath('tables', 'methods.csv'), newline='', encoding='utf-8') as stream:
        last = list(csv.DictReader(stream))[-1]
    assert (last['method'], last['kept'], last['no reference pick']) == ('stranger (left out)', '', '9')
    with open(protocol._getExtraPath('report.html'), encoding='utf-8') as stream:
        assert 'stranger' in stream.read()

    alone = comparing(lab, picks, [(stranger, 'outputCoordinates')] * 2, tolerance=1)
    error = lab.error(alone)
    assert error.startswith('None of the pruned sets can be compared with these picks. stranger, outputCoordinates: '
                            'none of its picks is a reference pick') and '\n' not in error
    assert not os.path.exists(alone._getExtraPath('comparison.json'))


def test_the_score_of_the_form(lab, picks, others):
    run, _, _ = others
    pointers = [(run, 'outputCoordinates_Auto_085'), (run, 'outputCoordinates_Consensus')]
    line, = comparing(lab, picks, pointers, scoreNames='_nothing').validate()
    assert 'No set has the attribute "_nothing"' in line and '_topazScore' in line and CLEANER in line
    line, = comparing(lab, picks, pointers, scoreNames='_poClass -_micName').validate()[1:]
    assert line == 'The attribute "_micName" that is to be the score is no number but String.'
    protocol = lab.finished(comparing(lab, picks, pointers, scoreNames=f'-{CLEANER}', pictures=0))
    cleaner, consensus = protocol.getComparison().methods
    assert cleaner.score_name == f'-{CLEANER}' and np.nanmax(cleaner.scores) < 0 and consensus.score_name == CONSENSUS
    protocol.scoreNames.set('')      # and continue
    cleaner, _ = lab.finished(protocol).getComparison().methods
    assert cleaner.score_name == CLEANER and np.nanmin(cleaner.scores) > 0


def test_score_wizard_lists_the_numbers_of_the_picks(lab, picks, others, monkeypatch):
    from types import SimpleNamespace

    from pickeroptimizer import wizards
    shown, values = [], {}

    class Dialog:
        def __init__(self, master, title, provider, message):
            shown[:] = self.values = [provider.getText(one) for one in provider.getObjs()]
            self.values = provider.getObjs()[:2]

        def resultYes(self):
            return True
    monkeypatch.setattr(wizards, 'ListDialog', Dialog)
    protocol = comparing(lab, picks, [(others[0], 'outputCoordinates_Auto_085'), (others[0], 'outputClasses')])
    form = SimpleNamespace(protocol=protocol, root=None, setVar=values.__setitem__, showWarning=shown.append)
    wizards.PickerOptimizerScoreWizard().show(form)
    assert shown == ['_topazScore', CLEANER] and values == {'scoreNames': f'_topazScore {CLEANER}'}
    form.protocol = lab.new('ProtPickerOptimizerCompare')
    wizards.PickerOptimizerScoreWizard().show(form)
    assert 'None of the picks bear a number' in shown[-1]


def test_a_continued_run_knows_what_has_changed(lab, sets, picks, others, micrographs, simulated):
    """Also where the time of a file stays, and what only the scores of the rejected come from."""
    run = lab.coordinates(micrographs, simulated.rows[:5], 'changing')
    on = picks.outputCoordinates.getMicrographs(asPointer=True)
    places = [(row.mic_id, row.x, row.y) for row in simulated.rows[:4]]
    run._defineOutputs(good=sets.coordinates(on, places[:2], _poParticle=[.9, .8]),
                       bad=sets.coordinates(on, places[2:], _poParticle=[.2, .1]),
                       labelled=sets.coordinates(on, places, _poClass=['ice'] * 4))
    protocol = comparing(lab, picks, [(run, 'good')], truth=(run, 'labelled'))
    before = protocol._job()
    assert protocol._job() == before
    for output, column, value in (('labelled', '_poClass', 'carbon'), ('bad', '_poParticle', 0.3),
                                  ('good', '_x', 7)):
        path = getattr(run, output).getFileName()
        times = os.stat(path).st_atime_ns, os.stat(path).st_mtime_ns
        with closing(sqlite3.connect(path)) as file:
            number, = file.execute('SELECT column_name FROM Classes WHERE label_property=?', (column,)).fetchone()
            file.execute(f'UPDATE Objects SET {number}=?', (value,))
            file.commit()
        os.utime(path, ns=times)
        assert protocol._job() != before
        before = protocol._job()


def test_twenty_methods_one_of_them_twice(lab, picks, others):
    run, _, _ = others
    outputs = ['outputCoordinates_Auto_085', 'outputCoordinates_Full', 'outputCoordinates_Consensus', 'rejectedAll'] * 5
    protocol = comparing(lab, picks, [(run, output) for output in outputs], pictures=0, tolerance=2)
    assert any('more than once' in line for line in protocol.warnings())
    lab.finished(protocol)
    methods = protocol.getComparison().methods
    assert len({method.name for method in methods}) == 20 and methods[4].name == f'others, {outputs[0]} (2)'
    assert methods[4].kept.tolist() == methods[0].kept.tolist()
    assert '*none*' in '\n'.join(protocol.summary())


def test_methods_have_names_of_their_own(lab, picks, others, micrographs, simulated):
    """Runs with one label, with line breaks in it, with the name of what is no run, with that of a numbered one."""
    run, _, _ = others
    labels = ['twin', 'twin', "picker's own score", 'two\nlines', 'others, rejectedAll (2)']
    runs = [lab.coordinates(micrographs, simulated.rows[:5], f'run {number}') for number in range(len(labels))]
    for one, label in zip(runs, labels):
        one.setObjLabel(label)
    protocol = comparing(lab, picks, [*((one, 'outputCoordinates') for one in runs), *[(run, 'rejectedAll')] * 2])
    assert protocol._names() == [f'twin (id {runs[0].getObjId()})', f'twin (id {runs[1].getObjId()})',
                                 "picker's own score (2)", 'two lines', 'others, rejectedAll (2)',
                                 'others, rejectedAll', 'others, rejectedAll (3)']


def test_wrong_input_is_told_before_the_run(lab, picks, others):
    run, _, _ = others
    good = [(run, 'outputCoordinates_Full')]
    assert comparing(lab, picks, good, tolerance=0).validate() == []
    assert any('tolerance of 0' in line for line in comparing(lab, picks, good, tolerance=0).warnings())
    for tolerance, words in ((-3, 'must be -1'), (BOX + 1, 'more than a box')):
        line, = comparing(lab, picks, good, tolerance=tolerance).validate()
        assert words in line
    line, = comparing(lab, picks, good, truth=(run, 'rejectedAll')).validate()
    assert 'ground truth are an empty set' in line
    protocol = comparing(lab, picks, [(run, 'rejectedAll')])
    protocol.inputCoordinates.set(run)
    protocol.inputCoordinates.setExtended('rejectedAll')
    assert protocol.validate() == ['The picks before pruning are an empty set.']
    line, = comparing(lab, picks, good, truth=(run, 'outputCoordinates_Full')).validate()
    assert 'no attribute _poClass' in line
