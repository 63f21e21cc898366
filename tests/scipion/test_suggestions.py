"""Which pick to label next: on made-up features whose classes are known. Needs no worker."""
import io
import time
import zipfile
from collections import Counter

import numpy as np
import pytest

from pickeroptimizer.domain.suggestions import GIVE_UP, Suggester, load
from pickeroptimizer.worker.exchange.errors import InputError
from pickeroptimizer.worker.exchange.feature_file import Features, write_features

WANTED = {'particle': 30, 'ice': 30, 'carbon': 30}


def made(counts, seed=0):
    """Features, ids with gaps, micrographs and {id: kind} of overlapping clouds; `counts` {kind: number}.

    A kind is a class and perhaps something after a space: ice has a far and a near kind.
    """
    rng = np.random.default_rng(seed)
    middles = {'particle': 0, 'ice far': 1.6, 'ice': 0.9, 'carbon': 1.0}
    parts, kinds = [], []
    for kind, number in counts.items():
        middle = np.zeros(64)
        middle[list(middles).index(kind)] = middles[kind]
        parts.append(middle + rng.normal(scale=0.16, size=(number, 64)) * np.linspace(1.4, 0.4, 64))
        kinds += [kind] * number
    order = rng.permutation(len(kinds))
    ids = 10 + 3 * np.arange(len(order))
    features = np.concatenate(parts)[order]
    return features / np.sqrt((features ** 2).sum(axis=1).mean()), ids, rng.integers(1, 30, len(ids)), \
        dict(zip(ids.tolist(), np.array(kinds)[order].tolist()))


def answered(suggester, truth, wanted=WANTED, most=1000, **options):
    """{id: class} of all suggestions, until there are no more."""
    labels = {}
    while len(labels) < most:
        chosen = suggester.next(labels, wanted, **options)
        if chosen is None:
            return labels
        assert chosen in truth and chosen not in labels
        labels[chosen] = truth[chosen].split()[0]
    raise AssertionError(f'there is no end after {most} answers')


MANY = {'particle': 2850, 'ice far': 40, 'ice': 35, 'carbon': 75}      # 95 % particles


@pytest.mark.parametrize('seed', range(3))
def test_few_answers_where_a_random_order_takes_many(seed):
    features, ids, micIds, truth = made(MANY, seed)
    labels = answered(Suggester(features, ids, micIds, seed=seed), truth)
    counts = Counter(labels.values())
    assert min(counts[name] for name in WANTED) >= 30 and len(labels) <= 1.5 * 90
    assert min(Counter(truth[i] for i in labels)[kind] for kind in ('ice far', 'ice')) >= 4      # both kinds
    shuffled = [truth[i].split()[0] for i in np.random.default_rng(seed).permutation(ids).tolist()]
    assert min(shuffled[:500].count(name) for name in ('ice', 'carbon')) < 30


def test_a_box_with_nothing_in_it_is_found_by_its_relief():
    """It resembles particles: what is farthest from these is never it."""
    features, ids, micIds, truth = made(MANY)
    wanted = {'particle': 5, 'ice': 5, 'carbon': 1, 'empty': 1}
    relief = np.linspace(2, 1, len(ids))      # the last ones are the plainest
    empty = [coordId for coordId in reversed(ids.tolist()) if truth[coordId] == 'particle'][:3]
    truth.update(dict.fromkeys(empty[1:], 'empty'))
    suggester = Suggester(features, ids, micIds, relief)
    labels = answered(suggester, truth, wanted)
    assert list(labels.values()).index('empty') < 10 and not suggester.givenUp(labels, wanted)
    without = Suggester(features, ids, micIds)
    assert without.givenUp(answered(without, truth, wanted), wanted) == ['empty']
    # Where there is none, it is given up.
    truth.update(dict.fromkeys(empty, 'particle'))
    suggester = Suggester(features, ids, micIds, relief)
    labels = answered(suggester, truth, wanted)
    assert suggester.givenUp(labels, wanted) == ['empty'] and len(labels) < 5 * GIVE_UP


def test_the_first_answers_hold_every_class():
    features, ids, micIds, truth = made(MANY)
    labels = answered(Suggester(features, ids, micIds), truth)
    assert set(list(labels.values())[:15]) == set(WANTED)


@pytest.mark.parametrize('counts, given, found', [
    ({'particle': 900, 'ice': 45}, ['carbon'], {'ice': 30, 'particle': 30}),
    ({'particle': 900, 'ice': 45, 'carbon': 9}, ['carbon'], {'ice': 30, 'particle': 30, 'carbon': 9}),
    ({'particle': 900}, ['ice', 'carbon'], {'particle': 30})])
def test_what_is_not_there_is_given_up(counts, given, found):
    features, ids, micIds, truth = made(counts)
    suggester = Suggester(features, ids, micIds)
    assert suggester.givenUp({}, WANTED) == []
    labels = answered(suggester, truth, most=90 + 2 * GIVE_UP)
    assert suggester.givenUp(labels, WANTED) == given
    assert all(Counter(labels.values())[name] >= number for name, number in found.items())


def test_a_class_that_turns_up_after_all_is_looked_for_again():
    features, ids, micIds, truth = made({'particle': 900, 'ice': 45})
    suggester = Suggester(features, ids, micIds)
    labels = answered(suggester, truth)
    labels[next(i for i in truth if i not in labels)] = 'carbon'      # the user found one
    assert suggester.givenUp(labels, WANTED) == [] and suggester.next(labels, WANTED) is not None


def test_the_same_seed_asks_the_same_and_all_picks_can_be_had():
    features, ids, micIds, truth = made({'particle': 60, 'ice': 20, 'carbon': 20})
    first, second = (answered(Suggester(features, ids, micIds, seed=4), truth) for _ in range(2))
    assert list(first) == list(second)
    everything = answered(Suggester(features, ids, micIds), truth, {'particle': 60, 'ice': 20, 'carbon': 20})
    assert everything.keys() == truth.keys()
    assert Suggester(features, ids, micIds).next({}, {'particle': 0, 'ice': 0}) is None


def test_skipped_and_undone():
    features, ids, micIds, _ = made({'particle': 200, 'ice': 20, 'carbon': 20})
    suggester = Suggester(features, ids, micIds)
    first = suggester.next({}, WANTED)
    assert suggester.next({}, WANTED) == first
    second = suggester.next({}, WANTED, skipped={first, 'no pick'})
    assert second not in (first, None)
    assert suggester.next({second: 'ice'}, WANTED) != second
    assert suggester.next({}, WANTED, skipped={first}) == second      # the answer was taken back
    assert suggester.next({}, WANTED, skipped=set(ids.tolist())) is None


def test_labels_of_places_that_are_no_picks_count():
    features, ids, micIds, truth = made({'particle': 200, 'ice': 20, 'carbon': 20})
    places = {('place', name, i): name for name in WANTED for i in range(30)}
    suggester = Suggester(features, ids, micIds)
    assert suggester.next(places, WANTED) is None
    del places['place', 'particle', 0]
    assert suggester.next(places, WANTED) in truth


def test_suggestions_come_at_once():
    features, ids, micIds, truth = made(MANY)
    suggester, labels, seconds = Suggester(features, ids, micIds), {}, []
    while len(labels) < 120:
        start = time.perf_counter()
        chosen = suggester.next(labels, dict.fromkeys(WANTED, 60))
        seconds.append(time.perf_counter() - start)
        labels[chosen] = truth[chosen].split()[0]
    assert np.median(seconds) < 0.05


def test_file_of_features(tmp_path):
    features, ids, micIds, truth = made({'particle': 50, 'ice': 9})
    relief = np.linspace(0, 1, len(ids), dtype=np.float32)
    write_features(tmp_path / 'f.npz', Features(features, ids, micIds, relief))
    read = load(tmp_path / 'f.npz')
    assert (read.relief == relief).all()
    assert np.allclose(read.features, features, atol=1e-3)
    assert (read.ids == ids).all() and (read.mic_ids == micIds).all()
    assert Suggester(*read).next({}, WANTED) in truth
    write_features(tmp_path / 'f.npz', Features(features, ids, micIds))      # as earlier versions did
    assert load(tmp_path / 'f.npz').relief is None


def _array():
    stream = io.BytesIO()
    np.save(stream, np.ones((3, 2), dtype=np.float16))
    return stream.getvalue()


def _archive(**changed):
    arrays = {'format': np.int64(1), 'coord_id': np.arange(3), 'mic_id': np.ones(3, dtype=np.int64),
              'features': np.ones((3, 2), dtype=np.float16), **changed}
    stream = io.BytesIO()
    np.savez(stream, **{name: array for name, array in arrays.items() if array is not None})
    return stream.getvalue()


@pytest.mark.parametrize('content', [
    b'', b'no archive', b'PK\x03\x04 cut short', _array(), _archive(format=np.array('1')),
    _archive()[:-40], _archive()[:200], _archive(features=None),
    _archive(features=np.ones((2, 2), dtype=np.float16)), _archive(features=np.full((3, 2), np.nan, dtype=np.float16)),
    _archive(features=np.array([[{}], [1], [2]], dtype=object)), _archive(coord_id=np.zeros(3, dtype=np.int64)),
    _archive(coord_id=np.arange(3.0)), _archive(features=np.ones((3, 0), dtype=np.float16)),
    _archive(relief=np.ones(2, dtype=np.float32)), _archive(relief=np.array([1, np.nan, 1], dtype=np.float32))])
def test_damaged_file_of_features(tmp_path, content):
    path = tmp_path / 'f.npz'
    path.write_bytes(content)
    with pytest.raises(InputError, match='f.npz') as caught:
        load(path)
    assert '\n' not in str(caught.value)


def test_files_that_are_not_there_or_newer(tmp_path):
    with pytest.raises(InputError, match='no such file'):
        load(tmp_path / 'gone.npz')
    (tmp_path / 'f.npz').write_bytes(_archive(format=np.int64(2)))
    with pytest.raises(InputError, match='newer'):
        load(tmp_path / 'f.npz')
    with zipfile.ZipFile(tmp_path / 'z.npz', 'w') as archive:
        archive.writestr('format.npy', b'nonsense')
    with pytest.raises(InputError, match='no readable file'):
        load(tmp_path / 'z.npz')


def test_what_was_drawn_at_random_is_known():
    """So that these particles can stand for typical ones, and those that were chosen to be hard cannot."""
    features, ids, micIds, truth = made(MANY)
    suggester = Suggester(features, ids, micIds)
    labels = answered(suggester, truth)
    drawn = [i for i in labels if suggester.wasRandom(i)]
    assert 5 <= len(drawn) < len(labels) / 2
    assert np.mean([truth[i] == 'particle' for i in drawn]) > 0.8
    assert not suggester.wasRandom(next(i for i in truth if i not in labels)) and not suggester.wasRandom(None)
