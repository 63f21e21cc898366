"""What holds for any table and any place of a box."""
import csv

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from worker.boxes import cropping
from worker.exchange import tables
from worker.exchange.errors import InputError
from worker.exchange.score_table import GrowingScores
from worker.inference.sources import WholeTables, runs

# csv has no way to tell a lone carriage return from a line's end, and paths hold no NUL.
TEXT = st.text(st.characters(blacklist_characters='\0\r', blacklist_categories=('Cs',)), min_size=1, max_size=20)
IDS = st.integers(-2 ** 63 + 1, 2 ** 63 - 1)
PX = st.floats(-1e6, 1e6)
quick = settings(max_examples=60, deadline=None)


@quick
@given(st.lists(st.tuples(IDS, TEXT, st.floats(1e-3, 1e3)), min_size=1, max_size=8, unique_by=lambda row: row[0]))
def test_micrographs_come_back(tmp_path_factory, rows):
    path = tmp_path_factory.mktemp('t') / 'm.csv'
    tables.write_rows(path, tables.MICROGRAPH_COLUMNS, rows)
    read = tables.read_micrographs(path)
    assert [(row.mic_id, row.path, row.pixel_size) for row in read.values()] == [
        (mic_id, path.parent / name, pixel_size) for mic_id, name, pixel_size in rows]


@quick
@given(st.lists(st.tuples(IDS, IDS, PX, PX), max_size=30, unique_by=lambda row: row[0]))
def test_coordinates_come_back(tmp_path_factory, rows):
    path = tmp_path_factory.mktemp('t') / 'c.csv'
    tables.write_rows(path, tables.COORDINATE_COLUMNS, rows)
    assert list(zip(*tables.CoordinateTable(path).read())) == rows


@quick
@given(st.lists(st.tuples(IDS, TEXT, TEXT), min_size=1, max_size=6), st.data())
def test_a_table_cut_anywhere_gives_whole_rows_only_and_the_rest_later(tmp_path_factory, rows, data):
    path = tmp_path_factory.mktemp('t') / 't.csv'
    tables.write_rows(path, ('id', 'a', 'b'), rows)
    content = path.read_bytes()
    end = data.draw(st.integers(0, len(content)))
    table, expected = tables.Table(path, ('b', 'id')), [(b, str(number)) for number, _, b in rows]
    path.write_bytes(content[:end])
    first = list(table.rows(growing=True))
    assert first == expected[:len(first)]
    path.write_bytes(content)
    assert first + list(table.rows(growing=True)) == expected
    assert list(table.rows()) == []


@quick
@given(st.lists(st.integers(1, 4), min_size=1, max_size=40))
def test_every_pick_is_in_one_group_and_those_of_a_micrograph_keep_their_order(tmp_path_factory, mic_ids):
    folder = tmp_path_factory.mktemp('t')
    tables.write_rows(folder / 'm.csv', tables.MICROGRAPH_COLUMNS, [(i, f'{i}.mrc', 1) for i in range(1, 5)])
    tables.write_rows(folder / 'c.csv', tables.COORDINATE_COLUMNS, [(i, m, i, 0) for i, m in enumerate(mic_ids)])
    groups = list(WholeTables(folder / 'm.csv', folder / 'c.csv'))
    assert [g.micrograph.mic_id for g in groups] == list(dict.fromkeys(mic_ids))
    for group in groups:
        assert group.ids.tolist() == [i for i, m in enumerate(mic_ids) if m == group.micrograph.mic_id]
        assert group.xy[:, 0].tolist() == group.ids.tolist()
    assert [i for run in runs(np.array(mic_ids)) for i in range(run.start, run.stop)] == list(range(len(mic_ids)))


SCORES = st.tuples(IDS, st.lists(st.floats(0, 1), min_size=4, max_size=4), st.sampled_from(['scored', 'outside']))


@quick
@given(st.lists(SCORES, min_size=1, max_size=12, unique_by=lambda row: row[0]), st.data())
def test_scores_broken_off_anywhere_are_continued(tmp_path_factory, rows, data):
    folder = tmp_path_factory.mktemp('t')
    lines = [[i, *(f'{v:.6f}' for v in values), status, ''] if status == 'scored' else
             [i, '', '', '', '', status, 'a, "b"'] for i, values, status in rows]

    def write(part, resumed):
        scores = GrowingScores(folder / 's.csv', (), print)
        scores.open(('particle', 'ice', 'carbon'))
        kept = scores.take([line[0] for line in lines])
        assert [row['coord_id'] for row in kept] == [str(line[0]) for line in lines[:len(kept)]]
        assert resumed or not kept
        scores.append(lines[len(kept):part])
        return scores

    write(len(lines), False).complete()
    whole = (folder / 's.csv').read_bytes()
    assert list(csv.reader(whole.decode().splitlines()))[1:] == [list(map(str, line)) for line in lines]
    (folder / 's.csv').unlink()
    scores = write(data.draw(st.integers(0, len(lines))), False)
    scores.close()
    content = scores.partial.read_bytes()
    scores.partial.write_bytes(content[:data.draw(st.integers(0, len(content)))])
    write(len(lines), True).complete()
    assert (folder / 's.csv').read_bytes() == whole


@quick
@given(st.integers(9, 60), st.integers(9, 60), st.floats(1, 200), st.sampled_from([16, 32]), st.data())
def test_boxes_up_to_the_border_hold_what_is_there(rows, columns, box, size, data):
    """A micrograph whose grey value is x + 1000 y: each pixel of a box tells the place that it shows."""
    box = min(box, rows, columns)
    y, x = np.mgrid[:rows, :columns].astype(np.float32)
    centres = np.array(data.draw(st.lists(st.tuples(st.floats(-0.4, columns - 0.6), st.floats(-0.4, rows - 0.6)),
                                          min_size=1, max_size=3)), dtype=np.float32)
    offsets = ((np.arange(size) + 0.5) / size - 0.5) * box
    for axis, (image, length) in enumerate(((x, columns), (y, rows))):
        step = max(1.0, box / size)
        level = cropping.Level(torch.from_numpy(image)[None, None], 1.0, 1.0)
        got = cropping.crop(level, torch.from_numpy(centres), box, size)[:, 0].numpy()
        place = centres[:, axis, None] + offsets
        mirrored = np.abs((place + 0.5) % (2 * length) - length) * -1 + length - 0.5      # about the outer edges
        expected = np.clip(mirrored, 0, length - 1)
        expected = expected[:, None, :] if axis == 0 else expected[:, :, None]
        np.testing.assert_allclose(got, np.broadcast_to(expected, got.shape), atol=0.02 * step)
    batches = cropping.batches(x + 7 * y, centres, box, size, (1.0, 2.0), 8, torch.device('cpu'))
    if box < cropping.LEAST_BOX:
        with pytest.raises(InputError, match='too small'):
            next(batches)
        return
    whole = next(batches)
    assert whole.shape == (len(centres), 2, size, size) and whole.isfinite().all()
    assert whole.abs().max() <= cropping.CLIP
