"""Random fields and soft steps, from which textures and outlines are made."""
from typing import Tuple

import numpy as np
from scipy.ndimage import gaussian_filter

FINE = 4.0      # px between the knots of a field, below which filtered white noise is quicker


def smooth_noise(shape: Tuple[int, ...], wavelength: float, rng: np.random.Generator) -> np.ndarray:
    """A Gaussian random field with details no finer than about `wavelength` px; zero mean, unit variance.

    shape: (rows, columns). Returns float32 (rows, columns).
    """
    spacing = wavelength / 2.0
    if spacing < FINE:
        noise = rng.standard_normal(shape, dtype=np.float32)
        sigma = spacing / np.sqrt(2)
        return gaussian_filter(noise, sigma, truncate=3) * np.float32(np.sqrt(1 + 4 * np.pi * sigma ** 2))
    counts = [int(np.ceil(length / spacing)) + 3 for length in shape]
    knots = rng.standard_normal(counts, dtype=np.float32)
    rows, columns = (_spline_weights(length, count, spacing) for length, count in zip(shape, counts))
    return rows @ knots @ columns.T


def octaves(shape: Tuple[int, ...], wavelength: float, rng: np.random.Generator, count: int = 3,
            gain: float = 0.6) -> np.ndarray:
    """A rugged field: `smooth_noise` of `wavelength` px and its next halvings, each `gain` times weaker."""
    field = np.zeros(shape, np.float32)
    for octave in range(count):
        if octave and wavelength / 2 ** octave < 4:
            break
        field += gain ** octave * smooth_noise(shape, wavelength / 2 ** octave, rng)
    return field


def soft_step(distance: np.ndarray, width: float) -> np.ndarray:
    """0 far below, 1 far above `distance` = 0, rising over about `width` (same unit)."""
    return 0.5 * (1.0 + np.tanh(2.0 * distance / width))


def _spline_weights(length, count, spacing):
    """(length, count) Gaussian interpolation weights whose squares sum to 1 in every row."""
    position = np.arange(length, dtype=np.float32)[:, None] / spacing + 1.0
    knots = np.arange(count, dtype=np.float32)[None, :]
    weights = np.exp(-(position - knots) ** 2)
    return weights / np.sqrt((weights ** 2).sum(axis=1, keepdims=True))
