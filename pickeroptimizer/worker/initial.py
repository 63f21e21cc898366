"""Initial weights of the feature extractor: shipped with the project, torchvision's ImageNet ones, or a file."""
from pathlib import Path
from urllib.error import URLError

import torch
import torchvision
from safetensors import SafetensorError
from safetensors.torch import load_file, save

from .errors import InputError
from .files import replacing
from .network import FeatureExtractor, extractor_state

SHIPPED = Path(__file__).parent / 'weights'


def initial_extractor(source: str, architecture: str = 'resnet18') -> FeatureExtractor:
    """A FeatureExtractor with the weights of `source`: default, imagenet, scratch, or a .safetensors file.

    A file may hold an extractor of ours, a whole model of ours, or a torchvision ResNet.
    Raises InputError when the weights cannot be had or do not fit the architecture.
    """
    extractor = FeatureExtractor(architecture)
    if source == 'scratch':
        return extractor
    if source == 'imagenet':
        state = extractor_state(_download(architecture))
    else:
        path = SHIPPED / f'{architecture}.safetensors' if source == 'default' else Path(source)
        state = _from_file(path)
    # Batch counters play no part in inference, and old files lack them.
    state.update({k: v for k, v in extractor.state_dict().items() if k.endswith('num_batches_tracked')})
    try:
        extractor.load_state_dict(state)
    except RuntimeError:
        raise InputError(f'--init {source}: these are not the weights of a {architecture}.') from None
    return extractor


def save_extractor(path, extractor: FeatureExtractor):
    """Write the weights of an extractor in half precision; those of the normalisations stay in single precision."""
    state = {name: (tensor.half() if tensor.ndim > 1 else tensor).detach().cpu().contiguous()
             for name, tensor in extractor.state_dict().items() if not name.endswith('num_batches_tracked')}
    with replacing(path, 'wb') as stream:
        stream.write(save(state))


def _from_file(path):
    try:
        state = load_file(path)
    except FileNotFoundError:
        raise InputError(f'{path}: no such file of initial weights.') from None
    except (OSError, SafetensorError) as error:
        raise InputError(f'{path}: no readable .safetensors file ({" ".join(str(error).split())}).') from None
    if 'conv1.weight' in state:
        return extractor_state(state)
    prefix = 'extractor.'
    inner = {k[len(prefix):]: v for k, v in state.items() if k.startswith(prefix)}
    return {k: v.float() if v.is_floating_point() else v for k, v in (inner or state).items()}


def _download(architecture):
    weights = torchvision.models.get_model_weights(architecture).IMAGENET1K_V1
    try:
        # The file's name carries its sha256; weights_only admits tensors alone.
        return torch.hub.load_state_dict_from_url(weights.url, map_location='cpu', check_hash=True, weights_only=True)
    except (URLError, OSError, RuntimeError) as error:
        raise InputError(f'the weights of ImageNet could not be downloaded ({" ".join(str(error).split())}); download '
                         f'{weights.url} on another machine and put the file into '
                         f'{Path(torch.hub.get_dir(), "checkpoints")}, or start from it as a file.') from None
