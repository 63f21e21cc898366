"""The worker's largest memory, and what it takes besides scoring, for few and for many picks: one Markdown table.

    PYTHONPATH=pickeroptimizer python benchmarks/worker_memory.py --folder DIR [--picks 10000 100000 1000000]
        [--scored 10000]

Micrographs of 4096 x 4096 px (float32, the simulated ones of speed.py, read again and again) with 250 picks each. The
last --scored picks are scored; what is before them was scored by an earlier run, whose table the worker reads and goes
on with. So all rows are read and checked in each case, and as many are scored.
"""
import argparse
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
from speed import Data
from worker.boxes import cropping
from worker.exchange.score_table import GrowingScores
from worker.exchange.tables import COORDINATE_COLUMNS, MICROGRAPH_COLUMNS, read_micrographs, write_rows

EACH = 250


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--folder', type=Path, required=True, help='where the data are made and kept')
    parser.add_argument('--picks', type=int, nargs='+', default=[10_000, 100_000, 1_000_000])
    parser.add_argument('--scored', type=int, default=10_000)
    parser.add_argument('--threads', type=int, default=0)
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    data = Data(options.folder, argparse.Namespace(data=None, device='cpu', micrographs=16, picks=300, size=4096,
                                                   boxes=1, input_size=64))
    print('| picks | micrographs | largest memory, MB | the whole command, s | of it scoring, s |')
    print('|---' * 5 + '|')
    for picks in options.picks:
        cells = run(data, picks, min(options.scored, picks), options.threads)
        print(f'| {picks} | {picks // EACH} | ' + ' | '.join(cells) + ' |', flush=True)


def run(data, picks, scored, threads):
    """Prune so many picks, all but the last `scored` of which are scored already; returns the cells of the table."""
    micrographs, coordinates = data.folder / 'many-micrographs.csv', data.folder / 'many-coordinates.csv'
    output, report = data.folder / 'many-scores.csv', data.folder / 'many-report.json'
    rows = list(read_micrographs(data.micrographs).values())
    rng = np.random.default_rng(0)
    write_rows(micrographs, MICROGRAPH_COLUMNS,
               ((i, rows[i % len(rows)].path.name, 1.0) for i in range(picks // EACH)))
    write_rows(coordinates, COORDINATE_COLUMNS,
               ((i, i // EACH, f'{x:.1f}', f'{y:.1f}') for i, (x, y) in enumerate(rng.uniform(0, 4095, (picks, 2)))))
    scores = GrowingScores(output, (data.model, micrographs, coordinates), print)
    scores.open()
    scores.take([0])
    scores.append((i, '0.100000', '0.200000', '0.700000', '1.000000', 'scored', '') for i in range(picks - scored))
    scores.close()
    start = time.perf_counter()
    process = subprocess.Popen([sys.executable, '-m', 'worker', 'prune', '--micrographs', micrographs, '--coordinates',
                                coordinates, '--model', data.model, '--output', output, '--report', report,
                                '--device', 'cpu', '--threads', str(threads)], stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    whole = time.perf_counter() - start
    if status:
        sys.exit('the worker failed')
    told = json.loads(report.read_text())
    if told['boxes'] != picks or told['scored'] != picks:
        sys.exit(f'{told["scored"]} of {picks} picks were scored')
    return f'{usage.ru_maxrss / 1024:.0f}', f'{whole:.1f}', f'{scored / told["boxes_per_second"]:.1f}'


if __name__ == '__main__':
    os.environ.setdefault('PYTHONPATH', str(Path(cropping.__file__).parents[2]))
    main()
