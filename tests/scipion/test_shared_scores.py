"""Cutting the rows of a table of picks for several jobs."""
import numpy as np
import pytest

from pickeroptimizer.convert import shared_scores
from pickeroptimizer.worker.exchange.errors import InputError


@pytest.mark.parametrize('number', [1, 2, 3, 7, 100])
def test_rows_are_cut_where_a_micrograph_ends(number):
    sizes = np.random.default_rng(number).integers(1, 50, 20)
    micIds = np.repeat(np.arange(20), sizes)
    shares = shared_scores.cutRows(micIds, 10, number)
    assert shares[0].start == 10 and shares[-1].stop == 10 + len(micIds) and len(shares) <= number
    for rows, after in zip(shares, shares[1:]):
        assert rows.stop == after.start
        assert micIds[rows.stop - 11] != micIds[rows.stop - 10]
    assert max(map(len, shares)) <= len(micIds) / number + 50


def test_what_an_earlier_launch_left(tmp_path):
    for name in ('scores_0_5.csv', 'scores_5_20.csv.01.part', 'scores_20_30.csv', 'scores_25_40.csv.0.part',
                 'scores_60_90.csv', 'scores_70_101.csv', 'scores.csv.0.part'):
        (tmp_path / name).write_bytes(b'')
    kept = shared_scores.keepShares(str(tmp_path), 5, 100)
    assert kept == [range(5, 20), range(20, 30), range(60, 90)]
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        'scores.csv.0.part', 'scores_20_30.csv', 'scores_5_20.csv.01.part', 'scores_60_90.csv']
    assert shared_scores.gaps(kept, 5, 100) == [range(30, 60), range(90, 100)]
    assert shared_scores.gaps([], 5, 100) == [range(5, 100)]


def test_tables_are_joined_to_what_was_scored(tmp_path):
    partial, header = tmp_path / 'scores.csv.0.part', b'coord_id,particle\n'
    partial.write_bytes(header + b'1,a\n2,b\n3,to')      # the last one torn
    (tmp_path / 'scores_2_3.csv').write_bytes(header + b'3,c\n')
    (tmp_path / 'scores_3_5.csv').write_bytes(header + b'4,d\n')
    shares = [range(2, 3), range(3, 5)]
    with pytest.raises(InputError, match=r'scores_3_5.csv: 2 rows of scores were expected'):
        shared_scores.joinShares(str(tmp_path), str(partial), shares)
    (tmp_path / 'scores_3_5.csv').write_bytes(header + b'4,d\n5,e\n')
    shared_scores.joinShares(str(tmp_path), str(partial), shares)
    assert partial.read_bytes() == header + b'1,a\n2,b\n3,c\n4,d\n5,e\n'
    assert [path.name for path in tmp_path.iterdir()] == ['scores.csv.0.part']
