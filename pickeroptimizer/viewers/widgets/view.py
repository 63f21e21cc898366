"""The geometry of a view on a micrograph: which part of it is seen, how large and where. Needs no Tk."""
import math
from typing import Callable, Optional, Tuple

MAX_SCALE = 8      # px of the screen for a px of the micrograph


class View:
    """Which part of a micrograph a canvas shows.

    Positions are px of the micrograph, (0, 0) the centre of its first pixel, row 0 at the top; points are px of the
    canvas.

    size(): returns (width, height) of the canvas, px of the screen. shape: (rows, columns) of the micrograph, None
    while there is none. left, top: the edge, in px of the micrograph, that lies at the canvas's corner. scale: px of
    the screen for a px of the micrograph. fitted: whether the whole micrograph is shown, whatever the canvas's size.
    All that moves the view but `fit` needs a shape.
    """

    def __init__(self, size: Callable[[], Tuple[float, float]]):
        self._size = size
        self.shape: Optional[Tuple[int, int]] = None
        self.left = self.top = 0.0
        self.scale = 1.0
        self.fitted = True

    def toScreen(self, x: float, y: float) -> Tuple[float, float]:
        """Return the point at which a position is."""
        return (x + 0.5 - self.left) * self.scale, (y + 0.5 - self.top) * self.scale

    def toMicrograph(self, px: float, py: float) -> Tuple[float, float]:
        """Return the position that is at a point."""
        return px / self.scale + self.left - 0.5, py / self.scale + self.top - 0.5

    def seen(self, columns: float, rows: float) -> Optional[Tuple[float, float, float, float]]:
        """Return the part that is seen of a picture of so many px of the micrograph, which begins at its corner.

        As (left, top, right, bottom) edges in px of the micrograph; None where nothing of it is seen.
        """
        width, height = self._size()
        left, right = max(self.left, 0), min(self.left + width / self.scale, columns)
        top, bottom = max(self.top, 0), min(self.top + height / self.scale, rows)
        return (left, top, right, bottom) if right > left and bottom > top else None

    def fit(self) -> None:
        """Show the whole micrograph, in the middle."""
        self.fitted = True
        if self.shape is None:
            return
        (rows, columns), (width, height) = self.shape, self._size()
        self.scale = self._wholeScale()
        self.left, self.top = (columns - width / self.scale) / 2, (rows - height / self.scale) / 2

    def moveTo(self, left: float, top: float) -> None:
        """Put this edge into the canvas's corner, but keep the middle of the canvas on the micrograph."""
        (rows, columns), (width, height) = self.shape, self._size()
        across, down = width / self.scale / 2, height / self.scale / 2
        self.fitted = False
        self.left = min(max(left, -across), columns - across)
        self.top = min(max(top, -down), rows - down)

    def centreOn(self, x: float, y: float, across: float = math.inf) -> bool:
        """Put a position into the middle, and zoom in until at most `across` px of a row are seen.

        A fitted view that is large enough stays as it is. Returns whether the view has changed.
        """
        width, height = self._size()
        scale = max(self.scale, min(width / across, MAX_SCALE))
        if self.fitted and scale == self.scale:
            return False
        self.scale = scale
        self.moveTo(x + 0.5 - width / scale / 2, y + 0.5 - height / scale / 2)
        return True

    def zoom(self, factor: float, at: Optional[Tuple[float, float]] = None) -> None:
        """Zoom by a factor, from the whole micrograph to MAX_SCALE; the point `at`, by default the middle, stays."""
        width, height = self._size()
        px, py = at or (width / 2, height / 2)
        whole = self._wholeScale()
        scale = min(max(self.scale * factor, whole), max(MAX_SCALE, whole))
        if scale <= whole * 1.001:
            self.fit()
            return
        x, y = self.left + px / self.scale, self.top + py / self.scale
        self.scale = scale
        self.moveTo(x - px / scale, y - py / scale)

    def follow(self, other: 'View') -> None:
        """Show what another view on the same micrograph shows: the same middle at the same scale, or the whole."""
        if other.fitted:
            self.fit()
            return
        (width, height), (across, down) = self._size(), other._size()
        self.scale = other.scale
        self.moveTo(other.left + (across - width) / other.scale / 2, other.top + (down - height) / other.scale / 2)

    def _wholeScale(self) -> float:
        (rows, columns), (width, height) = self.shape, self._size()
        return min(width / columns, height / rows)
