"""Image formation: from the specimen's exit wave to the counts of a detector."""
from dataclasses import dataclass

import numpy as np
from scipy import fft
from scipy.ndimage import gaussian_filter

# Accelerating voltage in kV: (electron wavelength in Å, interaction constant in rad/(V Å)).
VOLTAGES = {120: (0.0335, 8.64e-4), 200: (0.0251, 7.29e-4), 300: (0.0197, 6.53e-4)}


@dataclass(frozen=True)
class Microscope:
    """A microscope and the way a data set is recorded on it."""
    voltage: int = 300                        # kV
    spherical_aberration: float = 2.7e7       # Å
    amplitude_contrast: float = 0.08
    b_factor: float = 150.0                   # Å², envelope of the contrast transfer
    defocus: tuple = (8e3, 25e3)              # Å, range of underfocus over the micrographs
    astigmatism: float = 0.02                 # share of the defocus
    dose: float = 20.0                        # electrons/Å² that the detector makes count
    detector_blur: float = 0.4                # px, standard deviation of the detector's point spread
    illumination: float = 0.0                 # relative change of the beam across a micrograph
    beam_edge: float = 0.0                    # darkening towards a corner, 0 (none) to 1

    @property
    def wavelength(self) -> float:
        """Electron wavelength in Å."""
        return VOLTAGES[self.voltage][0]

    @property
    def interaction(self) -> float:
        """Phase shift in rad for each V Å of projected potential."""
        return VOLTAGES[self.voltage][1]


def random_microscope(rng: np.random.Generator) -> Microscope:
    """Draw a microscope and its session."""
    low = np.exp(rng.uniform(np.log(5e3), np.log(25e3)))
    return Microscope(
        voltage=int(rng.choice([120, 200, 300, 300, 300])),
        spherical_aberration=float(rng.choice([0.01e7, 2.0e7, 2.7e7])),
        amplitude_contrast=rng.uniform(0.07, 0.2),
        b_factor=rng.uniform(50, 400),
        defocus=(low, min(low * rng.uniform(1.2, 2.5), 3.5e4)),
        astigmatism=rng.uniform(0, 0.05),
        detector_blur=rng.uniform(0.2, 0.7),
        illumination=rng.exponential(0.03),
        beam_edge=rng.uniform(0.2, 0.7) if rng.random() < 0.08 else 0.0)


def defocus_image(phase: np.ndarray, absorption: np.ndarray, microscope: Microscope, pixel_size: float,
                  rng: np.random.Generator) -> np.ndarray:
    """Intensity behind a specimen, 1 where nothing is: the defocused exit wave exp(i phase - absorption).

    phase (rad) and absorption: (rows, columns). The image is periodic, so leave a margin around what is used.
    Returns float32 (rows, columns).
    """
    wave = np.exp(-absorption + 1j * phase).astype(np.complex64)
    transfer = _transfer(wave.shape, microscope, pixel_size, rng)
    wave = fft.ifft2(fft.fft2(wave, overwrite_x=True) * transfer, overwrite_x=True)
    return wave.real ** 2 + wave.imag ** 2


def record(intensity: np.ndarray, microscope: Microscope, pixel_size: float, rng: np.random.Generator) -> np.ndarray:
    """Record an intensity (rows, columns): uneven beam, shot noise, detector. Mean about 1; float32."""
    rows, columns = (np.linspace(-0.5, 0.5, length, dtype=np.float32) for length in intensity.shape)
    angle, corner = rng.uniform(0, 2 * np.pi, 2)
    beam = 1 + microscope.illumination * (np.cos(angle) * columns[None, :] + np.sin(angle) * rows[:, None])
    if microscope.beam_edge:
        far = np.hypot(columns[None, :] - 0.4 * np.cos(corner), rows[:, None] - 0.4 * np.sin(corner))
        beam *= 1 - microscope.beam_edge * np.clip(far - 0.3, 0, None) ** 2
    image = intensity * beam.astype(np.float32)
    electrons = microscope.dose * pixel_size ** 2
    noise = rng.standard_normal(image.shape, dtype=np.float32)
    image += np.sqrt(np.maximum(image, 0.02) / electrons) * noise
    return gaussian_filter(image, microscope.detector_blur, truncate=3)


def _transfer(shape, microscope, pixel_size, rng):
    """Complex transfer function of the wave at one defocus of the session, complex64 (rows, columns)."""
    defocus = rng.uniform(*microscope.defocus)
    ellipticity, axis = microscope.astigmatism * rng.normal(), rng.uniform(0, np.pi)
    ky = fft.fftfreq(shape[0], pixel_size).astype(np.float32)[:, None]
    kx = fft.fftfreq(shape[1], pixel_size).astype(np.float32)[None, :]
    squared = kx ** 2 + ky ** 2
    stretched = squared + (ellipticity * np.cos(2 * axis) * (kx ** 2 - ky ** 2)
                           + ellipticity * np.sin(2 * axis) * 2 * kx * ky)
    wavelength = microscope.wavelength
    aberration = (0.5 * np.pi * microscope.spherical_aberration * wavelength ** 3 * squared ** 2
                  - np.pi * wavelength * defocus * stretched)
    return np.exp(-0.25 * microscope.b_factor * squared - 1j * aberration).astype(np.complex64)
