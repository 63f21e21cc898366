"""Picks of several pickers, pruned in one go, against each picker pruned alone and against a plain consensus.

    PYTHONPATH=pickeroptimizer python benchmarks/united.py --data empiar-10017 --work FOLDER [--draws 10]

Data, truth and methods are those of peers.py; only the micrographs that all pickers have picked. A particle that people
marked is found if a kept pick lies within a quarter of the box. Junk: what lies on ice or film, that is kept. Per cent
with 95 % intervals by resampling whole micrographs. United as "unite pickers" does; "picked by N": a consensus, by
itself. With labels: 10 of each class on a random half of the micrographs, judged on the other half; --draws. "Particles
from the consensus": of the 10 particles nobody labelled one: they are picks of that half that all pickers picked.
"""
import argparse
from pathlib import Path

import numpy as np
import torch
import without_scipion  # noqa: F401
from labelled import FOLDS, box_angstrom, default_recipe, drawn, embedded_data_set
from peers import positions, without_labels
from published_picks import JUNK, NEAR_PARTICLE, describe
from worker.boxes.labelled import crop_labels
from worker.exchange.classes import PARTICLE, decide
from worker.exchange.tables import COORDINATE_COLUMNS, CoordinateRow, read_micrographs, write_rows
from worker.training.cross_validation import fit_calibrated

from pickeroptimizer.comparison.bootstrap import interval
from pickeroptimizer.comparison.uniting import unite

SHOTS = 10
ALL, NONE = 'all picks', 'ours, no labels'
LABELS, CONSENSUS = f'ours, {SHOTS} labels a class', f'ours, {SHOTS} labels a class, particles from the consensus'


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--data', type=Path, required=True)
    parser.add_argument('--work', type=Path, required=True)
    parser.add_argument('--draws', type=int, default=10)
    options = parser.parse_args()
    options.work.mkdir(parents=True, exist_ok=True)
    recipe, samples, embedded, targets = embedded_data_set(options.data, default_recipe())
    paths = {path.stem: path for path in sorted((options.data / 'picks').glob('*.csv'))}
    picks = {name: describe(options.data, path, recipe, samples) for name, path in paths.items()}
    common = sorted(set.intersection(*(set(one.mic_ids.tolist()) for one in picks.values())))
    sizes = {mic_id: box_angstrom(options.data) / row.pixel_size
             for mic_id, row in read_micrographs(options.data / 'micrographs.csv').items()}
    near = {mic_id: NEAR_PARTICLE * sizes[mic_id] for mic_id in common}
    places = {name: positions(path, picks[name].ids) for name, path in paths.items()}
    whole = {name: (one.mic_ids[here], places[name][here]) for name, one in picks.items()
             for here in [np.isin(one.mic_ids, common)]}
    united = unite(list(whole.values()), near[common[0]])
    paths['united'] = options.work / 'united.csv'
    write_rows(paths['united'], COORDINATE_COLUMNS, [
        (number, mic_id, x, y) for number, (mic_id, (x, y)) in enumerate(zip(united.mic_ids.tolist(),
                                                                             united.xy.tolist()), start=1)])
    picks['united'] = describe(options.data, paths['united'], recipe, samples)
    places['united'] = positions(paths['united'], picks['united'].ids)
    votes = united.counts[picks['united'].ids - 1]
    marked = {mic_id: np.array([(row.x, row.y) for row in samples.rows
                                if row.mic_id == mic_id and row.label == PARTICLE]) for mic_id in common}
    print('| picks | kept | picks kept | particles found, % (95 %) | junk kept, pieces | of the kept, % (95 %) |')
    print('|---' * 6 + '|')
    for name, one in picks.items():
        kept = {ALL: np.ones(len(one.ids)), NONE: without_labels(options, name, paths[name], one.ids)}
        if name == 'united':
            kept.update({f'picked by {number} or more': (votes >= number).astype(float)
                         for number in range(2, len(whole) + 1)})
        kept[LABELS] = with_labels(recipe, samples, embedded, targets, one, options.draws)
        if name == 'united':
            kept[CONSENSUS] = with_labels(recipe, samples, embedded, targets, one, options.draws, boxes_of(
                options.data, recipe, one, places[name], votes == len(whole)))
        for method, shares in kept.items():
            print_row(name, method, [judged(shares, one, places[name], mic_id, marked[mic_id], near[mic_id])
                                     for mic_id in common])


def boxes_of(folder, recipe, one, places, wanted):
    """(mic_ids, what is learnt from) of wanted picks."""
    rows = [CoordinateRow(int(one.ids[i]), int(one.mic_ids[i]), *places[i].tolist(), PARTICLE)
            for i in np.flatnonzero(wanted)]
    samples = crop_labels(read_micrographs(folder / 'micrographs.csv'), rows, box_angstrom(folder), 64, recipe.fields,
                          recipe.margin)
    return samples.mic_ids, recipe.embed(samples.pixels)


def with_labels(recipe, samples, embedded, targets, one, draws, agreed=None):
    """The share of the draws that keeps each pick, nan if it was in none; agreed: boxes that pass as particles."""
    kept, times = np.zeros(len(one.ids)), np.zeros(len(one.ids))
    particle = recipe.classes.index(PARTICLE)
    for draw in range(draws):
        train, test = drawn(targets, samples.mic_ids, draw, SHOTS)
        boxes, classes, mic_ids = embedded[train], targets[train], samples.mic_ids[train]
        if agreed is not None:
            own = np.flatnonzero(~np.isin(agreed[0], samples.mic_ids[test]))
            chosen, junk = np.random.default_rng(draw).permutation(own)[:SHOTS], classes != particle
            boxes = torch.cat((boxes[junk], agreed[1][chosen]))
            classes = np.concatenate((classes[junk], np.full(len(chosen), particle)))
            mic_ids = np.concatenate((mic_ids[junk], agreed[0][chosen]))
        recogniser = fit_calibrated(recipe, boxes, classes, mic_ids, FOLDS, draw)
        here = np.isin(one.mic_ids, samples.mic_ids[test])
        kept[here] += decide(recipe.predict(recogniser, one.features[here])) == particle
        times[here] += 1
    return np.where(times > 0, kept / times.clip(min=1), np.nan)


def judged(kept, one, places, mic_id, marked, near):
    """(found, particles, junk kept, kept) of a micrograph; of picks that some draws keep, as often as they do."""
    here = (one.mic_ids == mic_id) & np.isfinite(kept)
    if not here.any():
        return np.zeros(4)
    close = np.hypot(*(places[here][:, None] - marked[None]).transpose(2, 0, 1)) <= near
    found = (close * kept[here][:, None]).max(axis=0)
    return np.array([found.sum(), len(marked), kept[here][one.truth[here] == JUNK].sum(), kept[here].sum()])


def print_row(name, method, rows):
    rows = np.array(rows)
    total = rows.sum(axis=0)
    value, (low, high) = shares(total[None])[0], interval(rows, shares)
    found, junk = (f'{100 * v:.1f} ({100 * a:.1f} to {100 * b:.1f})' for v, a, b in zip(value, low, high))
    print(f'| {name} | {method} | {total[3]:.0f} | {found} | {total[2]:.1f} | {junk} |', flush=True)


def shares(sums):
    """Particles found, and junk among the kept, (n, 2), of sums of counts (n, 4)."""
    with np.errstate(divide='ignore', invalid='ignore'):
        return np.stack((sums[:, 0] / sums[:, 1], sums[:, 2] / sums[:, 3]), axis=1)


if __name__ == '__main__':
    main()
