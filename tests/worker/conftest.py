"""What the worker's tests share: a simulated data set, and the worker run as a user's script would run it."""
import io
import os
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path

import pytest
import torch
from worker.cli import main
from worker.exchange import tables
from worker.network.networks import FeatureExtractor, LinearRecogniser
from worker.simulation.dataset import simulate

PLUGIN = Path(__file__).parents[2] / 'pickeroptimizer'
sys.path.append(str(PLUGIN.parent / 'benchmarks'))      # of which some have tests


@dataclass(frozen=True)
class DataSet:
    """A folder with micrographs.csv, labels.csv (the truth) and coordinates.csv."""
    folder: Path
    box_angstrom: float

    @property
    def micrographs(self):
        return self.folder / 'micrographs.csv'

    @property
    def labels(self):
        return self.folder / 'labels.csv'

    @property
    def coordinates(self):
        return self.folder / 'coordinates.csv'


@pytest.fixture(scope='session')
def data_set(tmp_path_factory):
    """Six simulated micrographs, with particles, ice and carbon."""
    folder = tmp_path_factory.mktemp('data set')
    simulate(folder, micrographs=6, size=768, pixel_size=3.0, box_angstrom=180.0, seed=1)
    return DataSet(folder, 180.0)


@pytest.fixture(scope='session')
def shots(data_set, tmp_path_factory):
    """A labels file with at most 12 boxes of each class."""
    counts, rows = {}, []
    for label in tables.read_labels(data_set.labels):
        counts[label.label] = counts.get(label.label, 0) + 1
        if counts[label.label] <= 12:
            rows.append((label.coord_id, label.mic_id, label.x, label.y, label.label))
    path = tmp_path_factory.mktemp('shots') / 'labels.csv'
    tables.write_rows(path, tables.LABEL_COLUMNS, rows)
    return path


@pytest.fixture(scope='session')
def start_worker():
    """Start `python -m worker ...`, by the program `prefix` if there is one; returns the running process."""
    def start(*arguments, prefix=(), **options):
        environ = {**os.environ, 'PYTHONPATH': str(PLUGIN), 'PYTHONSAFEPATH': '1'}
        return subprocess.Popen([*map(str, (*prefix, sys.executable, '-m', 'worker', *arguments))], env=environ,
                                text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options)
    return start


@pytest.fixture(scope='session')
def worker():
    """Run a command of the worker to its end, in this process; returns its exit code and what it printed."""
    def run(*arguments):
        stdout, stderr = io.StringIO(), io.StringIO()
        with redirect_stdout(stdout), redirect_stderr(stderr):
            try:
                code = main([str(argument) for argument in arguments])
            except SystemExit as end:      # of argparse
                code = end.code
        return subprocess.CompletedProcess(arguments, code, stdout.getvalue(), stderr.getvalue())
    return run


@pytest.fixture(scope='session')
def worker_process(start_worker):
    """Run `python -m worker ...` to its end, by the program `prefix` if there is one, as the plugin does."""
    def run(*arguments, **options):
        process = start_worker(*arguments, **options)
        stdout, stderr = process.communicate(timeout=300)
        return subprocess.CompletedProcess(process.args, process.returncode, stdout, stderr)
    return run


@pytest.fixture(scope='session')
def model(data_set, shots, worker, tmp_path_factory):
    """A model fine-tuned on the data set with the default recipe, and its report."""
    folder = tmp_path_factory.mktemp('model')
    output, report = folder / 'model.safetensors', folder / 'report.json'
    done = worker('finetune', '--micrographs', data_set.micrographs, '--labels', shots, '--box-angstrom', 180,
                  '--device', 'cpu', '--output', output, '--report', report)
    assert done.returncode == 0, done.stderr
    return output, report


@pytest.fixture(scope='session')
def untrained():
    """(recogniser, header) of a model that has learnt nothing, but judges quickly and always the same.

    It takes most boxes for particles: where most are doubtful, a run tries what else their positions may mean.
    """
    torch.manual_seed(0)
    recogniser = LinearRecogniser(FeatureExtractor('resnet18'), 3, 2, 20).eval()
    with torch.no_grad():
        features = recogniser.features(torch.randn(40, 2, 32, 32))
        recogniser.standardise_by(features)
        recogniser.remember(features)
        recogniser.linear.bias[0] = 3.0
    return recogniser, {'classes': ['particle', 'ice', 'carbon'], 'box_angstrom': 180.0, 'input_size': 32,
                        'fields': [1.0, 2.0]}
