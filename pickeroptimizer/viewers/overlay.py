"""Drawing of boxes on a micrograph, by what became of them. Knows matplotlib and nothing of Scipion."""
import math

import numpy as np
from matplotlib.collections import PatchCollection
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle

KEPT, ICE, CARBON, OUTSIDE, UNSCORED = 'kept', 'ice', 'carbon', 'outside', 'not scored'
PARTICLE = 'particle'                # of that class and not among the kept: below the minimum probability

# Colours of Okabe and Ito, which colour-blind people tell apart, on grey.
COLOURS = {KEPT: '#009E73', ICE: '#56B4E9', CARBON: '#E69F00', PARTICLE: '#F0E442', OUTSIDE: '#D55E00',
           UNSCORED: '#CC79A7'}
MAX_SIDE = 1200
CONTRAST = (0.5, 99.5)               # percentiles of the image that are black and white


def binned(image, maxSide=MAX_SIDE):
    """Average an image (rows, columns) to at most `maxSide` px; return it as float32, and the px that became one."""
    step = max(1, math.ceil(max(image.shape) / maxSide))
    rows, columns = (side // step * step for side in image.shape)
    if not rows or not columns:      # a strip thinner than a step
        return np.asarray(image[::step, ::step], dtype=np.float32), step
    blocks = np.asarray(image[:rows, :columns], dtype=np.float32).reshape(rows // step, step, columns // step, step)
    return np.einsum('ijkl->ik', blocks) / np.float32(step * step), step      # three times as fast as mean()


def draw_overlay(axes, image, boxes_by_class, box_px):
    """Draw a micrograph and the boxes on it.

    axes: matplotlib axes, cleared first.
    image: array (rows, columns), row 0 at the top.
    boxes_by_class: {one of COLOURS: centres (x, y) in px of the image}.
    box_px: side of the boxes in px of the image.
    """
    small, step = binned(np.asarray(image))
    finite = small[np.isfinite(small)]
    low, high = np.percentile(finite, CONTRAST) if finite.size else (0, 1)
    axes.clear()
    axes.imshow(small, cmap='gray', vmin=low, vmax=high, origin='upper', interpolation='nearest',
                extent=(-0.5, small.shape[1] * step - 0.5, small.shape[0] * step - 0.5, -0.5))
    handles = []
    for name, colour in COLOURS.items():
        centres = boxes_by_class.get(name, ())
        if len(centres):
            axes.add_collection(PatchCollection(
                [Rectangle((x - box_px / 2, y - box_px / 2), box_px, box_px) for x, y in centres],
                facecolor='none', edgecolor=colour, linewidth=1.2))
            handles.append(Line2D([], [], color=colour, linewidth=2, label=f'{name} ({len(centres)})'))
    axes.set_xlim(-0.5, image.shape[1] - 0.5)
    axes.set_ylim(image.shape[0] - 0.5, -0.5)
    axes.set_axis_off()
    if handles:
        axes.legend(handles=handles, loc='upper left', bbox_to_anchor=(1.01, 1), borderaxespad=0, frameon=False)
