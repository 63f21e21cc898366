"""Drawing of boxes on a micrograph, in the colours of their outcomes. Knows matplotlib and nothing of Scipion."""
import math

import numpy as np
from matplotlib.collections import PatchCollection
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle

from ..constants import CLIPPED
from .outcomes import outcomesOf

MAX_SIDE = 1200      # px of the picture at most


def binned(image, maxSide=MAX_SIDE):
    """Average an image (rows, columns) to at most `maxSide` px a side.

    Returns it as float32, and how many px, along a side, each of its px is the mean of.
    """
    step = max(1, math.ceil(max(image.shape) / maxSide))
    rows, columns = (side // step * step for side in image.shape)
    if not rows or not columns:      # a strip thinner than a step
        return np.asarray(image[::step, ::step], dtype=np.float32), step
    blocks = np.asarray(image[:rows, :columns], dtype=np.float32).reshape(rows // step, step, columns // step, step)
    return np.einsum('ijkl->ik', blocks) / np.float32(step * step), step      # three times as fast as mean()


def draw_overlay(axes, image, boxes_by_outcome, box_px, classes):
    """Draw a micrograph and the boxes on it.

    axes: matplotlib axes, cleared first.
    image: array (rows, columns), row 0 at the top.
    boxes_by_outcome: {text of an Outcome of these classes: centres (x, y) in px of the image}.
    box_px: side of the boxes in px of the image.
    """
    small, step = binned(np.asarray(image))
    finite = small[np.isfinite(small)]
    low, high = np.percentile(finite, (CLIPPED, 100 - CLIPPED)) if finite.size else (0, 1)
    axes.clear()
    axes.imshow(small, cmap='gray', vmin=low, vmax=high, origin='upper', interpolation='nearest',
                extent=(-0.5, small.shape[1] * step - 0.5, small.shape[0] * step - 0.5, -0.5))
    handles = []
    for outcome in outcomesOf(classes):
        centres = boxes_by_outcome.get(outcome.text, ())
        if len(centres):
            line = (0, outcome.dash) if outcome.dash else '-'
            axes.add_collection(PatchCollection(
                [Rectangle((x - box_px / 2, y - box_px / 2), box_px, box_px) for x, y in centres],
                facecolor='none', edgecolor=outcome.colour, linestyle=line, linewidth=1.2))
            handles.append(Line2D([], [], color=outcome.colour, linestyle=line, linewidth=2,
                                  label=f'{outcome.text} ({len(centres)})'))
    axes.set_xlim(-0.5, image.shape[1] - 0.5)
    axes.set_ylim(image.shape[0] - 0.5, -0.5)
    axes.set_axis_off()
    if handles:
        axes.legend(handles=handles, loc='upper left', bbox_to_anchor=(1.01, 1), borderaxespad=0, frameon=False)
