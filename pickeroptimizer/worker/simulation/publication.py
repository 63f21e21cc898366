"""How the images of a data set are published: raw counts, filtered, inverted, 8 bits."""
from dataclasses import dataclass

import numpy as np
from scipy import fft

EIGHT_BIT_SPAN = 5.0      # robust standard deviations from the median that 8 bits hold on either side


@dataclass(frozen=True)
class Publication:
    """Processing after the recording, the same for all micrographs of a data set."""
    low_pass: float = 0.0        # Å, 0: none
    high_pass: float = 0.0       # Å, 0: none
    inverted: bool = False       # light particles on dark
    eight_bits: bool = False
    gain: float = 1.0            # counts for the mean intensity
    offset: float = 0.0          # counts


def random_publication(rng: np.random.Generator, box_angstrom: float) -> Publication:
    """Draw the processing; filters are in proportion to the box (Å)."""
    return Publication(
        low_pass=rng.uniform(0.05, 0.2) * box_angstrom if rng.random() < 0.5 else 0.0,
        high_pass=rng.uniform(1.5, 8.0) * box_angstrom if rng.random() < 0.3 else 0.0,
        inverted=bool(rng.random() < 0.15),
        eight_bits=bool(rng.random() < 0.3),
        gain=float(np.exp(rng.uniform(np.log(1), np.log(20000)))),
        offset=float(rng.choice([0.0, rng.normal(0, 100)])))


def publish(image: np.ndarray, publication: Publication, pixel_size: float) -> np.ndarray:
    """Filter and scale a recorded image (rows, columns); float32."""
    if publication.low_pass or publication.high_pass:
        image = _band_pass(image, publication, pixel_size)
    if publication.inverted:
        image = 2 - image
    if publication.eight_bits:
        sample = image[::4, ::4]
        centre = np.median(sample)
        span = EIGHT_BIT_SPAN * np.median(np.abs(sample - centre)) / 0.6745
        return np.clip(np.round(127.5 + 127.5 * (image - centre) / span), 0, 255).astype(np.float32)
    return (publication.gain * image + publication.offset).astype(np.float32)


def _band_pass(image, publication, pixel_size):
    """Gaussian filters with half their amplitude at the resolutions (Å) of `publication`; keeps the mean.

    The cosine transform takes the image as mirrored at its borders.
    """
    ky, kx = (np.arange(length, dtype=np.float32) / (2 * length * pixel_size) for length in image.shape)
    squared = np.log(2) * (ky[:, None] ** 2 + kx[None, :] ** 2)
    band = np.exp(-publication.low_pass ** 2 * squared)
    if publication.high_pass:
        band *= 1 - np.exp(-publication.high_pass ** 2 * squared)
    band[0, 0] = 1
    return fft.idctn(fft.dctn(image) * band.astype(np.float32))
