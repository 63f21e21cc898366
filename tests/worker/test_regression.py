"""The regression around a prior, and what a prior says of classes that it does not know."""
import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from worker.training.prior import HELD, TRUST, LinearClassifier, Prior
from worker.training.regression import fit_around


@pytest.fixture(scope='module')
def boxes():
    rng = np.random.default_rng(0)
    targets = rng.integers(0, 3, 150)
    features = rng.normal(size=(150, 20)) + 1.5 * np.eye(3, 20)[targets]
    return features.astype(np.float32), targets, rng.uniform(0.5, 2, 150)


def test_without_a_prior_it_is_the_usual_regression(boxes):
    features, targets, box_weights = boxes
    weight, bias = fit_around(features, targets, box_weights, np.zeros((3, 20), np.float32), np.zeros(3, np.float32), 5)
    usual = LogisticRegression(C=1 / 5, max_iter=1000, tol=1e-8).fit(features, targets, box_weights)
    np.testing.assert_allclose(weight, usual.coef_, atol=2e-3)
    np.testing.assert_allclose(bias - bias.mean(), usual.intercept_ - usual.intercept_.mean(), atol=2e-3)


def test_a_prior_gives_way_to_evidence_and_to_no_more_of_it(boxes):
    features, targets, box_weights = boxes
    prior = np.random.default_rng(1).normal(size=(3, 20)).astype(np.float32)
    bias = np.array([1.0, 0.0, -1.0], np.float32)
    firm, _ = fit_around(features, targets, box_weights, prior, bias, 1e6)
    np.testing.assert_allclose(firm, prior, atol=1e-3)
    weak, _ = fit_around(features, targets, box_weights, prior, bias, 1.0)
    assert np.abs(weak - prior).max() > 0.3
    # Labels of one class alone: the others stay known.
    ones = targets == 0
    weight, moved = fit_around(features[ones], targets[ones], box_weights[ones], prior, bias, 50, 50)
    assert np.isfinite(weight).all() and np.abs(moved - bias).max() < 3


@pytest.fixture
def prior():
    """What is known of four classes by three features."""
    weight = np.arange(12, dtype=np.float32).reshape(4, 3)
    alone = LinearClassifier(weight, np.zeros(4, np.float32))
    among = LinearClassifier(weight ** 2, np.ones(4, np.float32))
    mean, scale = np.array([[1, 2, 3], [1, 2, 4]], np.float32)
    return Prior(('particle', 'ice', 'carbon', 'empty'), mean, scale, alone, among, -weight)


def test_what_a_prior_says_of_other_classes(prior):
    about = prior.about(['particle', 'gold edge'])
    assert about.classes == ('particle', 'ice', 'carbon', 'empty', 'gold edge')
    for its, own in ((about.alone.weight, prior.alone.weight), (about.among.weight, prior.among.weight),
                     (about.beside, prior.beside)):
        np.testing.assert_array_equal(its[:4], own)
        np.testing.assert_allclose(its[4], own[1:].mean(axis=0), rtol=1e-6)
    for its in (about.alone, about.among):
        assert its.bias[4] < its.bias[1:4].min()
    named = ['particle', *(f'junk {i}' for i in range(7))]
    assert prior.about(named).classes == ('particle', 'ice', *named[1:]), 'as many as a model has room for'
    assert prior.about(['ice']).classes == prior.classes, 'the particle is always there'


def test_a_start_is_what_is_known_beside_the_labelled_particles_whatever_the_units(prior):
    boxes, particles = np.random.default_rng(0).normal(2, 3, (2, 7, 3)).astype(np.float32)
    known = (boxes - prior.mean) / prior.scale
    typical = ((particles - prior.mean) / prior.scale).sum(axis=0) / (7 + HELD)
    wanted = TRUST * (known @ prior.among.weight.T + prior.among.bias - prior.beside @ typical)
    for mean, scale in ((prior.mean, prior.scale), (np.array([5.0, 0, 1]), np.array([0.5, 3, 7]))):
        start = prior.start(mean, scale, particles)
        np.testing.assert_allclose((boxes - mean) / scale @ start.weight.T + start.bias, wanted, rtol=1e-3, atol=1e-2)
    nothing = prior.start(prior.mean, prior.scale, particles[:0])
    np.testing.assert_allclose(nothing.bias, TRUST * prior.alone.bias, rtol=1e-6)
    np.testing.assert_allclose(nothing.weight, TRUST * prior.alone.weight, rtol=1e-6)


def test_the_spread_of_few_boxes_is_that_of_others_too(prior):
    mean, scale = np.array([2.0, 2, 2]), np.array([0.0, 1, 3])
    for boxes, near in ((1, False), (10 ** 6, True)):
        its_mean, its_scale = prior.spread_beside(mean, scale, boxes)
        assert np.allclose(its_mean, mean, atol=1e-3) == near and np.allclose(its_scale, scale, atol=1e-2) == near
        assert (its_scale > 0).all()
    # As if three boxes were there, with the mean and the spread of others.
    one = np.concatenate((np.full(1, 2.0), 1 + np.sqrt(1.5) * np.array([-1, 0, 1])))
    np.testing.assert_allclose([values[0] for values in prior.spread_beside(mean, scale, 1)], [one.mean(), one.std()])
