"""Reads micrograph files into float32 arrays, after checking that they are micrographs.

A header is never believed: the size that it announces is held against the file before memory is taken.
"""
import logging
import os
import struct
from pathlib import Path
from typing import Callable, Iterator

import mrcfile
import numpy as np
import tifffile
from PIL import Image, UnidentifiedImageError

from .errors import InputError
from .files import PathLike

MRC_SUFFIXES = ('.mrc', '.mrcs')
TIFF_SUFFIXES = ('.tif', '.tiff')
BITMAP_SUFFIXES = ('.png', '.jpg', '.jpeg')
MAX_PIXELS = 2 ** 30     # twice a 16k x 32k montage; what is larger is a damaged header
MOST_COMPRESSED = 1000   # bytes of pixels for each byte of the file; noise does not come near it
PART_PIXELS = 2 ** 18    # what the cache holds
LARGEST_VALUE = 1e30     # what is larger is no measurement, and its square no float32
MRC_HEADER_BYTES = 1024
_MRC_NUMERIC_MODES = {0: 'i1', 1: 'i2', 2: 'f4', 6: 'u2', 12: 'f2'}
_MRC_COMPLEX_MODES = (3, 4)
# What the libraries raise in the middle of a file that is not what its header says.
_DAMAGED = (ValueError, TypeError, IndexError, KeyError, AttributeError, RuntimeError, ArithmeticError, AssertionError,
            SyntaxError, EOFError, struct.error)

# Makes an array from its shape and dtype.
Empty = Callable[..., np.ndarray]

Image.MAX_IMAGE_PIXELS = MAX_PIXELS
logging.getLogger('tifffile').setLevel(logging.CRITICAL)      # what is wrong with a file is said here, in one line


def read_micrograph(path: PathLike, empty: Empty = np.empty) -> np.ndarray:
    """Read .mrc/.mrcs (modes 0, 1, 2, 6, 12), .tif/.tiff, .png or .jpg: a float32 array (rows, columns).

    empty: makes the array that is filled, from its shape and dtype. Row 0 is the first row of the file.
    Raises InputError, in one line that names the file, for a file that is missing, empty, cut short, no image, complex,
    a stack, constant, too large for the memory, or holds values that are NaN, infinite or beyond all measure.
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
        image = reader(path, empty)
    except FileNotFoundError:
        raise InputError(f'{path}: no such file.') from None
    except OSError as error:
        raise InputError(f'{path}: cannot be read ({_one_line(error)}).') from None
    except MemoryError:
        raise InputError(f'{path}: the memory of this machine does not suffice for it, or it is damaged.') from None
    return _checked(path, image)


def _read_mrc(path: Path, empty: Empty) -> np.ndarray:
    header = _mrc_header(path)
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
    image = empty((rows, columns), np.float32)
    with open(path, 'rb') as stream, np.errstate(over='ignore', invalid='ignore'):
        stream.seek(offset)
        for part in _parts(image):
            values = part if dtype == np.float32 else np.empty(part.shape, dtype)
            if stream.readinto(values) < values.nbytes:
                raise InputError(f'{path}: cut short while it was read.')
            if values is not part:
                part[...] = values
    return image


def _mrc_header(path: Path) -> np.void:
    """The header alone: mrcfile itself would take as much memory as it announces for its extension."""
    with open(path, 'rb') as stream:
        content = stream.read(MRC_HEADER_BYTES)
    if len(content) < MRC_HEADER_BYTES:
        raise InputError(f'{path}: no MRC file (shorter than the header of one).')
    little, big = (np.frombuffer(content, mrcfile.dtypes.HEADER_DTYPE.newbyteorder(order))[0] for order in '<>')
    try:
        order = mrcfile.utils.byte_order_from_machine_stamp(little['machst'])
    except ValueError:      # programs that leave it out write as their processor does
        order = '<'
    header, other = (little, big) if order == '<' else (big, little)
    modes = (*_MRC_NUMERIC_MODES, *_MRC_COMPLEX_MODES)
    return other if header['mode'] not in modes and other['mode'] in modes else header      # some stamps are wrong


def _read_tiff(path: Path, empty: Empty) -> np.ndarray:
    try:
        with tifffile.TiffFile(path) as tiff:
            if not tiff.pages:
                raise InputError(f'{path}: a TIFF file without an image.')
            page = tiff.pages[0]
            if page.samplesperpixel != 1 or len(page.shape) != 2:
                raise InputError(f'{path}: a colour image or a volume; a micrograph has one grey value a pixel.')
            if np.dtype(page.dtype).kind == 'c':
                raise InputError(f'{path}: complex values; a micrograph has real ones.')
            rows, columns = page.shape
            _check_size(path, rows, columns, len(tiff.pages))
            _check_compression(path, page.nbytes)
            ends = [start + count for start, count in zip(page.dataoffsets, page.databytecounts)]
            if max(ends, default=0) > os.path.getsize(path):
                raise InputError(f'{path}: cut short ({os.path.getsize(path)} bytes, {max(ends)} expected).')
            return _float32(page.asarray(), empty)
    except (tifffile.TiffFileError, *_DAMAGED) as error:
        raise InputError(f'{path}: no readable TIFF file ({_one_line(error)}).') from None


def _read_bitmap(path: Path, empty: Empty) -> np.ndarray:
    try:
        with Image.open(path) as image:
            _check_size(path, image.height, image.width, getattr(image, 'n_frames', 1))
            _check_compression(path, image.height * image.width)
            if image.mode not in ('L', 'I', 'F', 'I;16', 'I;16B'):
                image = image.convert('L')
            return _float32(np.asarray(image), empty)
    except (UnidentifiedImageError, Image.DecompressionBombError, *_DAMAGED) as error:
        raise InputError(f'{path}: no readable image ({_one_line(error)}).') from None


def _check_size(path: Path, rows: int, columns: int, sections: int) -> None:
    if rows < 1 or columns < 1 or rows * columns > MAX_PIXELS:
        raise InputError(f'{path}: impossible size {columns} x {rows} px in the header.')
    if sections != 1:
        raise InputError(f'{path}: a stack of {sections} images; a micrograph is one (movies have to be aligned '
                         f'and summed first).')


def _check_compression(path: Path, pixel_bytes: int) -> None:
    if pixel_bytes > MOST_COMPRESSED * os.path.getsize(path):
        raise InputError(f'{path}: much too short for its {pixel_bytes} bytes of pixels.')


def _parts(image: np.ndarray) -> Iterator[np.ndarray]:
    """An image in blocks of rows of about PART_PIXELS: views."""
    rows = max(1, PART_PIXELS // image.shape[1])
    return (image[start:start + rows] for start in range(0, len(image), rows))


def _float32(image: np.ndarray, empty: Empty) -> np.ndarray:
    result = empty(image.shape, np.float32)
    with np.errstate(over='ignore', invalid='ignore'):
        result[...] = image
    return result


def _checked(path: Path, image: np.ndarray) -> np.ndarray:
    if image.ndim != 2 or not image.size:
        raise InputError(f'{path}: no readable image (its pixels have the shape {image.shape}).')
    ends = np.array([(part.min(), part.max()) for part in _parts(image)])
    low, high = ends[:, 0].min(), ends[:, 1].max()      # both are NaN as soon as one value is
    if not (np.isfinite(low) and np.isfinite(high)):
        raise InputError(f'{path}: holds NaN or infinite values.')
    if max(-low, high) > LARGEST_VALUE:
        raise InputError(f'{path}: holds values up to {max(-low, high):g}, which nothing measures; it is damaged.')
    if low == high:
        raise InputError(f'{path}: all pixels have the value {low:g}; there is nothing to see.')
    return image


def _one_line(error: BaseException) -> str:
    return ' '.join(str(error).split()) or type(error).__name__
