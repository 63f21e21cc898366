"""The worker that follows growing tables: how the arrivals were cut does not show, and it never outlives its feeder."""
import errno
import fcntl
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from worker.exchange import locks, score_table, tables
from worker.exchange.errors import FeederGone, InputError
from worker.exchange.processes import Process
from worker.exchange.score_table import GrowingScores
from worker.exchange.signals import FEED_END
from worker.inference import following, scoring
from worker.inference.following import Feed, FollowedTables
from worker.inference.scoring import prune
from worker.inference.sources import WholeTables
from worker.network.device import choose_device

CLASSES = ('particle', 'ice', 'carbon')      # of the simulated data set
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


OWN = 'from worker.exchange.processes import Process; print(Process.own(), flush=True); input()'


@pytest.fixture
def other():
    """A process that lives until it is killed, and the line that it says of itself."""
    process = subprocess.Popen([sys.executable, '-c', OWN], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    yield process, process.stdout.readline().strip()
    process.kill()
    process.communicate()


@pytest.mark.parametrize('ended', [False, True])
@pytest.mark.parametrize('reaped', [False, True])
def test_the_death_of_the_feeder_is_seen_at_once(feeder, other, ended, reaped):
    """Also after it has said that all is there; also if its parent has not asked for it; also if its file is gone."""
    process, line = other
    feeder.feed.write_text(f'{line}\n' + ('end\n' if ended else ''))
    feed = Feed(feeder.feed, 60)
    for _ in range(3):
        feed._looked = float('-inf')
        feed.look()
    assert feed.ended is ended
    if ended:
        feeder.feed.unlink()
    process.kill()
    if reaped:
        process.wait()

    def is_noticed():
        try:
            feed.look()
        except FeederGone as error:
            return 'the process that started this run has ended without a word' in str(error)
        return False
    start = time.monotonic()
    _wait_for(is_noticed)
    assert time.monotonic() - start < 5


def test_a_feeder_that_was_dead_before_the_first_look(feeder, other):
    process, line = other
    process.kill()
    process.wait()
    feeder.feed.write_text(f'{line}\n')
    with pytest.raises(FeederGone, match='has ended without a word'):
        Feed(feeder.feed, 60).look()


def test_a_feeder_that_cannot_be_seen_from_here_is_given_its_time(feeder, other, monkeypatch):
    """It is on another machine, in another container, or this machine does not show its processes."""
    process, line = other
    place = line.partition(' pid ')[0]
    for text in (line.replace(place, 'elsewhere'), line.replace('pid:[', 'pid:[9'), 'pid 1 started 1', '',
                 ' pid 1 started 1', f'{place} pid x started 1', f'{place} pid 99999999999999999999 started 1', '\xff'):
        feeder.feed.write_text(f'{text}\n')
        Feed(feeder.feed, 60).look()
    feeder.feed.write_text(f'{line}\n')
    with monkeypatch.context() as patch:
        patch.setattr('worker.exchange.processes._look', lambda pid: None)      # as /proc does with hidepid
        Feed(feeder.feed, 60).look()
        patch.setattr('worker.exchange.processes._place', lambda: '')
        process.kill()
        process.wait()
        Feed(feeder.feed, 60).look()
        feed = Feed(feeder.feed, 0.1)
        with pytest.raises(FeederGone, match='has not changed for 0.1 s'):
            for _ in range(100):
                time.sleep(0.03)
                feed.look()


def test_processes(other):
    process, line = other
    seen = Process.parse(line)
    assert str(seen) == line and seen.pid == process.pid and not seen.has_ended()
    assert not Process.own().has_ended()
    assert seen._replace(started=seen.started + 1).has_ended()      # another one that has its id now
    container = ('unshare', '-Urpf', '--mount-proc')
    if shutil.which('unshare') and not subprocess.run([*container, 'true']).returncode:
        program = f'from worker.exchange.processes import Process; print(Process.parse({line!r}).has_ended())'
        done = subprocess.run([*container, sys.executable, '-c', program], capture_output=True, text=True)
        assert done.stdout == 'False\n', done.stderr


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
    with pytest.raises(FeederGone, match='is gone' if how == 'vanishes' else 'has not changed for 3 s'):
        _run(feeder, untrained, output, _source(feeder, 60 if how == 'vanishes' else 3))
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


@pytest.fixture
def copied(feeder):
    """The first micrograph as a file of one's own; gives a function that shows so many of its bytes (None: all)."""
    whole, path = Path(feeder._rows[1][1]).read_bytes(), feeder.folder / 'copied.mrc'
    feeder._rows[1] = (1, path, feeder._rows[1][2])

    def show(number=None):
        path.write_bytes(whole[:number])
    return show


@pytest.mark.parametrize('after', ['all', 'the first picks', 'a while without picks'])
def test_a_micrograph_that_is_still_being_copied_is_scored_in_the_end(feeder, copied, untrained, whole, monkeypatch,
                                                                      after):
    """It is tried again at the end, and before if nothing comes: it may be gone at the end."""
    if after == 'a while without picks':
        monkeypatch.setattr(scoring, 'IDLE', 0.2)
        monkeypatch.setattr(scoring, 'RETRY', 0.3)
    output, lines = feeder.folder / 's.csv', []
    later = 'micrograph 1 could be read at a later try'

    def feed():
        first = 10 if after == 'the first picks' else len(feeder.picks)
        feeder.give(feeder.picks[:first])
        _wait_for(lambda: _rows(output) == first)
        copied()
        if after == 'a while without picks':
            _wait_for(lambda: later in lines)
            copied(500)
        feeder.give(feeder.picks[first:])
        feeder.end()

    copied(5000)
    thread = threading.Thread(target=feed)
    thread.start()
    report = _run(feeder, untrained, output, log=lines.append)
    thread.join()
    assert output.read_bytes() == whole and later in lines
    assert (report['unreadable'], report['failed_micrographs'], report['scored']) == (0, [], len(feeder.picks))
    assert not list(feeder.folder.glob('*.part'))


def test_picks_that_an_earlier_run_could_not_score_are_tried_again(feeder, copied, untrained, whole, monkeypatch):
    """When the earlier run stopped in the middle, when it had completed its table, and when it could not amend it."""
    output = feeder.folder / 's.csv'
    copied(5000)
    feeder.give(feeder.picks[:40])
    stopper = threading.Thread(target=lambda: (_wait_for(lambda: _rows(output) == 40), feeder.feed.unlink()))
    stopper.start()
    with pytest.raises(FeederGone):
        _run(feeder, untrained, output)
    stopper.join()
    feeder.give(feeder.picks[40:])
    feeder.end()
    report = _run(feeder, untrained, output)
    assert report['unreadable'] == 25 and [f['mic_id'] for f in report['failed_micrographs']] == [1]
    assert output.read_bytes().count(b'unreadable') == 25

    partial = _scores(feeder, output).partial
    output.rename(partial)      # as the plugin does
    copied()
    with monkeypatch.context() as patch:
        def full(*_):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        patch.setattr(score_table.os, 'fsync', full)
        with pytest.raises(OSError, match='No space left'):
            _run(feeder, untrained, output)
    assert list(feeder.folder.glob('s.csv*')) == [partial] and partial.read_bytes().count(b'unreadable') == 25
    lines = []
    report = _run(feeder, untrained, output, log=lines.append)
    assert output.read_bytes() == whole
    assert f'{len(feeder.picks)} picks were scored' not in ''.join(lines)
    assert (report['unreadable'], report['scored'], report['failed_micrographs']) == (0, len(feeder.picks), [])


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
    assert report['boxes'] == 0
    assert (feeder.folder / 's.csv').read_text() == ','.join(tables.score_columns(CLASSES)) + '\n'


@pytest.mark.parametrize('rows, says', [
    ('x,1,5,5\n', 'line 2: coord_id "x"'), ('1,99,5,5\n', 'no micrograph has the id 99'),
    ('1,1,5,5\n1,1,6,6\n', 'line 3: coordinate id 1 appears twice')])
def test_wrong_rows_are_told(feeder, rows, says):
    feeder.append(feeder.coordinates, rows.encode())
    feeder.give([])
    feeder.end()
    with pytest.raises(InputError, match=says):
        list(_source(feeder))


@pytest.mark.parametrize('amended', [False, True])
def test_a_second_run_waits_for_the_first(feeder, untrained, whole, amended):
    """Two launches at once: the second waits, then has nothing left to do."""
    output, lines = feeder.folder / 's.csv', []
    output.write_text('a table of other inputs')
    feeder.give(feeder.picks)
    holder = feeder.folder / 'held'
    rows = [line.split(',') for line in whole.decode().splitlines()[1:]]
    unread = [rows[0][0], '', '', '', '', 'unreadable', 'gone']
    first = os.fork()
    if first == 0:      # locks of a process do not keep out the process itself
        scores = _scores(feeder, output)
        scores.open(CLASSES)
        scores.append([unread, *rows[1:]] if amended else rows)
        holder.touch()
        _wait_for(lambda: lines or not holder.exists())
        scores._resuming = False
        scores.complete({int(rows[0][0]): rows[0]} if amended else {})
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
    assert not any('min left' in line for line in lines), 'something was scored again'
    assert not list(feeder.folder.glob('*.part'))


def test_what_a_run_that_gave_up_leaves_is_not_taken_for_its_scores(feeder, untrained, whole):
    """A table of other inputs is there, and the run that is waited for finds nothing that it can read."""
    output, lines = feeder.folder / 's.csv', []
    output.write_bytes(whole.replace(b',0.', b',1.'))
    feeder.give(feeder.picks)
    feeder.end()
    holder = feeder.folder / 'held'
    first = os.fork()
    if first == 0:
        scores = _scores(feeder, output)
        scores.open(CLASSES)
        holder.touch()
        _wait_for(lambda: not holder.exists())
        scores.discard()
        os._exit(0)
    _wait_for(holder.exists)
    _run(feeder, untrained, output, log=lambda line: (lines.append(line), holder.unlink(missing_ok=True)))
    os.waitpid(first, 0)
    assert 'waiting for the end' in lines[0] and output.read_bytes() == whole


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


@pytest.mark.parametrize('ended', [False, True])
def test_the_command_ends_within_seconds_when_its_feeder_is_killed(data_set, feeder, model, other, start_worker, ended):
    """While it scores; what is scored stays."""
    process, line = other
    feeder.feed.write_text(f'{line}\n' + ('end\n' if ended else ''))
    output = feeder.folder / 's.csv'
    worker = start_worker('prune', '--micrographs', data_set.micrographs, '--coordinates', data_set.coordinates,
                          '--model', model[0], '--device', 'cpu', '--threads', 1, '--batch-size', 8, '--output', output,
                          '--follow', feeder.feed)
    _wait_for(lambda: _rows(output) > 0)
    process.kill()
    start = time.monotonic()
    _, errors = worker.communicate(timeout=60)
    if worker.returncode == 0 and ended:
        pytest.skip('it was through before it could look')
    assert worker.returncode == 75 and 'the process that started this run has ended' in errors
    assert len(errors.splitlines()) == 1 and time.monotonic() - start < 20
    assert list(feeder.folder.glob('s.csv.*.part')) and not output.exists()


def test_jobs_that_share_the_rows_make_the_table_of_one(feeder, untrained, whole):
    """While more rows may come: each ends when its own are scored. The last one goes on where it was killed."""
    feeder.give(feeder.picks)
    parts, lines = [], whole.splitlines(keepends=True)
    for first, end in ((0, 33), (33, 34), (34, len(feeder.picks))):
        output = feeder.folder / f's_{first}.csv'
        scores, log = GrowingScores(output, (__file__,), print, rows=range(first, end)), []
        if first == 34:
            scores.partial.write_bytes(lines[0] + b''.join(lines[35:60]) + lines[60][:9])
        report = prune(_source(feeder), *untrained, scores, [choose_device('cpu')], 16, log.append,
                       rows=range(first, end))
        assert report['boxes'] == end - first
        parts.append(output.read_bytes().partition(b'\n')[2])
    assert whole.partition(b'\n')[2] == b''.join(parts)
    assert '25 picks were scored by an earlier run; continuing with the others' in log


def test_rows_that_are_not_there(feeder, model, worker):
    feeder.give(feeder.picks)
    command = ('prune', '--micrographs', feeder.micrographs, '--coordinates', feeder.coordinates, '--model', model[0],
               '--output', feeder.folder / 's.csv', '--rows')
    for rows, line in (('5:5', 'give FIRST:END'), ('x', 'give FIRST:END'), ('1:-5', 'give FIRST:END'),
                       ('100000:100001', f'has {len(feeder.picks)} rows, of which none is from 100000 on')):
        assert line in worker(*command, rows).stderr
