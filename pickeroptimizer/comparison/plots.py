"""Plots of a comparison on matplotlib axes. Knows neither Tk nor Scipion."""
from typing import List, Optional, Sequence, Tuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from ..worker.exchange.plots import COLOURS, MARKS
from .agreement import Pattern
from .curves import Curve
from .names import apart
from .truth import Judgement

TRADE = 'Junk removed against particles lost'
SHARE_KEPT = 'Share kept against the threshold'
LITTLE_LOST = 20               # per cent of the particles: curves beyond are of little use
BELOW = 10.0                   # per cent of the junk: so far below the lowest mark a plot begins, or up to twice that
DASHES = ('-', '--', ':')      # one more kind each time the colours are used up
KEPT_DOT, REJECTED_DOT = '#000000', '#D0D0D0'      # colours, in a chart of patterns


def style(number: int) -> Tuple[str, str, str]:
    """Return the colour, the kind of line and the mark of a method by its number: the first 20 all differ."""
    return COLOURS[number % len(COLOURS)], DASHES[number // len(COLOURS) % len(DASHES)], MARKS[number % len(MARKS)]


def labels(names: Sequence[str]) -> List[str]:
    """Return shortened names for matplotlib, which shows them as they are.

    It would read what is between two dollars as a formula, and leave a name out of legends for its first underscore.
    """
    texts = [text.replace('$', r'\$') for text in apart(names)]
    return [f' {text}' if text.startswith('_') else text for text in texts]


def draw_trade(axes: Axes, curves: Sequence[Curve], judgements: Sequence[Judgement], intervals: bool,
               most_lost: Optional[float] = None) -> List[Tuple[np.ndarray, np.ndarray]]:
    """Draw junk removed against particles lost, per cent: Curves with figures, and Judgements as marks.

    intervals: whether to draw those of the junk removed about the curves, and both about the marks. most_lost: per
    cent, where the plot ends, unless a mark lies beyond; it then begins somewhat below the lowest mark, for that is
    where things happen. None: the whole range. Returns (x, y) of each curve's points, nan where they are not seen.
    """
    marks = [100 * judgement.figures['particles_lost'][0] for judgement in judgements]
    end = 102 if most_lost is None else min(102, 1.05 * max([most_lost, *(lost for lost in marks if lost == lost)]))
    removals = [100 * judgement.figures['junk_removed'][0] for judgement in judgements]
    known = [removed for removed in removals if removed == removed]
    bottom = 0.0 if most_lost is None or not known else max(0.0, BELOW * (float(np.floor(min(known) / BELOW)) - 1))
    numbers = {name: number for number, name in enumerate(dict.fromkeys(
        [judgement.name for judgement in judgements] + [curve.name for curve in curves]))}
    drawn, legend = [], {name: {'linestyle': 'none', 'marker': 'none'} for name in numbers}
    for curve in curves:
        assert curve.figures is not None, 'there is a truth'
        colour, line, _ = style(numbers[curve.name])
        legend[curve.name]['linestyle'] = line
        lost, (removed, low, high) = 100 * curve.figures['particles_lost'][0], (
            100 * values for values in curve.figures['junk_removed'])
        axes.plot(lost, removed, line, color=colour, linewidth=1.4)
        if intervals:
            axes.fill_between(lost, low, high, color=colour, alpha=0.10, linewidth=0)
        seen = (lost <= end) & (removed >= bottom)
        drawn.append((np.where(seen, lost, np.nan), np.where(seen, removed, np.nan)))
    for judgement in judgements:
        colour, _, mark = style(numbers[judgement.name])
        legend[judgement.name]['marker'] = mark
        lost, removed = (100 * np.array(judgement.figures[key]) for key in ('particles_lost', 'junk_removed'))
        axes.plot(lost[0], removed[0], mark, color=colour, markersize=8, markeredgecolor='black', zorder=3)
        if intervals:
            axes.plot(lost[1:], removed[[0, 0]], color=colour, linewidth=1)
            axes.plot(lost[[0, 0]], removed[1:], color=colour, linewidth=1)
    axes.set_xlim(-0.02 * end, end)
    axes.set_ylim(bottom - 0.02 * (102 - bottom), 102 - 0.01 * bottom)
    axes.set_xlabel('particles lost, %')
    axes.set_ylabel('junk removed, %')
    axes.grid(alpha=0.3)
    axes.legend([Line2D([], [], color=style(numbers[name])[0], markersize=7, markeredgecolor='black', **look)
                 for name, look in legend.items()], labels(list(legend)), fontsize='small',
                loc='upper left', bbox_to_anchor=(1.01, 1), borderaxespad=0, frameon=False,
                title='mark: the set; line: by threshold', title_fontsize='small', alignment='left')
    return drawn


def draw_shares(axes: Axes, curve: Curve, title: str) -> Tuple[np.ndarray, np.ndarray]:
    """Draw the share of its picks that a Curve keeps, per cent, against the threshold; return (x, y) of its points.

    title: one of `labels`.
    """
    shares = 100 * curve.kept / max(1, curve.scored + sum(curve.unscored))
    axes.step(curve.thresholds, shares, color=COLOURS[0], where='post')
    axes.set_title(title, fontsize='medium')
    axes.set_xlabel(curve.score_name or 'score')
    axes.set_ylabel('kept, %')
    axes.set_ylim(-2, 102)
    axes.grid(alpha=0.3)
    return curve.thresholds, shares


def draw_patterns(bars: Axes, matrix: Axes, names: Sequence[str], patterns: Sequence[Pattern]) -> None:
    """Draw who kept what: a bar for each Pattern, and below it the methods that kept these picks.

    (Lex et al., UpSet, IEEE Trans. Vis. Comput. Graph. 20, 1983-1992, 2014.) bars, matrix: axes that share the x axis.
    """
    places = np.arange(len(patterns))
    counts = [pattern.count for pattern in patterns]
    bars.bar(places, counts, color=COLOURS[0], width=0.7)
    for place, count in zip(places, counts):
        bars.annotate(f'{count:,}', (place, count), (0, 2), textcoords='offset points', ha='center', va='bottom',
                      fontsize='small')
    bars.set_ylabel('picks')
    bars.margins(y=0.12)
    bars.spines[['top', 'right']].set_visible(False)
    bars.tick_params(bottom=False, labelbottom=False)
    lines = np.arange(len(names))
    for line in lines[::2]:
        matrix.axhspan(line - 0.5, line + 0.5, color='#F2F2F2', zorder=0)
    kept = np.array([pattern.kept for pattern in patterns]).reshape(len(patterns), len(names))
    for mask, colour in ((~kept, REJECTED_DOT), (kept, KEPT_DOT)):
        x, y = np.nonzero(mask)
        matrix.scatter(x, y, s=36, color=colour, zorder=2)
    for place, column in zip(places, kept):
        if column.any():
            inside = lines[column]
            matrix.plot((place, place), (inside[0], inside[-1]), color=KEPT_DOT, linewidth=1.5, zorder=1)
    matrix.set_yticks(lines, labels(names))
    matrix.set_ylim(len(names) - 0.5, -0.5)
    matrix.set_xlim(-0.6, max(len(patterns), 1) - 0.4)
    matrix.tick_params(left=False, bottom=False, labelbottom=False)
    matrix.spines[:].set_visible(False)
