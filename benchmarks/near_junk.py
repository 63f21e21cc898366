"""What it removes, loses and costs to reject picks within a distance of junk that covers an area: a table.

    PYTHONPATH=pickeroptimizer python benchmarks/near_junk.py --real empiar-10017 --seeds 21 22 --work FOLDER [--once]
        [--pickers NAME ...]

The general model without labels. A real data set is that of published_picks.py, with picks/PICKER.csv, and so is the
truth: junk lies on ice or film, true particles are those that people marked; other picks count for nothing. Of
simulated experiments, those of masks.py, the simulator tells what each pick is. `worker prune` runs twice on all picks
of a picker: off, and with the largest distance, where the table of scores tells how far junk is, so that the smaller
ones follow; and so does off, whose probabilities are the same, but for its seconds (--once). Off also with higher least
probabilities, which take no time. Per cent with 95 % intervals by resampling whole micrographs
(comparison/bootstrap.py). Scores are kept in --work.
"""
import argparse
import csv
import json
import sys
from collections import defaultdict
from contextlib import redirect_stdout
from pathlib import Path

import numpy as np
from labelled import box_angstrom
from masks import simulated
from peers import counted, shares
from published_picks import JUNK, TRUE, UNKNOWN, classify
from worker.cli import main as worker
from worker.exchange.classes import KEPT_FROM, PARTICLE
from worker.exchange.tables import COORDINATE_COLUMNS, read_coordinates, read_labels, read_micrographs, write_rows

# Its package is of Scipion's side; the module by itself needs numpy alone.
sys.path.append(str(Path(__file__).resolve().parents[1] / 'pickeroptimizer' / 'comparison'))

from bootstrap import interval

DISTANCES = 50, 100, 200      # Å
CUTS = KEPT_FROM, 0.6, 0.7      # least particle probabilities of a kept pick, where it is off


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--real', type=Path, nargs='*', default=[])
    parser.add_argument('--seeds', type=int, nargs='*', default=[])
    parser.add_argument('--work', type=Path, required=True)
    parser.add_argument('--once', action='store_true')
    parser.add_argument('--pickers', nargs='+')
    options = parser.parse_args()
    options.work.mkdir(exist_ok=True)
    print('| picks | within, Å | junk | removed, % (95 %) | particles | lost, % (95 %) | s a micrograph |')
    print('|---' * 7 + '|')
    for seed in options.seeds:
        folder = options.work / f'simulated {seed}'
        simulated(folder, seed)
        report(folder.name, [judged(folder, folder / 'labels.csv', folder.name, options)])
    for folder in options.real:
        parts = []
        for name in options.pickers or sorted(path.stem for path in (folder / 'picks').glob('*.csv')):
            parts.append(judged(folder, folder / 'picks' / f'{name}.csv', name, options))
            report(f'{folder.name}, {name}', parts[-1:])
        report(f'{folder.name}, all {len(parts)}', parts)


def judged(folder, path, name, options):
    """({way: {mic_id: (junk removed, junk, particles lost, particles)}}, {off or on: s, micrographs}) of picks.

    A way is a distance, or a text for off.
    """
    picks = read_coordinates(path)
    truth, mic_ids = truths(folder, path, picks), np.array([pick.mic_id for pick in picks])
    rows = {within: pruned(folder, picks, f'{name} {within}', within, options.work)
            for within in ((DISTANCES[-1],) if options.once else (0, DISTANCES[-1]))}
    scored = [rows[DISTANCES[-1]][0][pick.coord_id] for pick in picks]
    particle = np.array([float(row['particle'] or 0) for row in scored])
    away = np.array([far(row) for row in scored])
    kept = {**{f'off, from {cut:g}' if cut > KEPT_FROM else 'off': particle >= cut for cut in CUTS},
            **{within: (particle >= KEPT_FROM) & (away > within) for within in DISTANCES}}
    return ({way: counted(which.astype(float), truth, mic_ids) for way, which in kept.items()},
            {within > 0: seconds for within, (_, seconds) in rows.items()})


def truths(folder, path, picks):
    """JUNK, TRUE or UNKNOWN, of each pick."""
    if not (folder / 'regions.json').exists():
        return np.array([TRUE if row.label == PARTICLE else JUNK for row in read_labels(path)])
    regions, sizes = json.loads((folder / 'regions.json').read_text()), read_micrographs(folder / 'micrographs.csv')
    people, found = read_labels(folder / 'labels.csv'), np.full(len(picks), UNKNOWN, dtype=object)
    for mic_id, row in sizes.items():
        here = [place for place, pick in enumerate(picks) if pick.mic_id == mic_id]
        particles = np.array([(p.x, p.y) for p in people if p.mic_id == mic_id and p.label == PARTICLE])
        if here:
            found[here] = classify(np.array([(picks[place].x, picks[place].y) for place in here]),
                                   box_angstrom(folder) / row.pixel_size, regions[str(mic_id)], particles)
    return found


def pruned(folder, picks, name, within, work):
    """({coord_id: row of the table of scores}, (s, micrographs)) of all picks; they are scored once."""
    coordinates, scores, told = (work / f'{name}{end}' for end in ('-coordinates.csv', '-scores.csv', '.json'))
    if not (scores.exists() and told.exists()):
        write_rows(coordinates, COORDINATE_COLUMNS, [(pick.coord_id, pick.mic_id, pick.x, pick.y) for pick in picks])
        with redirect_stdout(sys.stderr):
            code = worker(['prune', '--micrographs', str(folder / 'micrographs.csv'), '--coordinates',
                           str(coordinates), '--model', 'general', '--box-angstrom', str(box_angstrom(folder)),
                           '--junk-distance', str(within), '--output', str(scores), '--report', str(told)])
        if code:
            raise SystemExit(code)
    with open(scores, newline='', encoding='utf-8') as stream:
        rows = {int(row['coord_id']): row for row in csv.DictReader(stream)}
    return rows, np.array([json.loads(told.read_text())[key] for key in ('seconds', 'micrographs')])


def far(row):
    """How far junk is, Å; inf where it is farther than was asked for."""
    return float(row['reason'].split()[2]) if row['status'] == 'near junk' else np.inf


def report(name, parts):
    """Print the rows of what `judged` gave of some tables of picks, together."""
    for way in parts[0][0]:
        of_micrograph = defaultdict(lambda: np.zeros(4))
        for counts, _ in parts:
            for mic_id, row in counts[way].items():
                of_micrograph[mic_id] += row
        rows = np.array(list(of_micrograph.values()))
        value, (low, high) = shares(rows.sum(axis=0, keepdims=True))[0], interval(rows, shares)
        removed, lost = (f'{100 * v:.1f} ({100 * a:.1f} to {100 * b:.1f})' if np.isfinite(v) else 'none'
                         for v, a, b in zip(value, low, high))
        seconds, micrographs = sum(times.get(way in DISTANCES, np.zeros(2)) for _, times in parts)
        total = rows.sum(axis=0)
        print(f'| {name} | {way} | {total[1]:.0f} | {removed} | {total[3]:.0f} | {lost} | '
              f'{f"{seconds / micrographs:.1f}" if micrographs else "-"} |', flush=True)


if __name__ == '__main__':
    main()
