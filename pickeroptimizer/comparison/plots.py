"""Plots of a comparison on matplotlib axes. Knows neither Tk nor Scipion."""
import numpy as np
from matplotlib.lines import Line2D

from ..worker.exchange.plots import COLOURS, MARKS

TRADE = 'Junk removed against particles lost'
SHARE_KEPT = 'Share kept against the threshold'
DASHES = ('-', '--', ':')                 # one more kind each time the colours are used up
KEPT, REJECTED = '#000000', '#D0D0D0'     # dots of a chart of patterns
NAME = 28                                 # letters of a method's name at most


def style(number):
    """(colour, kind of line, mark) of a method by its number: no two of the first 20 are the same."""
    return COLOURS[number % len(COLOURS)], DASHES[number // len(COLOURS) % len(DASHES)], MARKS[number % len(MARKS)]


def short(name):
    """A name that leaves room for the plot: without its middle, for what tells two apart is often at the end."""
    return name if len(name) <= NAME else f'{name[:NAME // 2]}…{name[NAME // 2 + 1 - NAME:]}'


def draw_trade(axes, curves, judgements, intervals, most_lost=None):
    """Draw junk removed against particles lost, per cent: Curves, and what was really kept (Judgements) as marks.

    intervals: whether to draw those of the junk removed about the curves, and both about the marks. most_lost: per
    cent, where the plot ends, unless a mark lies beyond. Returns (x, y) of each curve's points, nan where they are not
    seen.
    """
    marks = [100 * judgement.figures['particles_lost'][0] for judgement in judgements]
    end = 102 if most_lost is None else min(102, 1.05 * max([most_lost, *(lost for lost in marks if lost == lost)]))
    numbers = {name: number for number, name in enumerate(dict.fromkeys(
        [judgement.name for judgement in judgements] + [curve.name for curve in curves]))}
    drawn, legend = [], {name: {'linestyle': 'none', 'marker': 'none'} for name in numbers}
    for curve in curves:
        colour, line, _ = style(numbers[curve.name])
        legend[curve.name]['linestyle'] = line
        lost, (removed, low, high) = 100 * curve.figures['particles_lost'][0], (
            100 * values for values in curve.figures['junk_removed'])
        axes.plot(lost, removed, line, color=colour, linewidth=1.4)
        if intervals:
            axes.fill_between(lost, low, high, color=colour, alpha=0.10, linewidth=0)
        seen = lost <= end
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
    axes.set_ylim(-2, 102)
    axes.set_xlabel('particles lost, %')
    axes.set_ylabel('junk removed, %')
    axes.grid(alpha=0.3)
    axes.legend([Line2D([], [], color=style(numbers[name])[0], markersize=7, markeredgecolor='black', **look)
                 for name, look in legend.items()], [short(name) for name in legend], fontsize='small',
                loc='upper left', bbox_to_anchor=(1.01, 1), borderaxespad=0, frameon=False,
                title='mark: the set; line: by threshold', title_fontsize='small', alignment='left')
    return drawn


def draw_shares(axes, curve):
    """Draw the share of its picks that a Curve keeps against the threshold; returns (x, y) of its points."""
    shares = 100 * curve.kept / max(1, curve.scored + sum(curve.unscored))
    axes.step(curve.thresholds, shares, color=COLOURS[0], where='post')
    axes.set_title(short(curve.name), fontsize='medium')
    axes.set_xlabel(curve.score_name or 'score')
    axes.set_ylabel('kept, %')
    axes.set_ylim(-2, 102)
    axes.grid(alpha=0.3)
    return curve.thresholds, shares


def draw_patterns(bars, matrix, names, patterns):
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
    for mask, colour in ((~kept, REJECTED), (kept, KEPT)):
        x, y = np.nonzero(mask)
        matrix.scatter(x, y, s=36, color=colour, zorder=2)
    for place, column in zip(places, kept):
        if column.any():
            inside = lines[column]
            matrix.plot((place, place), (inside[0], inside[-1]), color=KEPT, linewidth=1.5, zorder=1)
    matrix.set_yticks(lines, [short(name) for name in names])
    matrix.set_ylim(len(names) - 0.5, -0.5)
    matrix.set_xlim(-0.6, max(len(patterns), 1) - 0.4)
    matrix.tick_params(left=False, bottom=False, labelbottom=False)
    matrix.spines[:].set_visible(False)
