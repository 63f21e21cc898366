"""Draws a micrograph several times side by side, each time with what one method kept and removed of the same picks."""
import json

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Circle
from worker.exchange.micrograph_reader import read_micrograph
from worker.exchange.tables import read_micrographs

KEPT, REMOVED, OUTLINE = '#009E73', '#D55E00', '#56B4E9'      # Okabe and Ito's green, orange and sky blue
SIDE, ACROSS = 4.6, 2      # inches of a panel, panels in a row
GREYS = (1, 99)            # percentiles of the micrograph that are black and white
DOT = 14                   # area of a circle, square points


def save_panels(path, data, mic_id, xy, methods):
    """Write a JPEG: circles around the picks `xy` (n, 2) px of micrograph `mic_id`, a panel for each of `methods`
    {name: kept (n) bool}; what they removed is orange. Film and ice as people outlined them are drawn in blue. Shown is
    the valid area of the micrograph."""
    image = read_micrograph(read_micrographs(data / 'micrographs.csv')[mic_id].path)
    region = json.loads((data / 'regions.json').read_text())[str(mic_id)]
    left, top, right, bottom = region['valid_xyxy']
    columns = min(ACROSS, len(methods))
    rows = -(-len(methods) // columns)
    figure = Figure(figsize=(SIDE * columns, (SIDE + 0.25) * rows), layout='constrained')
    low, high = np.percentile(image[int(top):int(bottom), int(left):int(right)], GREYS)
    panels = figure.subplots(rows, columns, squeeze=False).flat
    for axes, (name, kept) in zip(panels, methods.items()):
        axes.imshow(image, cmap='gray', vmin=low, vmax=high, interpolation='antialiased')
        for points, colour in ((xy[~kept], REMOVED), (xy[kept], KEPT)):
            axes.scatter(*points.T, s=DOT, facecolors='none', edgecolors=colour, linewidths=0.9)
        for polygon in region['carbon_polygons']:
            axes.fill(*np.array(polygon).T, facecolor='none', edgecolor=OUTLINE, linewidth=1.5)
        for x, y, radius in region['ice_objects']:
            axes.add_patch(Circle((x, y), radius, facecolor='none', edgecolor=OUTLINE, linewidth=1.5))
        axes.set_title(f'{name}: {kept.sum()} of {len(kept)}', fontsize='medium')
        axes.set_axis_off()
        axes.set(xlim=(left, right), ylim=(bottom, top))
    figure.savefig(path, dpi=100, pil_kwargs={'quality': 75})
