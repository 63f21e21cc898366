"""Writes and reads a recogniser as one safetensors file: tensors and a JSON header, nothing that is executed."""
import json
from pathlib import Path
from typing import Any, Mapping, Tuple

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save

from ..exchange.errors import InputError
from ..exchange.files import PathLike, replacing
from ..exchange.model_header import FORMAT_VERSION, GENERAL, METADATA_KEY, ModelHeader, read_header
from .fast.activation_ranges import count_ranges
from .initial_weights import SHIPPED
from .networks import (
    ARCHITECTURES,
    FeatureExtractor,
    GeneralRecogniser,
    LinearRecogniser,
    MultiLossRecogniser,
    Recogniser,
)

PLUGIN_INIT = Path(__file__).parents[2] / '__init__.py'
GENERAL_MODEL = SHIPPED / 'resnet18.safetensors'      # the general model that comes with the plugin: its weights, too


def save_model(path: PathLike, recogniser: Recogniser, header: Mapping[str, Any]) -> None:
    """Write a model file, whole or not at all. Tensors that float16 holds exactly are stored as such."""
    tensors = {name: _compact(tensor) for name, tensor in recogniser.state_dict().items()
               if not name.endswith('num_batches_tracked')}
    metadata = {METADATA_KEY: json.dumps({'format_version': FORMAT_VERSION, 'plugin_version': plugin_version(),
                                          **header})}
    try:
        with replacing(path, 'wb') as stream:
            stream.write(save(tensors, metadata=metadata))
    except OSError as error:
        raise InputError(f'{path}: the model cannot be written ({error.strerror}).') from None


def load_model(path: PathLike) -> Tuple[Recogniser, ModelHeader]:
    """Read a model file: (recogniser in evaluation mode, header). Raises InputError if it is none of ours."""
    header = read_header(path)
    try:
        state = {name: tensor.float() for name, tensor in load_file(path).items()}
        if len(state['references']) != header['references']:      # it takes memory, so it is checked first
            raise ValueError
        with torch.device('meta'):      # without the random numbers that a new network starts from
            recogniser = build_recogniser(header)
        ranges = header.get('ranges')      # the recipe paper gives none
        if ranges and len(ranges) != count_ranges(recogniser.extractor):
            raise ValueError
        recogniser.extractor.ranges = ranges
        counters = {name: torch.zeros((), dtype=torch.long) for name in recogniser.state_dict()
                    if name.endswith('num_batches_tracked')}
        recogniser.load_state_dict({**state, **counters}, assign=True)
    except (KeyError, TypeError, ValueError, OverflowError, RuntimeError, SafetensorError):
        raise InputError(f'{path}: the tensors in this model file do not fit its description.') from None
    if not all(torch.isfinite(tensor).all() for tensor in state.values()):
        raise InputError(f'{path}: this model file is damaged (it holds numbers that are not finite). Copy it again.')
    return recogniser.eval(), header


def holds_general_model(path: PathLike) -> bool:
    """Return whether a file is a general model; one of weights alone is none."""
    try:
        return read_header(path)['head'] == GENERAL
    except InputError:
        return False


def build_recogniser(header: ModelHeader) -> Recogniser:
    """Return an empty recogniser as a header describes it."""
    if header['architecture'] not in ARCHITECTURES:
        raise ValueError(header['architecture'])
    extractor = FeatureExtractor(header['architecture'])
    if header['head'] in ('linear', GENERAL):
        kind = GeneralRecogniser if header['head'] == GENERAL else LinearRecogniser
        return kind(extractor, len(header['classes']), len(header['fields']), header['references'])
    return MultiLossRecogniser(extractor, len(header['classes']), int(header['branches']), header['references'])


def plugin_version() -> str:
    """Return the version of the plugin package, read as text: to import it takes Scipion."""
    for line in PLUGIN_INIT.read_text(encoding='utf-8').splitlines():
        if line.startswith('__version__'):
            return line.split('=')[1].split('#')[0].strip(' \'"')
    raise ValueError(f'no __version__ in {PLUGIN_INIT}')


def _compact(tensor):
    tensor = tensor.detach().cpu().contiguous()
    half = tensor.half()
    return half if torch.equal(half.to(tensor.dtype), tensor) else tensor
