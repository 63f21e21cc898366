"""Picks whose positions mean something else than they say: the frame that fits is named, and no other one."""
import json

import mrcfile
import numpy as np
import pytest
from worker.exchange import tables
from worker.exchange.errors import InputError
from worker.exchange.tables import MicrographRow
from worker.inference import frames
from worker.inference.frames import FRAMES, FrameSample, better_frame
from worker.inference.sources import MicrographPicks

BOX, PIXEL_SIZE = 60, 3.0
ROWS, COLUMNS = 800, 1100


class Judge:
    """In the place of a Scorer: it knows where the particles are, and that some regions have more that looks so."""
    box_angstrom = BOX * PIXEL_SIZE

    def __init__(self, particles, crowded=lambda xy: np.zeros(len(xy))):
        self._particles, self._crowded, self.boxes = particles, crowded, 0

    def __call__(self, image, pixel_size, xy):
        assert image.shape == (ROWS, COLUMNS) and pixel_size == PIXEL_SIZE
        self.boxes += len(xy)
        nearest = np.linalg.norm(xy[:, None] - self._particles[None], axis=2).min(axis=1)
        return np.maximum(np.exp(-0.5 * (nearest / (BOX / 6)) ** 2) * 0.9, self._crowded(xy))[:, None]


@pytest.fixture(scope='module')
def rows(tmp_path_factory):
    """Three micrographs, which are not square."""
    folder = tmp_path_factory.mktemp('frames')
    for number in (1, 2, 3):
        mrcfile.write(folder / f'{number}.mrc', np.arange(ROWS * COLUMNS, dtype='f4').reshape(ROWS, COLUMNS))
    return [MicrographRow(number, folder / f'{number}.mrc', PIXEL_SIZE) for number in (1, 2, 3)]


@pytest.fixture(scope='module')
def particles():
    """Centres of particles, none closer to another than most of a box: the same ones on all of the micrographs."""
    rng = np.random.default_rng(0)
    grid = np.stack(np.meshgrid(np.arange(40, COLUMNS - 30, 75), np.arange(40, ROWS - 30, 75)), axis=-1).reshape(-1, 2)
    places = grid + rng.uniform(-12, 12, grid.shape)
    return places[rng.permutation(len(places))[:90]]


def _sample(rows, xy):
    sample = FrameSample()
    for number, row in enumerate(rows):
        part = xy[number::len(rows)]
        sample.see(MicrographPicks(row, np.arange(len(part)), part))
    return sample.groups


WRITTEN_AS = {
    'as they are': lambda xy: xy,
    'in px of micrographs twice as large (divide them by 2)': lambda xy: xy * 2,
    'in px of micrographs four times as large (divide them by 4)': lambda xy: xy * 4,
    'in px of micrographs half as large (multiply them by 2)': lambda xy: np.floor(xy / 2),
    'in px of micrographs a quarter as large (multiply them by 4)': lambda xy: np.floor(xy / 4),
    'in Å (divide them by the pixel size)': lambda xy: xy * PIXEL_SIZE,
    'upside down (row 0 at the bottom)': lambda xy: np.stack((xy[:, 0], ROWS - 1 - xy[:, 1]), axis=1),
    'mirrored (column 0 at the right)': lambda xy: np.stack((COLUMNS - 1 - xy[:, 0], xy[:, 1]), axis=1),
    'turned by 180°': lambda xy: np.array((COLUMNS - 1, ROWS - 1)) - xy,
    'transposed (x and y exchanged)': lambda xy: xy[:, ::-1],
    'on micrographs turned clockwise by 90°': lambda xy: np.stack((ROWS - 1 - xy[:, 1], xy[:, 0]), axis=1),
    'on micrographs turned anticlockwise by 90°': lambda xy: np.stack((xy[:, 1], COLUMNS - 1 - xy[:, 0]), axis=1),
    'the upper left corners of boxes (add half a box)': lambda xy: xy - BOX // 2,
    'the lower left corners of boxes, row 0 at the bottom (as EMAN has them)':
        lambda xy: np.stack((xy[:, 0] - BOX // 2, ROWS - 1 - xy[:, 1] - BOX // 2), axis=1)}


@pytest.mark.parametrize('frame', WRITTEN_AS)
def test_the_frame_is_named(rows, particles, frame):
    assert WRITTEN_AS.keys() == FRAMES.keys()
    judge = Judge(particles)
    named = better_frame(_sample(rows, WRITTEN_AS[frame](particles)), judge)
    assert named == (None if frame == 'as they are' else frame)
    assert judge.boxes <= (len(FRAMES) + len(frames.BESIDE)) * frames.MICROGRAPHS * frames.PICKS


@pytest.mark.parametrize('share', [0.05, 0.3, 1.0])
@pytest.mark.parametrize('seed', [0, 1, 2])
def test_junk_and_places_at_random_are_in_no_other_frame(rows, particles, share, seed):
    """Most picks of a low threshold are junk; and half of each micrograph is full of what looks like particles."""
    rng = np.random.default_rng(seed)
    crowded = Judge(particles, lambda xy: np.where(xy[:, 0] > COLUMNS / 2, rng.random(len(xy)), 0))
    for wide in (COLUMNS, COLUMNS / 2):      # junk everywhere; and where there is little else
        junk = rng.uniform(0, (wide, ROWS), particles.shape)
        picks = np.where(rng.random((len(junk), 1)) < share, junk, particles)
        assert better_frame(_sample(rows, picks), crowded) is None


def test_a_sample_has_some_picks_of_a_few_micrographs_however_they_come(rows):
    xy = np.arange(200.0).reshape(100, 2)
    for pieces in ([100], [3, 97], [1] * 100, [40, 60]):
        sample, start = FrameSample(), 0
        for number in pieces:
            for row in (*rows, MicrographRow(9, rows[0].path, PIXEL_SIZE)):
                sample.see(MicrographPicks(row, np.arange(start, start + number), xy[start:start + number]))
            start += number
        assert [group.micrograph.mic_id for group in sample.groups] == [1, 2, 3]
        for group in sample.groups:
            assert len(set(group.ids.tolist())) == len(group.ids) == frames.PICKS
            assert group.xy.tolist() == xy[group.ids].tolist()


def test_a_micrograph_that_has_gone_is_left_out(rows, particles, tmp_path):
    gone = MicrographRow(4, tmp_path / 'gone.mrc', PIXEL_SIZE)
    upside_down = WRITTEN_AS['upside down (row 0 at the bottom)'](particles)
    assert better_frame(_sample([gone, *rows[:2]], upside_down), Judge(particles)).startswith('upside down')
    assert better_frame(_sample([gone], upside_down), Judge(particles)) is None


def test_a_box_that_does_not_fit_is_no_error(rows, particles):
    class Refusing(Judge):
        def __call__(self, image, pixel_size, xy):
            raise InputError('the box is larger than the micrograph')
    assert better_frame(_sample(rows, particles), Refusing(particles)) is None


def test_a_run_warns(data_set, model, worker, tmp_path):
    """The whole way: in the log and in the report; and right picks give no warning."""
    picks = [pick for pick in tables.read_coordinates(data_set.coordinates) if pick.mic_id <= 3]
    for name, place, says in (('right', lambda p: (p.x, p.y), []),
                              ('upside down', lambda p: (p.x, 767 - p.y), ['upside down (row 0 at the bottom)']),
                              ('away', lambda p: (p.x + 700, p.y), ['picks lie outside their micrograph: were they'])):
        rows = [(p.coord_id, p.mic_id, *place(p)) for mic_id in (1, 2, 3)
                for p in [p for p in picks if p.mic_id == mic_id][::6]]
        tables.write_rows(tmp_path / 'c.csv', tables.COORDINATE_COLUMNS, rows)
        done = worker('prune', '--micrographs', data_set.micrographs, '--coordinates', tmp_path / 'c.csv', '--model',
                      model[0], '--device', 'cpu', '--output', tmp_path / f'{name}.csv', '--report',
                      tmp_path / 'r.json')
        assert done.returncode == 0, done.stderr
        warnings = json.loads((tmp_path / 'r.json').read_text())['warnings']
        assert len(warnings) == len(says), warnings
        for line, words in zip(warnings, says):
            assert words in line and f'warning: {line}' in done.stdout
