"""From what a user wants to a cut."""
import random

import numpy as np
import pytest

from pickeroptimizer.domain import decision
from pickeroptimizer.worker.exchange.errors import InputError


def model(probabilities):
    return {'cross_validation': {'particle_probabilities': sorted(probabilities)}}


def test_share_of_the_particles_holds_for_new_particles():
    """Over many models: at least the share that was asked for is kept on average, and not much more."""
    generator = random.Random(0)
    kept = []
    for _ in range(2000):
        cut = decision.minimumForShare(model([generator.betavariate(5, 1) for _ in range(30)]), 0.9)
        kept.append(np.mean([generator.betavariate(5, 1) >= cut for _ in range(20)]))
    assert 0.89 < np.mean(kept) < 0.93


def test_what_few_labels_cannot_promise_is_refused():
    held = model([0.5 + i / 100 for i in range(30)])
    assert decision.minimumForShare(held, 0.96) == 0.5
    with pytest.raises(InputError, match='30 labelled particles promise at most 96.8 % of all particles, not 97 %'):
        decision.minimumForShare(held, 0.97)
    for header in ({}, {'cross_validation': None}):
        with pytest.raises(InputError, match='was not cross-validated'):
            decision.minimumForShare(header, 0.5)


def test_share_of_junk():
    probabilities = [1.0, 0.9, 0.8, 0.1]
    assert decision.minimumForPurity(probabilities, 0.1) == 0.8
    assert decision.minimumForPurity(probabilities, 0.05) == 0.9
    assert decision.minimumForPurity(probabilities, 0.5) == 0.1
    assert decision.minimumForPurity([0.9, 0.2], 0.01) > 1, 'not even the best is sure enough'
    assert decision.minimumForPurity([], 0.01) > 1


@pytest.mark.parametrize('probabilities, junk, cut, kept', [
    ([1.0] + [0.9] * 9, 0.05, 1.0, 1),                              # at 0.9, 9 % are expected
    ([1.0] * 9 + [0.9] * 9, 0.05, 0.9, 18),                         # exactly 5 %
    ([0.95] * 20 + [0.5] * 3, 0.05, 0.95, 20),                      # 1 - 0.95 is a little more than 0.05
    ([0.99, 0.99, 0.8, 0.8, 0.8, float('nan')], 0.1, 0.99, 2),      # one of the 0.8 would do, three would not
    ([0.9] * 9, 0.05, None, 0)])
def test_share_of_junk_holds_for_all_picks_at_the_cut(probabilities, junk, cut, kept):
    minimum = decision.minimumForPurity(probabilities, junk)
    assert minimum == cut if cut else minimum > 1
    chosen = decision.isKept([], probabilities, minimum)
    assert chosen.sum() == kept
    assert not kept or np.mean(1 - np.array(probabilities)[chosen]) <= junk + 1e-12


def test_share_of_junk_is_the_best_cut_of_all():
    generator = random.Random(1)
    for _ in range(300):
        probabilities = np.array([round(generator.random(), 1) for _ in range(generator.randrange(1, 30))])
        junk = generator.choice([0.02, 0.05, 0.1, 0.3])
        held = [cut for cut in set(probabilities.tolist())
                if np.mean(1 - probabilities[probabilities >= cut]) <= junk + 1e-12]
        cut = decision.minimumForPurity(probabilities, junk)
        assert cut == min(held) if held else cut > 1


def test_share_of_the_particles_holds_for_probabilities_as_they_are_stored():
    """A cut from a header with all digits is applied to probabilities that were written with six."""
    generator = random.Random(2)
    particles = [generator.betavariate(20, 1) for _ in range(40)]
    for share in (0.5, 0.9, 0.95):
        cut = decision.minimumForShare(model(particles), share)
        stored = [float(f'{probability:.6f}') for probability in particles]
        assert decision.isKept([], stored, cut).sum() >= 41 * share
    # Equal ones are kept together: more than was asked for, never less.
    assert decision.isKept([], [0.7] * 30, decision.minimumForShare(model([0.7] * 30), 0.9)).all()


def test_a_rule_without_its_number_is_refused():
    """Not taken for particle against junk."""
    assert decision.minimumFor(decision.MOST_PROBABLE, None, None, []) is None
    for rule in (decision.MINIMUM, decision.SHARE, decision.PURITY):
        with pytest.raises(InputError, match='Its field is empty; give a number'):
            decision.minimumFor(rule, None, model([0.9] * 30), [0.9])


@pytest.mark.parametrize('value, decimals, text', [
    (0.5, 3, '0.500'), (0.5, 0, '0.5'), (95.0, 0, '95'), (0.123456, 3, '0.123456'), (0.9999996, 3, '0.9999996'),
    (1e-06, 3, '1e-06'), (0.1 + 0.2, 3, '0.30000000000000004'), (0, 1, '0.0')])
def test_a_number_that_is_shown_is_the_same_when_it_is_typed_in(value, decimals, text):
    assert decision.numberText(value, decimals) == text and float(text) == value
