"""benchmarks/cryoppp.py on a small folder of CryoPPP's layout, and on label maps of CASSPER's, both simulated."""
import csv
from pathlib import Path

import cryoppp
import numpy as np
import pytest
from cryoppp_folder import read_positions
from label_maps import junk_boxes, particles, read_map
from PIL import Image
from worker.exchange import tables
from worker.exchange.errors import InputError
from worker.simulation.dataset import simulate

ROWS, PIXEL_SIZE, DIAMETER = 640, 3.0, 40
BOX = 1.5 * DIAMETER


@pytest.fixture(scope='module')
def published(tmp_path_factory):
    """Two EMPIAR entries as CryoPPP publishes them: rows from the bottom, junk as false positives."""
    root = tmp_path_factory.mktemp('cryoppp')
    for entry, seed in (('10901', 11), ('10902', 12)):
        truth = tmp_path_factory.mktemp(entry)
        simulate(truth, micrographs=4, size=ROWS, pixel_size=PIXEL_SIZE, box_angstrom=BOX * PIXEL_SIZE, seed=seed)
        folder = root / entry
        (folder / 'ground_truth').mkdir(parents=True)
        (folder / 'micrographs').symlink_to(truth / 'micrographs')
        (folder / 'truth').symlink_to(truth)
        rows = tables.read_labels(truth / 'labels.csv')
        for number, micrograph in tables.read_micrographs(truth / 'micrographs.csv').items():
            mine = [row for row in rows if row.mic_id == number]
            name = micrograph.path.stem
            write(folder / 'ground_truth' / 'particle_coordinates' / f'{name}.csv',
                  [(row.x, ROWS - 1 - row.y, DIAMETER) for row in mine if row.label == 'particle'])
            write(folder / 'ground_truth' / 'false_positives' / f'{name}_false_positives.csv',
                  [(row.x, ROWS - 1 - row.y, DIAMETER) for row in mine if row.label != 'particle'])
    return root


def write(path, rows, header=('X-Coordinate', 'Y-Coordinate', 'Diameter')):
    path.parent.mkdir(exist_ok=True)
    with open(path, 'w', newline='', encoding='utf-8') as stream:
        csv.writer(stream).writerows([header, *rows])


@pytest.fixture
def run(capsys):
    """Run the script in this process; returns (what it ends with, stdout, stderr)."""
    def runs(*arguments):
        end = None
        try:
            cryoppp.main([str(argument) for argument in arguments])
        except (InputError, SystemExit) as error:
            end = str(error)
        return (end, *capsys.readouterr())
    return runs


def rows_of(text):
    return [line for line in text.splitlines() if line.startswith('| EMPIAR')]


def test_one_command_makes_data_weights_and_tables_and_goes_on(published, run, tmp_path):
    short = ('--shots', 4, '--draws', 1, '--most', 16, '--imagenet', 'scratch', '--pretrain-epochs', 1)
    end, printed, told = run('--cryoppp', published, '--work', tmp_path / 'work', '--tables', 2, *short)
    assert end is None and 'counted from the bottom' in told
    assert [row.split(' | ')[:3] for row in rows_of(printed)] == [
        [f'| EMPIAR-{entry}', variant, '4'] for entry in (10901, 10902) for variant in ('PO', 'default')]
    assert (tmp_path / 'work' / 'without-EMPIAR-10901.safetensors').exists()
    made = tmp_path / 'work' / 'data' / 'EMPIAR-10901'
    truth = {(round(row.x), round(row.y)): row.label for row in tables.read_labels(published / '10901' / 'truth' /
                                                                                   'labels.csv')}
    labels = tables.read_labels(made / 'labels.csv')
    assert {row.label for row in labels} == {'particle', 'other'}
    assert all((truth[round(row.x), round(row.y)] == 'particle') == (row.label == 'particle') for row in labels)
    assert float((made / 'box_angstrom.txt').read_text()) == BOX * PIXEL_SIZE

    assert run('--cryoppp', published, '--work', tmp_path / 'work', '--tables', 2, *short) == (None, printed, '')
    end, _, told = run('--cryoppp', published / '10902', '--work', tmp_path / 'work', *short, '--most', 50)
    assert 'no data set is left' in end and told.count('\n') == 1 and 'made with other arguments' in told


def test_what_cannot_be_used_is_told_in_a_line_each_and_the_rest_is_kept(published, run, tmp_path):
    folder = tmp_path / '10901'
    truth = folder / 'ground_truth' / 'particle_coordinates'
    truth.mkdir(parents=True)
    (folder / 'micrographs').mkdir()
    for path in (published / '10901' / 'micrographs').iterdir():
        (folder / 'micrographs' / path.name).symlink_to(path)
    for path in (published / '10901' / 'ground_truth' / 'particle_coordinates').iterdir():
        (truth / path.name).symlink_to(path)
    (folder / 'ground_truth' / 'false_positives').symlink_to(published / '10901' / 'ground_truth' / 'false_positives')
    (folder / 'micrographs' / 'damaged.mrc').write_bytes(b'no micrograph' * 100)
    short = (folder / 'micrographs' / 'sim_0001.mrc')
    content = short.read_bytes()
    short.unlink()
    short.write_bytes(content[:len(content) // 2])
    write(truth / 'damaged.csv', [(100, 100, DIAMETER)])
    write(truth / 'elsewhere.csv', [(100, 100, DIAMETER)])
    (truth / 'sim_0002.csv').unlink()
    write(truth / 'sim_0002.csv', [(1, 2)], header=('left', 'upper'))
    end, printed, told = run('--cryoppp', folder, '--work', tmp_path / 'work', '--tables', 3, '--shots', 4,
                             '--draws', 1, '--most', 16, '--imagenet', 'scratch', '--rows', 'bottom')
    assert end is None, (end, told)
    for words in ('sim_0002.csv: no columns X-Coordinate and Y-Coordinate among "left,upper"',
                  'positions of "elsewhere", but no such file', 'damaged.mrc: ', 'sim_0001.mrc: cut short'):
        assert len([line for line in told.splitlines() if words in line]) == 1, (words, told)
    assert 'no other to pretrain on' in printed
    assert [row.split(' | ')[1] for row in rows_of(printed)] == ['PO-NoPre', 'PO-Pre']
    made = tmp_path / 'work' / 'data' / 'EMPIAR-10901'
    used = {Path(row.path).stem for row in tables.read_micrographs(made / 'micrographs.csv').values()
            if row.mic_id in {label.mic_id for label in tables.read_labels(made / 'labels.csv')}}
    assert used == {'sim_0002', 'sim_0003', 'sim_0004'}      # of the second, what is not a particle


@pytest.mark.parametrize('text, words', [
    ('', 'no columns'), ('X,Y\n1\n', 'line 2'), ('X-Coordinate,Y-Coordinate,Diameter\n1,2,wide\n', '"1,2,wide" is no'),
    ('x;y\n1;2\n', 'among "x;y"')])
def test_tables_that_are_none(tmp_path, text, words):
    (tmp_path / 'a.csv').write_text(text)
    with pytest.raises(InputError, match=words):
        read_positions(tmp_path / 'a.csv')


def test_names_of_columns_may_differ(tmp_path):
    (tmp_path / 'a.csv').write_text('\ufeffDiameter,y_coordinate,X Coordinate\n40,2,1\n', encoding='utf-8')
    assert read_positions(tmp_path / 'a.csv')[0][:3] == (1.0, 2.0, 40.0)


def test_boxes_of_a_label_map(tmp_path):
    picture = np.zeros((500, 500, 3), np.uint8)
    picture[...] = 0, 0, 255
    picture[:, :100] = 0, 255, 0                     # film on the left
    picture[200:212, 300:312] = 255, 255, 0          # a small piece of ice
    picture[400:402, 400:402] = 255, 255, 0          # a speck
    for x in (200, 260, 440):
        picture[90:110, x - 10:x + 10] = 255, 0, 0   # particles
    Image.fromarray(picture).save(tmp_path / 'map.png')
    known = read_map(tmp_path / 'map.png', (1000, 1000))
    boxes = junk_boxes(known, 80.0)
    assert [box[:2] for box in boxes if box[2] == 'ice'] == [(611.5, 411.5)]
    film = np.array([box[:2] for box in boxes if box[2] == 'carbon'])
    assert len(film) > 50 and film[:, 0].max() <= 220      # 30 % of the box, or more
    found = particles(known)
    assert [place[0] for place in found] == [399.5, 519.5, 879.5]
    assert found[0][2] == pytest.approx(45.1, abs=0.2)
    Image.fromarray(np.random.default_rng(0).integers(0, 255, (500, 500, 3), dtype=np.uint8)).save(tmp_path / 'no.png')
    with pytest.raises(InputError, match='no label map'):
        read_map(tmp_path / 'no.png', (500, 500))
    with pytest.raises(InputError, match='its micrograph'):
        read_map(tmp_path / 'map.png', (500, 800))


def test_junk_of_maps_has_its_kinds(published, run, tmp_path):
    """Film and ice as they were simulated, painted around their picks."""
    folder = published / '10901'
    maps = tmp_path / 'maps' / '10901'
    maps.mkdir(parents=True)
    rows = tables.read_labels(folder / 'truth' / 'labels.csv')
    for number, micrograph in tables.read_micrographs(folder / 'truth' / 'micrographs.csv').items():
        picture = np.zeros((ROWS, ROWS, 3), np.uint8)
        picture[...] = 0, 0, 255
        for row in rows:
            if row.mic_id == number and row.label != 'particle':
                x, y, half = int(row.x), int(row.y), DIAMETER // 2
                picture[max(0, y - half):y + half, max(0, x - half):x + half] = (
                    (255, 255, 0) if row.label == 'ice' else (0, 255, 0))
        Image.fromarray(picture).save(maps / f'{micrograph.path.stem}.png')
    end, _, told = run('--cryoppp', folder, '--maps', tmp_path / 'maps', '--work', tmp_path / 'work', '--tables', 2,
                       '--shots', 4, '--draws', 1, '--most', 16, '--imagenet', 'scratch', '--diameter', '10901=44')
    assert end is None and 'false positives of CryoPPP' in told, (end, told)
    made = tmp_path / 'work' / 'data' / 'EMPIAR-10901'
    assert {row.label for row in tables.read_labels(made / 'labels.csv')} == {'particle', *(row.label for row in rows)}
    assert float((made / 'box_angstrom.txt').read_text()) == 1.5 * 44 * PIXEL_SIZE
