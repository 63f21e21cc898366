"""Reads micrograph files into float32 arrays, after checking that they are micrographs.

A header is never believed: the size that it announces is held against the file before memory is taken.
"""
import logging
import os
import struct
from io import BufferedReader
from pathlib import Path
from typing import Any, Callable, Iterator, List, Optional, Sequence, Tuple

import mrcfile
import numpy as np
import tifffile
from PIL import Image, UnidentifiedImageError

from .errors import InputError
from .files import PathLike
from .slices import split_slice

MRC_SUFFIXES = ('.mrc', '.mrcs', '.map', '.st')
TIFF_SUFFIXES = ('.tif', '.tiff')
BITMAP_SUFFIXES = ('.png', '.jpg', '.jpeg')
# What is found in the place of micrographs, and what makes one of it.
ADVICE = {'.eer': 'holds the events of a camera: align and sum them (RELION, MotionCor3), and use the average',
          '.gz': 'is compressed: unpack it (gunzip)', '.bz2': 'is compressed: unpack it (bunzip2)',
          '.xz': 'is compressed: unpack it (unxz)', '.zst': 'is compressed: unpack it (unzstd)',
          '.dm3': 'is one of DigitalMicrograph: convert it to MRC (IMOD: dm2mrc)',
          '.dm4': 'is one of DigitalMicrograph: convert it to MRC (IMOD: dm2mrc)',
          '.hdf': 'is an HDF5 file: convert it to MRC (EMAN2: e2proc2d.py)'}
MAX_PIXELS = 2 ** 30     # twice a 16k x 32k montage; what is larger is a damaged header
MOST_COMPRESSED = 1000   # bytes of pixels for each byte of the file; noise does not come near it
PART_PIXELS = 2 ** 18    # what the cache holds
LARGEST_VALUE = 1e30     # what is larger is no measurement, and its square no float32
MOST_BAD = 0.01          # share of pixels without a value (NaN, infinite, too large) that are filled in
SAMPLED = 2 ** 16        # pixels that show the median
SAMPLED_ROWS, SAMPLED_WIDTH = 32, 4096      # pairs of rows, and pixels of each, that show the kind of bytes
MANY_VOTES = 0.01        # share of the neighbours,
CLEARLY_MORE = 4         # and so many times as many as for the other kind of bytes: these votes leave no doubt
BYTE_ENDS = 0, 127, 128, 255      # of the scales of both kinds
_ORIENTATION, UPRIGHT = 274, 1      # a tag of TIFF, and its value where row 0 is the top
THUMBNAIL = 0.5          # of the width of the largest page of a TIFF file, at most
MRC_HEADER_BYTES = 1024
_MRC_NUMERIC_MODES = {0: 'i1', 1: 'i2', 2: 'f4', 6: 'u2', 12: 'f2'}
_MRC_COMPLEX_MODES = (3, 4)
_IMOD_STAMP = 1146047817           # at byte 152 of a header that IMOD, or a program of its kind, wrote;
_IMOD_SIGNED_BYTES = 1             # the lowest of the flags after it
# What the libraries raise in the middle of a file that is not what its header says.
_DAMAGED = (ValueError, TypeError, IndexError, KeyError, AttributeError, RuntimeError, ArithmeticError, AssertionError,
            SyntaxError, EOFError, struct.error)

# Makes an array from its shape and dtype.
Empty = Callable[..., np.ndarray]
Warn = Callable[[str], None]

Image.MAX_IMAGE_PIXELS = MAX_PIXELS
logging.getLogger('tifffile').setLevel(logging.CRITICAL)      # what is wrong with a file is said here, in one line


def read_micrograph(path: PathLike, empty: Empty = np.empty,
                    warn: Warn = lambda line: None) -> np.ndarray:
    """Read .mrc/.mrcs (modes 0, 1, 2, 6, 12), .tif/.tiff, .png or .jpg: a float32 array (rows, columns).

    path: of a file, or `n@file` for slice n (from 1) of a stack. empty: makes the array that is filled, from its shape
    and dtype. warn: told, in one line, of what was filled in or left aside. Row 0 is the first row of the file.
    Raises InputError, in one line that names the file, for a file that is missing, empty, cut short, no image, complex,
    a stack, constant, too large for the memory, or of which more than MOST_BAD has no value.
    """
    file, index = split_slice(path)
    suffix = _known_suffix(file)
    reader = (_read_mrc if suffix in MRC_SUFFIXES else _read_tiff if suffix in TIFF_SUFFIXES else _read_bitmap)
    try:
        if os.path.getsize(file) == 0:
            raise InputError(f'{file}: the file is empty.')
        image = reader(file, index, empty, warn)
    except FileNotFoundError:
        raise InputError(f'{file}: no such file.') from None
    except OSError as error:
        raise InputError(f'{file}: cannot be read ({_one_line(error)}).') from None
    except MemoryError:
        raise InputError(f'{file}: the memory of this machine does not suffice for it, or it is damaged.') from None
    return _checked(path, image, warn)


def read_size(path: PathLike) -> Tuple[int, int]:
    """Return (rows, columns) of a micrograph from the header of its file.

    Raises InputError for a file that is missing, or is no image.
    """
    file, _ = split_slice(path)
    suffix = _known_suffix(file)
    try:
        if suffix in MRC_SUFFIXES:
            header = _mrc_header(file)
            return int(header['ny']), int(header['nx'])
        if suffix in TIFF_SUFFIXES:
            with tifffile.TiffFile(file) as tiff:
                page = _main_pages(file, tiff)[0]
                return page.imagelength, page.imagewidth
        with Image.open(file) as image:
            return image.height, image.width
    except FileNotFoundError:
        raise InputError(f'{file}: no such file.') from None
    except (OSError, UnidentifiedImageError, Image.DecompressionBombError, tifffile.TiffFileError, *_DAMAGED) as error:
        raise InputError(f'{file}: cannot be read ({_one_line(error)}).') from None


def about_all(warnings: Sequence[str]) -> List[str]:
    """Return what `read_micrograph` has warned of, a line a micrograph, as one line at most."""
    others = len(warnings) - 1
    return [line + (f' So it was with {others} more micrographs.' if others else '') for line in warnings[:1]]


def _known_suffix(path: Path) -> str:
    suffix = path.suffix.lower()
    known = (*MRC_SUFFIXES, *TIFF_SUFFIXES, *BITMAP_SUFFIXES)
    if suffix in ADVICE:
        raise InputError(f'{path}: this file {ADVICE[suffix]}.')
    if suffix not in known:
        raise InputError(f'{path}: "{path.suffix}" is no known micrograph format; use one of {", ".join(known)}.')
    return suffix


def _read_mrc(path: Path, index: Optional[int], empty: Empty, warn: Warn) -> np.ndarray:
    header = _mrc_header(path)
    columns, rows, sections, mode = (int(header[key]) for key in ('nx', 'ny', 'nz', 'mode'))
    if mode in _MRC_COMPLEX_MODES:
        raise InputError(f'{path}: complex values (a Fourier transform?); a micrograph has real ones.')
    if mode not in _MRC_NUMERIC_MODES:
        raise InputError(f'{path}: MRC mode {mode} is not supported (0, 1, 2, 6 and 12 are).')
    section = _check_size(path, rows, columns, sections, index)
    order: Any = header.dtype['nx'].byteorder
    dtype = np.dtype(_MRC_NUMERIC_MODES[mode]).newbyteorder(order)
    extended = MRC_HEADER_BYTES + max(0, int(header['nsymbt']))
    offset = extended + section * rows * columns * dtype.itemsize
    expected = offset + rows * columns * dtype.itemsize
    if os.path.getsize(path) < expected:
        raise InputError(f'{path}: cut short ({os.path.getsize(path)} bytes, {expected} expected).')
    image = empty((rows, columns), np.float32)
    with open(path, 'rb') as stream, np.errstate(over='ignore', invalid='ignore'):
        stream.seek(offset)
        if mode == 0 and _has_unsigned_bytes(header, stream, rows, columns):
            dtype = np.dtype('u1')
        stream.seek(offset)
        for part in _parts(image):
            values = part if dtype == np.float32 else np.empty(part.shape, dtype)
            _fill(values, stream)
            if values is not part:
                part[...] = values
    return image


def _fill(values: np.ndarray, stream: BufferedReader) -> None:
    if stream.readinto(values.data) < values.nbytes:
        raise InputError(f'{stream.name}: cut short while it was read.')


def _has_unsigned_bytes(header: np.void, stream: BufferedReader, rows: int, columns: int) -> bool:
    """Whether the bytes of mode 0 go from 0 to 255, as IMOD and SerialEM once had it, not from -128 to 127 as MRC2014.

    IMOD's flag says so; or the pixels themselves; or, where these do not say it clearly, the header's least and largest
    value, if the pixels keep to them. The stream is at the first pixel.
    """
    imod, flags = (int(value) for value in np.frombuffer(header.tobytes()[152:160], header.dtype['nx']))
    if imod == _IMOD_STAMP:
        return not flags & _IMOD_SIGNED_BYTES
    pairs = _neighbours(stream, rows, columns)
    unsigned, signed = _votes(pairs)
    if max(unsigned, signed) > max(MANY_VOTES * len(pairs), CLEARLY_MORE * min(unsigned, signed)):
        return unsigned > signed
    low, high = float(header['dmin']), float(header['dmax'])
    if (low < 0) != (high > 127):
        values = pairs if high > 127 else pairs.view(np.int8)
        if low - 1 <= values.min(initial=0) and values.max(initial=0) <= high + 1 and high <= 255:
            return high > 127
    return unsigned > signed


def _neighbours(stream: BufferedReader, rows: int, columns: int) -> np.ndarray:
    """Pairs of bytes (n, 2) that are neighbours in their row or column, from pairs of rows all over the image."""
    start, width = stream.tell(), min(columns, SAMPLED_WIDTH)
    pairs = []
    for row in np.linspace(0, max(0, rows - 2), min(rows, SAMPLED_ROWS)).astype(int):
        lines = []
        for line in range(row, min(row + 2, rows)):
            stream.seek(start + int(line) * columns + (columns - width) // 2)
            lines.append(np.empty(width, np.uint8))
            _fill(lines[-1], stream)
        pairs += [np.stack((line[:-1], line[1:])) for line in lines]
        if len(lines) == 2:
            pairs.append(np.stack(lines))
    return np.concatenate(pairs, axis=1).T


def _votes(pairs: np.ndarray) -> Tuple[int, int]:
    """How many pairs of neighbouring bytes (n, 2) speak for unsigned ones, and how many for signed ones.

    Neighbours are alike, so a pair votes for those bytes that bring it closer together. At the very ends of a scale lie
    the pixels that were cut off, which the other scale has in its middle: they are heard only if no others tell.
    """
    for heard in (~np.isin(pairs, BYTE_ENDS).any(axis=1), np.ones(len(pairs), bool)):
        values = pairs[heard].astype(np.int16)
        apart = np.abs(values[:, 0] - values[:, 1])
        differ = (values > 127)[:, 0] != (values > 127)[:, 1]      # the others are as far apart if they are signed
        unsigned, signed = (int(np.count_nonzero(differ & nearer)) for nearer in (apart < 128, apart > 128))
        if unsigned or signed:
            break
    return unsigned, signed


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
    return other if _is_plausible(other) and not _is_plausible(header) else header      # some stamps are wrong


def _is_plausible(header: np.void) -> bool:
    columns, rows = int(header['nx']), int(header['ny'])
    modes = (*_MRC_NUMERIC_MODES, *_MRC_COMPLEX_MODES)
    return header['mode'] in modes and min(columns, rows) > 0 and columns * rows <= MAX_PIXELS


def _read_tiff(path: Path, index: Optional[int], empty: Empty, warn: Warn) -> np.ndarray:
    try:
        with tifffile.TiffFile(path) as tiff:
            pages = _main_pages(path, tiff)
            if len(pages[0].shape) != 2 or pages[0].samplesperpixel != 1:
                raise InputError(f'{path}: a colour image or a volume; a micrograph has one grey value a pixel.')
            rows, columns = pages[0].shape
            page = pages[_check_size(path, rows, columns, len(pages), index)]
            if np.dtype(page.dtype).kind == 'c':
                raise InputError(f'{path}: complex values; a micrograph has real ones.')
            _check_compression(path, page.nbytes)
            ends = [start + count for start, count in zip(page.dataoffsets, page.databytecounts)]
            if max(ends, default=0) > os.path.getsize(path):
                raise InputError(f'{path}: cut short ({os.path.getsize(path)} bytes, {max(ends)} expected).')
            image = _float32(page.asarray(), empty)
            if page.photometric == tifffile.PHOTOMETRIC.MINISWHITE:
                np.negative(image, out=image)
            orientation = page.tags.valueof(_ORIENTATION, UPRIGHT)
            if orientation != UPRIGHT:      # programs of the field leave it aside, too, so picks mostly are in rows
                warn(f'{path}: its TIFF tag says that the image is mirrored or turned (orientation {orientation}), '
                     f'which is left aside: row 0 is the first row of the file. Are the picks in that frame?')
            return image
    except (tifffile.TiffFileError, *_DAMAGED) as error:
        raise InputError(f'{path}: no readable TIFF file ({_one_line(error)}).') from None


def _main_pages(path: Path, tiff: tifffile.TiffFile) -> List[Any]:
    """The pages of a TIFF file without those that repeat another one at a lower resolution, such as a thumbnail."""
    every: List[Any] = list(tiff.pages)
    pages = [page for page in every if not page.is_reduced] or every
    if not pages:
        raise InputError(f'{path}: a TIFF file without an image.')
    widest = max(page.imagewidth for page in pages)
    return [page for page in pages if page.imagewidth > THUMBNAIL * (widest + 1)]      # halves are rounded up, too


def _read_bitmap(path: Path, index: Optional[int], empty: Empty, warn: Warn) -> np.ndarray:
    try:
        with Image.open(path) as image:
            _check_size(path, image.height, image.width, getattr(image, 'n_frames', 1), index)
            _check_compression(path, image.height * image.width)
            if image.mode not in ('L', 'I', 'F', 'I;16', 'I;16B'):
                image = image.convert('L')
            return _float32(np.asarray(image), empty)
    except (UnidentifiedImageError, Image.DecompressionBombError, *_DAMAGED) as error:
        raise InputError(f'{path}: no readable image ({_one_line(error)}).') from None


def _check_size(path: Path, rows: int, columns: int, sections: int, index: Optional[int]) -> int:
    """Which section is meant, from 0 on."""
    if rows < 1 or columns < 1 or rows * columns > MAX_PIXELS:
        raise InputError(f'{path}: impossible size {columns} x {rows} px in the header.')
    if index is not None:
        if not 1 <= index <= max(sections, 1):
            raise InputError(f'{index}@{path}: there is no slice {index}; the file has {sections}.')
        return index - 1
    if sections > 1:
        raise InputError(f'{path}: a stack of {sections} images; a micrograph is one. Movies have to be aligned and '
                         f'summed first; a slice of a stack of micrographs is named n@{path.name}.')
    return 0


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


def _checked(path: PathLike, image: np.ndarray, warn: Warn) -> np.ndarray:
    if image.ndim != 2 or not image.size:
        raise InputError(f'{path}: no readable image (its pixels have the shape {image.shape}).')
    low, high = _range(image)
    if not (low >= -LARGEST_VALUE and high <= LARGEST_VALUE):      # nor if one value is NaN
        _fill_in(path, image, warn)
        low, high = _range(image)
    if low == high:
        raise InputError(f'{path}: all pixels have the value {low:g}; there is nothing to see.')
    return image


def _range(image: np.ndarray) -> Tuple[float, float]:
    """Least and largest value; NaN, both, as soon as one value is."""
    ends = np.array([(part.min(), part.max()) for part in _parts(image)])
    return float(ends[:, 0].min()), float(ends[:, 1].max())


def _fill_in(path: PathLike, image: np.ndarray, warn: Warn) -> None:
    """Give the pixels without a value the median of the others, in place."""
    number = sum(int(np.count_nonzero(~(np.abs(part) <= LARGEST_VALUE))) for part in _parts(image))
    if number > MOST_BAD * image.size:
        raise InputError(f'{path}: holds NaN or infinite values, or such which nothing measures, in '
                         f'{100 * number / image.size:.1f} % of its pixels.')
    sample = image.ravel()[::1 + image.size // SAMPLED]
    sample = sample[np.abs(sample) <= LARGEST_VALUE]
    median = np.median(sample) if len(sample) else 0.0
    for part in _parts(image):
        part[~(np.abs(part) <= LARGEST_VALUE)] = median
    warn(f'{path}: {number} pixels without a value (NaN, infinite or beyond all measure) were given the median.')


def _one_line(error: BaseException) -> str:
    return ' '.join(str(error).split()) or type(error).__name__
