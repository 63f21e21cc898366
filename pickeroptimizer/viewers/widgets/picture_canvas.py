"""A micrograph on a Tk canvas, to be zoomed and moved. See view.py and grey_picture.py."""
import math
import tkinter as tk

from .colours import DARK, LIGHT
from .grey_picture import GreyPicture, greyImage
from .keys import Key
from .scale_bar import ScaleBar
from .view import View

ZOOM = 1.25                  # a notch of the wheel
REDRAW_MS = 60               # quiet time before the picture is made anew while the mouse is dragging
DRAG_PX = 4                  # less is a click
MOUSE = (Key(('Wheel',), 'zoom at the pointer'), Key(('Left drag',), 'move the picture'),
         Key(('Double click',), 'beside the boxes: the whole micrograph'))      # what `_bindMouse` binds


class PictureCanvas(tk.Frame):
    """Shows one micrograph.

    The wheel zooms at the pointer; dragging with any button moves the picture; a double click shows the whole.
    Positions are in px of the micrograph, row 0 at the top.

    onView(canvas): after another part of the micrograph is shown. makeGrey: as greyImage.
    """

    def __init__(self, master, onView=None, makeGrey=greyImage):
        super().__init__(master, background=DARK)
        self._onView = onView
        self._canvas = tk.Canvas(self, background=DARK, highlightthickness=0, cursor='crosshair')
        self._canvas.pack(fill=tk.BOTH, expand=True)
        self._view = View(self._size)
        self._picture = GreyPicture(self._canvas, self._view, makeGrey)
        self._scaleBar = ScaleBar(self._canvas, self._view)
        self._redraw = None          # Tk's id of the drawing that is to come
        self._drag = None            # x, y of the pointer, and whether the picture moves already
        self._bindMouse()

    # ------------------------------ what is shown ------------------------------

    def showImage(self, image):
        """Show an ImageData. The view stays where it is if the one before had the same size."""
        other = self._view.shape != image.shape
        self._view.shape = image.shape
        self._picture.setData(image)
        self._canvas.delete('message')
        if other or self._view.fitted:
            self._view.fit()
        self._draw()

    def showMessage(self, line):
        """Show a line of text in the place of the picture."""
        self._view.shape = None
        self._picture.setData(None)
        self._scaleBar.draw()
        self._canvas.delete('message')
        width, height = self._size()
        self._canvas.create_text(width / 2, height / 2, text=line, fill=LIGHT, width=max(100, width - 40),
                                 justify=tk.CENTER, tags='message')

    def remake(self):
        """Ask makeGrey for the picture anew."""
        self._picture.forget()
        self._drawSoon()

    def setContrast(self, clipped):
        """Let this per cent of the pixels be black, and as many white."""
        self._picture.setContrast(clipped)
        self._drawSoon()

    def setLowPass(self, period):
        """Smooth away waves of fewer than `period` px of the micrograph; 0: none."""
        self._picture.setLowPass(period)
        self._drawSoon()

    def setInverted(self, inverted):
        """Let the low values be white, or black."""
        self._picture.setInverted(inverted)
        self._drawSoon()

    def setPixelSize(self, pixelSize):
        """Show a scale bar; pixelSize: Å/px of the micrograph."""
        self._scaleBar.pixelSize = pixelSize
        self._scaleBar.draw()

    def tellGreys(self, onGreys):
        """Call onGreys(black, white) whenever other values of the pixels are black and white."""
        self._picture.onGreys = onGreys

    # ------------------------------ the view ------------------------------

    @property
    def scale(self):
        """Px of the screen for a px of the micrograph."""
        return self._view.scale

    def toScreen(self, x, y):
        """Return (x, y) in px of the canvas of a place of the micrograph."""
        return self._view.toScreen(x, y)

    def toMicrograph(self, px, py):
        """Return the place of the micrograph, (x, y), at a point of the canvas."""
        return self._view.toMicrograph(px, py)

    def fit(self):
        """Show the whole micrograph."""
        self._view.fit()
        self._draw()
        self._tellView()

    def showView(self, other):
        """Show what another canvas shows of the same micrograph: the same middle at the same scale, or the whole."""
        view = self._view
        if view.shape is None:
            return
        left, top, scale = view.left, view.top, view.scale
        view.follow(other._view)
        if view.fitted or view.scale != scale:
            self._draw()
        else:
            self._slide(left, top)

    def centreOn(self, x, y, across=math.inf):
        """Move the picture so that a place is in the middle; zoom in until it shows `across` px of a row at most."""
        if self._view.shape is not None and self._view.centreOn(x, y, across):
            self._draw()
            self._tellView()

    def zoom(self, factor, at=None):
        """Zoom by a factor; the place `at`, (x, y) in px of the canvas and its middle by default, stays."""
        if self._view.shape is not None:
            self._view.zoom(factor, at)
            self._draw()
            self._tellView()

    def _tellView(self):
        if self._onView is not None:
            self._onView(self)

    # ------------------------------ drawing ------------------------------

    def _size(self):
        return max(self._canvas.winfo_width(), 2), max(self._canvas.winfo_height(), 2)

    def _slide(self, left, top):
        """Move all that is drawn from where it was with this edge, at once; what comes into view follows."""
        view = self._view
        self._canvas.move('all', (left - view.left) * view.scale, (top - view.top) * view.scale)
        self._scaleBar.draw()      # which stays in its corner
        self._drawSoon()

    def _drawSoon(self):
        """Draw when nothing has been asked for during REDRAW_MS."""
        self._cancelDrawing()
        self._redraw = self.after(REDRAW_MS, self._draw)

    def _cancelDrawing(self):
        if self._redraw is not None:
            self.after_cancel(self._redraw)
            self._redraw = None

    def _draw(self):
        self._cancelDrawing()
        if self._view.shape is not None:
            self._drawView()
            self._scaleBar.draw()

    def _drawView(self):
        """Draw the part of the micrograph that is seen."""
        self._picture.draw()

    # ------------------------------ mouse ------------------------------

    def _bindMouse(self):
        canvas = self._canvas
        canvas.bind('<Configure>', self._resized)
        canvas.bind('<Destroy>', lambda event: self._cancelDrawing())
        canvas.bind('<Double-Button-1>', self._pressedTwice)
        canvas.bind('<Button-4>', lambda event: self.zoom(ZOOM, (event.x, event.y)))
        canvas.bind('<Button-5>', lambda event: self.zoom(1 / ZOOM, (event.x, event.y)))
        canvas.bind('<MouseWheel>', lambda event: self.zoom(ZOOM if event.delta > 0 else 1 / ZOOM, (event.x, event.y)))
        for button in (1, 2, 3):
            canvas.bind(f'<Button-{button}>', self._dragBegins)
            canvas.bind(f'<B{button}-Motion>', self._dragged)
            canvas.bind(f'<ButtonRelease-{button}>', self._dragEnds)

    def _resized(self, event):
        if self._view.shape is None:
            self._canvas.coords('message', event.width / 2, event.height / 2)
            self._canvas.itemconfigure('message', width=max(100, event.width - 40))
            return
        if self._view.fitted:
            self._view.fit()
        self._draw()

    def _pressedTwice(self, event):
        self._drag = None      # its release is no further click
        self._doubleClicked(event)

    def _doubleClicked(self, event):
        self.fit()

    def _dragBegins(self, event):
        self._canvas.focus_set()
        self._drag = event.x, event.y, False

    def _dragged(self, event):
        if self._drag is None:
            return
        (x, y, moving), view = self._drag, self._view
        dx, dy = event.x - x, event.y - y
        if view.shape is None or not (moving or math.hypot(dx, dy) >= DRAG_PX):
            return
        left, top = view.left, view.top
        view.moveTo(left - dx / view.scale, top - dy / view.scale)
        self._slide(left, top)
        self._drag = event.x, event.y, True
        self._tellView()

    def _dragEnds(self, event):
        drag, self._drag = self._drag, None
        if drag is None:
            return
        x, y, moving = drag
        if moving:
            self._draw()
        elif event.num == 1:
            self._leftClicked(x, y)
        elif event.num == 3:
            self._rightClicked(event)

    def _leftClicked(self, px, py):
        """Do nothing, on a mere picture."""

    def _rightClicked(self, event):
        """Do nothing, on a mere picture."""
