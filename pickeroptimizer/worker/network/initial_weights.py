"""Initial weights of the feature extractor: shipped with the project, torchvision's ImageNet ones, or a file."""
import hashlib
import io
import sys
from http.client import HTTPException
from pathlib import Path
from typing import Optional

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save

from ..exchange.errors import InputError
from ..exchange.files import PathLike, replacing
from .networks import FeatureExtractor, extractor_state

SHIPPED = Path(__file__).parents[1] / 'weights'
# Of the files that torchvision names IMAGENET1K_V1; it checks the first 8 digits alone, and no file that is there.
IMAGENET_SHA256 = {'resnet18': 'f37072fd47e89c5e827621c5baffa7500819f7896bbacec160b1a16c560e07ec',
                   'resnet34': 'b627a593bcbe140c234610266fe4f8ae95ea42fc881d091c9b6052e6b1d0590f',
                   'resnet50': '0676ba61b6795bbe1773cffd859882e5e297624d384b6993f7c9e683e722fb8a'}


def initial_extractor(source: str, architecture: str = 'resnet18') -> FeatureExtractor:
    """Return a FeatureExtractor with the weights of `source`: default, imagenet, scratch, or a .safetensors file.

    A file may hold an extractor of ours, a whole model of ours, or a torchvision ResNet.
    Raises InputError when the weights cannot be had or do not fit the architecture.
    """
    extractor = FeatureExtractor(architecture)
    if source == 'scratch':
        return extractor
    if source == 'imagenet':
        state = extractor_state(_download(architecture))
    else:
        state = _from_file(initial_file(source, architecture))
    # Batch counters play no part in inference, and old files lack them.
    state.update({k: v for k, v in extractor.state_dict().items() if k.endswith('num_batches_tracked')})
    try:
        extractor.load_state_dict(state)
    except RuntimeError:
        raise InputError(f'--init {source}: these are not the weights of a {architecture}.') from None
    return extractor


def initial_file(source: str, architecture: str) -> Optional[Path]:
    """Return the file of the weights `source`; None for those that are not in a file of ours: scratch and imagenet."""
    if source in ('scratch', 'imagenet'):
        return None
    return SHIPPED / f'{architecture}.safetensors' if source == 'default' else Path(source)


def round_weights(extractor: FeatureExtractor) -> None:
    """Round the weights of an extractor, in place, as half precision has them, but for those of the normalisations."""
    with torch.no_grad():
        for parameter in extractor.parameters():
            if parameter.ndim > 1:
                parameter.copy_(parameter.half())


def save_extractor(path: PathLike, extractor: FeatureExtractor) -> None:
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
    import torchvision  # seconds, for an address
    url = torchvision.models.get_model_weights(architecture).IMAGENET1K_V1.url
    path, digest = Path(torch.hub.get_dir(), 'checkpoints', url.rsplit('/', 1)[1]), IMAGENET_SHA256[architecture]
    try:
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            torch.hub.download_url_to_file(url, str(path), digest, progress=sys.stderr.isatty())
        content = path.read_bytes()
    except (OSError, HTTPException, RuntimeError) as error:      # the last is what torch raises for another sha256
        raise InputError(f'the weights of ImageNet could not be downloaded ({" ".join(str(error).split())}); download '
                         f'{url} on another machine and put the file into {path.parent}, or start from it as a '
                         f'file.') from None
    if hashlib.sha256(content).hexdigest() != digest:
        raise InputError(f'{path}: these are not the weights of ImageNet that torchvision publishes (another sha256); '
                         f'remove the file, so that it is downloaded anew.')
    return torch.load(io.BytesIO(content), map_location='cpu', weights_only=True)      # tensors alone
