"""What the demo shows at its end: a table against the truth, and pictures. Knows nothing of Scipion's projects."""
from collections import Counter

import mrcfile
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from pickeroptimizer.viewers import outcomes
from pickeroptimizer.viewers.overlay import draw_overlay
from pickeroptimizer.worker.exchange.classes import PARTICLE, ordered
from pickeroptimizer.worker.exchange.tables import OUTSIDE

KEPT = outcomes.outcomesOf([PARTICLE])[outcomes.KEPT].text
PICTURE_INCHES = (14, 6.2)
PICTURE_DPI = 110


def table(truth, kept, classes, micrographs):
    """Lines of a table of the picks on some micrographs, and the figures that follow from it.

    truth, classes: {(micrograph, x, y): true class, class by the model}; kept: the picks that were kept.
    """
    picks = [pick for pick in truth if pick[0] in micrographs]
    cells = Counter((truth[pick], KEPT if pick in kept else classes[pick]) for pick in picks)
    rejected = {column for _, column in cells} - {KEPT}
    columns = [KEPT, *ordered(rejected - {OUTSIDE}), *({OUTSIDE} & rejected)]
    lines = ['  true class    picks  ' + ''.join(f'{_heading(column):>18}' for column in columns)]
    for name in ordered(truth[pick] for pick in picks):
        row = [cells[name, column] for column in columns]
        lines.append(f'  {name:<12}{sum(row):>7}  ' + ''.join(f'{number:>18}' for number in row))
    right = sum(truth[pick] == classes[pick] for pick in picks)
    junk = [pick for pick in picks if truth[pick] != PARTICLE]
    particles = [pick for pick in picks if truth[pick] == PARTICLE]
    lines += ['', f'  right class:     {_share(right, len(picks))} of the picks',
              f'  junk removed:    {_share(sum(pick not in kept for pick in junk), len(junk))}',
              f'  particles lost:  {_share(sum(pick not in kept for pick in particles), len(particles))}']
    return lines


def picture(path, micrograph, boxes, box_px, title):
    """Write a PNG of a micrograph (an mrc file) before and after: with all boxes, and with what became of them.

    boxes: {text of an Outcome: centres in px}.
    """
    with mrcfile.open(micrograph) as stream:
        image = stream.data.copy()
    figure = Figure(figsize=PICTURE_INCHES, layout='constrained')
    FigureCanvasAgg(figure)
    before, after = figure.subplots(1, 2)
    everything = [centre for centres in boxes.values() for centre in centres]
    draw_overlay(before, image, {KEPT: everything}, box_px, [PARTICLE])
    before.get_legend().remove()
    before.set_title(f'Picked: {len(everything)} boxes')
    draw_overlay(after, image, boxes, box_px, ordered({PARTICLE, *boxes} - {KEPT, OUTSIDE}))
    after.set_title(f'Pruned: {len(boxes.get(KEPT, ()))} kept')
    figure.suptitle(title)
    figure.savefig(path, dpi=PICTURE_DPI)


def _heading(column):
    return column if column == KEPT else f'rejected: {column}'


def _share(part, whole):
    return f'{part} of {whole} ({100 * part / whole:.1f} %)' if whole else 'none there'
