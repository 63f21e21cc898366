"""Ours against stricter thresholds of the pickers themselves (use case 2 of the paper), on published picks.

    PYTHONPATH=pickeroptimizer python benchmarks/picker_thresholds.py --data empiar-10017 [--plot FILE] [--shots 30]
        [--draws 5]

Run it with the worker's Python. The data set is that of published_picks.py, and so is the truth: junk is what lies on
ice or film, true particles are those that people marked; other picks count for nothing. Each draw learns from labels
on a random half of the micrographs and judges by the picks on the other half; the picker's own threshold is judged by
the same picks. Pickers whose table has no scores, or one score for all, are left out.

Two questions are answered for each picker. Ours removes some junk and loses some particles. With a threshold that
loses at most as many particles, how much junk does the picker remove? And with one that removes at least as much junk,
how many particles does it lose? Either threshold is found with the truth at hand, as no user could, which favours the
picker. Prints a Markdown table; --plot draws both as curves.
"""
import argparse
import csv
from collections import defaultdict
from pathlib import Path
from typing import NamedTuple

import numpy as np
from labelled import FOLDS, default_recipe, drawn, embedded_data_set
from matplotlib.figure import Figure
from published_picks import JUNK, TRUE, describe
from worker.exchange.classes import decide
from worker.exchange.plots import COLOURS
from worker.training.cross_validation import fit_calibrated

GRID = np.append(0, np.geomspace(0.001, 1, 301))      # shares of the particles lost, for mean curves
TICKS = [0, 1, 2, 5, 10, 20, 50, 100]      # %
ACROSS = 2                                 # panels


class Curve(NamedTuple):
    """What growing thresholds do: shares (0-1) of the particles lost and of the junk removed, both never falling."""
    lost: np.ndarray
    removed: np.ndarray

    def removed_at(self, lost):
        """The most junk that is removed at no more than this loss."""
        return self.removed[np.searchsorted(self.lost, lost, side='right') - 1]

    def lost_at(self, removed):
        """The least loss at which this much junk is removed, or more."""
        return self.lost[np.searchsorted(self.removed, removed, side='left')]


class Outcome(NamedTuple):
    """One draw: the curves, and what our decision by the most probable class comes to."""
    ours: Curve
    picker: Curve
    lost: float
    removed: float
    junk: int


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--data', type=Path, required=True)
    parser.add_argument('--plot', type=Path)
    parser.add_argument('--shots', type=int, default=30)
    parser.add_argument('--draws', type=int, default=5)
    options = parser.parse_args()
    outcomes = judge(options.data, options.shots, options.draws)
    print_table(outcomes)
    if options.plot:
        plot(outcomes).savefig(options.plot, dpi=90)


def judge(folder, shots, draws):
    """{picker: its Outcomes}; draws without junk or without particles on the judged micrographs are left out."""
    recipe, samples, embedded, targets = embedded_data_set(folder, default_recipe())
    scores = {path: read_scores(path) for path in sorted((folder / 'picks').glob('*.csv'))}
    pickers = {path.stem: (describe(folder, path, recipe, samples), by_id) for path, by_id in scores.items()
               if len(set(by_id.values())) > 1}
    outcomes = defaultdict(list)
    for draw in range(draws):
        train, test = drawn(targets, samples.mic_ids, draw, shots)
        recogniser = fit_calibrated(recipe, embedded[train], targets[train], samples.mic_ids[train], FOLDS, draw)
        judged = list(set(samples.mic_ids[test]))
        for name, (picks, by_id) in pickers.items():
            here = np.isin(picks.mic_ids, judged)
            junk, true = picks.truth[here] == JUNK, picks.truth[here] == TRUE
            if not junk.any() or not true.any():
                continue
            probabilities = recipe.predict(recogniser, picks.features[here])
            kept = decide(probabilities) == 0
            own = np.array([by_id[i] for i in picks.ids[here].tolist()])
            outcomes[name].append(Outcome(curve(probabilities[:, 0], junk, true),
                                          curve(own, junk, true), (~kept[true]).mean(), (~kept[junk]).mean(),
                                          int(junk.sum())))
    return outcomes


def read_scores(path):
    """{coord_id: score} of a picker's table, {} if a pick has none."""
    with open(path, newline='') as stream:
        rows = list(csv.DictReader(stream))
    if not all(row['score'] for row in rows):
        return {}
    return {int(row['coord_id']): float(row['score']) for row in rows}


def curve(scores, junk, true):
    """The Curve of keeping the picks with at least so much score; scores (n,), junk and true (n,) bool."""
    cuts = np.append(np.unique(scores), np.inf)
    return Curve(np.searchsorted(np.sort(scores[true]), cuts) / true.sum(),
                 np.searchsorted(np.sort(scores[junk]), cuts) / junk.sum())


def print_table(outcomes):
    print('| picker | draws with junk | junk in a draw | ours removes, % of the junk | and loses, % of the particles | '
          'its threshold at our loss removes, % | its threshold at our junk loses, % |')
    print('|---' * 7 + '|')
    for name, rows in outcomes.items():
        columns = ([row.removed for row in rows], [row.lost for row in rows],
                   [row.picker.removed_at(row.lost) for row in rows], [row.picker.lost_at(row.removed) for row in rows])
        cells = ' | '.join(spread(100 * np.array(values)) for values in columns)
        print(f'| {name} | {len(rows)} | {amount(rows)} | {cells} |')


def amount(rows):
    """How many pieces of junk there are in a draw."""
    junk = [row.junk for row in rows]
    return f'{min(junk)} to {max(junk)}' if min(junk) < max(junk) else str(junk[0])


def spread(values):
    """Mean ± s.d. and the range, in words."""
    return f'{values.mean():.1f} ± {values.std():.1f} ({values.min():.1f} to {values.max():.1f})'


def plot(outcomes):
    """A Figure with a panel for each picker: mean curves over the draws, each draw thin, our decision a mark."""
    down = -(-len(outcomes) // ACROSS)
    figure = Figure(figsize=(9, 3.6 * down), layout='constrained')
    panels = figure.subplots(down, ACROSS, sharex=True, sharey=True, squeeze=False)
    for axes in panels.flat[len(outcomes):]:
        axes.set_visible(False)
    for axes, (name, rows) in zip(panels.flat, outcomes.items()):
        for colour, label, curves in ((COLOURS[0], 'ours, threshold on the probability', [row.ours for row in rows]),
                                      (COLOURS[1], "the picker's threshold", [row.picker for row in rows])):
            for one in curves:
                axes.plot(100 * GRID, 100 * one.removed_at(GRID), color=colour, linewidth=0.6, alpha=0.35)
            axes.plot(100 * GRID, 100 * np.mean([one.removed_at(GRID) for one in curves], axis=0), color=colour,
                      linewidth=2, label=label)
        axes.plot([100 * row.lost for row in rows], [100 * row.removed for row in rows], 'o', color='black',
                  markersize=4, label='ours, most probable class')
        axes.set_title(f'{name} (draws with junk: {len(rows)}; junk in each: {amount(rows)})', fontsize='medium')
        axes.set_xscale('symlog', linthresh=1, linscale=0.5)
        axes.set_xticks(TICKS, TICKS)
        axes.set_xlim(-0.05, 100)
        axes.grid(alpha=0.3)
    figure.supxlabel('particles lost, %')
    figure.supylabel('junk removed, %')
    figure.legend(*panels.flat[0].get_legend_handles_labels(), loc='outside upper center', ncols=3)
    return figure


if __name__ == '__main__':
    main()
