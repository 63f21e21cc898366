"""Reads micrograph files into float32 arrays, after checking that they are micrographs.

A header is never believed: the size that it announces is held against the file before memory is taken.
"""
import os
import warnings
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path

import mrcfile
import numpy as np
import tifffile
from PIL import Image, UnidentifiedImageError

from .errors import InputError

MRC_SUFFIXES = ('.mrc', '.mrcs')
TIFF_SUFFIXES = ('.tif', '.tiff')
BITMAP_SUFFIXES = ('.png', '.jpg', '.jpeg')
MAX_PIXELS = 2 ** 30     # twice a 16k x 32k montage; what is larger is a damaged header
MRC_HEADER_BYTES = 1024
_MRC_NUMERIC_MODES = {0: 'i1', 1: 'i2', 2: 'f4', 6: 'u2', 12: 'f2'}
_MRC_COMPLEX_MODES = (3, 4)
READ_AHEAD = 2           # micrographs

Image.MAX_IMAGE_PIXELS = MAX_PIXELS


def read_micrograph(path) -> np.ndarray:
    """Read .mrc/.mrcs (modes 0, 1, 2, 6, 12), .tif/.tiff, .png or .jpg: a float32 array (rows, columns).

    Row 0 is the first row of the file. Raises InputError, in one line that names the file, for a file that is
    missing, empty, cut short, no image, complex, a stack, constant, or holds NaN or infinite values.
    """
    path = Path(path)
    readers = {**dict.fromkeys(MRC_SUFFIXES, _read_mrc), **dict.fromkeys(TIFF_SUFFIXES, _read_tiff),
               **dict.fromkeys(BITMAP_SUFFIXES, _read_bitmap)}
    reader = readers.get(path.suffix.lower())
    if reader is None:
        raise InputError(f'{path}: "{path.suffix}" is no known micrograph format; use one of {", ".join(readers)}.')
    try:
        if os.path.getsize(path) == 0:
            raise InputError(f'{path}: the file is empty.')
        image = reader(path)
    except FileNotFoundError:
        raise InputError(f'{path}: no such file.') from None
    except OSError as error:
        raise InputError(f'{path}: cannot be read ({error}).') from None
    return _checked(path, image)


def read_ahead(rows):
    """Yield (row, future of its image) of tables.MicrographRow; the next ones are read while one is worked on."""
    with ThreadPoolExecutor(1) as reader:
        todo, waiting = iter(rows), deque()
        while True:
            waiting.extend((row, reader.submit(read_micrograph, row.path))
                           for row in islice(todo, READ_AHEAD - len(waiting)))
            if not waiting:
                return
            yield waiting.popleft()


def _read_mrc(path):
    with warnings.catch_warnings():
        warnings.simplefilter('ignore')      # mrcfile warns of harmless oddities; what matters is checked below
        try:
            with mrcfile.open(path, permissive=True, header_only=True) as mrc:
                header = mrc.header
        except ValueError as error:
            raise InputError(f'{path}: no MRC file ({error}).') from None
    columns, rows, sections, mode = (int(header[key]) for key in ('nx', 'ny', 'nz', 'mode'))
    if mode in _MRC_COMPLEX_MODES:
        raise InputError(f'{path}: complex values (a Fourier transform?); a micrograph has real ones.')
    if mode not in _MRC_NUMERIC_MODES:
        raise InputError(f'{path}: MRC mode {mode} is not supported (0, 1, 2, 6 and 12 are).')
    _check_size(path, rows, columns, sections)
    dtype = np.dtype(_MRC_NUMERIC_MODES[mode]).newbyteorder(header.dtype['nx'].byteorder)
    offset = MRC_HEADER_BYTES + max(0, int(header['nsymbt']))
    expected = offset + rows * columns * dtype.itemsize
    if os.path.getsize(path) < expected:
        raise InputError(f'{path}: cut short ({os.path.getsize(path)} bytes, {expected} expected).')
    return np.fromfile(path, dtype, rows * columns, offset=offset).reshape(rows, columns)


def _read_tiff(path):
    try:
        with tifffile.TiffFile(path) as tiff:
            if not tiff.pages:
                raise InputError(f'{path}: a TIFF file without an image.')
            page = tiff.pages[0]
            if page.samplesperpixel != 1 or len(page.shape) != 2:
                raise InputError(f'{path}: a colour image or a volume; a micrograph has one grey value a pixel.')
            if np.dtype(page.dtype).kind == 'c':
                raise InputError(f'{path}: complex values; a micrograph has real ones.')
            _check_size(path, *page.shape, len(tiff.pages))
            ends = [start + count for start, count in zip(page.dataoffsets, page.databytecounts)]
            if max(ends, default=0) > os.path.getsize(path):
                raise InputError(f'{path}: cut short ({os.path.getsize(path)} bytes, {max(ends)} expected).')
            return page.asarray()
    except (tifffile.TiffFileError, ValueError, TypeError, IndexError, KeyError, RuntimeError) as error:
        raise InputError(f'{path}: no readable TIFF file ({_one_line(error)}).') from None


def _read_bitmap(path):
    try:
        with Image.open(path) as image:
            _check_size(path, image.height, image.width, getattr(image, 'n_frames', 1))
            if image.mode not in ('L', 'I', 'F', 'I;16', 'I;16B'):
                image = image.convert('L')
            return np.asarray(image)
    except (UnidentifiedImageError, Image.DecompressionBombError, SyntaxError, ValueError) as error:
        raise InputError(f'{path}: no readable image ({_one_line(error)}).') from None


def _check_size(path, rows, columns, sections):
    if rows < 1 or columns < 1 or rows * columns > MAX_PIXELS:
        raise InputError(f'{path}: impossible size {columns} x {rows} px in the header.')
    if sections != 1:
        raise InputError(f'{path}: a stack of {sections} images; a micrograph is one (movies have to be aligned '
                         f'and summed first).')


def _checked(path, image):
    image = np.ascontiguousarray(image, dtype=np.float32)
    low, high = image.min(), image.max()      # both are NaN as soon as one value is
    if not (np.isfinite(low) and np.isfinite(high)):
        raise InputError(f'{path}: holds NaN or infinite values.')
    if low == high:
        raise InputError(f'{path}: all pixels have the value {low:g}; there is nothing to see.')
    return image


def _one_line(error):
    return ' '.join(str(error).split()) or type(error).__name__
