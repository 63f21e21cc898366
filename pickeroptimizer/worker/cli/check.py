"""`worker check`: tell whether every package that the worker needs is installed. Imports none of them."""
import argparse
import re
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import List

from ..exchange.errors import InputError
from .arguments import log

HELP = 'tell whether every package that the worker needs is installed'
REQUIREMENTS = Path(__file__).parents[1] / 'requirements.txt'
TORCH_PAIR = ('torch', 'torchvision')      # which PICKEROPTIMIZER_TORCH chooses


def add_arguments(command: argparse.ArgumentParser) -> None:
    """Add nothing: the command has no arguments."""


def run(options: argparse.Namespace) -> None:
    """Raise InputError if a package is missing."""
    missing = missing_packages()
    if missing:
        raise InputError(f'this Python lacks {", ".join(missing)}.')
    log('the worker environment is complete')


def missing_packages() -> List[str]:
    """Return the names of required packages that this Python does not have, whole, in its environment."""
    lines = REQUIREMENTS.read_text(encoding='utf-8').splitlines()
    names = [match[0] for match in map(re.compile(r'[A-Za-z0-9_.-]+').match, lines) if match]
    return [name for name in (*TORCH_PAIR, *names) if not _installed(name)]


def _installed(name):
    try:
        version(name)
    except PackageNotFoundError:
        return False
    return True
