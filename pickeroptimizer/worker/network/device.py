"""Where the network runs, and in which precision."""
import os
from dataclasses import dataclass
from importlib.util import find_spec
from typing import List

import torch

from ..exchange.errors import InputError

BF16_INSTRUCTIONS = {'avx512_bf16', 'amx_bf16'}


@dataclass(frozen=True)
class Device:
    """A torch device, its name for people, the precision that is fastest on it, and whether OpenVINO works for it."""
    torch_device: torch.device
    name: str
    precision: torch.dtype
    compiled: bool = False

    @property
    def streams(self) -> int:
        """Number of micrographs that are looked at side by side: a GPU works on one while the next is prepared."""
        return 2 if self.torch_device.type == 'cuda' else 1

    def autocast(self) -> torch.autocast:
        """Return a context in which convolutions run in the fast precision."""
        return torch.autocast(self.torch_device.type, self.precision, enabled=self.precision != torch.float32)


def choose_device(wanted: str, threads: int = 0) -> Device:
    """Turn auto, cpu, cuda or cuda:N into a Device; `threads` limits the CPU threads (0: all that we may use).

    `auto` takes the first visible GPU, or the CPU when there is none. Results repeat on the same machine.
    Raises InputError for a GPU that is not there.
    """
    available = len(os.sched_getaffinity(0)) if hasattr(os, 'sched_getaffinity') else os.cpu_count() or 1
    torch.set_num_threads(max(1, min(threads, available) if threads > 0 else available))
    if wanted == 'cpu' or (wanted == 'auto' and not torch.cuda.is_available()):
        return _cpu()
    return _gpu(wanted)


def choose_devices(wanted: str, threads: int = 0) -> List[Device]:
    """Do as choose_device for work that is spread over several: names with commas; `auto` takes all visible GPUs."""
    if wanted == 'auto' and torch.cuda.is_available():
        wanted = ','.join(f'cuda:{number}' for number in range(torch.cuda.device_count()))
    devices = [choose_device(name, threads) for name in wanted.split(',')]
    if len({device.torch_device for device in devices}) < len(devices):
        raise InputError(f'--device {wanted}: one device is named twice.')
    return devices


def _cpu():
    # Without instructions for it, bfloat16 is emulated and slower than float32.
    flags = _instructions() if torch.backends.mkldnn.is_available() else set()
    count = torch.get_num_threads()
    return Device(torch.device('cpu'), f'CPU, {count} thread{"s" if count > 1 else ""}',
                  torch.bfloat16 if flags & BF16_INSTRUCTIONS else torch.float32, find_spec('openvino') is not None)


def _repeat_results():
    """Let a GPU give the same numbers every time. CPUs do; and torch loads its compiler, seconds, when it is told."""
    os.environ.setdefault('CUBLAS_WORKSPACE_CONFIG', ':4096:8')      # cuBLAS repeats its results only with this
    torch.use_deterministic_algorithms(True, warn_only=True)
    torch.utils.deterministic.fill_uninitialized_memory = False      # nothing here reads what was not written
    torch.backends.cudnn.benchmark = False


def _instructions():
    """Names of the sets of instructions of the CPU, as Linux tells them; none where it does not."""
    try:
        with open('/proc/cpuinfo', encoding='ascii', errors='replace') as stream:
            return set(next((line for line in stream if line.startswith('flags')), '').split())
    except OSError:
        return set()


def _gpu(wanted):
    name, _, number = wanted.partition(':')
    if wanted != 'auto' and (name != 'cuda' or (number and not number.isdigit())):
        raise InputError(f'--device {wanted}: use auto, cpu, cuda or cuda:N.')
    if not torch.cuda.is_available():
        raise InputError(f'--device {wanted}: no usable NVIDIA GPU on this machine; use --device cpu or auto.')
    _repeat_results()
    index = int(number or 0)
    if index >= torch.cuda.device_count():
        raise InputError(f'--device {wanted}: this machine shows {torch.cuda.device_count()} GPU(s), '
                         f'numbered from 0.')
    fast = torch.cuda.get_device_capability(index) >= (8, 0)
    return Device(torch.device('cuda', index), f'GPU {index}, {torch.cuda.get_device_name(index)}',
                  torch.bfloat16 if fast else torch.float32)
