"""Plots of results, drawn on matplotlib axes that the caller gives: shared by the worker's files and Scipion's windows.

Needs no torch and no Scipion. A `report` is what training.evaluate returns; figures in it are shares (0-1).
"""
from typing import Any, Dict, List, Mapping, Sequence, Tuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from .files import PathLike, replacing

Report = Mapping[str, Any]
Reports = Mapping[str, Report]      # by the name of the variant

# Okabe and Ito's colours, which colour-blind people tell apart; marks tell the curves apart without colours.
COLOURS = ('#0072B2', '#D55E00', '#009E73', '#CC79A7', '#E69F00', '#56B4E9', '#000000')
MARKS = 'osD^vPX<>*h'
SHADES = ('#9ECAE1', '#4292C6', '#08519C')      # of figures about classes: of no class in the windows
SHORT, FEW = 9, 4         # letters of names, and names, that find room side by side
SIDE_BY_SIDE = 0.012      # shift of one curve's points against the next, as a share of the x axis


def draw_f1_against_shots(axes: Axes, reports: Reports) -> None:
    """Balanced macro-F1 against labels per class, one curve a variant.

    Mean, s.d. as bars, and the worst draw as a small dash.
    """
    widest = max(int(shots) for report in reports.values() for shots in report['summary'])
    lowest = 1.0
    for number, (name, report) in enumerate(reports.items()):
        rows = {int(shots): row['balanced_macro_f1'] for shots, row in report['summary'].items()}
        x = np.array(list(rows)) + (number - (len(reports) - 1) / 2) * SIDE_BY_SIDE * widest
        mean, sd, worst = (np.array([row[key] for row in rows.values()]) for key in ('mean', 'sd', 'worst'))
        colour = COLOURS[number % len(COLOURS)]
        axes.errorbar(x, mean, yerr=(sd, np.minimum(sd, 1 - mean)), color=colour, marker=MARKS[number % len(MARKS)],
                      capsize=2, linewidth=1.2, markersize=5, label=name)
        axes.plot(x, worst, '_', color=colour, markersize=8)
        lowest = min(lowest, *worst)
    axes.set_xlabel('labels per class')
    axes.set_ylabel('balanced macro-F1')
    axes.set_xticks(sorted({int(shots) for report in reports.values() for shots in report['summary']}))
    axes.set_ylim(max(0, lowest - 0.05), 1.005)
    axes.set_title('mean, s.d. and worst draw', fontsize='medium')
    axes.grid(alpha=0.3)
    axes.legend(fontsize='small', loc='best')


def draw_confusion(axes: Axes, classes: Sequence[str], confusion: ArrayLike) -> None:
    """A confusion matrix, rows the true classes: numbers of boxes, coloured by their share of the row."""
    counts = np.asarray(confusion)
    shares = counts / counts.sum(axis=1, keepdims=True).clip(min=1)
    axes.imshow(shares, cmap='Blues', vmin=0, vmax=1)
    decimals, size = (1, 'small') if len(classes) <= FEW else (0, 'x-small')
    for (i, j), number in np.ndenumerate(counts):
        axes.text(j, i, f'{number}\n{100 * shares[i, j]:.{decimals}f} %', ha='center', va='center', fontsize=size,
                  color='white' if shares[i, j] > 0.5 else 'black')
    _name_columns(axes, classes)
    axes.set_yticks(range(len(classes)), classes)
    axes.set_xlabel('taken for')
    axes.set_ylabel('labelled')


def _name_columns(axes: Axes, classes: Sequence[str]) -> None:
    """Write the names of classes below the axes, slanting where there is no room for them otherwise."""
    slanting = len(classes) > FEW or max(map(len, classes)) > SHORT
    axes.set_xticks(range(len(classes)), classes, rotation=40 if slanting else 0, ha='right' if slanting else 'center',
                    rotation_mode='anchor' if slanting else 'default')


def draw_per_class(axes: Axes, report: Report) -> None:
    """Precision, recall and F1 of each class with the most labels, mean and s.d. over the draws."""
    shots, row = most_shots(report)
    bars = ('precision', 'recall', 'f1')
    classes = list(row['per_class'])
    for number, key in enumerate(bars):
        values = [row['per_class'][name][key] for name in classes]
        mean, sd = np.array([v['mean'] for v in values]), np.array([v['sd'] for v in values])
        x = np.arange(len(classes)) + (number - 1) * 0.27
        axes.bar(x, mean, 0.25, color=SHADES[number], label=key.replace('f1', 'F1'))
        axes.errorbar(x, mean, yerr=(sd, np.minimum(sd, 1 - mean)), fmt='none', ecolor='black', capsize=2)
    _name_columns(axes, classes)
    axes.set_ylim(0, 1.02)
    axes.set_title(f'{shots} labels per class, balanced', fontsize='medium')
    axes.legend(fontsize='small', loc='lower center', ncols=3, framealpha=0.9)


def draw_reliability(axes: Axes, bins: List[Dict[str, float]]) -> None:
    """How often boxes are right against how sure the model is; `bins` as calibration.reliability gives them."""
    axes.plot((0, 1), (0, 1), color='grey', linewidth=1, linestyle='--', label='what it should be')
    axes.scatter([b['confidence'] for b in bins], [b['accuracy'] for b in bins],
                 s=[20 + 280 * b['weight'] for b in bins], color=COLOURS[0], label='boxes (area: how many)',
                 clip_on=False, zorder=3)      # whole on the edge too
    axes.set_xlim(0, 1.02)
    axes.set_ylim(0, 1.02)
    axes.set_xlabel('probability of the chosen class')
    axes.set_ylabel('share that is right')
    axes.legend(fontsize='small', loc='upper left')


def draw_training(axes: Axes, curve: Sequence[float]) -> None:
    """The loss after each epoch."""
    axes.plot(range(1, len(curve) + 1), curve, color=COLOURS[0], marker='.')
    axes.set_xlabel('epoch')
    axes.set_ylabel('loss')
    axes.set_ylim(bottom=0)
    axes.grid(alpha=0.3)


def most_shots(report: Report) -> Tuple[str, Dict[str, Any]]:
    """Return (labels per class, summary) of the largest number of labels."""
    shots = max(report['summary'], key=int)
    return shots, report['summary'][shots]


def best_variant(reports: Reports) -> str:
    """The variant with the best balanced macro-F1 at its largest number of labels."""
    return max(reports, key=lambda name: most_shots(reports[name])[1]['balanced_macro_f1']['mean'])


def save_sheet(path: PathLike, reports: Reports) -> None:
    """Write a picture: F1 against shots of all variants; confusion matrix and figures by class of the best one."""
    best = best_variant(reports)
    shots, row = most_shots(reports[best])
    figure = Figure(figsize=(15, 4.5), dpi=100, layout='constrained')
    curves, matrix, classes = (figure.add_subplot(1, 3, number) for number in (1, 2, 3))
    draw_f1_against_shots(curves, reports)
    draw_confusion(matrix, list(row['per_class']), row['confusion'])
    matrix.set_title(f'{best}: {shots} labels per class, all draws', fontsize='medium')
    draw_per_class(classes, reports[best])
    with replacing(path, 'wb') as stream:
        figure.savefig(stream, format='png')
