"""Who removes how much junk, and loses how many particles, on the same picks: ours and its peers, in one table.

    PYTHONPATH=pickeroptimizer python benchmarks/peers.py --data empiar-10017 --work FOLDER [--draws 10]
        [--masks NAME=FOLDER ...] [--wheel FOLDER]

The data set is that of published_picks.py, with picks/PICKER.csv, and so is the truth: junk lies on ice or film, true
particles are those that people marked; other picks count for nothing. The methods:

    ours, no labels     `worker prune --model general` on all picks of a picker
    ours, 10 or 30      labels of each class, on a random half of the micrographs; judged on the other half; --draws
    own threshold       the picker's score, cut where it loses at most as many particles as ours with 30 labels does,
                        which takes the truth to find
    another picker      kept is what at least one of the other pickers of that micrograph found, too
    masks               of any program, 1 where a micrograph is bad, in FOLDER/NAME_OF_MICROGRAPH.mrc or .._mask.mrc: a
                        pick goes where they cover THRESHOLD of its box (micrograph_cleaner.py)

Per cent with 95 % intervals by resampling whole micrographs (comparison/bootstrap.py): what lies on one film is not
independent. "All": the picks of all pickers that the method can judge. --wheel: of micrograph_cleaner.py, adds the one
micrograph of which MicrographCleaner's own mask is published, with RELION's picks. Scores are kept in --work.
"""
import argparse
import csv
import sys
from collections import defaultdict
from contextlib import redirect_stdout
from pathlib import Path

import mrcfile
import numpy as np
from labelled import FOLDS, box_angstrom, default_recipe, drawn, embedded_data_set
from micrograph_cleaner import THRESHOLD, in_box, of_wheel
from picker_thresholds import curve, read_scores
from published_picks import JUNK, NEAR_PARTICLE, TRUE, describe
from worker.cli import main as worker
from worker.exchange.classes import KEPT_FROM, decide
from worker.exchange.tables import COORDINATE_COLUMNS, read_coordinates, read_micrographs, write_rows
from worker.training.cross_validation import fit_calibrated

# Its package is of Scipion's side; the module by itself needs numpy alone.
sys.path.append(str(Path(__file__).resolve().parents[1] / 'pickeroptimizer' / 'comparison'))

from bootstrap import interval

SHOTS = 10, 30
NONE, LABELS = 'ours, no labels', 'ours, {} labels a class'
OWN, ANOTHER, MASK = "the picker's threshold at the loss of ours with 30", 'another picker agrees', 'mask of {}'
ALL = 'all'


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--data', type=Path, required=True)
    parser.add_argument('--work', type=Path, required=True)
    parser.add_argument('--draws', type=int, default=10)
    parser.add_argument('--masks', nargs='+', default=[], metavar='NAME=FOLDER')
    parser.add_argument('--wheel', type=Path)
    options = parser.parse_args()
    options.work.mkdir(parents=True, exist_ok=True)
    recipe, samples, embedded, targets = embedded_data_set(options.data, default_recipe())
    paths = {path.stem: path for path in sorted((options.data / 'picks').glob('*.csv'))}
    picks = {name: describe(options.data, path, recipe, samples) for name, path in paths.items()}
    places = {name: positions(path, picks[name].ids) for name, path in paths.items()}
    kept = {name: {NONE: without_labels(options, name, path, picks[name].ids)} for name, path in paths.items()}
    for shots in SHOTS:
        sums = {name: np.zeros((2, len(one.ids))) for name, one in picks.items()}
        for draw in range(options.draws):
            train, test = drawn(targets, samples.mic_ids, draw, shots)
            recogniser = fit_calibrated(recipe, embedded[train], targets[train], samples.mic_ids[train], FOLDS, draw)
            for name, one in picks.items():
                here = np.isin(one.mic_ids, samples.mic_ids[test])
                sums[name][0, here] += decide(recipe.predict(recogniser, one.features[here])) == 0
                sums[name][1, here] += 1
        for name, (times, judged) in sums.items():
            kept[name][LABELS.format(shots)] = np.where(judged > 0, times / judged.clip(min=1), np.nan)
    for name, path in paths.items():
        scores = read_scores(path)
        if len(set(scores.values())) > 1:
            kept[name][OWN] = by_threshold(picks[name], np.array([scores[i] for i in picks[name].ids.tolist()]),
                                           kept[name][LABELS.format(SHOTS[-1])])
        kept[name][ANOTHER] = agreed(name, picks, places, options.data)
        for masks in options.masks:
            program, folder = masks.split('=', 1)
            kept[name][MASK.format(program)] = by_masks(Path(folder), picks[name], places[name], options.data)
    print_table(picks, kept)
    if options.wheel:
        print_wheel(options)


def positions(path, ids):
    """(n, 2) px of the picks with these ids."""
    by_id = {pick.coord_id: (pick.x, pick.y) for pick in read_coordinates(path)}
    return np.array([by_id[i] for i in ids.tolist()])


def without_labels(options, name, path, ids):
    """What the general model keeps of a picker's picks, 1 or 0; scored once."""
    coordinates, scores = options.work / f'{name}-coordinates.csv', options.work / f'{name}-scores.csv'
    write_rows(coordinates, COORDINATE_COLUMNS, [(pick.coord_id, pick.mic_id, pick.x, pick.y)
                                                 for pick in read_coordinates(path)])
    with redirect_stdout(sys.stderr):
        code = worker(['prune', '--micrographs', str(options.data / 'micrographs.csv'), '--coordinates',
                       str(coordinates), '--model', 'general', '--box-angstrom', str(box_angstrom(options.data)),
                       '--output', str(scores)])
    if code:
        raise SystemExit(code)
    with open(scores, newline='', encoding='utf-8') as stream:
        particle = {int(row['coord_id']): float(row['particle'] or 0) for row in csv.DictReader(stream)}
    return np.array([float(particle[i] >= KEPT_FROM) for i in ids.tolist()])


def by_threshold(picks, scores, ours):
    """What the largest cut keeps that loses at most as many particles as ours does."""
    true, junk = picks.truth == TRUE, picks.truth == JUNK
    cuts = np.append(np.unique(scores), np.inf)
    lost = curve(scores, junk, true).lost
    return (scores >= cuts[np.searchsorted(lost, np.nanmean(1 - ours[true]), side='right') - 1]).astype(float)


def agreed(name, picks, places, folder):
    """What lies within NEAR_PARTICLE of a box of a pick of another picker; nan where no other has picked."""
    sizes = read_micrographs(folder / 'micrographs.csv')
    kept = np.full(len(places[name]), np.nan)
    for mic_id in np.unique(picks[name].mic_ids):
        others = np.concatenate([places[other][one.mic_ids == mic_id] for other, one in picks.items() if other != name])
        mine = picks[name].mic_ids == mic_id
        if len(others):
            near = NEAR_PARTICLE * box_angstrom(folder) / sizes[mic_id].pixel_size
            kept[mine] = [np.hypot(*(others - place).T).min() <= near for place in places[name][mine]]
    return kept


def by_masks(folder, picks, places, data):
    """What masks leave; nan on micrographs without one."""
    kept = np.full(len(places), np.nan)
    for mic_id, row in read_micrographs(data / 'micrographs.csv').items():
        found = [path for path in (folder / f'{row.path.stem}{end}.mrc' for end in ('', '_mask')) if path.exists()]
        if found:
            mask, box = mrcfile.read(found[0]), box_angstrom(data) / row.pixel_size
            for i in np.flatnonzero(picks.mic_ids == mic_id):
                kept[i] = in_box(mask, *places[i], box).mean() < THRESHOLD
    return kept


def print_table(picks, kept):
    print('| picker | method | junk | removed, % (95 %) | particles | lost, % (95 %) |')
    print('|---' * 6 + '|')
    pooled = defaultdict(list)
    for name, methods in kept.items():
        for method, shares in methods.items():
            counts = counted(shares, picks[name].truth, picks[name].mic_ids)
            pooled[method].append(counts)
            print_row(name, method, counts)
    for method, counts in pooled.items():
        of_micrograph = defaultdict(lambda: np.zeros(4))
        for mic_id, row in (item for part in counts for item in part.items()):
            of_micrograph[mic_id] += row
        print_row(f'{ALL} ({len(counts)})', method, of_micrograph)


def counted(kept, truth, mic_ids):
    """{mic_id: (junk removed, junk, particles lost, particles)} of what was judged."""
    counts = {}
    for mic_id in np.unique(mic_ids[np.isfinite(kept)]):
        here = (mic_ids == mic_id) & np.isfinite(kept)
        gone = [1 - kept[here & (truth == kind)] for kind in (JUNK, TRUE)]
        counts[int(mic_id)] = np.array([number for part in gone for number in (part.sum(), len(part))])
    return counts


def print_row(name, method, counts):
    rows = np.array(list(counts.values()))
    value, (low, high) = shares(rows.sum(axis=0, keepdims=True))[0], interval(rows, shares)
    removed, lost = (f'{100 * v:.1f} ({100 * a:.1f} to {100 * b:.1f})' if np.isfinite(v) else 'none'
                     for v, a, b in zip(value, low, high))
    total = rows.sum(axis=0)
    print(f'| {name} | {method} | {total[1]:.0f} | {removed} | {total[3]:.0f} | {lost} |', flush=True)


def shares(sums):
    """Junk removed and particles lost, (n, 2), of sums of counts (n, 4)."""
    with np.errstate(divide='ignore', invalid='ignore'):
        return np.stack((sums[:, 0] / sums[:, 1], sums[:, 2] / sums[:, 3]), axis=1)


def print_wheel(options):
    """The picks of which MicrographCleaner's own mask is published; of the others nobody can tell what they are."""
    ours, theirs, junk = of_wheel(options.wheel, options.work)
    for method, rejected in ((NONE, ours), (MASK.format('MicrographCleaner'), theirs)):
        print(f'| RELION, one other micrograph | {method} | {junk.sum()} | {100 * rejected[junk].mean():.1f} | - | - |')


if __name__ == '__main__':
    main()
