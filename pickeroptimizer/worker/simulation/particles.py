"""Protein-like molecules made of beads, and their projections."""
from dataclasses import dataclass
from typing import Optional, Sequence, Tuple

import numpy as np
from scipy.ndimage import gaussian_filter
from scipy.spatial.transform import Rotation

RESIDUE_VOLUME = 130.0      # Å³ of an amino-acid residue
PACKING = 0.6               # share of a lobe that is protein; the rest is solvent
BEAD_LIMITS = (400, 2500)   # beads of a molecule, whatever its size
FOLD_WAVELENGTHS = (20.0, 80.0)   # Å between the cavities in and between domains


@dataclass(frozen=True)
class Molecule:
    """Beads at `positions` (n, 3) in Å around the centre of mass, each of `bead_volume` Å³ of protein."""
    positions: np.ndarray
    bead_volume: float
    diameter: float              # Å
    family: str
    tilt_spread: float = np.pi   # rad; small: most particles lie on the same side

    @property
    def bead_sigma(self) -> float:
        """Standard deviation in Å of the Gaussian that stands for a bead."""
        return 0.55 * self.bead_volume ** (1 / 3)


@dataclass(frozen=True)
class _Body:
    """Ellipsoidal lobes in units of the molecule's radius: centres (n, 3), radii (n, 3), density (n,)."""
    centres: np.ndarray
    radii: np.ndarray
    symmetry: str                # point group
    density: np.ndarray
    aligned: bool                # the ellipsoids' axes are x, y, z


def _body(centres, radii, symmetry='C1', density=1.0, aligned=False):
    centres = np.atleast_2d(centres)
    return _Body(centres, np.broadcast_to(radii, centres.shape), str(symmetry),
                 np.broadcast_to(density, len(centres)), aligned)


def _directions(count, rng):
    """(count, 3) random unit vectors."""
    vectors = rng.normal(size=(count, 3))
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def _globular(rng):
    count = rng.integers(1, 4)
    return _body(rng.normal(0, 0.35, (count, 3)), rng.uniform(0.35, 0.8, (count, 3)),
                 rng.choice(['C1', 'C1', 'C2', 'D2']))


def _chain(rng):
    """Domains one after the other, from a compact heap to a thin and bent string."""
    centres = np.cumsum(0.55 * _directions(rng.integers(2, 7), rng), axis=0)
    return _body(centres, rng.uniform(0.22, 0.48, centres.shape), rng.choice(['C1', 'C1', 'C2']))


def _assembly(rng):
    """Two large subunits of uneven density with small ones on their surface, as a ribosome."""
    large = rng.normal(0, 0.3, (2, 3))
    count = rng.integers(4, 12)
    small = large[rng.integers(0, 2, count)] + rng.uniform(0.3, 0.6, (count, 1)) * _directions(count, rng)
    radii = np.concatenate([rng.uniform(0.35, 0.6, (2, 3)), rng.uniform(0.12, 0.3, (count, 3))])
    return _body(np.concatenate([large, small]), radii, density=rng.uniform(0.8, 1.8, count + 2))


def _oligomer(rng):
    """A compact complex of a few symmetric subunits."""
    count = rng.integers(1, 4)
    centres = rng.uniform(0.15, 0.5, (count, 3)) * (1.0, rng.uniform(0.5, 1), rng.uniform(0.3, 1))
    return _body(centres, rng.uniform(0.25, 0.5, (count, 3)), rng.choice(['C3', 'C4', 'D2', 'D2', 'D3', 'T']))


def _shell(rng):
    """A hollow sphere whose subunits leave small gaps or overlap, as a ferritin or a virus."""
    symmetry, order = [('T', 12), ('O', 24), ('O', 24), ('I', 60)][rng.integers(4)]
    count, radius = rng.integers(1, 4), rng.uniform(0.75, 0.9)
    lobe = radius * np.sqrt(4 * rng.uniform(0.8, 1.8) / (order * count))
    return _body(radius * _directions(count, rng), lobe * rng.uniform(0.75, 1.25, (count, 3)), symmetry)


def _barrel(rng):
    """One ring of subunits, or two back to back, as a pore or a chaperonin."""
    count, order, radius = rng.integers(1, 4), rng.choice([4, 5, 6, 7, 8, 9]), rng.uniform(0.4, 0.75)
    lobe = np.pi * radius / order * rng.uniform(0.8, 1.4)
    angle, height = rng.uniform(0, 0.6, count), lobe * (0.7 + 1.3 * np.arange(count))
    distance = radius * rng.uniform(0.8, 1.1, count)
    centres = np.column_stack([distance * np.cos(angle), distance * np.sin(angle), height])
    return _body(centres, lobe * rng.uniform(0.8, 1.3, (count, 3)), f'{rng.choice(["C", "D"])}{order}')


def _rod(rng):
    """A thin, straight or bent rod."""
    count = rng.integers(4, 12)
    along = np.linspace(-1, 1, count)
    bend = rng.normal(0, 0.04, (count, 2)) + rng.uniform(0, 0.3) * along[:, None] ** 2 * rng.normal(0, 1, 2)
    width = rng.uniform(0.08, 0.25)
    radii = np.column_stack([width * rng.uniform(0.8, 1.2, (count, 2)), np.full(count, 1.4 / count)])
    return _body(np.column_stack([bend, along]), radii, aligned=True)


def _stack(rng):
    """A hollow cylinder of stacked rings, as a proteasome or a haemocyanin."""
    rings, order, radius = rng.integers(2, 7), rng.choice([5, 6, 7, 10]), rng.uniform(0.4, 0.7)
    length = rng.uniform(0.4, 1.0)
    width = np.pi * radius / order * rng.uniform(0.8, 1.3)
    centres = np.column_stack([np.full(rings, radius), np.zeros(rings), np.linspace(-length, length, rings)])
    height = length / (rings - 1) * rng.uniform(0.7, 1.1)
    return _body(centres, (width, width, height), f'C{order}', aligned=True)


def _membrane(rng):
    """A protein through a flat disc of lipid or detergent, whose density is a fraction of the protein's."""
    order, count = rng.integers(1, 6), rng.integers(2, 5)
    centres = np.column_stack([rng.normal(0, 0.22, (count, 2)), rng.uniform(-0.4, 0.9, count)])
    centres[0, 2] = 0
    disc = np.array([1, 1, rng.uniform(0.25, 0.35)]) * rng.uniform(0.55, 0.9)
    return _body(np.vstack([centres, np.zeros(3)]), np.vstack([rng.uniform(0.2, 0.4, (count, 3)), disc]),
                 f'C{order}', np.append(np.ones(count), rng.uniform(0.2, 0.6) / order), aligned=True)


# Name: (how to make one, range of diameters in Å).
FAMILIES = {
    'globular': (_globular, (80, 200)),
    'small': (_globular, (60, 100)),
    'chain': (_chain, (90, 220)),
    'assembly': (_assembly, (180, 320)),
    'oligomer': (_oligomer, (90, 220)),
    'shell': (_shell, (110, 400)),
    'barrel': (_barrel, (110, 220)),
    'rod': (_rod, (130, 350)),
    'stack': (_stack, (160, 380)),
    'membrane': (_membrane, (90, 180)),
}


def random_molecule(rng: np.random.Generator, families: Optional[Sequence[str]] = None,
                    diameter: Optional[float] = None) -> Molecule:
    """Draw a molecule of one of the named `families` (default: any), `diameter` Å across (default: any)."""
    family = str(rng.choice(sorted(families or FAMILIES)))
    make_body, limits = FAMILIES[family]
    if diameter is None:
        diameter = float(np.exp(rng.uniform(*np.log(limits))))
    radius = 0.5 * diameter
    wavelengths = np.minimum(np.array(FOLD_WAVELENGTHS) / radius, (0.8, 1.2))
    positions, protein = _fill(make_body(rng), wavelengths, rng)
    scale = radius / np.percentile(np.linalg.norm(positions, axis=1), 98)
    protein *= PACKING * scale ** 3
    beads = min(int(np.clip(protein / RESIDUE_VOLUME, *BEAD_LIMITS)), len(positions))
    chosen = rng.permutation(len(positions))[:beads]
    tilt_spread = np.pi if rng.random() < 0.75 else rng.uniform(0.2, 0.9)
    return Molecule((positions[chosen] * scale).astype(np.float32), float(protein / beads), float(diameter),
                    family, float(tilt_spread))


def random_rotations(count: int, rng: np.random.Generator, tilt_spread: float = np.pi) -> np.ndarray:
    """(count, 3, 3) rotation matrices: uniform, or turned away from the z axis by about `tilt_spread` rad."""
    if tilt_spread >= np.pi:
        return Rotation.from_quat(rng.normal(size=(count, 4))).as_matrix().astype(np.float32)
    angles = np.column_stack([rng.uniform(0, 2 * np.pi, count), rng.normal(0, tilt_spread, count),
                              rng.uniform(0, 2 * np.pi, count)])
    return Rotation.from_euler('zyz', angles).as_matrix().astype(np.float32)


def project(molecule: Molecule, centres: np.ndarray, rotations: np.ndarray, shape: Tuple[int, int],
            pixel_size: float) -> np.ndarray:
    """Project rotated copies of a molecule along z.

    centres: (m, 2) as (x, y) in px; rotations: (m, 3, 3); shape: (rows, columns); pixel_size: Å/px.
    Returns the projected thickness of protein in Å, float32 (rows, columns).
    """
    thickness = np.zeros(shape, np.float32)
    half = int(np.ceil(0.75 * molecule.diameter / pixel_size)) + 2
    side = 2 * half + 1
    for (x, y), rotation in zip(centres, rotations):
        column, row = int(np.floor(x)), int(np.floor(y))
        flat = molecule.positions @ rotation[:2].T / pixel_size + (x - column + half, y - row + half)
        add_patch(thickness, _deposit(flat, side), row - half, column - half)
    thickness *= molecule.bead_volume / pixel_size ** 2
    return gaussian_filter(thickness, molecule.bead_sigma / pixel_size, truncate=3)


def add_patch(canvas: np.ndarray, patch: np.ndarray, top: int, left: int) -> None:
    """Add `patch` to `canvas` in place with its corner at (top, left) px; what lies outside is cut off."""
    bottom, right = min(top + patch.shape[0], canvas.shape[0]), min(left + patch.shape[1], canvas.shape[1])
    first_row, first_column = max(top, 0), max(left, 0)
    if bottom > first_row and right > first_column:
        canvas[first_row:bottom, first_column:right] += patch[first_row - top:bottom - top,
                                                              first_column - left:right - left]


def _deposit(flat, side):
    """Beads per pixel of a (side, side) image; each, at `flat` (n, 2) = (x, y) px, is shared by four."""
    flat = np.clip(flat, 0, side - 1.001)
    corner = flat.astype(np.intp)
    fx, fy = (flat - corner).T
    index = corner[:, 1] * side + corner[:, 0]
    image = np.zeros(side * side)
    for step, share in ((0, (1 - fx) * (1 - fy)), (1, fx * (1 - fy)),
                        (side, (1 - fx) * fy), (side + 1, fx * fy)):
        image += np.bincount(index + step, share, side * side)
    return image.reshape(side, side)


def _fill(body, wavelengths, rng, samples=12000, voxel=0.15):
    """Random points in the lobes of all symmetry mates.

    Returns their positions (n, 3) around their centre and the volume of all lobes, weighted with their
    density. Lengths, also the range of `wavelengths` of the cavities, are in units of the molecule's radius.
    """
    mates = Rotation.create_group(body.symmetry).as_matrix()
    mass = body.radii.prod(axis=1) * body.density
    count = max(samples // len(mates), 60)
    lobe = rng.choice(len(mass), count, p=mass / mass.sum())
    points = _directions(count, rng) * rng.random((count, 1)) ** (1 / 3) * body.radii[lobe]
    if not body.aligned:
        turns = Rotation.from_quat(rng.normal(size=(len(mass), 4))).as_matrix()
        points = np.einsum('nij,nj->ni', turns[lobe], points)
    points += body.centres[lobe]
    points = points[_folds(points, wavelengths, rng)]
    positions = np.concatenate([points @ mate.T for mate in mates])
    occupied = len(np.unique(np.floor(positions / voxel), axis=0)) * voxel ** 3
    density = np.average(body.density, weights=body.radii.prod(axis=1))
    return positions - positions.mean(axis=0), occupied * density


def _folds(points, wavelengths, rng, waves=16, cavities=0.25):
    """Which of the points (n, 3) lie outside the cavities, where a random sum of plane waves is smallest."""
    vectors = _directions(waves, rng) * (2 * np.pi / rng.uniform(*wavelengths, (waves, 1)))
    field = np.cos(points @ vectors.T + rng.uniform(0, 2 * np.pi, waves)).sum(axis=1)
    return field >= np.quantile(field, cavities)
