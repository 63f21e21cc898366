"""Which packages the worker needs, and which of them are missing. Answers without importing any."""
import re
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import List

LIST = Path(__file__).parent / 'requirements.txt'
TORCH_PAIR = ('torch', 'torchvision')


def missing_packages() -> List[str]:
    """Names of required packages that this Python does not have, whole, in its environment."""
    lines = LIST.read_text(encoding='utf-8').splitlines()
    names = [re.match(r'[A-Za-z0-9_.-]+', line)[0] for line in lines if line and not line.startswith('#')]
    return [name for name in (*TORCH_PAIR, *names) if not _installed(name)]


def _installed(name):
    try:
        version(name)
    except PackageNotFoundError:
        return False
    return True
