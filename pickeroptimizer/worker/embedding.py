"""Describes picks by numbers, in which the suggestions of boxes to label are found.

On a sample of whole micrographs, spread over the data set, every pick is shown to the feature extractor as the recipe
`default` shows it, in one orientation. The principal components of the features go to one small file.
"""
import time
from collections import defaultdict
from typing import Callable, Dict, List, Sequence

import numpy as np
import torch
from scipy.linalg import eigh

from . import boxes
from .errors import InputError
from .features import Features, write_features
from .micrographs import read_ahead
from .network import LinearRecogniser
from .progress import Progress
from .recipes import DefaultRecipe
from .tables import CoordinateRow, MicrographRow

INPUT_SIZE = 64                  # px of a box in the network
COMPONENTS = 64
NEGLIGIBLE = 1e-6                # of the largest component's variance
GOLDEN = 0.6180339887498949      # the first so many multiples of it, modulo 1, lie evenly, however many they are


def embed(micrographs: Dict[int, MicrographRow], coordinates: Sequence[CoordinateRow], box_angstrom: float, output,
          recipe: DefaultRecipe, most: int, batch_size: int, log: Callable[[str], None]) -> dict:
    """Write the features of at most `most` picks, in boxes of `box_angstrom` Å, to `output`; return the report.

    The coordinates' micrographs have to be among `micrographs`. Picks off their micrograph are left out; so is a
    micrograph that cannot be used, with a warning. Raises InputError if none is left.
    """
    start = time.monotonic()
    picks = defaultdict(list)
    for pick in coordinates:
        picks[pick.mic_id].append(pick)
    sample = choose_sample({mic_id: picks[mic_id] for mic_id in micrographs if mic_id in picks}, most)
    log(f'{sum(map(len, sample.values()))} of {len(coordinates)} picks, on {len(sample)} of {len(picks)} micrographs')
    describe = _Describer(recipe, box_angstrom, batch_size)
    progress = Progress(len(sample), log, what='described')
    used, features, failed = [], [], []
    for row, reading in read_ahead([micrographs[mic_id] for mic_id in sample]):
        wanted = sample[row.mic_id]
        xy = np.array([(pick.x, pick.y) for pick in wanted], dtype=np.float32)
        try:
            image = reading.result()
            on_it = boxes.inside(xy, *image.shape)
            features += describe(image, row.pixel_size, xy[on_it])
        except InputError as error:
            log(f'warning: micrograph {row.mic_id} is left out: {error}')
            failed.append({'mic_id': row.mic_id, 'path': str(row.path), 'reason': str(error)})
            on_it = np.zeros(len(xy), dtype=bool)
        used += [pick for pick, good in zip(wanted, on_it) if good]
        progress.add(int(on_it.sum()))
    if not used:
        raise InputError(f'none of the {len(sample)} micrographs can be used; the first: {failed[0]["reason"]}'
                         if failed else 'all picks lie outside their micrographs.')
    write_features(output, Features(principal_components(np.concatenate(features)),
                                    np.array([pick.coord_id for pick in used]),
                                    np.array([pick.mic_id for pick in used])))
    return {'micrographs': len(sample), 'boxes': len(used), 'failed_micrographs': failed, 'device': recipe.device.name,
            'seconds': round(time.monotonic() - start, 2)}


def choose_sample(picks: Dict[int, List[CoordinateRow]], most: int) -> Dict[int, List[CoordinateRow]]:
    """Whole micrographs, evenly over `picks` {mic_id: picks} and in its order, with at most `most` picks in all.

    One at least: if it holds more than `most` by itself, its picks are thinned out.
    """
    ids = list(picks)
    order = sorted(range(len(ids)), key=lambda i: i * GOLDEN % 1)
    held = np.cumsum([len(picks[ids[i]]) for i in order])
    chosen = {ids[i] for i in order[:max(1, int((held <= most).sum()))]}
    sample = {mic_id: rows for mic_id, rows in picks.items() if mic_id in chosen}
    if held[0] > most:
        return {mic_id: [rows[i * len(rows) // most] for i in range(most)] for mic_id, rows in sample.items()}
    return sample


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


class _Describer:
    """The extractor on its device: a micrograph and centres in px in, features (n, width) in batches out."""

    def __init__(self, recipe, box_angstrom, batch_size):
        self.device, self.fields = recipe.device, recipe.fields
        self.box_angstrom, self.batch_size = box_angstrom, batch_size
        # Its classifier is not used; what it is made of, the features, are the recipe's.
        self.recogniser = LinearRecogniser(recipe.extractor, 2, len(self.fields)).eval().to(
            self.device.torch_device, memory_format=torch.channels_last)

    def __call__(self, image, pixel_size, xy):
        with torch.no_grad(), self.device.autocast():
            return [self.recogniser.features(pixels).cpu().numpy() for pixels in boxes.batches(
                image, xy, self.box_angstrom / pixel_size, INPUT_SIZE, self.fields, self.batch_size,
                self.device.torch_device)]
