"""The report of a pretraining, as `worker pretrain` writes it after every epoch."""
import json
from typing import Any, Dict, Mapping

from ..worker.exchange.errors import InputError
from ..worker.exchange.files import PathLike

_NEEDED = ('recipe', 'epochs', 'learning_rate', 'batch_size', 'seed', 'device', 'data_sets', 'left_out', 'loss',
           'accuracy')


def readReport(path: PathLike) -> Dict[str, Any]:
    """Return the report in a file. Raises InputError if it is not there or damaged."""
    try:
        with open(path, encoding='utf-8') as stream:
            report = json.load(stream)
    except (OSError, ValueError) as error:
        raise InputError(f'{path}: cannot be read as the report of a pretraining ({error}).') from None
    if not _isWhole(report):
        raise InputError(f'{path}: cannot be read as the report of a pretraining.')
    return report


def _isWhole(report: Any) -> bool:
    """Whether a report has what is told of it."""
    if not isinstance(report, dict) or not all(key in report for key in _NEEDED):
        return False
    curves, counts = [report['loss'], report['accuracy']], report['data_sets']
    if not isinstance(counts, dict) or not all(isinstance(one, dict) for one in counts.values()):
        return False
    lists = [*curves, *([*one.values()] for one in counts.values()), [report['learning_rate']]]
    return (all(curves) and all(isinstance(one, list) for one in (*curves, report['left_out']))
            and all(isinstance(number, (int, float)) for one in lists for number in one)
            and all(isinstance(name, str) for name in report['left_out']))


def describeData(report: Mapping[str, Any]) -> str:
    """Return what a pretraining learnt from, in a few words."""
    counts = report['data_sets']
    total = sum(sum(numbers.values()) for numbers in counts.values())
    categories = sum(number > 0 for numbers in counts.values() for number in numbers.values())
    return f'{len(counts)} data sets, {categories} categories, {total} boxes'
