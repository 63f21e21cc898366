"""The simulator: reproducible, true to its tables, and different enough to train on."""
import csv
from collections import Counter
from dataclasses import replace

import mrcfile
import numpy as np
import pytest
from worker.exchange.errors import InputError
from worker.exchange.tables import read_coordinates, read_labels, read_micrographs
from worker.simulation.carbon import Film, film_distance, film_wave
from worker.simulation.categories import simulate_experiment
from worker.simulation.conditions import random_conditions
from worker.simulation.contaminants import KINDS, random_piece
from worker.simulation.dataset import simulate
from worker.simulation.fields import smooth_noise
from worker.simulation.optics import Microscope, defocus_image, record
from worker.simulation.particles import FAMILIES, project, random_molecule, random_rotations
from worker.simulation.picking import pick
from worker.simulation.publication import Publication, publish
from worker.simulation.scene import simulate_scene
from worker.simulation.varieties import Padding, vary

SIZE, PIXEL_SIZE, BOX = 512, 4.0, 200.0
SMALL = {'micrographs': 4, 'size': SIZE, 'pixel_size': PIXEL_SIZE, 'box_angstrom': BOX, 'seed': 5}


@pytest.fixture(scope='module')
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp('simulated')
    simulate(path, **SMALL)
    return path


def plain(conditions, **changes):
    """The same experiment without what hides its contrast: clear images as recorded, even ice, no film."""
    specimen = replace(conditions.specimen, ice_gradient=0.0, debris=0.0, mottling=0.0, ice_grain=0.1)
    microscope = replace(conditions.microscope, dose=80.0, illumination=0.0, beam_edge=0.0)
    return replace(conditions, publication=Publication(), microscope=microscope, specimen=specimen, **changes)


def disc_means(image, centres, radius):
    """Mean grey value of discs of `radius` px around centres (n, >= 2) that lie inside the image."""
    reach = int(np.ceil(radius))
    y, x = np.mgrid[-reach:reach + 1, -reach:reach + 1]
    disc = np.hypot(x, y) <= radius
    corners = np.round(np.asarray(centres)[:, :2]).astype(int) - reach
    inside = ((corners >= 0) & (corners + 2 * reach < len(image))).all(axis=1)
    return np.array([image[row:row + 2 * reach + 1, column:column + 2 * reach + 1][disc].mean()
                     for column, row in corners[inside]])


def file_bytes(folder):
    return {path.relative_to(folder): path.read_bytes() for path in folder.rglob('*') if path.is_file()}


def test_same_seed_gives_the_same_bytes(folder, tmp_path):
    simulate(tmp_path / 'again', **SMALL)
    assert file_bytes(tmp_path / 'again') == file_bytes(folder)


def test_another_seed_gives_another_experiment(folder, tmp_path):
    simulate(tmp_path, **{**SMALL, 'seed': 6, 'micrographs': 1})
    first = 'micrographs/sim_0001.mrc'
    assert (tmp_path / first).read_bytes() != (folder / first).read_bytes()


def test_tables_have_exactly_their_columns(folder):
    headers = {}
    for name in ('micrographs', 'coordinates', 'labels'):
        with open(folder / f'{name}.csv', newline='') as stream:
            headers[name], *rows = csv.reader(stream)
            assert rows and {len(row) for row in rows} == {len(headers[name])}
    assert headers == {'micrographs': ['mic_id', 'path', 'pixel_size'],
                       'coordinates': ['coord_id', 'mic_id', 'x', 'y'],
                       'labels': ['coord_id', 'mic_id', 'x', 'y', 'label']}
    assert float((folder / 'box_angstrom.txt').read_text()) == BOX


def test_tables_agree_with_the_micrographs(folder):
    micrographs = read_micrographs(folder / 'micrographs.csv')
    assert sorted(path.name for path in (folder / 'micrographs').iterdir()) == [
        f'sim_{number:04d}.mrc' for number in range(1, 5)]
    for row in micrographs.values():
        with mrcfile.open(row.path) as mrc:
            assert mrc.data.dtype == np.float32 and mrc.data.shape == (SIZE, SIZE)
            assert np.isfinite(mrc.data).all() and mrc.data.std() > 0
            assert mrc.voxel_size.x == mrc.voxel_size.y == pytest.approx(row.pixel_size)
        assert mrcfile.validate(row.path)
        assert row.pixel_size == PIXEL_SIZE


def test_coordinates_are_the_labels_without_their_classes(folder):
    labels, coordinates = read_labels(folder / 'labels.csv'), read_coordinates(folder / 'coordinates.csv')
    assert [replace(label, label=None) for label in labels] == coordinates
    assert [label.coord_id for label in labels] == list(range(1, len(labels) + 1))
    assert {label.mic_id for label in labels} == set(read_micrographs(folder / 'micrographs.csv'))
    assert all(0 <= value <= SIZE - 1 for label in labels for value in (label.x, label.y))


def test_every_class_is_there_and_most_picks_are_particles(folder):
    labels = read_labels(folder / 'labels.csv')
    counts = Counter(label.label for label in labels)
    assert set(counts) == {'particle', 'ice', 'carbon'}
    assert 0.7 <= counts['particle'] / len(labels) <= 0.92
    with_carbon = {label.mic_id for label in labels if label.label == 'carbon'}
    assert 1 <= len(with_carbon) < SMALL['micrographs']


def test_empty_boxes_are_empty_and_change_nothing_else(folder, tmp_path):
    simulate(tmp_path, **SMALL, empty=10)
    labels, before = read_labels(tmp_path / 'labels.csv'), read_labels(folder / 'labels.csv')
    others = {(label.mic_id, label.x, label.y, label.label) for label in before}
    assert {(label.mic_id, label.x, label.y, label.label) for label in labels if label.label != 'empty'} == others
    image = 'micrographs/sim_0002.mrc'
    assert (tmp_path / image).read_bytes() == (folder / image).read_bytes()
    counts = Counter(label.mic_id for label in labels if label.label == 'empty')
    assert min(counts.values()) >= 5 and max(counts.values()) == 10


def test_empty_boxes_keep_off_everything_and_half_of_them_lie_beside_a_particle():
    rng = np.random.default_rng(6)
    conditions = random_conditions(rng, 4.0, 200.0)
    conditions = replace(conditions, specimen=replace(conditions.specimen, crowding=0.15))
    scene = simulate_scene(conditions, 768, rng)
    xy = np.array([(x, y) for x, y, label in pick(scene, conditions, rng, empty=30) if label == 'empty'])
    assert len(xy) == 30 and xy.min() >= 25 and xy.max() <= 767 - 25
    nearest = np.hypot(*(xy[:, None] - scene.particles).transpose(2, 0, 1)).min(axis=1)
    assert nearest.min() >= 25 and 10 <= (nearest < 0.65 * 50).sum() <= 20
    covered = np.pad((scene.film | scene.ice).astype(float), 25)
    assert max(covered[round(y):round(y) + 50, round(x):round(x) + 50].mean() for x, y in xy) < 0.25


def test_progress_and_drawn_scales(tmp_path):
    calls = []
    conditions = simulate(tmp_path, micrographs=2, size=256, seed=1,
                          progress=lambda *counts: calls.append(counts))
    assert calls == [(1, 2), (2, 2)]
    assert read_micrographs(tmp_path / 'micrographs.csv')[1].pixel_size == conditions.pixel_size
    assert conditions.box_angstrom / conditions.pixel_size <= 256 / 8 + 0.1


@pytest.mark.parametrize('arguments, named', [
    ({'micrographs': 0}, 'micrographs is 0'),
    ({'size': 64}, '64 px'),
    ({'pixel_size': -1.0}, 'pixel size is -1'),
    ({'box_angstrom': float('nan')}, 'box is nan'),
    ({'size': 256, 'pixel_size': 1.0, 'box_angstrom': 200.0}, '200 Å'),
    ({'shapes': ('banana',)}, 'banana'),
])
def test_impossible_arguments_are_named_in_one_line(tmp_path, arguments, named):
    with pytest.raises(InputError) as error:
        simulate(tmp_path / 'none', **arguments)
    assert named in str(error.value) and '\n' not in str(error.value)
    assert not (tmp_path / 'none').exists()


@pytest.mark.parametrize('family', sorted(FAMILIES))
def test_molecules_keep_their_size_and_their_mass_in_projection(family):
    rng = np.random.default_rng(3)
    molecule = random_molecule(rng, [family], diameter=150.0)
    assert np.abs(molecule.positions.mean(axis=0)).max() < 15
    extent = 2 * np.percentile(np.linalg.norm(molecule.positions, axis=1), 98)
    assert extent == pytest.approx(150, rel=0.1)
    centres, rotations = np.array([[60.2, 50.7]]), random_rotations(1, rng)
    thickness = project(molecule, centres, rotations, (120, 120), 3.0)
    protein = molecule.bead_volume * len(molecule.positions)
    assert thickness.sum() * 3.0 ** 2 == pytest.approx(protein, rel=0.02)
    y, x = np.mgrid[:120, :120]
    centre = centres[0] + rotations[0][:2] @ molecule.positions.mean(axis=0) / 3.0
    assert np.average(x, weights=thickness) == pytest.approx(centre[0], abs=0.1)
    assert np.average(y, weights=thickness) == pytest.approx(centre[1], abs=0.1)


def test_weak_phase_objects_show_the_contrast_transfer_function():
    microscope = Microscope(defocus=(15e3, 15e3), astigmatism=0.0, b_factor=0.0, spherical_aberration=2.7e7)
    size, pixel_size, period = 240, 2.0, 24.0
    wave = np.cos(2 * np.pi * np.arange(size) * pixel_size / period)
    phase = np.broadcast_to(0.01 * wave, (size, size))
    image = defocus_image(phase, np.zeros_like(phase), microscope, pixel_size, np.random.default_rng(0))
    k = 1 / period
    aberration = (np.pi * microscope.wavelength * 15e3 * k ** 2
                  - 0.5 * np.pi * 2.7e7 * microscope.wavelength ** 3 * k ** 4)
    assert 2 * ((image - 1) * wave).mean() == pytest.approx(-2 * 0.01 * np.sin(aberration), rel=0.02)


def test_noise_follows_the_dose():
    microscope = Microscope(dose=25.0, detector_blur=0.0)
    image = record(np.ones((200, 200), np.float32), microscope, 2.0, np.random.default_rng(0))
    assert image.mean() == pytest.approx(1, abs=0.01)
    assert image.std() == pytest.approx(0.1, rel=0.05)


def test_particles_are_darker_than_the_ice_around_them():
    rng = np.random.default_rng(8)
    conditions = plain(random_conditions(rng, 4.0, 220.0, ['assembly', 'globular']))
    scene = simulate_scene(conditions, SIZE, rng, with_film=False)
    radius = 0.3 * conditions.molecule.diameter / conditions.pixel_size
    particles = disc_means(scene.image, scene.particles, radius)
    background = disc_means(scene.image, rng.uniform(0, SIZE, (300, 2)), radius)
    assert len(particles) >= 10
    assert np.median(particles) < np.quantile(background, 0.25)


def test_inverted_data_sets_have_light_particles():
    conditions = random_conditions(np.random.default_rng(8), 4.0, 220.0, ['assembly'])
    images = [simulate_scene(plain(conditions), SIZE, np.random.default_rng(1), with_film=False)]
    inverted = replace(plain(conditions), publication=Publication(inverted=True))
    images.append(simulate_scene(inverted, SIZE, np.random.default_rng(1), with_film=False))
    assert np.array_equal(images[0].particles, images[1].particles)
    np.testing.assert_allclose(images[0].image + images[1].image, 2, atol=1e-5)


def test_contaminants_are_far_darker_than_noise():
    rng = np.random.default_rng(2)
    conditions = random_conditions(rng, 4.0, 220.0)
    crystals = replace(conditions.contamination, kinds={'crystal': 1.0}, per_micrograph=8.0, aggregates=0.0,
                       opacity=1.0, clustering=0.0)
    scene = simulate_scene(plain(conditions, contamination=crystals), SIZE, rng, with_film=False)
    x, y = scene.contaminants[:, :2].round().astype(int).T
    assert scene.ice[y, x].all()
    clean = scene.image[~scene.ice]
    assert scene.ice.any() and scene.image[scene.ice].mean() < clean.mean() - 0.5 * clean.std()


@pytest.mark.parametrize('texture', ['amorphous', 'smooth', 'gold'])
def test_film_is_darker_than_the_hole_and_amorphous_film_is_grainy(texture):
    rng = np.random.default_rng(4)
    grain = 3.0 if texture == 'amorphous' else 0.0
    film = Film(texture=texture, thickness=200.0, mean_free_path=1000.0, grain=grain)
    conditions = plain(random_conditions(rng, 4.0, 220.0), film=film)
    conditions = replace(conditions, contamination=replace(conditions.contamination, per_micrograph=1.0))
    scene = simulate_scene(conditions, SIZE, rng)
    on, off = (scene.image[part & ~scene.ice] for part in (scene.film, ~scene.film))
    assert min(on.size, off.size) > 1000
    assert on.mean() < off.mean() - 0.1
    if texture == 'amorphous':
        assert on.std() > 1.2 * off.std()


@pytest.mark.parametrize('outline', ['hole', 'straight', 'two holes', 'lacey'])
def test_film_leaves_a_hole_and_ends_at_its_outline(outline):
    film = Film(outline=outline, roughness=0.0, grain=0.0)
    for seed in range(5):
        rng = np.random.default_rng(seed)
        distance = film_distance(film, (160, 200), 12.0, rng)
        assert 0.002 < (distance > 0).mean() < 0.95
        phase, absorption = film_wave(film, distance, 6.5e-4, 12.0, rng)
        assert phase[distance < -100].max(initial=0) < 0.01 * phase.max()
        assert absorption[distance > 100].min(initial=1) > 0.01


@pytest.mark.parametrize('kind', sorted(KINDS))
def test_contaminants_have_finite_thickness_inside_their_patch(kind):
    for seed in range(5):
        piece = random_piece(kind, 150.0, 3.0, np.random.default_rng(seed))
        border = np.concatenate([piece.thickness[0], piece.thickness[-1], piece.thickness[:, 0]])
        assert np.isfinite(piece.thickness).all() and piece.thickness.min() >= 0
        assert border.max() < 0.3 * piece.thickness.max()


def test_picks_match_the_truth_of_the_scene():
    """Particles off the film, carbon picks on it, picks of ice on a contaminant."""
    rng = np.random.default_rng(6)
    conditions = random_conditions(rng, 4.0, 200.0)
    conditions = replace(conditions, picker=replace(conditions.picker, false_share=0.5))
    scene = simulate_scene(conditions, 768, rng)
    picks = pick(scene, conditions, rng)
    assert {label for _, _, label in picks} == {'particle', 'ice', 'carbon'}
    film = np.pad(scene.film.astype(float), 25, mode='edge')
    for x, y, label in picks:
        window = np.s_[round(y):round(y) + 50, round(x):round(x) + 50]
        if label == 'carbon':
            assert film[window].mean() > 0.25
        else:
            assert film[window].mean() < 0.2
        if label == 'ice':
            distances = np.hypot(*(scene.contaminants[:, :2] - (x, y)).T)
            assert (distances - scene.contaminants[:, 2]).min() < 0.25 * 50
        if label == 'particle':
            assert np.hypot(*(scene.particles - (x, y)).T).min() < 0.25 * 50


def test_filters_and_eight_bits():
    noise = 1 + 0.1 * np.random.default_rng(0).standard_normal((128, 128), dtype=np.float32)
    smooth = publish(noise, Publication(low_pass=30.0), 3.0)
    assert smooth.std() < 0.5 * noise.std() and smooth.mean() == pytest.approx(noise.mean(), abs=1e-4)
    ramp = noise + np.linspace(0, 1, 128, dtype=np.float32)
    flat = publish(ramp, Publication(high_pass=60.0), 3.0)
    assert abs(flat[:, :40].mean() - flat[:, -40:].mean()) < 0.05
    levels = np.unique(publish(noise, Publication(eight_bits=True), 3.0))
    assert np.array_equal(levels, np.round(levels)) and 0 <= levels[0] < levels[-1] <= 255


@pytest.mark.parametrize('wavelength', [4.0, 20.0])
def test_smooth_noise_has_unit_variance_and_is_smooth(wavelength):
    field = smooth_noise((300, 400), wavelength, np.random.default_rng(0))
    assert field.shape == (300, 400)
    assert abs(field.mean()) < 0.1 and field.std() == pytest.approx(1, abs=0.1)
    assert np.abs(np.diff(field)).mean() < 3 / wavelength


@pytest.mark.parametrize('number', [0, 1])
def test_experiments_are_balanced_labelled_and_reproducible(number):
    boxes = Counter()
    first = list(simulate_experiment(number, seed=1, size=512, boxes=8, max_micrographs=3))
    for image, pixel_size, box_angstrom, picks in first:
        rows, columns = image.shape
        assert image.dtype == np.float32 and rows == columns <= 512
        assert 10 < box_angstrom / pixel_size <= 512 / 7.5 + 0.1
        for x, y, label in picks:
            assert 0 <= x <= 511 and 0 <= y <= 511
            boxes[label] += 1
    assert max(boxes.values()) <= 8
    again = next(simulate_experiment(number, seed=1, size=512, boxes=8, max_micrographs=3))
    assert np.array_equal(again[0], first[0][0]) and again[1:] == first[0][1:]


def test_experiments_differ():
    drawn = [random_conditions(np.random.default_rng(seed)) for seed in range(30)]
    assert len({conditions.molecule.family for conditions in drawn}) >= 6
    assert {conditions.film.texture for conditions in drawn} == {'amorphous', 'smooth', 'gold'}
    pixel_sizes = [conditions.pixel_size for conditions in drawn]
    assert max(pixel_sizes) > 3 * min(pixel_sizes)
    assert len({conditions.publication.inverted for conditions in drawn}) == 2


def test_padding_is_no_image_and_holds_no_picks():
    image = np.random.default_rng(0).normal(size=(40, 50)).astype(np.float32)
    padding = Padding((3, 0, 2, 5), blank=True)
    laid = padding.lay(image)
    assert laid.shape == image.shape and len(np.unique(laid[:2])) == 1 and len(np.unique(laid[:, :3])) == 1
    np.testing.assert_array_equal(laid[2:35, 3:], image[2:35, 3:])
    np.testing.assert_array_equal(Padding((0, 4, 0, 0), blank=False).lay(image)[:, 46:], image[:, 45:46].repeat(4, 1))
    assert padding.spares(3, 2, 40, 50) and not padding.spares(2.9, 20, 40, 50) and not padding.spares(20, 35, 40, 50)
    assert Padding().lay(image).shape == image.shape


def test_varieties_differ_from_the_usual_and_are_drawn_by_themselves():
    usual = [random_conditions(np.random.default_rng(seed)) for seed in range(60)]
    varied = [vary(conditions, np.random.default_rng(seed)) for seed, conditions in enumerate(usual)]
    changed = [one is not other for one, other in zip(usual, varied)]
    assert 0.5 < np.mean(changed) < 0.95
    assert max(c.specimen.crowding for c in varied) > 0.65 > max(c.specimen.crowding for c in usual)
    assert max(c.pixel_size / c.box_angstrom for c in varied) > 1 / 40


def test_experiments_of_a_pretraining_have_all_classes_and_the_same_bytes_again():
    def collected():
        labels, images = [], []
        for image, _, _, picks in simulate_experiment(3, seed=5, size=512, boxes=12, max_micrographs=3):
            labels += [pick[2] for pick in picks]
            images.append(image)
        return labels, images
    labels, images = collected()
    assert set(labels) == {'particle', 'ice', 'carbon', 'empty'} and max(map(labels.count, set(labels))) <= 12
    again, images_again = collected()
    assert again == labels
    for one, other in zip(images, images_again):
        np.testing.assert_array_equal(one, other)
