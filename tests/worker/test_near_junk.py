"""Picks near junk that covers an area: what is near, what becomes of it in tables and files, and runs that go on."""
import csv
import json

import mrcfile
import numpy as np
import pytest
import starfile
from worker.exchange.masks import junk_map, mask_stems
from worker.exchange.score_table import GrowingScores, digest
from worker.exchange.tables import (
    COORDINATE_COLUMNS,
    MICROGRAPH_COLUMNS,
    NEAR_JUNK,
    SCORED,
    read_coordinates,
    read_micrographs,
    write_rows,
)
from worker.inference.junk_area import BAD_FROM, Grid, bad_share, per_pixel
from worker.inference.near_junk import KEPT_MAP, MAP, bad_map, distances

WITHIN = 100.0      # Å
PX = 90 / MAP * 2 ** 0.5      # Å, of the map of distances, at its widest


def table(path):
    with open(path, newline='') as stream:
        return {int(row['coord_id']): row for row in csv.DictReader(stream)}


def pruned(worker, data_set, model, output, *more, coordinates=None):
    done = worker('prune', '--micrographs', data_set.micrographs, '--coordinates', coordinates or data_set.coordinates,
                  '--model', model[0], '--device', 'cpu', '--output', output, *more)
    assert done.returncode == 0, done.stderr
    return done


@pytest.fixture(scope='module')
def off(worker, data_set, model, tmp_path_factory):
    output = tmp_path_factory.mktemp('off') / 's.csv'
    pruned(worker, data_set, model, output)
    return output


@pytest.fixture(scope='module')
def on(worker, data_set, model, tmp_path_factory):
    output = tmp_path_factory.mktemp('on') / 's.csv'
    pruned(worker, data_set, model, output, '--junk-distance', WITHIN, '--report', output.with_name('r.json'),
           '--junk-maps', output.with_name('junk'))
    return output


@pytest.fixture(scope='module')
def far(worker, data_set, model, tmp_path_factory):
    """{coord_id: (at the least, at the most)}, Å to the bad px of masks as `worker mask` makes them, each looked at.

    Bad from a little less or a little more than it is: a spot that just reaches it may be smaller than a px.
    """
    folder = tmp_path_factory.mktemp('masks')
    done = worker('mask', '--micrographs', data_set.micrographs, '--model', model[0], '--output', folder, '--device',
                  'cpu', '--report', folder / 'r.json')
    assert done.returncode == 0, done.stderr
    classes = json.loads((folder / 'r.json').read_text())['classes']
    stems, found = mask_stems(read_micrographs(data_set.micrographs)), {}
    for bad_from in (BAD_FROM - 0.02, BAD_FROM + 0.02):
        shares = {mic_id: per_pixel(bad_share(np.moveaxis(mrcfile.read(folder / f'{stem}_classes.mrcs'), 0, -1),
                                              classes), (768, 768)) for mic_id, stem in stems.items()}
        bad = {mic_id: np.argwhere(share >= bad_from)[:, ::-1] for mic_id, share in shares.items()}
        for pick in read_coordinates(data_set.coordinates):
            away = np.hypot(*(bad[pick.mic_id] - (pick.x, pick.y)).T).min(initial=np.inf)
            found[pick.coord_id] = (*found.get(pick.coord_id, ()), 3 * away)
    return found


def test_distances_are_those_to_the_nearest_bad_px_of_the_map():
    share = np.random.default_rng(0).uniform(0, 1, (4, 7))
    grid = Grid.over((200, 350), 50)
    xy = np.random.default_rng(1).uniform(-0.5, (349.5, 199.5), (60, 2))
    bad = np.argwhere(bad_map(share))
    assert len(bad)
    places = np.floor((xy[:, ::-1] + 0.5) / (50 / MAP))
    expected = [np.hypot(*(bad - place).T).min() * 50 / MAP * 2 for place in places]
    np.testing.assert_allclose(distances(bad_map(share), grid, 2.0, xy), expected, rtol=1e-6)
    assert np.isinf(distances(bad_map(np.zeros((4, 7))), grid, 2.0, xy)).all()


def test_particles_near_junk_go_and_those_far_away_stay(off, on, far):
    before, after = table(off), table(on)
    assert before.keys() == after.keys()
    numbers = [{i: [value for name, value in row.items() if name not in ('status', 'reason')]
                for i, row in rows.items()} for rows in (before, after)]
    assert numbers[0] == numbers[1], 'what is asked of the micrograph changes nothing that is said of picks'
    near = {i for i, row in after.items() if row['status'] == NEAR_JUNK}
    assert all(row['status'] == SCORED for i, row in after.items() if i not in near)
    surely, perhaps = ({i for i, away in far.items() if away[which] <= WITHIN + slack}
                       for which, slack in ((1, -PX), (0, PX)))
    assert surely <= near <= perhaps and len(surely) > 0.6 * len(perhaps)
    for i in near:
        told = float(after[i]['reason'].removeprefix('junk is ').removesuffix(' Å away'))
        assert far[i][0] - PX <= told <= far[i][1] + PX, 'it is told how far'
    particles = {i for i, row in after.items() if float(row['particle']) >= 0.5}
    assert particles & near and particles - near, 'some go, some stay'
    report = json.loads(on.with_name('r.json').read_text())
    assert report['near_junk'] == len(particles & near) and report['scored'] == len(after)


def test_what_counts_as_junk_is_kept(on, far, data_set):
    rows, kinds = table(on), set()
    for mic_id in read_micrographs(data_set.micrographs):
        with mrcfile.open(junk_map(on.with_name('junk'), mic_id)) as stream:
            assert stream.data.shape == (26 * KEPT_MAP, 26 * KEPT_MAP)
            assert stream.voxel_size.x == pytest.approx(3 * 768 / 26 / KEPT_MAP)
            kept = np.array(stream.data)
        kinds |= set(np.unique(kept))
        for pick in read_coordinates(data_set.coordinates):
            if pick.mic_id == mic_id and far[pick.coord_id][0] > 3 * PX:
                assert kept[int(pick.y / 768 * len(kept)), int(pick.x / 768 * len(kept))] == 0
            elif pick.mic_id == mic_id and rows[pick.coord_id]['reason'] == 'junk is 0.0 Å away':
                y, x = (int(value / 768 * len(kept)) for value in (pick.y, pick.x))
                assert kept[max(0, y - 1):y + 2, max(0, x - 1):x + 2].any()
    assert kinds == {0, 1, 2}, 'film and ice'


def test_a_run_that_was_killed_goes_on_to_the_same_end(worker, data_set, model, on, tmp_path):
    inputs = model[0], data_set.micrographs, data_set.coordinates
    lines = on.read_bytes().splitlines(keepends=True)
    near = next(number for number, line in enumerate(lines) if NEAR_JUNK.encode() in line)
    for number in (near + 1, len(lines) // 2):
        partial = GrowingScores(tmp_path / 's.csv', inputs, print, junk_distance=WITHIN).partial
        partial.write_bytes(b''.join(lines[:number]) + lines[number][:20])
        done = pruned(worker, data_set, model, tmp_path / 's.csv', '--junk-distance', WITHIN, '--report',
                      tmp_path / 'r.json')
        assert f'{number - 1} picks were scored by an earlier run' in done.stdout
        assert (tmp_path / 's.csv').read_bytes() == on.read_bytes()
        reports = [json.loads(path.read_text()) for path in (tmp_path / 'r.json', on.with_name('r.json'))]
        assert all(reports[0][name] == reports[1][name] for name in ('near_junk', 'scored', 'outside'))


def test_jobs_that_share_the_rows_make_the_table_of_one(worker, data_set, model, on, tmp_path):
    picks = len(table(on))
    parts = []
    for first, end in ((0, 37), (37, picks)):
        pruned(worker, data_set, model, tmp_path / f'{first}.csv', '--junk-distance', WITHIN, '--rows',
               f'{first}:{end}')
        parts.append((tmp_path / f'{first}.csv').read_bytes().partition(b'\n')[2])
    assert b''.join(parts) == on.read_bytes().partition(b'\n')[2]


def test_scores_with_another_distance_are_others():
    keys = {digest((), 'as-is', None, None, distance) for distance in (0.0, 50.0, 50.5, 100.0)}
    assert len(keys) == 4 and digest((), 'as-is', None) in keys, 'without one, those of earlier versions go on'


def test_a_blank_border_and_empty_places_are_no_junk(worker, data_set, model, tmp_path):
    """Picks beside a border without an image, on a micrograph with no junk."""
    noise = np.random.default_rng(0).standard_normal((768, 768)).astype(np.float32)
    noise[:, :90] = 0
    mrcfile.write(tmp_path / 'noise.mrc', noise)
    write_rows(tmp_path / 'm.csv', MICROGRAPH_COLUMNS, [(1, 'noise.mrc', 3)])
    write_rows(tmp_path / 'c.csv', COORDINATE_COLUMNS, [(1, 1, 95, 300), (2, 1, 40, 300)])
    done = worker('prune', '--micrographs', tmp_path / 'm.csv', '--coordinates', tmp_path / 'c.csv', '--model',
                  'general', '--box-angstrom', 180, '--junk-distance', 60, '--output', tmp_path / 's.csv')
    assert done.returncode == 0, done.stderr
    assert [row['status'] for row in table(tmp_path / 's.csv').values()] == [SCORED, 'outside']


def test_an_unreadable_micrograph_is_told_and_the_others_go_on(worker, data_set, model, tmp_path):
    rows = read_micrographs(data_set.micrographs)
    (tmp_path / 'cut.mrc').write_bytes(rows[1].path.read_bytes()[:5000])
    write_rows(tmp_path / 'm.csv', MICROGRAPH_COLUMNS, [(1, 'missing.mrc', 3), (2, 'cut.mrc', 3), (3, rows[3].path, 3)])
    write_rows(tmp_path / 'c.csv', COORDINATE_COLUMNS, [(i, i, 300, 300) for i in (1, 2, 3)])
    done = worker('prune', '--micrographs', tmp_path / 'm.csv', '--coordinates', tmp_path / 'c.csv', '--model',
                  model[0], '--junk-distance', 60, '--output', tmp_path / 's.csv')
    assert done.returncode == 0, done.stderr
    found = [row['status'] for row in table(tmp_path / 's.csv').values()]
    assert found[:2] == ['unreadable'] * 2 and found[2] in (SCORED, NEAR_JUNK)


def test_files_of_other_programs_tell_it_in_their_column_of_classes(worker, data_set, model, on, tmp_path):
    micrographs = read_micrographs(data_set.micrographs)
    picks = read_coordinates(data_set.coordinates)
    head = '\ndata_\n\nloop_\n_rlnMicrographName #1\n'
    for mic_id, row in micrographs.items():
        (tmp_path / f'{mic_id}.mrc').symlink_to(row.path)      # names without blanks
    (tmp_path / 'm.star').write_text(f'{head}_rlnMicrographPixelSize #2\n' + ''.join(
        f'{mic_id}.mrc 3.0\n' for mic_id in micrographs))
    (tmp_path / 'p.star').write_text(f'{head}_rlnCoordinateX #2\n_rlnCoordinateY #3\n' + ''.join(
        f'{pick.mic_id}.mrc {pick.x:.9f} {pick.y:.9f}\n' for pick in picks))
    done = worker('prune', '--micrographs', tmp_path / 'm.star', '--coordinates', tmp_path / 'p.star', '--model',
                  model[0], '--junk-distance', WITHIN, '--output', tmp_path / 'k.star', '--rejected',
                  tmp_path / 'r.star')
    assert done.returncode == 0, done.stderr
    kept, rejected = (starfile.read(tmp_path / f'{name}.star') for name in 'kr')
    rows = table(on)
    stay = [row for row in rows.values() if float(row['particle']) >= 0.5 and row['status'] == SCORED]
    assert len(kept) == len(stay) and set(kept['poClass']) == {'particle'}
    told = rejected[rejected['poClass'] == NEAR_JUNK]
    assert len(told) == sum(float(row['particle']) >= 0.5 for row in rows.values()) - len(stay) > 0
    assert (told['poParticleProbability'] >= 0.5).all(), 'nothing is lost'
    others = rejected[rejected['poClass'] != NEAR_JUNK]
    assert (others['poParticleProbability'] < 0.5).all(), 'junk stays what it is, however near'


def test_maps_without_a_distance_are_refused(worker, data_set, model, tmp_path):
    done = worker('prune', '--micrographs', data_set.micrographs, '--coordinates', data_set.coordinates, '--model',
                  model[0], '--output', tmp_path / 's.csv', '--junk-maps', tmp_path)
    assert done.returncode == 2 and done.stderr.startswith('error: --junk-maps: goes with --junk-distance')


@pytest.mark.parametrize('text', ['-1', 'nan', 'inf', 'wide'])
def test_what_is_no_distance_is_refused_in_a_line(worker, data_set, model, tmp_path, text):
    done = worker('prune', '--micrographs', data_set.micrographs, '--coordinates', data_set.coordinates, '--model',
                  model[0], '--output', tmp_path / 's.csv', f'--junk-distance={text}')
    assert done.returncode == 2 and '--junk-distance' in done.stderr.splitlines()[-1]
