"""Describes picks by numbers, in which the suggestions of boxes to label are found.

A sample of the picks, from micrographs spread over the data set, is shown to the feature extractor as the recipe
`default` shows it, in one orientation. The principal components of the features go to one small file, with how plain
each box is, and what the general model says of it.
"""
import time
from typing import Any, Callable, Dict, Sequence

import numpy as np
import torch
from scipy.linalg import eigh

from ..boxes.cropping import FIELDS_OF_VIEW, INPUT_SIZE
from ..exchange.errors import InputError
from ..exchange.feature_file import Features, write_features
from ..exchange.files import PathLike
from ..network.device import Device
from ..network.networks import GeneralRecogniser
from .predictors import Embedder
from .prefetching import prefetch_and_predict
from .progress import Progress
from .sources import WholeTables

COMPONENTS = 64
MICROGRAPHS = 50                 # that are looked at
NEGLIGIBLE = 1e-6                # of the largest component's variance
GOLDEN = 0.6180339887498949      # the first so many multiples of it, modulo 1, lie evenly, however many they are


def embed(source: WholeTables, box_angstrom: float, output: PathLike, general: GeneralRecogniser,
          classes: Sequence[str], devices: Sequence[Device], most: int, batch_size: int,
          log: Callable[[str], None]) -> Dict[str, Any]:
    """Write the features of at most `most` picks, in boxes of `box_angstrom` Å, to `output`; return the report.

    general: what describes them, and tells the probabilities of these classes. Picks off their micrograph or in its
    border are left out; so is a micrograph that cannot be used, with a warning.
    Raises InputError if none is left.
    """
    start = time.monotonic()
    picks = {group.micrograph.mic_id: group for group in source}
    chosen = choose_sample({mic_id: range(len(group.ids)) for mic_id, group in picks.items()}, most)
    sample = [picks[mic_id].some(indices) for mic_id, indices in chosen.items()]
    total = sum(len(group.ids) for group in sample)
    log(f'{total} of {source.picks} picks, on {len(sample)} of {source.groups} micrographs')
    embedders = [Embedder(general.by_itself(), box_angstrom, INPUT_SIZE, FIELDS_OF_VIEW, device, batch_size, log)
                 for device in devices for _ in range(device.streams)]
    progress = Progress(log, what='described')
    ids, mic_ids, features, failed = [], [], [], []
    for group, predicted in prefetch_and_predict(sample, embedders, lambda line: log(f'warning: {line}')):
        row = group.micrograph
        try:
            outside, described = predicted.result()
        except InputError as error:
            log(f'warning: micrograph {row.mic_id} is left out: {error}')
            failed.append({'mic_id': row.mic_id, 'path': str(row.path), 'reason': str(error)})
            progress.add(row.mic_id, 0, len(group.ids), total)
            continue
        if len(described):
            ids.append(group.ids[outside == ''])
            mic_ids.append(np.full(len(described), row.mic_id))
            features.append(described)
        progress.add(row.mic_id, len(described), len(group.ids), total)
    if not ids:
        raise InputError(f'none of the {len(sample)} micrographs can be used; the first: {failed[0]["reason"]}'
                         if failed else 'all picks lie outside their micrographs, or in their blank borders.')
    numbers = np.concatenate(features)
    seen = torch.from_numpy(numbers[:, :-1])
    with torch.no_grad():
        probabilities = general.adapted(seen).classify(seen).numpy()
    write_features(output, Features(principal_components(numbers[:, :-1]), np.concatenate(ids), np.concatenate(mic_ids),
                                    numbers[:, -1], tuple(classes), probabilities))
    return {'micrographs': len(sample), 'boxes': sum(map(len, ids)), 'failed_micrographs': failed,
            'device': ' and '.join(device.name for device in devices), 'seconds': round(time.monotonic() - start, 2)}


def choose_sample(picks: Dict[int, Sequence], most: int) -> Dict[int, Sequence]:
    """Choose at most `most` picks on at most MICROGRAPHS micrographs, from `picks` {mic_id: picks} and in its order.

    The micrographs lie evenly over all; so do the picks that are taken of one that has more than its share.
    """
    ids = list(picks)
    order = sorted(range(len(ids)), key=lambda i: i * GOLDEN % 1)
    chosen = {ids[i] for i in order[:min(MICROGRAPHS, most)]}
    left, share = most, {}
    for place, mic_id in enumerate(sorted(chosen, key=lambda mic_id: len(picks[mic_id]))):      # the poorest first
        share[mic_id] = min(len(picks[mic_id]), left // (len(chosen) - place))
        left -= share[mic_id]
    return {mic_id: [rows[i * len(rows) // share[mic_id]] for i in range(share[mic_id])]
            for mic_id, rows in picks.items() if mic_id in chosen}


def principal_components(features: np.ndarray) -> np.ndarray:
    """Features (n, width) -> (n, <= COMPONENTS) float32: scores of the first components of the standardised features.

    Each score is divided by the root of its standard deviation, so that the first few do not drown the others, and
    all by a common number, so that the squared length of a row is 1 on average.
    """
    standard = features - features.mean(axis=0)
    standard /= np.maximum(standard.std(axis=0), 1e-6)
    width = standard.shape[1]
    variances, directions = eigh(standard.T @ standard / len(standard),
                                 subset_by_index=(max(0, width - COMPONENTS), width - 1))
    kept = variances > NEGLIGIBLE * variances[-1]
    if not kept.any():      # one pick, or all alike
        return np.zeros((len(features), 1), dtype=np.float32)
    scores = standard @ directions[:, kept][:, ::-1] / variances[kept][::-1] ** 0.25
    return (scores / np.sqrt((scores ** 2).sum(axis=1).mean())).astype(np.float32)
