"""The file of features that `embed` writes: plain arrays, read with numpy alone, by the Scipion side too.

It is an .npz archive of `format` (a number), `coord_id` and `mic_id` (int64, n), `features` (float16, n x m), and what
those of earlier versions lack: `relief` (float32, n), `classes` (text, k) and `probabilities` (float32, n x k).
"""
import tokenize
import zipfile
import zlib
from typing import NamedTuple, Optional, Tuple

import numpy as np

from .errors import InputError
from .files import PathLike, replacing

FORMAT_VERSION = 1
# What numpy and zipfile raise where a file is no archive (a single array has no names), or damaged.
UNREADABLE = (OSError, ValueError, KeyError, IndexError, TypeError, AttributeError, EOFError, MemoryError, RuntimeError,
              SyntaxError, zipfile.BadZipFile, zlib.error, tokenize.TokenError)


class Features(NamedTuple):
    """Picks described by numbers: features (n, m) float32; ids of the picks and of their micrographs (n each).

    relief: how much the middle of each box varies, (n) float32; it is least where nothing is in it. probabilities:
    what the general model says of them, (n, k) float32, of these classes. None if not known.
    """
    features: np.ndarray
    ids: np.ndarray
    mic_ids: np.ndarray
    relief: Optional[np.ndarray] = None
    classes: Tuple[str, ...] = ()
    probabilities: Optional[np.ndarray] = None


def write_features(path: PathLike, described: Features) -> None:
    """Write features to a file that is either whole or not there."""
    known = {} if described.relief is None else {'relief': described.relief.astype(np.float32)}
    if described.probabilities is not None:
        known.update(classes=np.array(described.classes), probabilities=described.probabilities.astype(np.float32))
    with replacing(path, 'wb') as stream:
        np.savez(stream, format=np.int64(FORMAT_VERSION), coord_id=described.ids.astype(np.int64),
                 mic_id=described.mic_ids.astype(np.int64), features=described.features.astype(np.float16), **known)


def read_features(path: PathLike) -> Features:
    """Read what `write_features` wrote. Raises InputError for a file that is missing, damaged or something else."""
    try:
        with np.load(path, allow_pickle=False) as archive:
            version, ids, mic_ids, features = (archive[key] for key in ('format', 'coord_id', 'mic_id', 'features'))
            relief, classes, probabilities = (archive.get(key) for key in ('relief', 'classes', 'probabilities'))
    except FileNotFoundError:
        raise InputError(f'{path}: no such file of features.') from None
    except UNREADABLE as error:
        raise InputError(f'{path}: no readable file of features ({" ".join(str(error).split())}).') from None
    known = version.shape == () and version.dtype == np.int64
    if known and version > FORMAT_VERSION:
        raise InputError(f'{path}: features of format {version}, which a newer PickerOptimizer wrote; update this one.')
    whole = (known and ids.dtype == mic_ids.dtype == np.int64 and features.dtype == np.float16 and features.ndim == 2
             and ids.shape == mic_ids.shape == features.shape[:1] and len(np.unique(ids)) == len(ids) > 0
             and features.shape[1] > 0 and np.isfinite(features).all()
             and (relief is None or (relief.dtype == np.float32 and relief.shape == ids.shape
                                     and np.isfinite(relief).all()))
             and (probabilities is None or (classes is not None and classes.dtype.kind == 'U'
                                            and probabilities.dtype == np.float32
                                            and probabilities.shape == (len(ids), len(classes))
                                            and np.isfinite(probabilities).all())))
    if not whole:
        raise InputError(f'{path}: the features in this file are damaged; run the preparation again.')
    return Features(features.astype(np.float32), ids, mic_ids, relief,
                    () if classes is None else tuple(classes.tolist()), probabilities)
