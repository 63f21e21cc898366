"""How classes look, and their keys: told apart by everybody, the same wherever they are shown."""
import itertools
import random

import numpy as np
import pytest

from pickeroptimizer.viewers import palette
from pickeroptimizer.viewers.outcomes import BELOW, KEPT, countRejected, outcomeOfCode, outcomeOfLabel, outcomesOf
from pickeroptimizer.worker.exchange.classes import KNOWN

OWN = ['gold edge', 'membrane', 'fiducial', 'two particles', 'dimer', 'crack', 'ethane', 'filament']
WINDOW_KEYS = set('sunbfx')      # of the labelling and the prune window
# What people see: of normal sight, without the cones for red, without those for green (Machado and others, 2009).
EYES = {'normal': np.eye(3),
        'protanopia': np.array([[0.152, 1.053, -0.205], [0.115, 0.786, 0.099], [-0.004, -0.048, 1.052]]),
        'deuteranopia': np.array([[0.367, 0.861, -0.228], [0.280, 0.673, 0.047], [-0.012, 0.043, 0.969]])}


def seen(colour, eye):
    """A colour, #RRGGBB, in CIELAB."""
    values = np.array([int(colour[i:i + 2], 16) for i in (1, 3, 5)]) / 255
    linear = np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)
    xyz = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]) @ np.clip(
        EYES[eye] @ linear, 0, 1) / (0.95, 1, 1.089)
    x, y, z = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


def difference(one, other, *eyes):
    return min(np.linalg.norm(seen(one.colour, eye) - seen(other.colour, eye)) for eye in eyes)


@pytest.mark.parametrize('classes', [('particle', 'carbon'), KNOWN[:3], (*KNOWN[:4], 'gold edge'), KNOWN,
                                     ('particle', *OWN), (*KNOWN, *OWN[:3])])
def test_all_that_a_window_shows_looks_different(classes):
    looks = [palette.Style(*outcome[1:]) for outcome in outcomesOf(classes)]
    for one, other in itertools.combinations(looks, 2):
        assert difference(one, other, 'normal') > 25, (one, other)
        # Okabe and Ito's own yellow and orange are 17 apart to those who do not see green.
        assert difference(one, other, *EYES) > (17 if one.dash == other.dash else 11), (one, other)


def test_what_is_known_looks_as_it_always_did():
    known = palette.colours(KNOWN)
    assert [known[name] for name in ('particle', 'ice', 'carbon')] == ['#009E73', '#56B4E9', '#E69F00']
    assert not any(style.dash for style in palette.styles(KNOWN).values())


def test_a_name_looks_the_same_whatever_else_there_is():
    for name in OWN:
        alone = palette.styles(['particle', name])[name]
        assert alone == palette.styles([*KNOWN, name])[name] and alone.dash
    assert palette.styles(OWN) == palette.styles(reversed(OWN)), 'whatever their order'


def test_any_names_are_told_apart():
    chance = random.Random(0)
    for _ in range(200):
        names = {''.join(chance.choices('abcdefghij 0123456789', k=chance.randint(1, 12))) for _ in range(8)}
        styles = palette.styles(['particle', *names])
        assert len(set(styles.values())) == len(names) + 1


def test_keys():
    assert palette.keys((*KNOWN, 'gold edge', 'x')) == {
        'particle': 'p', 'ice': 'i', 'carbon': 'c', 'empty': 'e', 'aggregate': 'a', 'other': 'o',
        'gold edge': '1', 'x': '2'}
    for classes in (('particle', *OWN), (*KNOWN, *OWN)):
        keys = [key for key in palette.keys(classes).values() if key]
        assert len(keys) == len(set(keys)) == len(classes) and not WINDOW_KEYS.intersection(keys)


def test_outcomes_are_numbers_that_follow_from_the_classes():
    classes = ('particle', 'ice', 'gold edge')
    kinds = outcomesOf(classes)
    assert [kind.text for kind in kinds] == ['kept', 'particle', 'ice', 'gold edge', 'outside', 'not scored']
    assert [outcomeOfLabel(name, classes) for name in classes] == [KEPT, 2, 3]
    assert outcomeOfCode(np.arange(5)).tolist() == [BELOW, 2, 3, 4, 5], 'not kept: outside and no class come last'
    assert countRejected([1, 10, 100, 1000, 10000, 100000]) == 11110


def test_near_junk_has_a_look_and_no_key():
    classes = ('particle', 'ice', 'near junk', 'aggregate')
    assert palette.styles(classes)['near junk'] not in (*palette.styles(KNOWN).values(), palette.OUTSIDE)
    assert list(palette.keys(classes)) == ['particle', 'ice', 'aggregate'], 'nobody says that a pick is near junk'
