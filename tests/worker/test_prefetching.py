"""Reading ahead, several devices, memory that does not suffice, and devices that fail."""
import threading
import time
import weakref
from collections import deque

import numpy as np
import pytest
import torch
from worker.exchange import tables
from worker.exchange.errors import DeviceError, InputError
from worker.exchange.score_table import GrowingScores
from worker.exchange.tables import MicrographRow
from worker.inference import prefetching
from worker.inference.predictors import BatchPredictor, Scorer
from worker.inference.prefetching import prefetch_and_predict
from worker.inference.scoring import prune
from worker.inference.sources import MicrographPicks, WholeTables
from worker.network.device import Device, choose_devices

CPU = Device(torch.device('cpu'), 'CPU, 1 thread', torch.float32)
GPU = Device(torch.device('cuda', 3), 'GPU 3, of a test', torch.bfloat16)


def _groups(number):
    return [MicrographPicks(MicrographRow(i, f'{i}.mrc', 1.0), np.array([i]), np.array([[i, 0.0]]))
            for i in range(number)]


class _Fake(BatchPredictor):
    """Sleeps, and gives back where it was told to predict."""

    def __init__(self, device=CPU, delay=lambda: 0):
        self.device, self.delay, self.calls, self.batch_size, self.box_angstrom = device, delay, 0, 1, 50.0

    def __call__(self, image, pixel_size, xy):
        self.calls += 1
        time.sleep(self.delay())
        return xy

    def predict(self, pixels):
        raise NotImplementedError      # nothing is predicted here


@pytest.fixture
def reading(monkeypatch):
    """Micrographs without files; gives [the most of them at once]."""
    held, most, make = [], [0], torch.empty

    def noted(*shape, **options):
        image = make(*shape, **options)
        held.append(weakref.ref(image))
        most[0] = max(most[0], sum(image() is not None for image in held))
        return image

    def read(path, empty, warn):
        if path == 'bad.mrc':
            raise InputError(f'{path}: bad')
        empty((50, 500), np.float32)[...] = 0
        time.sleep(0.002)

    monkeypatch.setattr(torch, 'empty', noted)
    monkeypatch.setattr(prefetching, 'read_micrograph', read)
    return most


def test_results_come_in_order_from_two_devices(reading):
    rng = np.random.default_rng(0)
    predictors = [_Fake(delay=lambda: rng.uniform(0, 0.01)) for _ in range(2)]
    groups = _groups(40)
    groups[7] = groups[7]._replace(micrograph=MicrographRow(7, 'bad.mrc', 1.0))
    seen = []
    for group, future in prefetch_and_predict(groups, predictors):
        seen.append(group.micrograph.mic_id)
        if group.micrograph.mic_id == 7:
            with pytest.raises(InputError, match='bad'):
                future.result()
        else:
            assert future.result()[1].tolist() == group.xy.tolist()
    assert seen == list(range(40)) and all(predictor.calls > 5 for predictor in predictors)


@pytest.mark.parametrize('budget, most', [(10 ** 9, 6), (250_000, 2), (10, 1)])
def test_micrographs_in_memory_are_bounded(reading, monkeypatch, budget, most):
    monkeypatch.setattr(prefetching, 'MOST_BYTES', budget)
    for _, future in prefetch_and_predict(_groups(30), [_Fake(delay=lambda: 0.002), _Fake(delay=lambda: 0.002)]):
        future.result()
    assert 1 <= reading[0] <= most


def test_a_moment_without_arrivals_keeps_nothing_back(reading):
    def arrivals():
        for group in _groups(5):
            yield group
            while len(seen) <= group.micrograph.mic_id:      # the next one comes when this one is through
                yield None

    seen = []
    for group, future in prefetch_and_predict(arrivals(), [_Fake()]):
        future.result()
        seen.append(group.micrograph.mic_id)
    assert seen == list(range(5))


@pytest.fixture(scope='module')
def few(data_set, tmp_path_factory):
    """(micrographs, coordinates): tables with 20 picks on each of the micrographs, and an empty corner of the last."""
    folder = tmp_path_factory.mktemp('few')
    picks = tables.read_coordinates(data_set.coordinates)
    rows = [(p.coord_id, p.mic_id, p.x, p.y) for m in range(1, 7) for p in [p for p in picks if p.mic_id == m][:20]]
    tables.write_rows(folder / 'c.csv', tables.COORDINATE_COLUMNS, [*rows, (10 ** 6, 6, -5, 3)])
    return data_set.micrographs, folder / 'c.csv'


def _prune(few, untrained, output, devices, batch_size=0, log=print):
    return prune(WholeTables(*few), *untrained, GrowingScores(output, few, log), devices, batch_size, log)


def test_two_devices_give_what_one_gives(few, untrained, tmp_path):
    report = _prune(few, untrained, tmp_path / 'one.csv', choose_devices('cpu'))
    assert report['scored'] == 120 and report['outside'] == 1
    report = _prune(few, untrained, tmp_path / 'two.csv', 2 * choose_devices('cpu'))
    assert (tmp_path / 'two.csv').read_bytes() == (tmp_path / 'one.csv').read_bytes()
    assert ' and ' in report['device']


def _with_room_for(boxes, monkeypatch):
    """A device whose memory holds so many boxes at a time."""
    predict = Scorer.predict

    def limited(self, pixels):
        if len(pixels) > boxes:
            raise torch.OutOfMemoryError('CUDA out of memory. Tried to allocate 2.00 GiB.')
        return predict(self, pixels)
    monkeypatch.setattr(Scorer, 'predict', limited)


def test_a_full_memory_makes_the_batches_smaller(few, untrained, tmp_path, monkeypatch):
    _prune(few, untrained, tmp_path / 'one.csv', [CPU])
    _with_room_for(5, monkeypatch)
    lines = []
    _prune(few, untrained, tmp_path / 'few.csv', [CPU], batch_size=40, log=lines.append)
    told = [line for line in lines if 'its memory is full' in line]
    assert [int(line.split('with ')[1].split()[0]) for line in told] == [20, 10, 5]
    expected, got = (np.genfromtxt(tmp_path / name, delimiter=',', skip_header=1, usecols=range(5))
                     for name in ('one.csv', 'few.csv'))
    np.testing.assert_allclose(got, expected, atol=1e-3)


def test_a_memory_too_small_for_one_box(few, untrained, tmp_path, monkeypatch):
    _with_room_for(0, monkeypatch)
    with pytest.raises(DeviceError, match='CPU, 1 thread: its memory does not suffice'):
        _prune(few, untrained, tmp_path / 's.csv', [CPU])


def test_a_device_that_fails_stops_the_run_and_the_next_one_goes_on(few, untrained, tmp_path, monkeypatch):
    _prune(few, untrained, tmp_path / 'one.csv', [CPU])
    predict, calls = Scorer.predict, []

    def failing(self, pixels):
        calls.append(len(pixels))
        if len(calls) == 4:
            raise DeviceError('GPU 0 failed')
        return predict(self, pixels)
    monkeypatch.setattr(Scorer, 'predict', failing)
    with pytest.raises(DeviceError):
        _prune(few, untrained, tmp_path / 's.csv', [CPU])
    part, = tmp_path.glob('s.csv.*.part')
    assert part.read_bytes().count(b'\n') == 1 + 60
    lines = []
    _prune(few, untrained, tmp_path / 's.csv', [CPU], log=lines.append)
    assert '60 picks were scored by an earlier run; continuing with the others' in lines
    assert (tmp_path / 's.csv').read_bytes() == (tmp_path / 'one.csv').read_bytes()


@pytest.mark.parametrize('error, raised, says', [
    ('CUDA error: unspecified launch failure\nCompile with TORCH_USE_CUDA_DSA', DeviceError,
     'GPU 3, of a test failed (CUDA error: unspecified launch failure); see what nvidia-smi says'),
    ('cuDNN error: CUDNN_STATUS_EXECUTION_FAILED', DeviceError, 'CUDNN_STATUS_EXECUTION_FAILED'),
    # A memory that has no room for what even one box needs; these are no OutOfMemoryError.
    ('CUDA error: out of memory\nCUDA kernel errors might be', DeviceError, 'GPU 3, of a test: its memory does not'),
    ('CUDA error: CUBLAS_STATUS_ALLOC_FAILED', DeviceError, 'nvidia-smi shows them'),
    ('shapes do not fit', RuntimeError, 'shapes do not fit'),
    ("[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried ...", MemoryError, '')])
def test_what_a_device_raises(monkeypatch, error, raised, says):
    predictor = _Fake(GPU)
    monkeypatch.setattr(_Fake, '_in_batches', lambda *_: (_ for _ in ()).throw(RuntimeError(error)), raising=False)
    with pytest.raises(raised) as caught:
        BatchPredictor.__call__(predictor, torch.zeros(3, 3), 1.0, np.zeros((1, 2)))
    assert type(caught.value) is raised and says in str(caught.value) and '\n' not in str(caught.value)


def test_a_model_that_gives_no_numbers(few, untrained, tmp_path):
    recogniser, header = untrained
    broken = type(recogniser)(recogniser.extractor, 3, 2, 20)
    broken.load_state_dict(recogniser.state_dict())
    broken.linear.weight.data[:] = float('inf')
    with pytest.raises(InputError, match='none of the 6 micrographs.* the model gives no finite numbers'):
        _prune(few, (broken, header), tmp_path / 's.csv', [CPU])


def test_a_micrograph_that_is_too_large_for_the_memory(few, untrained, tmp_path, monkeypatch):
    """At the first try, and at the second one; the others are scored."""
    read, make, now = prefetching.read_micrograph, torch.empty, threading.local()

    def noted(path, *more):
        now.path = path
        return read(path, *more)

    def full(*shape, **options):
        if 'pin_memory' in options and now.path == large:
            tries.append(large)
            raise RuntimeError("[enforce fail at alloc_cpu.cpp] DefaultCPUAllocator: can't allocate memory")
        return make(*shape, **options)
    large, tries = tables.read_micrographs(few[0])[1].path, []
    monkeypatch.setattr(prefetching, 'read_micrograph', noted)
    monkeypatch.setattr(torch, 'empty', full)
    report = _prune(few, untrained, tmp_path / 's.csv', [CPU])
    assert [failed['mic_id'] for failed in report['failed_micrographs']] == [1] and len(tries) == 2
    assert 'the memory of this machine does not suffice' in report['failed_micrographs'][0]['reason']
    assert (report['scored'], report['unreadable']) == (100, 20)


def test_the_memory_of_a_micrograph_is_used_for_the_next_of_its_shape():
    used = deque([torch.zeros(3, 4), torch.zeros(3, 4), torch.zeros(5, 5)])
    first = used[0]
    assert prefetching._memory((3, 4), used, pinned=False) is first
    other = prefetching._memory((5, 5), used, pinned=False)      # the next one has another shape, and is given up
    assert other.shape == (5, 5) and len(used) == 1
    assert prefetching._memory((5, 5), used, pinned=False).shape == (5, 5) and not used
    assert prefetching._memory((5, 5), used, pinned=False).shape == (5, 5)


def test_devices_by_name():
    assert [device.torch_device.type for device in choose_devices('cpu')] == ['cpu']
    for name, says in (('cpu,cpu', 'named twice'), ('cpu,tpu', 'use auto, cpu'), ('', 'use auto, cpu')):
        with pytest.raises(InputError, match=says):
            choose_devices(name)
