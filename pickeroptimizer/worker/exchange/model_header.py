"""The JSON header of a model file, read without torch: by the Scipion side too.

A model is one safetensors file: an unsigned 64-bit little-endian length, a JSON object of that length, the tensors.
The JSON object's `__metadata__` holds our description under METADATA_KEY. Nothing in the file is ever executed.
"""
import json
import math
import os
import struct
from typing import Any, Dict, List, Optional, Tuple, TypedDict

from .classes import checked_classes
from .errors import InputError
from .files import PathLike

FORMAT_VERSION = 2      # since 2, the classes are any; in 1 they are among particle, ice and carbon
METADATA_KEY = 'pickeroptimizer'
GENERAL = 'general'      # head of a model that nobody's labels have been given
MAX_HEADER_BYTES = 16 * 2 ** 20
_REQUIRED = ('architecture', 'head', 'classes', 'box_angstrom', 'input_size', 'fields', 'recipe', 'references')
INPUT_SIZES = range(16, 513)
MAX_FIELDS = 4
MAX_REFERENCES = 2 ** 16
MAX_RANGE = 1e9      # of a map's values


class _Always(TypedDict):
    format_version: int
    plugin_version: str
    architecture: str
    head: str                        # linear, multi-loss, general
    classes: List[str]
    box_angstrom: float              # Å; the file of a general model has null: it is told when it is used
    input_size: int                  # px
    fields: List[float]              # of view, in boxes
    recipe: str
    references: int                  # labelled boxes whose features are among the tensors


class ModelHeader(_Always, total=False):
    """What a model file says of itself; docs/model-file.md describes every key."""

    branches: int                    # of the head multi-loss
    normalisation: str
    recipe_parameters: Dict[str, Any]
    ranges: Optional[List[Tuple[float, float]]]
    seed: int
    counts: Dict[str, int]
    particle_contrast: Tuple[float, float]
    cross_validation: Optional[Dict[str, Any]]
    without_labels: Optional[Dict[str, Any]]
    loss_curve: List[float]
    device: str
    warnings: List[str]


def read_header(path: PathLike) -> ModelHeader:
    """Return the description that a model file carries.

    Raises InputError if the file is missing, cut short, no model of PickerOptimizer, or of a newer format.
    """
    text = _metadata(path).get(METADATA_KEY)
    if not isinstance(text, str):
        raise InputError(f'{path}: a safetensors file, but no PickerOptimizer model.')
    try:
        header = json.loads(text)
    except (ValueError, RecursionError):
        raise InputError(f'{path}: the description in this model file is damaged.') from None
    _check(path, header)
    return header


def _metadata(path: PathLike) -> Dict[str, Any]:
    """The `__metadata__` of a safetensors file, after checking that the file is as long as it says."""
    try:
        size = os.path.getsize(path)
        with open(path, 'rb') as stream:
            start = stream.read(8)
            length = struct.unpack('<Q', start)[0] if len(start) == 8 else 0
            if not 2 <= length <= min(MAX_HEADER_BYTES, size - 8):
                raise InputError(f'{path}: no PickerOptimizer model (not a safetensors file, or cut short).')
            entries = json.loads(stream.read(length).decode('utf-8'))
    except FileNotFoundError:
        raise InputError(f'{path}: no such model file.') from None
    except OSError as error:
        raise InputError(f'{path}: cannot be read ({error.strerror}).') from None
    except (ValueError, RecursionError):
        raise InputError(f'{path}: no PickerOptimizer model (not a safetensors file).') from None
    if not isinstance(entries, dict) or not isinstance(entries.get('__metadata__', {}), dict):
        raise InputError(f'{path}: no PickerOptimizer model (not a safetensors file).')
    metadata = entries.pop('__metadata__', {})
    try:
        end = max((int(entry['data_offsets'][1]) for entry in entries.values()), default=0)
    except (TypeError, KeyError, IndexError, ValueError):
        raise InputError(f'{path}: no PickerOptimizer model (not a safetensors file).') from None
    if 8 + length + end != size:
        raise InputError(f'{path}: the model file is cut short or damaged ({size} bytes, '
                         f'{8 + length + end} expected). Copy it again.')
    return metadata


def _check(path: PathLike, header: Any) -> None:
    version = header.get('format_version') if isinstance(header, dict) else None
    if not isinstance(version, int) or isinstance(version, bool) or version < 1:
        raise InputError(f'{path}: the description in this model file is damaged (no format version).')
    if version > FORMAT_VERSION:
        raise InputError(f'{path}: the model has format {version}, this version of the plugin reads up to '
                         f'{FORMAT_VERSION}. Update scipion-em-pickeroptimizer.')
    missing = [key for key in _REQUIRED if key not in header]
    if missing:
        raise InputError(f'{path}: the description in this model file is damaged (no {", ".join(missing)}).')
    if not _classes(header['classes']):
        raise InputError(f'{path}: the model has impossible classes {header["classes"]}.')
    if not (header['box_angstrom'] is None if header['head'] == GENERAL else _positive(header['box_angstrom'])):
        raise InputError(f'{path}: the model has an impossible box size {header["box_angstrom"]} Å.')
    fields = header['fields']
    if not isinstance(fields, list) or not 1 <= len(fields) <= MAX_FIELDS or not all(map(_positive, fields)):
        raise InputError(f'{path}: the model has impossible fields of view {fields}.')
    references = header['references']
    if not isinstance(references, int) or isinstance(references, bool) or not 0 < references <= MAX_REFERENCES:
        raise InputError(f'{path}: the model remembers an impossible number of labelled boxes, {references}.')
    ranges = header.get('ranges')
    if ranges is not None and not (isinstance(ranges, list) and all(map(_range, ranges))):
        raise InputError(f'{path}: the model has impossible ranges of its maps.')
    contrast = header.get('particle_contrast')
    if contrast is not None and not (isinstance(contrast, list) and len(contrast) == 2 and all(map(_number, contrast))):
        raise InputError(f'{path}: the model has an impossible contrast of its particles.')
    if header['input_size'] not in INPUT_SIZES:
        raise InputError(f'{path}: the model has an impossible input size {header["input_size"]} px.')


def _classes(value: Any) -> bool:
    try:
        return isinstance(value, list) and all(isinstance(c, str) for c in value) and [*checked_classes(value)] == value
    except InputError:
        return False


def _positive(value: Any) -> bool:
    return _number(value) and value > 0


def _range(value: Any) -> bool:
    return (isinstance(value, list) and len(value) == 2 and all(map(_number, value))
            and -MAX_RANGE <= value[0] <= 0 <= value[1] <= MAX_RANGE)


def _number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)
