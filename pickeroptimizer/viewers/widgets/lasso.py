"""A line of any shape that is drawn round boxes to take them."""
import numpy as np

from .colours import LIGHT
from .screen import px


def areWithin(points, outline):
    """Return whether points (n, 2) are within the closed line through `outline` (m, 2), by the even-odd rule: (n,).
    """
    x, y = np.asarray(points, float).reshape(-1, 2).T[:, :, None]
    x1, y1 = np.asarray(outline, float).T
    x2, y2 = np.roll(x1, -1), np.roll(y1, -1)
    crosses = (y1 > y) != (y2 > y)
    with np.errstate(divide='ignore', invalid='ignore'):      # of lines along a row, which cross none
        isRight = x1 + (y - y1) * (x2 - x1) / (y2 - y1) > x
    return (crosses & isRight).sum(axis=1) % 2 == 1


class Lasso:
    """Is drawn on a canvas by dragging with Shift.

    onBegin(): when the button is pressed. onEnd(points): the points, (x, y) in px of the canvas, when it is released.
    """

    def __init__(self, canvas, onBegin, onEnd):
        self._canvas, self._onBegin, self._onEnd = canvas, onBegin, onEnd
        self._points = []
        canvas.bind('<Shift-Button-1>', self._begins)
        for held in ('Shift-', ''):      # Shift may be let go before the button
            canvas.bind(f'<{held}B1-Motion>', self._drawn, add='+')
            canvas.bind(f'<{held}ButtonRelease-1>', self._ends, add='+')

    def _begins(self, event):
        self._onBegin()
        self._points = [(event.x, event.y)]

    def _drawn(self, event):
        if self._points:
            self._points.append((event.x, event.y))
            self._canvas.delete('lasso')
            self._canvas.create_line(*self._points, self._points[0], fill=LIGHT, width=px(self._canvas, 2), dash=(4, 4),
                                     tags='lasso')

    def _ends(self, event):
        points, self._points = self._points, []
        self._canvas.delete('lasso')
        if points:
            self._onEnd(points)
