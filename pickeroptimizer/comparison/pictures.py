"""The same micrograph in panels, one for each method, with boxes coloured by agreement; and the other plots, as PNG."""
import io
import math
from typing import List, Tuple

import numpy as np
from matplotlib.collections import LineCollection, PatchCollection
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle
from PIL import Image

from ..constants import CLIPPED, CROWDED
from ..worker.exchange.errors import InputError
from ..worker.exchange.micrograph_reader import read_micrograph
from .agreement import micrograph_index
from .analysis import Analysis
from .kinds import AGREEMENT, KEPT_BY_NONE, KEPT_BY_OTHERS, agreement_kinds
from .plots import LITTLE_LOST, draw_patterns, draw_shares, draw_trade, labels

PANELS = 6               # methods of a picture at most
ACROSS = 3
PANEL_PX = 520
DPI = 100
PATTERNS = 20            # bars of the chart at most


def micrograph_pictures(analysis: Analysis, most: int) -> List[Tuple[str, bytes]]:
    """Return the names and pictures (PNG) of at most `most` micrographs: those with the most disputed picks.

    Those that cannot be read are left out.
    """
    comparison = analysis.comparison
    methods = comparison.deciding[:PANELS]
    index, _ = micrograph_index(comparison)
    table = analysis.micrographs
    order = np.lexsort((table.mic_ids, -table.picks, -table.disputed))
    found: List[Tuple[str, bytes]] = []
    for place in order[table.picks[order] > 0]:
        if len(found) == most:
            break
        name, path = comparison.micrographs[int(table.mic_ids[place])]
        try:
            image = read_micrograph(path)
        except InputError:      # there are others
            continue
        rows = np.flatnonzero(index == place)
        kinds = agreement_kinds(comparison, rows)
        columns = 2 if len(methods) == 4 else min(ACROSS, len(methods))
        lines = -(-len(methods) // columns)
        height = PANEL_PX * image.shape[0] / image.shape[1]
        figure = Figure(figsize=(columns * PANEL_PX / DPI, lines * (height + 30) / DPI + 0.45), dpi=DPI,
                        layout='constrained')
        panels = figure.subplots(lines, columns, squeeze=False).ravel()
        for axes, method, title, line in zip(panels, methods, labels([method.name for method in methods]), kinds):
            _draw_panel(axes, image, comparison, rows, line)
            axes.set_title(f'{title}: {int(method.kept[rows].sum())} kept', fontsize='medium')
        for axes in panels[len(methods):]:
            axes.set_axis_off()
        figure.legend(handles=[Line2D([], [], color=AGREEMENT[kind].colour, linewidth=3, label=AGREEMENT[kind].text)
                               for kind in np.unique(kinds[:len(methods)])], loc='outside lower center', ncols=6,
                      fontsize='small', frameon=False)
        found.append((name, png(figure)))
    return found


def patterns_picture(analysis: Analysis) -> bytes:
    """Return an UpSet chart of who kept what, as PNG."""
    names = [count.name for count in analysis.counts]
    patterns = analysis.patterns[:PATTERNS]
    figure = Figure(figsize=(3 + 0.45 * max(4, len(patterns)), 2.6 + 0.3 * len(names)), dpi=DPI, layout='constrained')
    bars, matrix = figure.subplots(2, 1, sharex=True, height_ratios=(2.4, 0.3 * len(names)))
    draw_patterns(bars, matrix, names, patterns)
    return png(figure)


def trade_picture(analysis: Analysis) -> bytes:
    """Return a plot of junk removed against particles lost, as PNG."""
    figure = Figure(figsize=(9.5, 4.6), dpi=DPI, layout='constrained')
    draw_trade(figure.subplots(), analysis.curves, analysis.judgements, True, LITTLE_LOST)
    return png(figure)


def shares_picture(analysis: Analysis) -> bytes:
    """Return plots of the share kept by threshold, one for each curve, as PNG."""
    columns = min(ACROSS, len(analysis.curves))
    lines = -(-len(analysis.curves) // columns)
    figure = Figure(figsize=(3.4 * columns, 2.6 * lines), dpi=DPI, layout='constrained')
    panels = figure.subplots(lines, columns, squeeze=False).ravel()
    titles = labels([curve.name for curve in analysis.curves])
    for axes, curve, title in zip(panels, analysis.curves, titles):
        draw_shares(axes, curve, title)
    for axes in panels[len(analysis.curves):]:
        axes.set_axis_off()
    return png(figure)


def png(figure: Figure) -> bytes:
    """Return a matplotlib Figure as a PNG."""
    stream = io.BytesIO()
    figure.savefig(stream, format='png')
    return stream.getvalue()


def _draw_panel(axes, image, comparison, rows, kinds):
    step = max(1, max(image.shape) // PANEL_PX)
    small = np.asarray(Image.fromarray(image).reduce(step))
    low, high = np.percentile(small, (CLIPPED, 100 - CLIPPED))
    extent = (-0.5, small.shape[1] * step - 0.5, small.shape[0] * step - 0.5, -0.5)
    axes.imshow(small, cmap='gray', vmin=low, vmax=high, extent=extent)
    half = min(comparison.box, math.sqrt(CROWDED * image.size / len(rows))) / 2
    for kind in np.unique(kinds):
        chosen = rows[kinds == kind]
        x, y = comparison.x[chosen], comparison.y[chosen]
        colour = AGREEMENT[kind].colour
        axes.add_collection(PatchCollection([Rectangle((a - half, b - half), 2 * half, 2 * half) for a, b in zip(x, y)],
                                            facecolor='none', edgecolor=colour, linewidth=1.0))
        if kind in (KEPT_BY_OTHERS, KEPT_BY_NONE):      # rejected: crossed out, so that it is seen without colours
            axes.add_collection(LineCollection([((a - half, b - half), (a + half, b + half)) for a, b in zip(x, y)],
                                               colors=colour, linewidths=0.7))
    axes.set_xlim(-0.5, image.shape[1] - 0.5)
    axes.set_ylim(image.shape[0] - 0.5, -0.5)
    axes.set_axis_off()
