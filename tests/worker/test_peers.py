"""What the tables of benchmarks/peers.py and cryocofi_carbon.py count."""
import numpy as np
import torch
from cryocofi_carbon import best_threshold, circle_through, difference_of_modes
from peers import agreed, by_masks, by_threshold, counted, print_row
from published_picks import JUNK, TRUE, UNKNOWN, Picks
from worker.exchange.masks import write_mrc
from worker.exchange.tables import MICROGRAPH_COLUMNS, write_rows


def picks_of(truth, mic_ids):
    number = len(truth)
    return Picks(torch.zeros(number, 1, 2), np.array(truth), np.array(mic_ids), np.arange(1, number + 1))


def data_set(folder):
    """Two micrographs of 1 Å/px with boxes of 40 Å; their files are not read."""
    write_rows(folder / 'micrographs.csv', MICROGRAPH_COLUMNS, [(1, 'one.mrc', 1.0), (2, 'two.mrc', 1.0)])
    (folder / 'box_angstrom.txt').write_text('40')
    return folder


def test_what_is_counted_and_not_judged_counts_for_nothing(capsys):
    kept = np.array([0.0, 1.0, 1.0, 0.25, np.nan])
    counts = counted(kept, np.array([JUNK, JUNK, TRUE, TRUE, JUNK]), np.array([1, 1, 1, 2, 3]))
    assert {mic_id: row.tolist() for mic_id, row in counts.items()} == {1: [1, 2, 0, 1], 2: [0, 0, 0.75, 1]}
    print_row('picker', 'method', counts)
    assert capsys.readouterr().out.startswith('| picker | method | 2 | 50.0 (')


def test_the_threshold_loses_at_most_what_ours_loses():
    truth = [TRUE] * 10 + [JUNK] * 4 + [UNKNOWN]
    scores = np.array([*range(10), 0.5, 1.5, 2.5, 9.5, 0])
    ours = np.array([0.0, 0.0] + [1.0] * 8 + [0.0] * 4 + [1.0])
    kept = by_threshold(picks_of(truth, [1] * 15), scores, ours)
    assert kept[:10].tolist() == [0, 0] + [1] * 8      # a fifth, as ours
    assert kept[10:14].tolist() == [0, 0, 1, 1]


def test_agreement_needs_another_picker_on_the_micrograph(tmp_path):
    picks = {'a': picks_of([TRUE] * 3, [1, 1, 2]), 'b': picks_of([TRUE], [1])}
    places = {'a': np.array([(100, 100), (200, 200), (50, 50)]), 'b': np.array([(108, 100)])}
    kept = agreed('a', picks, places, data_set(tmp_path))
    assert kept[:2].tolist() == [1, 0] and np.isnan(kept[2])


def test_masks_of_other_programs(tmp_path):
    mask = np.zeros((200, 200), np.float32)
    mask[:, 100:] = 1
    write_mrc(tmp_path / 'one_mask.mrc', mask, (1.0, 1.0))
    kept = by_masks(tmp_path, picks_of([TRUE] * 3, [1, 1, 2]), np.array([(60.0, 100), (95, 100), (60, 100)]),
                    data_set(tmp_path))
    assert kept[:2].tolist() == [1, 0] and np.isnan(kept[2])


def test_the_circle_of_a_hole_is_found():
    y, x = np.mgrid[:120, :160]
    distance = np.hypot(x - 20, y - 150)
    a, b, _ = circle_through(np.abs(distance - 100) < 1, 100)
    assert abs(a - 100 - 20) <= 1 and abs(b - 100 - 150) <= 1
    inside = (distance < 100).astype(int)
    image = np.where(inside, 0.7, 0.3) + np.random.default_rng(0).normal(0, 0.02, inside.shape)
    assert abs(difference_of_modes(image, inside) - 0.4) < 0.1


def test_the_threshold_that_tells_film_best():
    threshold = best_threshold({1: 5.0, 2: 3.0, 3: 2.0, 4: -np.inf}, {1: True, 2: True, 3: False, 4: False})
    assert 2 < threshold < 3
