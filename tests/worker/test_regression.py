"""The regression around a prior, and what a prior says of classes that it does not know."""
import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from worker.training.prior import Prior
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


def test_what_a_prior_says_of_other_classes():
    weight = np.arange(12, dtype=np.float32).reshape(4, 3)
    prior = Prior(('particle', 'ice', 'carbon', 'empty'), np.zeros(3, np.float32), np.ones(3, np.float32), weight,
                  np.zeros(4, np.float32))
    about = prior.about(['particle', 'gold edge'])
    assert about.classes == ('particle', 'ice', 'carbon', 'empty', 'gold edge')
    np.testing.assert_array_equal(about.weight[:4], weight)
    np.testing.assert_array_equal(about.weight[4], weight[1:].mean(axis=0))
    assert about.bias[4] < about.bias[1:4].min()
    named = ['particle', *(f'junk {i}' for i in range(7))]
    assert prior.about(named).classes == ('particle', 'ice', *named[1:]), 'as many as a model has room for'
    assert prior.about(['ice']).classes == prior.classes, 'the particle is always there'
