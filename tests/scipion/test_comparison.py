"""The figures of a comparison: joins against brute force, and statistics against sums done by hand."""
import csv
import json
import math
import re
import warnings

import numpy as np
import pytest
from matplotlib import cbook
from matplotlib.figure import Figure
from scipy.optimize import linear_sum_assignment

from pickeroptimizer.comparison import UNKNOWN, Comparison, Method, agreement, report
from pickeroptimizer.comparison.analysis import Analysis
from pickeroptimizer.comparison.bootstrap import interval
from pickeroptimizer.comparison.curves import curve, curves, junk_removed_at, most_junk_removed
from pickeroptimizer.comparison.describe import answer, sentences
from pickeroptimizer.comparison.matching import match
from pickeroptimizer.comparison.plots import draw_trade
from pickeroptimizer.comparison.tables import price_table, write_tables
from pickeroptimizer.comparison.truth import judge
from pickeroptimizer.worker.exchange.errors import InputError


def method(name, kept, scores=None, covered=None, **values):
    kept = np.array(kept, dtype=bool)
    return Method(name, kept, np.ones(len(kept), dtype=bool) if covered is None else np.array(covered, dtype=bool),
                  np.full(len(kept), np.nan) if scores is None else np.array(scores, dtype=float),
                  '' if scores is None else '_score', **values)


def compared(*methods, truth=None, mic_ids=None):
    n = len(methods[0].kept)
    mic_ids = np.array([2] * n if mic_ids is None else mic_ids, dtype=np.int64)
    return Comparison(np.arange(n) + 5, mic_ids, np.arange(n, dtype=float), np.zeros(n), list(methods),
                      None if truth is None else np.array(truth, dtype=np.int8),
                      {mic_id: (f'mic {mic_id}', f'nowhere/{mic_id}.mrc') for mic_id in (7, 2, 3)}, 50.0, 1.5, 10.0)


# ------------------------------ joining ------------------------------

def brute_force(xy, other, tolerance):
    """(pairs, sum of distances) of the optimal assignment, by a dense method."""
    distances = np.hypot(*(xy[:, None] - other[None]).transpose(2, 0, 1))
    rows, columns = linear_sum_assignment(np.where(distances <= tolerance, distances - 1e4, 0))
    chosen = distances[rows, columns]
    return np.count_nonzero(chosen <= tolerance), chosen[chosen <= tolerance].sum()


@pytest.mark.parametrize('seed', range(8))
def test_matching_is_optimal(seed):
    rng = np.random.default_rng(seed)
    for _ in range(25):
        n, m = rng.integers(0, 30, 2)
        side, tolerance = rng.choice([4, 15, 60]), rng.choice([0, 1, 2.5, 8, 40])
        xy, other = (rng.integers(0, side, (k, 2)) + rng.choice([0, 1]) * rng.random((k, 2)) for k in (n, m))
        mics, other_mics = rng.integers(0, 3, n), rng.integers(0, 3, m)
        rows, columns = match(mics, xy, other_mics, other, tolerance)
        assert len(set(rows.tolist())) == len(rows) and len(set(columns.tolist())) == len(columns)
        assert (mics[rows] == other_mics[columns]).all() and (np.diff(rows) > 0).all()
        distances = np.hypot(*(xy[rows] - other[columns]).T)
        assert (distances <= tolerance).all()
        best = [brute_force(xy[mics == k], other[other_mics == k], tolerance) for k in range(3)]
        assert len(rows) == sum(pairs for pairs, _ in best)
        assert distances.sum() == pytest.approx(sum(total for _, total in best), abs=1e-8)
        # In any order the same places are joined.
        p, q = rng.permutation(n), rng.permutation(m)
        again = match(mics[p], xy[p], other_mics[q], other[q], tolerance)
        found, expected = (sorted(zip(mics[a].tolist(), *xy[a].T.tolist(), *other[b].T.tolist()))
                           for a, b in ((p[again[0]], q[again[1]]), (rows, columns)))
        assert found == expected


def test_matching_is_not_greedy():
    # The nearest pair, 1 px apart, would leave two picks alone.
    xy, other = np.array([[0., 0], [9, 0]]), np.array([[8., 0], [17, 0]])
    rows, columns = match(np.zeros(2, int), xy, np.zeros(2, int), other, 8)
    assert (rows.tolist(), columns.tolist()) == ([0, 1], [0, 1])


def test_tolerance_of_nothing_joins_equal_positions():
    xy, other = np.array([[1., 1], [2, 2], [2, 2], [3, 3.5]]), np.array([[2., 2], [3, 3], [1, 1], [2, 2], [2, 2]])
    rows, columns = match(np.zeros(4, int), xy, np.zeros(5, int), other, 0)
    assert rows.tolist() == [0, 1, 2] and columns.tolist() == [2, 0, 3]


# ------------------------------ agreement ------------------------------

def fifty():
    """The textbook table of Cohen's kappa: 20 both, 5 and 10 one alone, 15 neither; kappa 0.4."""
    return compared(method('A', [1] * 25 + [0] * 25), method('B', [1] * 20 + [0] * 5 + [1] * 10 + [0] * 15))


def test_agreement_of_two():
    pair, = agreement.pairs(fifty())
    assert (pair.both, pair.only_first, pair.only_second, pair.neither, pair.shared) == (20, 5, 10, 15, 50)
    assert pair.agreement == pytest.approx(0.7) and pair.kappa == pytest.approx(0.4)


def test_only_what_both_were_given_counts():
    comparison = compared(method('all', [1, 1, 1, 1]), method('part', [1, 0, 0, 0], covered=[1, 1, 0, 0]),
                          method('other part', [0, 0, 1, 0], covered=[0, 0, 1, 1]),
                          method('mere score', [1] * 4, [1, 2, 3, 4], decides=False), mic_ids=[2, 2, 3, 3])
    counts = agreement.counts(comparison)
    assert [(c.name, c.covered, c.kept, c.rejected, c.micrographs, c.emptied) for c in counts] == [
        ('all', 4, 4, 0, 2, 0), ('part', 2, 1, 1, 1, 0), ('other part', 2, 1, 1, 1, 0)]
    pairs = {(p.first, p.second): p for p in agreement.pairs(comparison)}
    assert pairs[0, 1].shared == 2 and pairs[0, 1].agreement == 0.5
    assert pairs[1, 2].shared == 0 and math.isnan(pairs[1, 2].agreement) and math.isnan(pairs[1, 2].kappa)
    assert agreement.patterns(comparison) == ([], 4)
    assert agreement.kept_by_all(comparison).tolist() == [True, False, True, False]
    assert agreement.kept_by_majority(comparison).tolist() == [True, False, True, False]      # half is none
    assert agreement.kept_by_one(comparison).tolist() == [False, True, False, True]
    assert agreement.select(comparison, {0: True, 1: False}).tolist() == [False, True, False, False]
    table = agreement.per_micrograph(comparison)
    assert table.mic_ids.tolist() == [7, 2, 3] and table.picks.tolist() == [0, 2, 2]
    assert table.kept.tolist() == [[0, 0, 0], [2, 1, 0], [2, 0, 1]] and table.disputed.tolist() == [0, 1, 1]


def test_kappa_of_two_that_keep_all_is_not_defined():
    pair, = agreement.pairs(compared(method('A', [1, 1]), method('B', [1, 1])))
    assert pair.agreement == 1 and math.isnan(pair.kappa)


def test_patterns_of_twenty_methods():
    kept = np.zeros((20, 6), dtype=bool)
    kept[:, :3] = True      # three picks that all keep,
    kept[19, 3:5] = True    # two that the last alone keeps, one that none does
    patterns, left_out = agreement.patterns(compared(*(method(str(i), row) for i, row in enumerate(kept))))
    assert [(sum(p.kept), p.kept[19], p.count) for p in patterns] == [(20, True, 3), (1, True, 2), (0, False, 1)]
    assert left_out == 0


# ------------------------------ truth, thresholds, intervals ------------------------------

def judged():
    """Eight particles, four pieces of junk, one pick of no known class; particles score higher, all but one."""
    scores = [.9, .9, .8, .8, .7, .7, .6, .1, .5, .3, .3, .2, .99]
    return compared(method('ours', np.array(scores) >= 0.6, scores), truth=[0] * 8 + [1, 2, 2, 1] + [UNKNOWN],
                    mic_ids=[2, 7] * 6 + [3])


def test_judgement():
    one, = judge(judged())
    assert one.counts.tolist() == [[7, 1], [0, 2], [0, 2]]
    figures = {key: value for key, (value, _, _) in one.figures.items()}
    assert figures == {'junk_removed': 1, 'particles_lost': 1 / 8, 'precision': 1, 'recall': 7 / 8,
                       'f1': pytest.approx(14 / 15)}
    assert judge(compared(method('A', [1]))) == []


def test_curve():
    comparison = judged()
    found = curve(comparison, comparison.methods[0])
    assert found.thresholds[:-1].tolist() == [.1, .2, .3, .5, .6, .7, .8, .9, .99]
    assert found.kept.tolist() == [13, 12, 11, 9, 8, 7, 5, 3, 1, 0] and found.unscored == (0, 0)
    removed, lost = found.figures['junk_removed'][0], found.figures['particles_lost'][0]
    assert removed.tolist() == [0, 0, .25, .75, 1, 1, 1, 1, 1, 1]
    assert lost.tolist() == [0, .125, .125, .125, .125, .25, .5, .75, 1, 1]
    assert junk_removed_at({'junk_removed': removed, 'particles_lost': lost}, 0.125) == 1
    assert [found.at_loss[loss][0] for loss in (0.01, 0.1)] == [0, 0]
    # Of the threshold that was used, the curve says what the judgement says.
    own = judge(comparison)[0].figures
    at = found.thresholds.tolist().index(.6)
    for key, (value, low, high) in own.items():
        assert (value, low, high) == pytest.approx(tuple(part[at] for part in found.figures[key]), nan_ok=True)


def test_picks_without_a_score_stay_as_they_are():
    nan = math.nan
    comparison = compared(method('A', [1, 1, 0, 0, 1], [.8, nan, nan, .2, .8], covered=[1, 1, 1, 1, 0]))
    found = curve(comparison, comparison.methods[0])
    assert found.kept.tolist() == [3, 2, 1] and found.scored == 2 and found.unscored == (1, 1)
    assert curve(comparison, method('none', [1] * 5)) is None
    assert curve(comparison, method('elsewhere', [0, 0, 0, 0, 1], [nan] * 4 + [1.], [1, 1, 1, 1, 0])) is None


def test_a_constant_score_and_many_scores():
    comparison = compared(method('constant', [1] * 3, [4, 4, 4]))
    assert curve(comparison, comparison.methods[0]).kept.tolist() == [3, 0]
    scores = np.random.default_rng(0).random(5000)
    comparison = compared(method('many', scores > 0.5, scores))
    found = curve(comparison, comparison.methods[0])
    assert len(found.thresholds) <= 201
    assert found.kept.tolist() == [int((scores >= threshold).sum()) for threshold in found.thresholds]


def test_a_score_that_most_picks_share():
    """Steps of equally many picks alone would leave two thresholds of 300."""
    scores = np.array([1.0] * 99_700 + [i / 1000 for i in range(300)])
    truth = [0] * 99_700 + [1] * 250 + [0] * 50
    comparison = compared(method('A', scores > 0.5, scores), truth=truth)
    found = curve(comparison, comparison.methods[0])
    assert 90 < len(found.thresholds) <= 201
    assert found.kept.tolist() == [int((scores >= threshold).sum()) for threshold in found.thresholds]
    assert found.at_loss[0.01][0] == 1


@pytest.mark.parametrize('seed', range(5))
def test_the_best_threshold_is_the_best_of_all(seed):
    """At whatever score it is: also between the points of the curve."""
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, 3, 3000)
    scores = np.where(rng.random(3000) < 0.1, np.nan, np.round(rng.normal(truth == 0, 1), rng.integers(1, 6)))
    comparison = compared(method('A', rng.random(3000) < 0.5, scores), truth=truth)
    one = comparison.methods[0]
    tried = [np.where(np.isnan(scores), one.kept, scores >= t) for t in (*np.unique(scores[scores == scores]), np.inf)]
    figures = [((~kept)[truth == 0].mean(), (~kept)[truth > 0].mean()) for kept in tried]
    for loss in (0.1, 0.153, 0.2, 1.0):
        assert most_junk_removed(comparison, one, loss) == max(removed for lost, removed in figures if lost <= loss)
    assert math.isnan(most_junk_removed(comparison, one, 0.001))
    at_loss = curve(comparison, one).at_loss
    assert at_loss[0.1][0] == most_junk_removed(comparison, one, 0.1) and math.isnan(at_loss[0.01][0])


def test_intervals_resample_micrographs():
    def share(sums):
        return sums[:, 0] / np.maximum(1, sums.sum(axis=-1))

    rng = np.random.default_rng(3)
    # 40 micrographs, each all good or all bad: as sure as 40 tosses of a coin, whatever the number of picks.
    good = rng.random(40) < 0.5
    low, high = interval(np.stack([good * 250, ~good * 250], axis=1), share)
    assert high - low == pytest.approx(2 * 1.96 * 0.5 / math.sqrt(40), rel=0.15)
    # The same share on all of them is sure.
    assert interval(np.full((40, 2), 125), share) == (0.5, 0.5)
    # In any order the same interval; none of a single micrograph, nor from empty ones.
    counts = rng.integers(0, 50, (12, 2))
    assert interval(counts, share) == interval(counts[::-1], share) == interval(
        np.concatenate([counts, np.zeros((9, 2))]), share)
    assert np.isnan(interval(counts[:1], share)).all()


# ------------------------------ on disk ------------------------------

def test_saved_and_loaded(tmp_path):
    comparison = judged()
    comparison.methods.append(method('B "µ"', [1, 0] * 6 + [1], covered=[1] * 12 + [0], unmatched=3, elsewhere=2,
                                     notes=['a note']))
    comparison.save(tmp_path)
    loaded = Comparison.load(tmp_path)
    for before, after in zip(comparison.methods, loaded.methods):
        for key, value in vars(before).items():
            np.testing.assert_array_equal(value, getattr(after, key))
    for key in ('ids', 'mic_ids', 'x', 'y', 'truth'):
        np.testing.assert_array_equal(getattr(comparison, key), getattr(loaded, key))
    assert loaded.micrographs == comparison.micrographs and list(loaded.micrographs) == [7, 2, 3]
    assert (loaded.box, loaded.pixel_size, loaded.tolerance) == (50, 1.5, 10)


def test_classes_of_the_truth(tmp_path):
    """Five of them, of any name, through the file, the table and the words; an earlier version named none."""
    comparison = judged()
    comparison.save(tmp_path)
    facts = tmp_path / 'comparison.json'
    content = json.loads(facts.read_text())
    assert content.pop('classes') == ['particle', 'ice', 'carbon']
    facts.write_text(json.dumps({**content, 'format': 1}))
    assert Comparison.load(tmp_path).classes == ('particle', 'ice', 'carbon')

    comparison.classes = 'particle', 'ice', 'empty', 'fiducial', 'gold edge'
    comparison.truth[comparison.truth == 2] = 4
    comparison.save(tmp_path)
    loaded = Comparison.load(tmp_path)
    assert loaded.classes == comparison.classes and (loaded.truth == comparison.truth).all()
    analysis = Analysis.of(loaded)
    write_tables(analysis, tmp_path)
    header, row = (tmp_path / 'truth.csv').read_text().splitlines()
    values = dict(zip(header.split(','), row.split(',')))
    edges = int((comparison.truth == 4).sum())
    assert edges and values['true gold edge'] == str(edges) and values['true empty'] == '0'
    assert values['empty removed'] == '' and 0 <= float(values['gold edge removed']) <= 1
    assert values['true particle'] == '8' and values['particles lost'] == '0.125'      # junk is junk
    assert any(f'{edges} gold edge)' in line for line in sentences(analysis))
    content = json.loads(facts.read_text())
    facts.write_text(json.dumps({**content, 'classes': ['ice', 'particle']}))
    with pytest.raises(InputError, match='do not begin with the particle'):
        Comparison.load(tmp_path)


@pytest.mark.parametrize('damage', ['no json', 'no npz', 'text', 'short', 'other number', 'newer', 'truth',
                                    'micrograph'])
def test_damaged_files_are_told(tmp_path, damage):
    judged().save(tmp_path)
    facts, columns = tmp_path / 'comparison.json', tmp_path / 'comparison.npz'
    content = json.loads(facts.read_text())
    if damage.startswith('no '):
        (facts if damage == 'no json' else columns).unlink()
    elif damage == 'text':
        facts.write_text('{')
    elif damage == 'short':
        columns.write_bytes(columns.read_bytes()[:200])
    elif damage == 'truth':
        comparison = judged()
        comparison.truth[0] = 7
        comparison.save(tmp_path)
    else:
        content.update({'other number': {'picks': 5}, 'newer': {'format': 99},
                        'micrograph': {'micrographs': [[7, 'a', 'b']]}}[damage])
        facts.write_text(json.dumps(content))
    with pytest.raises(InputError) as error:
        Comparison.load(tmp_path)
    assert str(tmp_path) in str(error.value) and '\n' not in str(error.value)


def test_any_damaged_byte_is_told_in_one_line(tmp_path):
    """What unpacks no more raises errors of its own; or nothing, where the byte says nothing."""
    judged().save(tmp_path)
    columns, rng = tmp_path / 'comparison.npz', np.random.default_rng(0)
    whole, told = columns.read_bytes(), 0
    for _ in range(400):
        damaged = bytearray(whole)
        damaged[rng.integers(len(whole))] ^= rng.integers(1, 256)
        columns.write_bytes(damaged)
        try:
            Comparison.load(tmp_path)
        except InputError as error:
            assert '\n' not in str(error)
            told += 1
    assert told > 200


# ------------------------------ words, tables, the report ------------------------------

def test_sentences_say_what_is_special():
    comparison = compared(method('everything', [1] * 4), method('nothing', [0] * 4),
                          method('part', [1, 0, 0, 0], covered=[1, 1, 0, 0], unmatched=1, elsewhere=4),
                          mic_ids=[2, 2, 3, 3])
    text = '\n'.join(sentences(Analysis.of(comparison)))
    assert '*everything*: kept 4 of 4 picks (100.0 %): *all of them*.' in text
    assert '*nothing*: kept 0 of 4 picks (0.0 %): *none*.' in text
    assert '*part*: kept 1 of 2 picks (50.0 %) on the 1 of 2 micrographs that it was given' in text
    assert '1 pick of it has no reference pick of its own' in text and '4 picks of it are on no micrograph' in text
    assert 'All methods agree on 0 of 2 picks (0.0 %); 2 more were not given to all of them.' in text


def test_tables(tmp_path):
    analysis = Analysis.of(judged())
    write_tables(analysis, tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        'curves.csv', 'junk_removed_at_loss.csv', 'methods.csv', 'micrographs.csv', 'patterns.csv', 'truth.csv']
    header, row = (tmp_path / 'truth.csv').read_text().splitlines()
    values = dict(zip(header.split(','), row.split(',')))
    assert values['true particle'] == '8' and values['particles lost'] == '0.125' and values['ice removed'] == '1'
    assert float(values['particles lost low']) <= 0.125 <= float(values['particles lost high'])
    assert len((tmp_path / 'curves.csv').read_text().splitlines()) == 1 + len(curves(analysis.comparison)[0].thresholds)


def test_thresholds_in_a_table_are_those_that_were_counted(tmp_path):
    scores = [0.1234567891, 0.1234567892, 0.9999999, 1234567.25]
    write_tables(Analysis.of(compared(method('A', [1] * 4, scores))), tmp_path)
    with open(tmp_path / 'curves.csv', newline='') as stream:
        rows = [(float(row['threshold']), int(row['kept'])) for row in csv.DictReader(stream)]
    assert [kept for _, kept in rows] == [4, 3, 2, 1, 0]
    assert all(sum(score >= threshold for score in scores) == kept for threshold, kept in rows)


def test_a_single_micrograph_has_no_intervals():
    lines = sentences(Analysis.of(compared(method('A', [1, 0, 1]), truth=[0, 1, 0])))
    assert any('There are no intervals' in line for line in lines)
    assert not any('In brackets' in line or ' to ' in line for line in lines)


@pytest.mark.parametrize('name', ['$_$', 'a $\\frac$ b', '$5 to $10', '_first', '%s {0} \\', '🧊 "µ"\n2'])
def test_names_are_shown_as_they_are(name):
    """Not as formulas, nor left out of the legend."""
    comparison = compared(method(name, [1, 0, 1], [1, 2, 3]), method('B', [0, 0, 1]), truth=[0, 1, UNKNOWN])
    with warnings.catch_warnings():
        warnings.filterwarnings('ignore', 'Glyph')
        report.page(Analysis.of(comparison), 2)
    axes = Figure().subplots()
    draw_trade(axes, curves(comparison), judge(comparison), True)
    drawn = [text for text in axes.get_legend().get_texts() if text.get_text() != 'B']
    assert [text.get_text().strip().replace(r'\$', '$') for text in drawn] == [name]
    assert not any(cbook.is_math_text(text.get_text()) for text in drawn)


def test_report_stands_alone_and_is_escaped(tmp_path):
    evil = '<script>alert("x")</script> & *b*'
    comparison = compared(method(evil, [1, 0, 1], [1, 2, math.nan]), method('B', [0, 0, 1]), truth=[0, 1, UNKNOWN])
    comparison.reference = evil
    comparison.micrographs[2] = (evil, 'nowhere.mrc')
    report.write(tmp_path / 'report.html', Analysis.of(comparison), 2)
    text = (tmp_path / 'report.html').read_text()
    assert '<script' not in text and '&lt;script&gt;' in text
    assert not re.search(r'(?:src|href)="(?!data:image/png;base64,)', text)
    assert '//' not in re.sub('base64,[^"]*', '', text)
    assert 'None of the micrographs could be read' in text and text.count('<img') == 3


def test_the_report_opens_with_the_answer():
    """The strict one loses a tenth of the particles and removes all junk; the loose one keeps 90 of 100 picks."""
    truth, number = np.repeat([0, 1], 50), np.arange(100)
    methods = method('loose', number < 90), method('strict', (truth == 0) & (number % 10 > 0))
    analysis = Analysis.of(compared(*methods, truth=truth, mic_ids=np.where(number % 2, 2, 3)))
    table = price_table(analysis)
    assert [row[:2] for row in table.rows] == [('strict', 45), ('loose', 90)]
    assert answer(analysis) == (
        '*strict* removes the most junk, 100.0 %, and loses 10.0 % of the particles; *loose* loses the fewest '
        'particles, 0.0 %, and removes 20.0 % of the junk.')
    page = report.page(analysis, 0)
    assert page.index('Which one, at what price') < page.index('removes the most junk') < page.index('In words')
    without = Analysis.of(compared(*methods))
    assert price_table(without).rows[0][:2] == ('loose', 90) and answer(without) == ''


def test_plots_begin_where_things_happen():
    """Below the lowest mark; the whole range where that is asked for."""
    truth, number = np.repeat([0, 1], 50), np.arange(100)
    good = compared(method('good', number < 52), truth=truth, mic_ids=np.where(number % 2, 2, 3))      # removes 96 %
    for most_lost, lowest in ((20, 80), (None, 0)):
        axes = Figure().subplots()
        draw_trade(axes, curves(good), judge(good), True, most_lost)
        assert axes.get_ylim()[0] == pytest.approx(lowest, abs=2.1) and axes.get_ylim()[1] > 100
