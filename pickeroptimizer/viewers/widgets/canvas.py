"""A micrograph with boxes on it that can be pointed at. See picture_canvas.py and box_items.py."""
from .box_items import BoxItems
from .grey_picture import greyImage
from .lasso import Lasso
from .picture_canvas import PictureCanvas
from .saved_picture import PRINT_SIDE, drawPicture


class MicrographCanvas(PictureCanvas):
    """Shows one micrograph, as PictureCanvas does, and boxes on it; a double click on a box does not show the whole.

    boxSize: side of the boxes, px of the micrograph. onClick(x, y, key): after a left click
    that moved nothing; key of the box under the
    pointer, or None. onHover(key or None): whenever the box under the pointer is another one. onMenu(key, event): after
    a right click. onView, makeGrey: as PictureCanvas has them; see LinkedCanvases. onLasso(keys): after dragging
    with Shift, of the visible boxes whose centres are within what was drawn.
    """

    def __init__(self, master, boxSize, onClick=None, onHover=None, onMenu=None, onView=None, makeGrey=greyImage,
                 onLasso=None):
        super().__init__(master, onView, makeGrey)
        self._onLasso = onLasso
        if onLasso is not None:
            Lasso(self._canvas, self._lassoBegins, self._lassoEnds)
        self._onClick, self._onHover, self._onMenu = onClick, onHover, onMenu
        self._boxes = BoxItems(self._canvas, self._view, boxSize)
        self._hovered = None         # key of the box under the pointer
        self._canvas.bind('<Motion>', lambda event: self._hover(self.boxAt(event.x, event.y)))
        self._canvas.bind('<Leave>', lambda event: self._hover(None))

    def showMessage(self, line):
        """Show a line of text in the place of the picture and of the boxes."""
        super().showMessage(line)
        self.setBoxes({})

    # ------------------------------ boxes ------------------------------

    def setBoxes(self, boxes):
        """Show these boxes, {key: (x, y, colour)} or {key: (x, y, colour, dash)}, and no others.

        Those that stay as they are, are not redrawn.
        """
        self._boxes.setAll(boxes)
        if self._hovered not in boxes:
            self._hovered = None

    def setBox(self, key, x, y, colour, dash=()):
        """Add a box, move it or give it another line, which brings it to the front."""
        self._boxes.set(key, x, y, colour, dash)

    def removeBox(self, key):
        """Take a box away."""
        self._boxes.remove(key)
        if key == self._hovered:
            self._hovered = None

    def setVisible(self, visible):
        """Show the boxes whose keys are in `visible`, or for whose keys `visible(key)` is true; hide the others."""
        self._boxes.setVisible(visible)

    def setThick(self, keys):
        """Draw these boxes with a thick line, and no others."""
        self._boxes.setThick(keys)

    def setShape(self, shape):
        """Draw the boxes as AUTO, FULL or DOTS of box_items.py."""
        self._boxes.setShape(shape)

    def mark(self, key):
        """Emphasise one box by a white frame; None: none."""
        self._boxes.mark(key)

    def picture(self, whole, legend=(), across=1):
        """Return what is seen as a PIL image, or the whole micrograph for print; None where there is no micrograph.

        legend: (text, colour) of what is to be explained. across: pictures that lie side by side.
        """
        found = self._picture.grey()
        if found is None:
            return None
        (grey, step), (rows, columns) = found, self._view.shape
        part = (0, 0, columns, rows) if whole else self._view.seen(columns, rows)
        if part is None:
            return None
        scale = PRINT_SIDE / across / max(rows, columns) if whole else self._view.scale
        return drawPicture(grey, step, part, scale, self._boxes.shown(), self._boxes.side, self._scaleBar.pixelSize,
                           legend, across)

    def boxAt(self, px, py):
        """Return the key of the visible box at a point of the canvas, the one whose centre is nearest, or None."""
        return self._boxes.at(px, py)

    def _drawView(self):
        super()._drawView()
        self._boxes.place()

    # ------------------------------ mouse ------------------------------

    def _lassoBegins(self):
        self._canvas.focus_set()
        self._drag = None      # it moves nothing

    def _lassoEnds(self, points):
        if self._view.shape is not None:
            self._onLasso(self._boxes.within([self.toMicrograph(*point) for point in points]))

    def _leftClicked(self, px, py):
        if self._onClick is not None and self._view.shape is not None:
            self._onClick(*self.toMicrograph(px, py), self.boxAt(px, py))

    def _doubleClicked(self, event):
        if self.boxAt(event.x, event.y) is None:
            super()._doubleClicked(event)

    def _rightClicked(self, event):
        if self._onMenu is not None:
            self._onMenu(self.boxAt(event.x, event.y), event)

    def _hover(self, key):
        if key != self._hovered:
            self._hovered = key
            if self._onHover is not None:
                self._onHover(key)
