"""From what a user wants to a cut."""
import numpy as np
import pytest

from pickeroptimizer.domain import decision
from pickeroptimizer.domain.shares import RunShares
from pickeroptimizer.worker.exchange.errors import InputError


def run(seed, junk=0.05, labels=30, picks=3000):
    """(particle probabilities, whether each is junk, the RunShares) of a run."""
    generator = np.random.default_rng(seed)
    number = round(junk * picks)
    logits = np.concatenate([generator.normal(-3, 1.5, number), generator.normal(2.5, 1.2, picks - number)])
    told = 1 / (1 + np.exp(-generator.normal(-3, 1.5, labels)))
    probabilities = (1 / (1 + np.exp(-logits))).round(6)
    return probabilities, np.arange(picks) < number, RunShares(probabilities, header(told))


def header(junk):
    return {'cross_validation': {'junk_probabilities': sorted(junk)}}


@pytest.mark.parametrize('wanted', [90, 95, 99])
def test_share_of_the_particles(wanted):
    kept = []
    for seed in range(30):
        probabilities, junk, shares = run(seed)
        cut = decision.minimumFor(decision.SHARE, wanted, shares)
        kept.append(100 * (probabilities >= cut)[~junk].mean())
    assert np.mean(kept) == pytest.approx(wanted, abs=0.7) and min(kept) > wanted - 2.5


def test_share_of_the_particles_needs_few_labels():
    """Three of junk; and however hard the labelled particles were, which is not asked."""
    probabilities, junk, shares = run(0, labels=3)
    cut = decision.minimumFor(decision.SHARE, 95, shares)
    assert 0.9 < (probabilities >= cut)[~junk].mean() < 0.98


@pytest.mark.parametrize('junk', [0.05, 0.1, 0.2])
def test_share_of_junk(junk):
    """Picks that are particles mostly: the rule does not throw particles away for junk that is not there."""
    left, lost = [], []
    for seed in range(30):
        probabilities, isJunk, shares = run(seed, junk)
        kept = probabilities >= decision.minimumFor(decision.PURITY, 2, shares)
        left.append(isJunk[kept].mean())
        lost.append(1 - kept[~isJunk].mean())
    assert 0.0005 < np.mean(left) <= 0.021 and np.mean(lost) < 0.03


def test_what_is_plainly_junk_is_not_kept_where_there_is_less_than_was_asked_for():
    probabilities, junk, shares = run(0, 0.01)
    kept = probabilities >= decision.minimumFor(decision.PURITY, 5, shares)
    assert kept[~junk].mean() > 0.995 and kept[junk].mean() < 0.6


def test_nothing_is_kept_where_no_pick_is_sure_enough_and_where_there_is_none():
    alike = RunShares([0.01] * 10, header([0.01] * 5))
    assert decision.minimumForPurity(alike, 0.01) > 1
    for rule in (decision.SHARE, decision.PURITY):
        assert decision.minimumFor(rule, 50, RunShares([])) > 1 and decision.minimumFor(rule, 50, None) > 1


def test_equal_probabilities_are_kept_together():
    shares = RunShares([0.9] * 50 + [0.7] * 40 + [0.01] * 10, header([0.01, 0.02, 0.03, 0.6]))
    for rule, wanted in ((decision.SHARE, 70), (decision.PURITY, 1), (decision.PURITY, 5)):
        assert decision.minimumFor(rule, wanted, shares) in shares.values


def test_share_of_junk_is_the_lowest_cut_that_is_likely_to_hold():
    for seed in range(5):
        _, _, shares = run(seed, 0.2, picks=300)
        cut = decision.minimumForPurity(shares, 0.02)
        assert 0.005 < shares.at(cut).junk.share <= 0.02 < shares.at(cut).junk.high
        assert all(shares.curve.junk[shares.values < cut] > 0.02)


def test_what_is_expected_stands_beside_a_rule():
    _, _, shares = run(0)
    for rule, wanted in ((decision.MOST_PROBABLE, None), (decision.MINIMUM, 0.3), (decision.SHARE, 95),
                         (decision.PURITY, 2)):
        minimum = decision.minimumFor(rule, wanted, shares)
        lines = decision.expectedLines(rule, wanted, minimum, shares)
        assert lines == [f'Expected, with 95 % intervals: {shares.at(minimum)}, of all that were scored {shares.junk} '
                         f'are junk.']
    lines = decision.expectedLines(decision.MINIMUM, 0.99, 0.99, shares)
    assert len(lines) == 2 and lines[1].startswith('*Many particles* may be lost'), 'a cut far up'
    assert decision.expectedLines(decision.MINIMUM, 0.3, 0.3, RunShares([])) == []
    assert decision.expectedLines(decision.MINIMUM, 0.3, 0.3, RunShares([0.9])) == [], 'the model does not tell'
    line, = decision.expectedLines(decision.PURITY, 2, 0.3, RunShares([0.9]))
    assert 'train it anew' in line


def test_a_cut_that_one_label_decides_says_so():
    generator = np.random.default_rng(0)
    probabilities = np.concatenate([np.full(100, 0.01), 1 / (1 + np.exp(-generator.normal(2.5, 1.2, 900)))])
    clear, slip = [0.01, 0.02, 0.02, 0.03, 0.05], 0.98      # of a particle that was labelled junk by mistake
    for labels, decided in ((clear, False), ([*clear, slip], True)):
        shares = RunShares(probabilities, header(labels))
        cut = decision.minimumFor(decision.PURITY, 1, shares)
        lines = decision.expectedLines(decision.PURITY, 1, cut, shares)
        assert any(line.startswith('One label decides this cut') for line in lines) == decided
    assert not any('One label' in line for line in decision.expectedLines(decision.MINIMUM, cut, cut, shares))


def test_a_rule_without_its_number_is_refused():
    """Not taken for particle against junk."""
    assert decision.minimumFor(decision.MOST_PROBABLE, None, None) is None
    for rule in (decision.MINIMUM, decision.SHARE, decision.PURITY):
        with pytest.raises(InputError, match='Its field is empty; give a number'):
            decision.minimumFor(rule, None, RunShares([0.9]))


@pytest.mark.parametrize('value, decimals, text', [
    (0.5, 3, '0.500'), (0.5, 0, '0.5'), (95.0, 0, '95'), (0.123456, 3, '0.123456'), (0.9999996, 3, '0.9999996'),
    (1e-06, 3, '1e-06'), (0.1 + 0.2, 3, '0.30000000000000004'), (0, 1, '0.0')])
def test_a_number_that_is_shown_is_the_same_when_it_is_typed_in(value, decimals, text):
    assert decision.numberText(value, decimals) == text and float(text) == value
