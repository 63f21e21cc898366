"""Calibration: the temperature that was put in is found, and a model is given it."""
import numpy as np
import pytest
from worker.exchange.classes import decide
from worker.training.calibration import calibrated, expected_calibration_error, fit_temperature, reliability
from worker.training.cross_validation import cross_validate, fit_calibrated

CLASSES = 3


def honest(number, seed=0):
    """Probabilities that mean what they say, and classes drawn from them."""
    rng = np.random.default_rng(seed)
    probabilities = rng.dirichlet((0.4,) * CLASSES, number)
    return probabilities, np.array([rng.choice(CLASSES, p=p) for p in probabilities])


@pytest.mark.parametrize('temperature', [0.4, 1.0, 2.5])
def test_the_temperature_is_found(temperature):
    probabilities, targets = honest(4000)
    distorted = calibrated(probabilities, 1 / temperature)      # as a recogniser that is so much too sure, or unsure
    found = fit_temperature(distorted, targets)
    assert found == pytest.approx(temperature, rel=0.12)
    assert expected_calibration_error(calibrated(distorted, found), targets) < 0.03


def test_what_a_temperature_does():
    """To particle against junk, and to the kinds of junk among themselves."""
    for temperature in (2.0, 0.5):
        particle, *kinds = calibrated(np.array([[0.7, 0.2, 0.1]]), temperature)[0]
        assert particle / (1 - particle) == pytest.approx((0.7 / 0.3) ** (1 / temperature))
        assert kinds[0] / kinds[1] == pytest.approx(2 ** (1 / temperature))
        assert sum(kinds) == pytest.approx(1 - particle)
    two = calibrated(np.array([[0.8, 0.2]]), 2.0)[0]
    assert two == pytest.approx(np.sqrt([0.8, 0.2]) / np.sqrt([0.8, 0.2]).sum())
    assert calibrated(np.array([[1.0, 0.0, 0.0]]), 2.0) == pytest.approx(np.array([[1, 0, 0]]), abs=1e-5)


@pytest.mark.parametrize('temperature', [0.05, 5.0])
def test_no_temperature_changes_what_is_decided(temperature):
    """Of eight kinds of junk that nothing tells apart, a blunt temperature would make more than of the particle."""
    rng = np.random.default_rng(0)
    probabilities = np.r_[[[0.9] + 8 * [0.0125]], [[0.4] + 8 * [0.075]], rng.dirichlet(9 * [0.4], 500)]
    np.testing.assert_array_equal(decide(calibrated(probabilities, temperature)), decide(probabilities))


def test_kinds_that_cannot_be_told_apart_cost_no_particles():
    rng = np.random.default_rng(0)
    targets = np.repeat([0, 1, 2, 3, 4, 5, 6, 7, 8], [20] + 8 * [8])
    particle = np.where(targets == 0, 0.9, 0.1)
    kinds = rng.dirichlet(8 * [0.1], len(targets))      # sure of one of them, and as good as any other guess
    probabilities = np.column_stack([particle, (1 - particle)[:, None] * kinds])
    told = calibrated(probabilities, fit_temperature(probabilities, targets))
    np.testing.assert_array_equal(decide(told) == 0, targets == 0)


def test_a_rare_class_weighs_as_much_as_a_common_one():
    """Of the common class all boxes are right, of the rare one none: half of it is wrong."""
    probabilities = np.tile([0.9, 0.05, 0.05], (100, 1))
    targets = np.array([0] * 90 + [1] * 10)
    assert expected_calibration_error(probabilities, targets) == pytest.approx(0.4)
    assert reliability(probabilities, targets) == [pytest.approx({'confidence': 0.9, 'accuracy': 0.5, 'weight': 1.0})]
    assert fit_temperature(probabilities, targets) > 2


class Overconfident:
    """A recipe whose recogniser makes honest probabilities far too sharp."""
    classes = ('particle', 'ice', 'carbon')

    def fit(self, embedded, targets, seed):
        return type('Recogniser', (), {'temperature': Temperature()})()

    def predict(self, recogniser, embedded):
        return calibrated(embedded, 0.5)


class Temperature:
    value = 1.0

    def fill_(self, value):
        self.value = value


def test_a_cross_validation_tells_calibrated_probabilities_and_the_model_gets_the_temperature():
    probabilities, targets = honest(600)
    mic_ids = np.arange(600) % 12
    validation = cross_validate(Overconfident(), probabilities, targets, mic_ids, 5, 0, log=lambda line: None)
    assert validation.temperature == pytest.approx(2.0, rel=0.2)
    # Each fold is told at the temperature of the others, so nearly at that of all.
    np.testing.assert_allclose(validation.probabilities, probabilities, atol=0.05)
    assert validation.report(['particle', 'ice', 'carbon'])['calibration_error'] < 0.05
    recogniser = fit_calibrated(Overconfident(), probabilities, targets, mic_ids, 5, 0)
    assert recogniser.temperature.value == validation.temperature
    assert fit_calibrated(Overconfident(), probabilities, targets, mic_ids, 0, 0).temperature.value == 1.0


@pytest.mark.parametrize('number, sure', [(3, 0.95), (10, 0.98)])
def test_a_few_boxes_that_are_all_right_do_not_make_certainty(number, sure):
    """Of 10 boxes a class that are all right at 0.9, a model must not conclude that the next one is right at 0.99."""
    targets = np.repeat(np.arange(CLASSES), number)
    probabilities = np.full((len(targets), CLASSES), 0.05)
    probabilities[np.arange(len(targets)), targets] = 0.9
    told = calibrated(probabilities, fit_temperature(probabilities, targets)).max()
    assert 0.8 < told < sure


def test_what_is_told_of_a_fold_does_not_come_of_its_own_labels():
    """One fold, whose labels are all wrong, spoils the temperature of the others, not its own."""
    probabilities, targets = honest(300)
    mic_ids = np.arange(300) % 3
    spoiled = targets.copy()
    spoiled[mic_ids == 0] = (probabilities[mic_ids == 0].argmax(axis=1) + 1) % CLASSES
    validation = cross_validate(Overconfident(), probabilities, spoiled, mic_ids, 3, 0, log=lambda line: None)
    sureness = [validation.probabilities[mic_ids == micrograph].max(axis=1).mean() for micrograph in range(3)]
    assert sureness[0] > 1.15 * max(sureness[1:])
