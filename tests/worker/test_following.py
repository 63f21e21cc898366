"""The worker that follows growing tables: how the arrivals were cut does not show, and it never outlives its feeder."""
import fcntl
import os
import signal
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from worker.exchange import locks, tables
from worker.exchange.errors import FeederGone, InputError
from worker.exchange.score_table import GrowingScores
from worker.exchange.signals import FEED_END
from worker.inference import following
from worker.inference.following import Feed, FollowedTables
from worker.inference.scoring import prune
from worker.inference.sources import WholeTables
from worker.network.device import choose_device

NAME = 'a, "b"\nü $HOME.mrc'


@pytest.fixture(autouse=True)
def _quick(monkeypatch):
    for module in (locks, following):
        monkeypatch.setattr(module, 'POLL', 0.02)


class Feeder:
    """Writes the tables of a data set as they would come."""

    def __init__(self, data_set, folder):
        self.folder, self.feed = folder, folder / 'feed'
        self.micrographs, self.coordinates = folder / 'm.csv', folder / 'c.csv'
        rows = tables.read_micrographs(data_set.micrographs)
        self._rows = {mic_id: (mic_id, row.path, row.pixel_size) for mic_id, row in rows.items()}
        link = folder / NAME
        link.symlink_to(rows[2].path)
        self._rows[2] = (2, NAME, rows[2].pixel_size)
        picks = tables.read_coordinates(data_set.coordinates)
        self.picks = [p for mic_id in rows for p in [p for p in picks if p.mic_id == mic_id][:25]]
        self._written = set()
        for path, columns in ((self.micrographs, tables.MICROGRAPH_COLUMNS),
                              (self.coordinates, tables.COORDINATE_COLUMNS)):
            tables.write_rows(path, columns, [])
        self.touch()

    def touch(self):
        self.feed.write_bytes(b'more')

    def end(self):
        self.feed.write_text(FEED_END)

    def give(self, picks):
        new = {p.mic_id: self._rows[p.mic_id] for p in picks if p.mic_id not in self._written}
        self._written |= new.keys()
        self.append(self.micrographs, _text(self.folder, new.values()))
        self.append(self.coordinates, _text(self.folder, [(p.coord_id, p.mic_id, p.x, p.y) for p in picks]))

    @staticmethod
    def append(path, data):
        with open(path, 'ab') as stream:
            stream.write(data)


def _text(folder, rows):
    tables.write_rows(folder / 'rows', ('none',), rows)
    return (folder / 'rows').read_bytes().split(b'\n', 1)[1]


def _source(feeder, patience=60.0, log=print):
    return FollowedTables(feeder.micrographs, feeder.coordinates, Feed(feeder.feed, patience), log)


def _scores(feeder, output, log=print, digest=None):
    return GrowingScores(output, (digest or __file__,), log)


def _run(feeder, untrained, output, source=None, log=print):
    return prune(source or _source(feeder), *untrained, _scores(feeder, output, log), [choose_device('cpu')],
                 16, log)


@pytest.fixture(scope='module')
def whole(data_set, untrained, tmp_path_factory):
    """The table of scores of the plain run, as bytes."""
    feeder = Feeder(data_set, tmp_path_factory.mktemp('whole'))
    feeder.give(feeder.picks)
    output = feeder.folder / 's.csv'
    report = _run(feeder, untrained, output, WholeTables(feeder.micrographs, feeder.coordinates))
    assert report['scored'] == len(feeder.picks) and report['micrographs'] == 6
    return output.read_bytes()


@pytest.fixture
def feeder(data_set, tmp_path):
    return Feeder(data_set, tmp_path)


def test_picks_without_their_micrograph_are_told(feeder, monkeypatch):
    monkeypatch.setattr(following, 'LONG_WAIT', 0.1)
    lines = []
    feeder.append(feeder.coordinates, b'1,9,100,100\n2,9,120,100\n')
    groups_of = iter(_source(feeder, log=lines.append))
    _wait_for(lambda: next(groups_of) is None and lines)
    for _ in range(20):
        next(groups_of)
        time.sleep(0.02)
    assert lines == ['warning: 2 picks wait for micrograph 9, which the table of micrographs does not have yet']


@pytest.mark.parametrize('text', [b'end', b'end\n', b' end\r\n'])
def test_end_of_the_feed(tmp_path, text):
    (tmp_path / 'feed').write_bytes(text)
    feed = Feed(tmp_path / 'feed', 60)
    feed.look()
    assert feed.ended


def _wait_for(condition):
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.005)


def _rows(output):
    part = next(output.parent.glob(f'{output.name}.*.part'), output)
    return part.read_bytes().count(b'\n') - 1 if part.exists() else 0


@pytest.mark.parametrize('seed', [0, 1])
def test_how_the_arrivals_were_cut_does_not_show(feeder, untrained, whole, seed):
    output = feeder.folder / 's.csv'
    rng = np.random.default_rng(seed)

    def feed():
        todo = feeder.picks
        while todo:
            number = int(rng.choice((1, 2, 7, 33, 60)))
            feeder.give(todo[:number])
            todo = todo[number:]
            if rng.random() < 0.3:      # nothing for a while: all that came is judged
                given = len(feeder.picks) - len(todo)
                _wait_for(lambda: _rows(output) == given)      # noqa: B023 (waited for at once)
        feeder.end()

    thread = threading.Thread(target=feed)
    thread.start()
    report = _run(feeder, untrained, output)
    thread.join()
    assert output.read_bytes() == whole
    assert (report['micrographs'], report['boxes']) == (6, len(feeder.picks))


def test_only_whole_rows_count(feeder, monkeypatch):
    """Rows torn at any byte, line breaks in quotes included, and micrographs whose row shows late."""
    monkeypatch.setattr(following, 'POLL', 0)
    feeder.give(feeder.picks)
    data = {path: path.read_bytes() for path in (feeder.micrographs, feeder.coordinates)}
    expected = [(g.micrograph, g.ids.tolist()) for g in WholeTables(*data)]
    for path, content in data.items():
        path.write_bytes(content[:content.index(b'\n') + 1])
    at = {path: path.stat().st_size for path in data}
    rng, come = np.random.default_rng(0), []
    for group in _source(feeder):
        if group is not None:
            come.append((group.micrograph, group.ids.tolist()))
        elif all(at[path] == len(data[path]) for path in data):
            feeder.end()
        else:
            for path, content in data.items():
                step = int(rng.integers(0, 90 if path == feeder.micrographs else 200))
                feeder.append(path, content[at[path]:at[path] + step])
                at[path] += len(content[at[path]:at[path] + step])
    assert come[0][0].path.name != NAME and any(row.path.name == NAME for row, _ in come)
    assert len(come) > len(expected)
    joined = {}
    for row, ids in come:
        joined.setdefault(row.mic_id, (row, []))[1].extend(ids)
    assert list(joined.values()) == expected


@pytest.mark.parametrize('how', ['vanishes', 'falls silent'])
def test_a_run_without_its_feeder_stops_and_the_next_one_goes_on(feeder, untrained, whole, how):
    output = feeder.folder / 's.csv'
    feeder.give(feeder.picks[:40])
    stopper = threading.Thread(target=lambda: (_wait_for(lambda: _rows(output) == 40),
                                               feeder.feed.unlink() if how == 'vanishes' else None))
    stopper.start()
    with pytest.raises(FeederGone, match='is gone' if how == 'vanishes' else 'has not changed for 0.3 s'):
        _run(feeder, untrained, output, _source(feeder, 60 if how == 'vanishes' else 0.3))
    stopper.join()
    part = next(output.parent.glob('s.csv.*.part'))
    before = part.read_bytes()
    assert whole.startswith(before) and _rows(output) == 40
    feeder.append(part, before.splitlines()[1][:9])      # torn
    feeder.give(feeder.picks[40:])
    feeder.end()
    lines = []
    _run(feeder, untrained, output, log=lines.append)
    assert output.read_bytes() == whole
    assert '40 picks were scored by an earlier run; continuing with the others' in lines


def test_a_feeder_that_changes_its_file_is_waited_for(feeder, monkeypatch):
    monkeypatch.setattr(following, 'LONGEST_LOOK', 0.1)
    feed = Feed(feeder.feed, 0.3)
    for i in range(30):
        time.sleep(0.03)
        os.utime(feeder.feed, (0, 10 ** 6 - i))      # its clock goes backwards
        feed.look()
    feed._looked -= 3600                  # this process stood still, and the feeder with it
    feed.look()
    with pytest.raises(FeederGone):
        for _ in range(100):
            time.sleep(0.03)
            feed.look()


@pytest.mark.parametrize('damage', ['other pick', 'no number', 'nul', 'other header', 'too many'])
def test_rows_that_are_not_those_of_the_picks_are_cut_off(feeder, untrained, whole, damage):
    output = feeder.folder / 's.csv'
    lines = whole.splitlines(keepends=True)
    if damage == 'other pick':
        lines[50] = lines[49]
    elif damage == 'no number':
        lines[50] = lines[50].replace(b'0.', b'x.', 1)
    elif damage == 'nul':
        lines[50] = b'\0' * 30 + b'\n'
    elif damage == 'other header':
        lines[0] = b'coord_id,particle\n'
    else:
        lines += lines[1:4]
    _scores(feeder, output).partial.write_bytes(b''.join(lines))
    feeder.give(feeder.picks)
    feeder.end()
    log = []
    _run(feeder, untrained, output, log=log.append)
    assert output.read_bytes() == whole
    told = [line for line in log if 'were scored by an earlier run' in line]
    assert told == ([] if damage in ('other header', 'too many') else [
        '49 picks were scored by an earlier run; continuing with the others'])


def test_micrographs_that_cannot_be_read(feeder, untrained, whole):
    output = feeder.folder / 's.csv'
    feeder._rows[1] = (1, feeder.folder / 'gone\n1.mrc', 3.0)
    feeder.give(feeder.picks[:10])
    waiter = threading.Thread(target=lambda: (_wait_for(lambda: _rows(output) == 10), feeder.give(feeder.picks[10:]),
                                              feeder.end()))
    waiter.start()
    report = _run(feeder, untrained, output)
    waiter.join()
    assert [f['mic_id'] for f in report['failed_micrographs']] == [1] and report['unreadable'] == 25
    lines = output.read_bytes().splitlines()
    assert all(line.endswith(b'no such file.') for line in lines[1:26]) and lines[26:] == whole.splitlines()[26:]


def test_none_can_be_read_is_said_at_the_end(feeder, untrained):
    output = feeder.folder / 's.csv'
    feeder._rows[1] = (1, feeder.folder / 'gone.mrc', 3.0)
    feeder.give(feeder.picks[:10])
    feeder.end()
    with pytest.raises(InputError, match='none of the 1 micrographs can be read; the first: .*gone.mrc: no such file'):
        _run(feeder, untrained, output)
    assert not list(feeder.folder.glob('s.csv*'))


def test_a_stream_without_picks_gives_an_empty_table(feeder, untrained):
    feeder.end()
    report = _run(feeder, untrained, feeder.folder / 's.csv')
    assert report['boxes'] == 0 and (feeder.folder / 's.csv').read_text() == ','.join(tables.SCORE_COLUMNS) + '\n'


@pytest.mark.parametrize('rows, says', [
    ('x,1,5,5\n', 'line 2: coord_id "x"'), ('1,99,5,5\n', 'no micrograph has the id 99'),
    ('1,1,5,5\n1,1,6,6\n', 'line 3: coordinate id 1 appears twice')])
def test_wrong_rows_are_told(feeder, rows, says):
    feeder.append(feeder.coordinates, rows.encode())
    feeder.give([])
    feeder.end()
    with pytest.raises(InputError, match=says):
        list(_source(feeder))


def test_a_second_run_waits_for_the_first(feeder, untrained, whole):
    """Two launches at once: the second waits, then has nothing left to do."""
    output, lines = feeder.folder / 's.csv', []
    feeder.give(feeder.picks)
    holder = feeder.folder / 'held'
    first = os.fork()
    if first == 0:      # locks of a process do not keep out the process itself
        scores = _scores(feeder, output)
        scores.open()
        scores.append(line.decode().rstrip('\n').split(',') for line in whole.splitlines(keepends=True)[1:])
        holder.touch()
        _wait_for(lambda: lines or not holder.exists())
        scores._resuming = False
        scores.complete()
        os._exit(0)
    _wait_for(holder.exists)
    feeder.end()

    def log(line):
        lines.append(line)
        if 'waiting for the end of another run' in line:
            holder.unlink()

    report = _run(feeder, untrained, output, log=log)
    os.waitpid(first, 0)
    assert output.read_bytes() == whole and report['scored'] == len(feeder.picks)
    assert 'waiting for the end' in lines[0] and not any('boxes scored' in line for line in lines)
    assert not list(feeder.folder.glob('*.part'))


def test_a_file_system_without_locks(feeder, untrained, whole, monkeypatch):
    def no_locks(*_):
        raise OSError(38, 'Function not implemented')
    monkeypatch.setattr(fcntl, 'flock', no_locks)
    feeder.give(feeder.picks)
    feeder.end()
    lines = []
    _run(feeder, untrained, feeder.folder / 's.csv', log=lines.append)
    assert 'cannot be locked' in lines[0] and (feeder.folder / 's.csv').read_bytes() == whole


def test_scattered_rows_are_grouped_by_first_appearance(feeder):
    order = np.random.default_rng(0).permutation(len(feeder.picks))
    scattered = [feeder.picks[i] for i in order]
    feeder.give(scattered)
    got = [(g.micrograph.mic_id, g.ids.tolist()) for g in WholeTables(feeder.micrographs, feeder.coordinates)]
    first = list(dict.fromkeys(p.mic_id for p in scattered))
    assert got == [(mic_id, [p.coord_id for p in scattered if p.mic_id == mic_id]) for mic_id in first]


def test_the_command_follows_and_ends_with_its_feeder(feeder, model, start_worker):
    """A launch that hangs, one that waits for it, and one that takes over when the feeds of both are gone."""
    output = feeder.folder / 's.csv'

    def start(*more):
        return start_worker('prune', '--micrographs', feeder.micrographs, '--coordinates', feeder.coordinates,
                            '--model', model[0], '--device', 'cpu', '--output', output, '--follow', feeder.feed,
                            '--report', feeder.folder / 'r.json', '--error-file', feeder.folder / 'e.txt', *more)

    feeder.give(feeder.picks[:30])
    process = start()
    _wait_for(lambda: _rows(output) == 30)
    process.send_signal(signal.SIGSTOP)
    second = start()      # a new launch, while the old one hangs
    feeder.give(feeder.picks[30:])
    assert 'waiting for the end of another run' in second.stdout.readline() + second.stdout.readline()
    old, feeder.feed = feeder.feed, feeder.folder / 'feed2'
    feeder.touch()
    third = start()
    old.unlink()
    process.send_signal(signal.SIGCONT)
    for stopped in (process, second):
        _, errors = stopped.communicate(timeout=60)
        assert stopped.returncode == 75 and len(errors.splitlines()) == 1 and 'feed is gone' in errors
    feeder.end()
    stdout, errors = third.communicate(timeout=60)
    assert third.returncode == 0, errors
    assert '30 picks were scored by an earlier run' in stdout
    assert Path(feeder.folder / 'r.json').exists() and not list(feeder.folder.glob('*.part'))
    assert _rows(output) == len(feeder.picks)
