"""Where a long training stands, in a file from which it goes on."""
import hashlib
import json
import warnings
from pathlib import Path
from typing import Any, Dict, List, Optional

from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler

from ..exchange.files import replacing

EVERY = 200      # steps
METADATA_KEY = 'pickeroptimizer-checkpoint'


class Checkpoint:
    """Keeps and restores weights, momenta, the curve and the sums of the epoch that goes on; nothing without a path.

    settings: what decides on the training; a file of other settings is left alone until it is overwritten.
    """

    def __init__(self, path: Optional[Path], settings: Dict[str, Any]):
        self._path = path
        self._settings = hashlib.sha256(json.dumps(settings, sort_keys=True).encode()).hexdigest()

    def restore(self, network: nn.Module, optimiser: Optimizer, schedule: LRScheduler, curve: Dict[str, List[float]],
                sums: Dict[str, float]) -> int:
        """Put everything back, in place, and return how many steps were done; 0 if there is nothing to go on with."""
        if self._path is None or not self._path.exists():
            return 0
        try:
            with safe_open(self._path, 'pt') as stream:
                about = json.loads((stream.metadata() or {})[METADATA_KEY])
                tensors = {name: stream.get_tensor(name) for name in stream.keys()}      # noqa: SIM118 (no dict)
        except (OSError, SafetensorError, KeyError, ValueError):
            return 0
        if about['settings'] != self._settings:
            return 0
        parameters = dict(network.named_parameters())
        momenta = {name: tensors.pop(f'momentum.{name}') for name in parameters}
        network.load_state_dict(tensors)
        for name, parameter in parameters.items():
            optimiser.state[parameter]['momentum_buffer'] = momenta[name].to(parameter.device)
        with warnings.catch_warnings():
            warnings.simplefilter('ignore', UserWarning)      # that the optimiser has made no step yet: it has
            for _ in range(about['step']):
                schedule.step()
        curve.update(about['curve'])
        sums.update(about['sums'])
        return about['step']

    def keep(self, step: int, network: nn.Module, optimiser: Optimizer, curve: Dict[str, List[float]],
             sums: Dict[str, float]) -> None:
        """Write where the training stands after `step` steps, every EVERY of them."""
        if self._path is None or step % EVERY:
            return
        momenta = {f'momentum.{name}': optimiser.state[parameter]['momentum_buffer']
                   for name, parameter in network.named_parameters()}
        tensors = {name: tensor.detach().cpu().contiguous() for name, tensor in
                   {**network.state_dict(), **momenta}.items()}
        about = {'step': step, 'settings': self._settings, 'curve': curve, 'sums': sums}
        with replacing(self._path, 'wb') as stream:
            stream.write(save(tensors, metadata={METADATA_KEY: json.dumps(about)}))

    def remove(self) -> None:
        """Remove the file, once the training is done."""
        if self._path is not None:
            self._path.unlink(missing_ok=True)
