"""How much of a run's picks is junk, what a cut makes of it, and how sure that is."""
import numpy as np
import pytest

from pickeroptimizer.domain.shares import Estimate, RunShares

PARTICLE, JUNK = (2.5, 1.2), (-3.0, 1.5)      # mean and s.d. of their log-odds


def drawn(generator, kind, number):
    """Particle probabilities of so many boxes."""
    return 1 / (1 + np.exp(-generator.normal(*kind, number)))


def header(junk):
    return {'cross_validation': {'junk_probabilities': sorted(junk)}}


def run(seed, junk, labels=30, picks=3000):
    """(probabilities of the picks of a run, whether each is junk, header of a model with so many labels of junk)."""
    generator = np.random.default_rng(seed)
    number = round(junk * picks)
    probabilities = np.concatenate([drawn(generator, JUNK, number), drawn(generator, PARTICLE, picks - number)])
    return probabilities.round(6), np.arange(picks) < number, header(drawn(generator, JUNK, labels))


@pytest.mark.parametrize('junk', [0.01, 0.05, 0.2, 0.5])
def test_the_share_of_junk_is_estimated_whatever_it_is(junk):
    found = [RunShares(*run(seed, junk)[::2]).junk for seed in range(30)]
    assert np.mean([estimate.share for estimate in found]) == pytest.approx(junk, rel=0.25, abs=0.005)
    assert np.mean([estimate.low <= junk <= estimate.high for estimate in found]) > 0.8


def test_confident_junk_is_never_explained_away():
    """Even by labelled junk that looks like particles: an estimate by EM would call half of it particles."""
    generator = np.random.default_rng(0)
    probabilities = np.concatenate([np.full(100, 0.01), np.full(900, 0.99)])
    for labels in (drawn(generator, JUNK, 20), [0.9] * 10, [0.01]):
        assert RunShares(probabilities, header(labels)).junk.share >= 0.1


def test_what_is_expected_of_a_cut_is_what_happens():
    inside = []
    for seed in range(40):
        probabilities, junk, told = run(seed, 0.1)
        shares = RunShares(probabilities, told)
        for minimum in (None, 0.2, 0.8):
            kept = probabilities >= (0.5 if minimum is None else minimum)
            assert shares.keptBy(minimum) == kept.sum()
            expected = shares.at(minimum)
            for estimate, true in ((expected.junk, junk[kept].mean()), (expected.lost, 1 - kept[~junk].mean())):
                assert estimate.low <= estimate.share <= estimate.high
                inside.append(estimate.low <= true <= estimate.high)
    assert np.mean(inside) > 0.8


def test_labelled_particles_do_not_matter():
    """They may have been chosen to be hard; what is known of junk is known without them."""
    probabilities, _, told = run(0, 0.05)
    hard = {'cross_validation': {**told['cross_validation'], 'particle_probabilities': [0.001] * 20}}
    assert RunShares(probabilities, hard).at(0.7) == RunShares(probabilities, told).at(0.7)


def test_models_that_do_not_tell_how_junk_is_scored():
    probabilities, _, told = run(1, 0.1)
    for old in (None, {}, {'cross_validation': None}, {'cross_validation': {'particle_probabilities': [0.9] * 30}}):
        shares = RunShares(probabilities, old)
        assert not shares.isTold and 0.05 < shares.junk.share < 0.2
        assert shares.withoutOneLabel is None
    assert RunShares(probabilities, told).isTold


def test_a_run_without_picks_and_picks_without_a_score():
    assert RunShares([]).at(0.5) is None and RunShares([np.nan]).picks == 0
    assert RunShares([]).junk == (0, 0, 0) and RunShares([]).keptBy(0.2) == 0
    some = RunShares([0.9, np.nan, 0.1], header([0.1, 0.2]))
    assert some.picks == 2 and some.keptBy(None) == 1 and some.keptBy(1.1) == 0
    nothing = some.at(1.1)
    assert nothing.junk.share == 0 and nothing.lost.share == 1


def test_in_words():
    assert str(Estimate(0.0123, 0.004, 0.26)) == '1.2 % (0.4 to 26)'
    assert str(Estimate(0.0, 0.0, 0.0997)) == '0.0 % (0.0 to 10)'
