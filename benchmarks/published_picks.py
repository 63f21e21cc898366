"""Prunes the published picks of several pickers: junk removed and true particles lost, as one Markdown table.

    PYTHONPATH=pickeroptimizer python benchmarks/published_picks.py --data empiar-10017 [--shots 30] [--draws 10]

The data set has picks/PICKER.csv (coord_id,mic_id,x,y,score) and regions.json beside its tables. Learnt from labels on
a random half of the micrographs, judged by the picks on the other half. Junk: ice or carbon by the rule of picked.py.
True particle: neither, nor a matter of opinion, and within a quarter of the box of a particle that people marked. Other
picks count for nothing. The interval is that of the mean under resampling of the draws (bootstrap, 95 %).
"""
import argparse
import json
from collections import defaultdict
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from labelled import CLASSES, FOLDS, box_angstrom, default_recipe, drawn, embedded_data_set
from picked import true_label
from worker.boxes import cropping
from worker.exchange.borders import inside
from worker.exchange.classes import PARTICLE, decide
from worker.exchange.micrograph_reader import read_micrograph
from worker.exchange.tables import read_coordinates, read_micrographs
from worker.network.networks import LinearRecogniser
from worker.training.cross_validation import fit_calibrated

JUNK, TRUE, UNKNOWN = 'junk', 'true', 'unknown'
NEAR_PARTICLE = 0.25      # boxes


class Picks(NamedTuple):
    """The n picks of a picker that lie on their micrographs."""
    features: torch.Tensor      # (n, 1, width)
    truth: np.ndarray           # (n,) JUNK, TRUE or UNKNOWN
    mic_ids: np.ndarray         # (n,)
    ids: np.ndarray             # (n,) coord_id in the picker's table


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--data', type=Path, required=True)
    parser.add_argument('--shots', type=int, default=30)
    parser.add_argument('--draws', type=int, default=10)
    options = parser.parse_args()
    recipe, samples, embedded, targets = embedded_data_set(options.data, default_recipe())
    pickers = {path.stem: describe(options.data, path, recipe, samples)
               for path in sorted((options.data / 'picks').glob('*.csv'))}
    results = defaultdict(list)
    for draw in range(options.draws):
        train, test = drawn(targets, samples.mic_ids, draw, options.shots)
        recogniser = fit_calibrated(recipe, embedded[train], targets[train], samples.mic_ids[train], FOLDS, draw)
        judged = set(samples.mic_ids[test])
        for name, picks in pickers.items():
            here = np.isin(picks.mic_ids, list(judged))
            kept = decide(recipe.predict(recogniser, picks.features[here])) == 0
            junk, true = picks.truth[here] == JUNK, picks.truth[here] == TRUE
            results[name].append(((~kept[junk]).mean() if junk.any() else np.nan, (~kept[true]).mean()))
    print('| picker | picks | true particles | on ice or film | of these removed, % | true particles lost, % |')
    print('|---' * 6 + '|')
    for name, rows in results.items():
        truth = pickers[name].truth
        removed, lost = 100 * np.array(rows).T
        print(f'| {name} | {len(truth)} | {(truth == TRUE).sum()} | {(truth == JUNK).sum()} | {interval(removed)} | '
              f'{interval(lost)} |', flush=True)


def interval(values):
    """Mean ± s.d. and the bootstrap interval of the mean, in words."""
    values = values[np.isfinite(values)]
    means = np.random.default_rng(0).choice(values, (2000, len(values))).mean(axis=1)
    low, high = np.percentile(means, (2.5, 97.5))
    return f'{values.mean():.1f} ± {values.std():.1f} ({low:.1f} to {high:.1f})'


def describe(folder, path, recipe, samples):
    """The Picks of the table `path`; `samples` are the labelled boxes of the data set in `folder`."""
    regions = json.loads((folder / 'regions.json').read_text())
    rows = read_micrographs(folder / 'micrographs.csv')
    features, truth, mic_ids, ids = [], [], [], []
    picks = defaultdict(list)
    for pick in read_coordinates(path):
        picks[pick.mic_id].append((pick.coord_id, pick.x, pick.y))
    recogniser = LinearRecogniser(recipe.extractor, 2, len(recipe.fields)).eval()      # for its features alone
    for mic_id, found in picks.items():
        image = read_micrograph(rows[mic_id].path)
        box = box_angstrom(folder) / rows[mic_id].pixel_size
        xy = np.array([pick[1:] for pick in found], dtype=np.float32)
        here = inside(xy, *image.shape)
        xy = xy[here]
        ids.append(np.array([pick[0] for pick in found])[here])
        particles = np.array([(row.x, row.y) for row in samples.rows if row.mic_id == mic_id and row.label == PARTICLE])
        with torch.no_grad(), recipe.device.autocast():
            features += [recogniser.features(pixels).cpu() for pixels in cropping.batches(
                image, xy, box, 64, recipe.fields, 256, recipe.device.torch_device)]
        truth.append(classify(xy, box, regions[str(mic_id)], particles))
        mic_ids += [mic_id] * len(xy)
    return Picks(torch.cat(features)[:, None], np.concatenate(truth), np.array(mic_ids), np.concatenate(ids))


def classify(xy, box, region, particles):
    """The truth of each pick (n, 2) in px: JUNK, TRUE or UNKNOWN."""
    labels = np.array([str(true_label(x, y, box, region)) for x, y in xy])
    nearest = (np.hypot(*(xy[:, None] - particles[None]).transpose(2, 0, 1)).min(axis=1) if len(particles) else
               np.full(len(xy), np.inf))
    truth = np.where((labels == PARTICLE) & (nearest <= NEAR_PARTICLE * box), TRUE, UNKNOWN)
    truth[np.isin(labels, CLASSES[1:])] = JUNK
    return truth


if __name__ == '__main__':
    main()
