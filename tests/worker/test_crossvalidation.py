"""Folds hold whole micrographs where that can be, for any few labels."""
from collections import namedtuple

import numpy as np
import pytest
from worker.training.cross_validation import ENOUGH_RANDOM, cross_validate, typical_of
from worker.training.finetune import _warnings

Asked = namedtuple('Asked', 'train test')


class Recipe:
    """Remembers what it was asked to learn and to judge, and says that every box is of the class that it is."""

    def __init__(self, classes):
        self.classes = classes
        self.asked = []

    def fit(self, embedded, targets, seed):
        return embedded

    def predict(self, recogniser, embedded):
        self.asked.append(Asked(set(recogniser[:, 1]), set(embedded[:, 1])))
        return np.eye(len(self.classes))[embedded[:, 0]]


def validate(targets, mic_ids, folds=5):
    targets, mic_ids = np.array(targets), np.array(mic_ids)
    recipe = Recipe('abcdefgh'[:targets.max() + 1])
    result = cross_validate(recipe, np.stack((targets, mic_ids), axis=1), targets, mic_ids, folds, 0, log=list)
    return result, recipe.asked


@pytest.mark.parametrize('targets, mic_ids', [
    ([0, 0, 0, 1, 1, 1, 2, 2, 2], [1, 2, 3, 4, 5, 6, 7, 8, 9]),      # more micrographs than labels of a class
    ([0, 0, 0, 1, 1, 1, 2, 2, 2], [1, 2, 3, 1, 2, 3, 1, 2, 3]),
    ([0] * 30 + [1] * 4 + [2] * 11, [i % 7 for i in range(45)]),
    ([0, 0, 1, 1], [1, 2, 1, 2])])
@pytest.mark.filterwarnings('error')
def test_no_micrograph_is_learnt_from_and_judged(targets, mic_ids):
    result, asked = validate(targets, mic_ids)
    assert result.split == 'micrograph' and result.folds == len(asked) > 1
    assert all(not fold.train & fold.test for fold in asked)
    assert result.probabilities.argmax(axis=1).tolist() == targets


@pytest.mark.parametrize('targets, mic_ids', [([0, 0, 0, 1, 1], [1, 2, 3, 3, 3]), ([0, 0, 1, 1], [1, 1, 1, 1])])
def test_by_box_where_a_class_is_on_one_micrograph(targets, mic_ids):
    assert validate(targets, mic_ids)[0].split == 'box'


@pytest.mark.parametrize('targets', [[0, 0, 0, 1], [0, 1, 1, 1], [0, 0, 0, 1, 2], [0, 1]])
def test_none_where_particles_or_junk_have_no_two_boxes_of_a_class(targets):
    assert validate(targets, list(range(len(targets))))[0] is None


def test_the_only_box_of_a_class_is_learnt_from_and_not_judged():
    targets, mic_ids = [0, 0, 0, 1, 1, 1, 2], [1, 2, 3, 1, 2, 3, 4]
    result, asked = validate(targets, mic_ids)
    assert result.judged.tolist() == [True] * 6 + [False] and result.split == 'micrograph'
    assert all(4 in fold.train and 4 not in fold.test for fold in asked)
    report = result.report(['particle', 'ice', 'gold edge'])
    assert report['macro_f1'] == 1 and report['confusion'] == [[3, 0, 0], [0, 3, 0], [0, 0, 0]]
    assert np.isfinite(report['calibration_error']) and len(report['particle_probabilities']) == 3


def test_hard_particles_do_not_stand_for_typical_ones():
    targets = np.array([0] * 20 + [1] * 4)
    drawn = np.arange(24) < ENOUGH_RANDOM
    assert typical_of(targets, drawn).tolist() == [True] * ENOUGH_RANDOM + [False] * (20 - ENOUGH_RANDOM) + [True] * 4
    drawn[0] = False
    assert typical_of(targets, drawn).all(), 'too few were drawn at random'
    assert typical_of(targets, targets == 1).all(), 'drawn junk is not drawn particles'


class Unsure(Recipe):
    """Says of each box with how much probability it is a particle: what stands in its third column, in per cent."""

    def predict(self, recogniser, embedded):
        return np.stack((embedded[:, 2] / 100, 1 - embedded[:, 2] / 100), axis=1)


def test_a_report_tells_of_typical_particles_and_of_all_junk():
    targets = np.array([0] * 20 + [1] * 6)
    said = np.r_[np.full(10, 95), np.full(10, 4), np.full(6, 10)]      # half of the particles were chosen to be hard
    embedded = np.stack((targets, np.arange(26) % 7, said), axis=1)
    names = ['particle', 'ice']
    reports = [cross_validate(Unsure(names), embedded, targets, np.arange(26) % 7, 5, 0, list, drawn).report(names)
               for drawn in (None, np.arange(26) < 10)]
    assert [report['particles'] for report in reports] == ['all', 'random']
    assert [len(report['particle_probabilities']) for report in reports] == [20, 10]
    assert min(reports[1]['particle_probabilities']) > 0.9 and len(reports[1]['junk_probabilities']) == 6
    assert reports[1]['temperature'] < 1 < reports[0]['temperature'], 'hard particles make probabilities blunt'


@pytest.mark.parametrize('counts, lost, words', [
    ({'particle': 20, 'ice': 20, 'empty': 1}, 0.1, ['only 1 box is labelled empty',
                                                    'cross-validation are without empty']),
    ({'particle': 20, 'ice': 20}, 0.5, []),
    ({'particle': 20, 'junk 1': 20, 'junk 2': 20}, 1.0, ['loses 100 % of the boxes labelled particle'])])
def test_what_the_figures_do_not_show_at_a_glance_is_warned_of(counts, lost, words):
    lines = _warnings(counts, 5, {'split': 'micrograph', 'particles_lost': lost}, None)
    assert len(lines) == len(words) and all(word in line for word, line in zip(words, lines))


@pytest.mark.parametrize('counts, known, isTold', [({'particle': 20, 'ice': 20}, 0.95, True),
                                                   ({'particle': 20, 'ice': 20}, 0.91, False),
                                                   ({'particle': 20, 'ice': 20, 'empty': 1}, 0.95, False)])
def test_labels_that_make_the_general_model_worse_are_told_first(counts, known, isTold):
    crossed = {'split': 'micrograph', 'particles_lost': 0.1, 'balanced_macro_f1': 0.9}
    lines = _warnings(counts, 5, crossed, {'balanced_macro_f1': known})
    assert any('worse at them than the general model' in line for line in lines[:1]) == isTold
