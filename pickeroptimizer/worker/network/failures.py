"""What the errors of torch mean to a user. Without torch, for whatever tells them."""
import re
from typing import NoReturn

from ..exchange.errors import DeviceError

# torch has no class of its own for most of them.
GPU_FAILURE = re.compile('cuda|cudnn|cublas|nvml', re.IGNORECASE)
GPU_FULL = re.compile('out of memory|ALLOC_FAILED')
CPU_FULL = "can't allocate memory"


def memory_is_full(error: RuntimeError) -> bool:
    """Return whether it says that the memory of a GPU does not suffice: torch's own, CUDA's, or of its libraries."""
    return bool(GPU_FULL.search(str(error)))


def raise_clearly(error: RuntimeError, device_name: str = 'the GPU') -> NoReturn:
    """Raise what an error of torch means: MemoryError, DeviceError in one line, or else the error itself."""
    if CPU_FULL in str(error):
        raise MemoryError from None
    if memory_is_full(error):
        raise DeviceError(f'{device_name}: its memory does not suffice (do other programs use it? nvidia-smi shows '
                          f'them); take another GPU, or --device cpu.') from None
    if not GPU_FAILURE.search(str(error)):
        raise error
    reason = str(error).strip().splitlines()[0]
    raise DeviceError(f'{device_name} failed ({reason}); see what nvidia-smi says of it, and run the same command '
                      f'again.') from None
