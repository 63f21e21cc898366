"""What picks look like by the labels so far."""
import numpy as np
import pytest

from pickeroptimizer.domain.run_log import lastProgress
from pickeroptimizer.domain.suggestions import Suggester


@pytest.fixture
def suggester():
    """100 picks of which the general model takes the last 20, which are a kind of its own, for particles."""
    rng = np.random.default_rng(0)
    features = rng.normal(size=(100, 16)) / 16
    features[50:80, 0] += 1
    features[80:, 1] += 1
    general = np.zeros((100, 2))
    general[:, 0] = np.r_[np.full(50, 0.9), np.full(30, 0.2), np.full(20, 0.8)]
    general[:, 1] = 1 - general[:, 0]
    return Suggester(features, range(1, 101), classes=('particle', 'ice'), probabilities=general)


def test_without_labels_the_general_model_tells(suggester):
    seen = suggester.preview({})
    assert [seen[i] for i in (1, 50, 51, 80, 81)] == ['particle', 'particle', 'ice', 'ice', 'particle']


def test_labels_put_it_right_and_bring_classes_of_their_own(suggester):
    labels = {1: 'particle', 2: 'particle', 51: 'ice', 81: 'gold edge', 82: 'gold edge', 'elsewhere': 'ice'}
    seen = suggester.preview(labels)
    assert {seen[i] for i in range(83, 101)} == {'gold edge'}
    assert {seen[i] for i in range(3, 51)} == {'particle'} and {seen[i] for i in range(52, 81)} == {'ice'}


def test_labels_alone_where_there_is_no_general_model():
    features = np.repeat([[1.0, 0.0], [0.0, 1.0]], 5, axis=0)
    seen = Suggester(features, range(10)).preview({0: 'particle', 9: 'ice'})
    assert list(seen.values()) == ['particle'] * 5 + ['ice'] * 5
    assert set(Suggester(features, range(10)).preview({}).values()) == {'particle'}


def test_the_last_progress_of_a_log(tmp_path):
    log = tmp_path / 'run.stdout'
    assert lastProgress(str(log)) is None
    log.write_text('STARTED: x\n12 of 90 picks on 3 micrographs, 12 described, 5 boxes/s\nnoise 5 of 6\n')
    assert lastProgress(str(log)).startswith('12 of 90 picks')
    log.write_text('12 of 90 picks on 3\ncross-validation: fold 2 of 5 (by micrograph)\n')
    assert lastProgress(str(log)) == 'cross-validation: fold 2 of 5 (by micrograph)'
