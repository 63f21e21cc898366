"""Picks of RELION and cryoSPARC: pruned and written back with all that was in the file."""
import numpy as np
import pytest
import starfile
from numpy.lib import recfunctions
from worker.exchange import tables
from worker.exchange.errors import InputError
from worker.formats import foreign_picks
from worker.formats.picks import Judged

OPTICS = ('data_optics\n\nloop_\n_rlnOpticsGroupName #1\n_rlnOpticsGroup #2\n_rlnMicrographPixelSize #3\n'
          'opticsGroup1 1 {size}\n\n')


ODD = '1.2345678901e-09 0007 nan'      # values that would be others if they were read as numbers and written anew


@pytest.fixture(scope='module')
def rows(data_set):
    """(micrographs, picks, labels) of the simulated data set."""
    return (tables.read_micrographs(data_set.micrographs), tables.read_coordinates(data_set.coordinates),
            {row.coord_id: row.label for row in tables.read_labels(data_set.labels)})


@pytest.fixture(scope='module')
def star(rows, tmp_path_factory):
    """Star files as RELION writes them: (particles, micrographs), in the folder of a project."""
    micrographs, picks, _ = rows
    folder = tmp_path_factory.mktemp('relion')
    names = {mic_id: f'Micrographs/{row.path.name}' for mic_id, row in micrographs.items()}
    (folder / 'Micrographs').mkdir()
    for mic_id, row in micrographs.items():
        (folder / names[mic_id]).symlink_to(row.path)
    optics = OPTICS.format(size=next(iter(micrographs.values())).pixel_size)
    (folder / 'micrographs.star').write_text(
        f'# version 30001\n\n{optics}# version 30001\n\ndata_micrographs\n\nloop_\n_rlnMicrographName #1\n'
        '_rlnOpticsGroup #2\n' + ''.join(f'{name} 1\n' for name in names.values()))
    (folder / 'Pick').mkdir()
    (folder / 'Pick' / 'particles.star').write_text(
        f'# version 30001\n\n{optics}# version 30001\n\ndata_particles\n\nloop_\n_rlnCoordinateX #1\n'
        '_rlnCoordinateY #2\n_rlnAutopickFigureOfMerit #3\n_rlnMicrographName #4\n_rlnOpticsGroup #5\n'
        '_rlnCtfFigureOfMerit #6\n_rlnTubeNumber #7\n_rlnLogLikelihood #8\n'
        + ''.join(f'{row.x:.6f} {row.y:.6f} {row.coord_id / 8:.6f} {names[row.mic_id]} 1 {ODD}\n' for row in picks))
    return folder / 'Pick' / 'particles.star', folder / 'micrographs.star'


@pytest.fixture(scope='module')
def cs(rows, tmp_path_factory):
    """Files as cryoSPARC writes them: (particles, exposures)."""
    micrographs, picks, _ = rows
    folder = tmp_path_factory.mktemp('cryosparc')
    (folder / 'J1').mkdir()
    names = {mic_id: f'J1/{row.path.name}' for mic_id, row in micrographs.items()}
    for mic_id, row in micrographs.items():
        (folder / names[mic_id]).symlink_to(row.path)
    side = 768
    particles = np.zeros(len(picks), dtype=[('uid', 'u8'), ('location/micrograph_path', 'S60'),
                                            ('location/micrograph_shape', 'u4', (2,)),
                                            ('location/center_x_frac', 'f4'), ('location/center_y_frac', 'f4')])
    particles['uid'] = [row.coord_id + 10 ** 15 for row in picks]
    particles['location/micrograph_path'] = [names[row.mic_id].encode() for row in picks]
    particles['location/micrograph_shape'] = side
    for axis in 'xy':
        particles[f'location/center_{axis}_frac'] = [(getattr(row, axis) + 0.5) / side for row in picks]
    exposures = np.zeros(len(names), dtype=[('uid', 'u8'), ('micrograph_blob/path', 'S60'),
                                            ('micrograph_blob/psize_A', 'f4')])
    exposures['micrograph_blob/path'] = [name.encode() for name in names.values()]
    exposures['micrograph_blob/psize_A'] = [row.pixel_size for row in micrographs.values()]
    for name, array in (('particles.cs', particles), ('exposures.cs', exposures)):
        with open(folder / name, 'wb') as stream:
            np.save(stream, array)
    return folder / 'particles.cs', folder / 'exposures.cs'


def test_star_files_are_pruned_and_keep_what_they_have(star, rows, data_set, worker, tmp_path):
    particles, micrographs = star
    done = worker('prune', '--micrographs', micrographs, '--coordinates', particles, '--model', 'general',
                  '--box-angstrom', data_set.box_angstrom, '--output', tmp_path / 'kept.star', '--rejected',
                  tmp_path / 'rejected.star')
    assert done.returncode == 0, done.stderr
    before = starfile.read(particles)
    kept, rejected = (starfile.read(tmp_path / f'{name}.star') for name in ('kept', 'rejected'))
    assert kept['optics'].equals(before['optics'])
    assert len(kept['particles']) + len(rejected['particles']) == len(rows[1])
    for part, is_kept in ((kept['particles'], True), (rejected['particles'], False)):
        assert list(part) == [*before['particles'], 'poClass', 'poParticleProbability']
        text = (tmp_path / f'{"kept" if is_kept else "rejected"}.star').read_text()
        assert text.count('\t'.join(ODD.split())) == len(part)
        ids = (part['rlnAutopickFigureOfMerit'] * 8).round().astype(int)
        assert list(ids) == sorted(ids), 'in their order'
        assert ((part['poParticleProbability'] >= 0.5) == is_kept).all()
        assert ((part['poClass'] == 'particle') == is_kept).all()
        truth = np.array([rows[2][i] == 'particle' for i in ids])
        assert truth.mean() > 0.8 if is_kept else truth.mean() < 0.5


def test_cs_files_are_pruned_and_keep_what_they_have(cs, rows, data_set, worker, tmp_path):
    particles, exposures = cs
    done = worker('prune', '--micrographs', exposures, '--coordinates', particles, '--model', 'general',
                  '--box-angstrom', data_set.box_angstrom, '--output', tmp_path / 'kept.cs', '--rejected',
                  tmp_path / 'rejected.cs')
    assert done.returncode == 0, done.stderr
    before = np.load(particles)
    parts = [np.load(tmp_path / f'{name}.cs') for name in ('kept', 'rejected')]
    for part, is_kept in zip(parts, (True, False)):
        assert ((part['pickeroptimizer/particle_probability'] >= 0.5) == is_kept).all()
        same = before[np.isin(before['uid'], part['uid'])]
        for name in before.dtype.names:
            np.testing.assert_array_equal(part[name], same[name])
    assert sum(map(len, parts)) == len(before)


def test_positions_and_pixel_sizes(star, cs, rows, tmp_path):
    for particles, micrographs in (star, cs):
        picks = foreign_picks(particles, micrographs)
        picks.write_tables(tmp_path / 'm.csv', tmp_path / 'c.csv')
        again = tables.read_coordinates(tmp_path / 'c.csv')
        np.testing.assert_allclose([(row.x, row.y) for row in again], [(row.x, row.y) for row in rows[1]], atol=1e-3)
        found = tables.read_micrographs(tmp_path / 'm.csv')
        assert {row.path.resolve() for row in found.values()} <= {row.path.resolve() for row in rows[0].values()}
        sizes = {row.path.resolve(): row.pixel_size for row in rows[0].values()}
        assert all(row.pixel_size == pytest.approx(sizes[row.path.resolve()]) for row in found.values())
    assert foreign_picks(tmp_path / 'c.csv', tmp_path / 'm.csv') is None


@pytest.mark.parametrize('old, new, says', [
    ('_rlnCoordinateX', '_rlnCoordinateZ', 'no block has the columns'),
    ('Micrographs/', 'Elsewhere/', 'of its micrographs are not in'),
    ('data_particles', '', 'no block has|cannot be read')])
def test_one_clear_line_for_a_wrong_star_file(star, tmp_path, old, new, says):
    path = tmp_path / 'p.star'
    path.write_text(star[0].read_text().replace(old, new))
    with pytest.raises(InputError, match=says):
        foreign_picks(path, star[1])


@pytest.mark.parametrize('old, new, says', [('_rlnMicrographPixelSize', '_rlnOther', 'no pixel size'),
                                            ('opticsGroup1 1 ', 'opticsGroup1 2 ', 'missing or no number above 0')])
def test_one_clear_line_for_wrong_micrographs(star, tmp_path, old, new, says):
    path = tmp_path / 'm.star'
    path.write_text(star[1].read_text().replace(old, new))
    with pytest.raises(InputError, match=says):
        foreign_picks(star[0], path)


def test_one_clear_line_where_a_micrograph_is_gone_or_a_position_is_none(star, tmp_path):
    text = star[0].read_text()
    lines = text.splitlines()
    lines[-1] = 'nan' + lines[-1][lines[-1].index(' '):]
    (tmp_path / 'p.star').write_text('\n'.join(lines) + '\n')
    picks = foreign_picks(tmp_path / 'p.star', star[1])
    with pytest.raises(InputError, match='is no number'):
        picks.write_tables(tmp_path / 'm.csv', tmp_path / 'c.csv')
    (tmp_path / 'q.star').write_text(text)
    with pytest.raises(InputError, match='there is no micrograph'):
        foreign_picks(tmp_path / 'q.star', star[1]).write_tables(tmp_path / 'm.csv', tmp_path / 'c.csv')


def test_one_clear_line_for_a_wrong_cs_file(cs, tmp_path):
    (tmp_path / 'p.cs').write_bytes(b'nothing')
    with pytest.raises(InputError, match='cannot be read as a cs file'):
        foreign_picks(tmp_path / 'p.cs', cs[1])
    with pytest.raises(InputError, match='it has no location/micrograph_path'):
        foreign_picks(cs[1], cs[1])
    with open(tmp_path / 'o.cs', 'wb') as stream:
        np.save(stream, np.array([{}], dtype=object), allow_pickle=True)
    with pytest.raises(InputError, match='cannot be read as a cs file'):
        foreign_picks(tmp_path / 'o.cs', cs[1])
    rows = np.load(cs[0])
    one = recfunctions.append_fields(recfunctions.drop_fields(rows, 'location/micrograph_shape'),
                                     'location/micrograph_shape', np.full(len(rows), 768), usemask=False)
    with open(tmp_path / 's.cs', 'wb') as stream:
        np.save(stream, one)
    with pytest.raises(InputError, match='micrograph_shape is not two numbers in each row'):
        foreign_picks(tmp_path / 's.cs', cs[1])


def test_what_was_pruned_can_be_pruned_again(cs, star, tmp_path):
    for files, kept in ((cs, 'kept.cs'), (star, 'kept.star')):
        for probability in (0.25, 0.75):
            picks = foreign_picks(files[0], files[1])
            number = len(picks.names)
            picks.write(files[0].with_name(kept), np.ones(number, bool),
                        Judged(np.full(number, 'ice'), np.full(number, probability)))
            files = files[0].with_name(kept), files[1]
    assert set(np.load(cs[0].with_name('kept.cs'))['pickeroptimizer/particle_probability']) == {0.75}
    assert set(starfile.read(star[0].with_name('kept.star'))['particles']['poParticleProbability']) == {0.75}


def test_compressed_files_are_refused(star, tmp_path):
    with pytest.raises(InputError, match='is compressed; unpack it first'):
        foreign_picks(star[0], tmp_path / 'micrographs.star.gz')


def test_a_micrograph_of_another_size_is_told(cs, tmp_path):
    rows = np.load(cs[0])
    rows['location/micrograph_shape'] = 512
    path = cs[0].with_name('other.cs')
    with open(path, 'wb') as stream:
        np.save(stream, rows)
    with pytest.raises(InputError, match='768 x 768 px, where .* says 512 x 512'):
        foreign_picks(path, cs[1]).write_tables(tmp_path / 'm.csv', tmp_path / 'c.csv')


# ------------------------------ a file for each micrograph ------------------------------

def written_boxes(rows, folder, suffix):
    micrographs, picks, _ = rows
    folder.mkdir()
    for mic_id, row in micrographs.items():
        own = [pick for pick in picks if pick.mic_id == mic_id]
        corners = [(pick.x - 30, pick.y - 30) for pick in own]
        if suffix == '.box':
            text = ''.join(f'{x:.3f}\t{y:.3f}\t60\t60\t-3\n' for x, y in corners)
        else:
            text = ('data_global\n\n_cbox_format_version 1.0\n\ndata_cryolo\n\nloop_\n_CoordinateX #1\n'
                    '_CoordinateY #2\n_Width #3\n_Height #4\n_Confidence #5\n'
                    + ''.join(f'{x:.3f} {y:.3f} 60 60 0.5\n' for x, y in corners))
        (folder / f'{row.path.stem}{suffix}').write_text(text)
    return folder


@pytest.mark.parametrize('suffix', ['.box', '.cbox'])
def test_folders_of_boxes(rows, data_set, worker, model, tmp_path, suffix):
    folder = written_boxes(rows, tmp_path / 'boxes', suffix)
    picks = foreign_picks(folder, data_set.micrographs)
    expected = {(round(pick.x, 2), round(pick.y, 2)) for pick in rows[1]}
    assert {(round(x, 2), round(y, 2)) for x, y in picks.xy.tolist()} == expected, 'centres, from corners'
    done = worker('prune', '--coordinates', folder, '--micrographs', data_set.micrographs, '--model', model[0],
                  '--output', tmp_path / 'kept', '--rejected', tmp_path / 'rejected', '--device', 'cpu')
    assert done.returncode == 0, done.stderr
    kept, rejected = (foreign_picks(tmp_path / name, data_set.micrographs) for name in ('kept', 'rejected'))
    assert len(kept.names) + len(rejected.names) == len(picks.names) and kept.names and rejected.names
    labels = {(round(pick.x, 2), round(pick.y, 2)): rows[2][pick.coord_id] for pick in rows[1]}
    right = np.mean([labels[round(x, 2), round(y, 2)] == 'particle' for x, y in kept.xy.tolist()])
    assert right > 0.9
    first = next((tmp_path / 'kept').iterdir()).read_text()
    assert '-3' in first if suffix == '.box' else 'poClass' in first and '_cbox_format_version' in first


def test_folders_that_do_not_fit(rows, data_set, tmp_path):
    folder = written_boxes(rows, tmp_path / 'boxes', '.box')
    (folder / 'nowhere.box').write_text('1 1 60 60\n')
    with pytest.raises(InputError, match=r'no micrograph for 1 of the files in .*, such as nowhere.box'):
        foreign_picks(folder, data_set.micrographs)
    (folder / 'nowhere.box').rename(folder / 'nowhere.cbox')
    with pytest.raises(InputError, match='holds .box or .cbox files, and not both'):
        foreign_picks(folder, data_set.micrographs)
    (folder / 'nowhere.cbox').unlink()
    bad = next(folder.iterdir())
    bad.write_text('1 1 60\n')
    with pytest.raises(InputError, match='are not x, y, width and height'):
        foreign_picks(folder, data_set.micrographs)
    (tmp_path / 'empty').mkdir()
    with pytest.raises(InputError, match='holds .box or .cbox files'):
        foreign_picks(tmp_path / 'empty', data_set.micrographs)


def test_a_pick_job_of_relion(rows, star, worker, model, tmp_path):
    """A star file of star files, and pixel sizes as RELION 3.0 has them."""
    micrographs, picks, _ = rows
    root = star[1].parent
    names = {mic_id: f'Micrographs/{row.path.name}' for mic_id, row in micrographs.items()}
    job = root / 'AutoPick'
    job.mkdir(exist_ok=True)
    lines = []
    for mic_id, name in names.items():
        file = f'AutoPick/{mic_id}_autopick.star'
        own = [pick for pick in picks if pick.mic_id == mic_id]
        (root / file).write_text('data_\n\nloop_\n_rlnCoordinateX #1\n_rlnCoordinateY #2\n'
                                 '_rlnAutopickFigureOfMerit #3\n'
                                 + ''.join(f'{pick.x:.4f} {pick.y:.4f} 1.5\n' for pick in own))
        lines.append(f'{name} {file}\n')
    (job / 'autopick.star').write_text('data_coordinate_files\n\nloop_\n_rlnMicrographName #1\n'
                                       '_rlnMicrographCoordinates #2\n' + ''.join(lines))
    size = next(iter(micrographs.values())).pixel_size
    lines = [f'{name} {5.0} {50000 / size:.6f}\n' for name in names.values()]
    (root / 'old.star').write_text('data_\n\nloop_\n_rlnMicrographName #1\n_rlnDetectorPixelSize #2\n'
                                   '_rlnMagnification #3\n' + ''.join(lines))
    found = foreign_picks(job / 'autopick.star', root / 'old.star')
    assert len(found.names) == len(picks) and list(found.pixel_sizes.values()) == pytest.approx(
        [size] * len(names), rel=1e-4)
    done = worker('prune', '--coordinates', job / 'autopick.star', '--micrographs', root / 'old.star', '--model',
                  model[0], '--output', job / 'kept.star', '--rejected', job / 'rejected.star', '--device', 'cpu')
    assert done.returncode == 0, done.stderr
    kept, rejected = (foreign_picks(job / name, root / 'old.star') for name in ('kept.star', 'rejected.star'))
    assert len(kept.names) + len(rejected.names) == len(picks) and kept.names and rejected.names
    assert {path.name for path in (job / 'kept').iterdir()} == {f'{mic_id}_autopick.star' for mic_id in names}
    text = (job / 'autopick.star').read_text()
    (job / 'autopick.star').write_text(text.replace(*(f'{mic_id}_autopick.star' for mic_id in list(names)[:2])))
    with pytest.raises(InputError, match='is there twice'):
        foreign_picks(job / 'autopick.star', root / 'old.star')
    (job / 'autopick.star').write_text('data_coordinate_files\n\nloop_\n_rlnMicrographName #1\n'
                                       '_rlnMicrographCoordinates #2\nMicrographs/none.mrc x.star\n')
    with pytest.raises(InputError, match=r'Micrographs/none.mrc is not in'):
        foreign_picks(job / 'autopick.star', root / 'old.star')
