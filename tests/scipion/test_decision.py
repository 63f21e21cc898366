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
