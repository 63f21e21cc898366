"""A micrograph on a Tk canvas, with boxes that are canvas items: changing one redraws one.

The picture is made for the part that is seen, at the size at which it is seen, and sent to the display once; so it
stays quick over a slow connection.
"""
import math
import tkinter as tk

import numpy as np
from PIL import Image, ImageTk

ZOOM = 1.25                  # a notch of the wheel
MAX_SCALE = 8                # px of the screen for a px of the micrograph
REDRAW_MS = 60               # quiet time before the picture is made anew while the mouse is dragging
DRAG_PX = 4                  # less is a click
REACH = 6                    # px of the screen within which a box is hit, however small
DOT = 4                      # radius in px of the screen
FINE = 28                    # px of the screen: the lines of smaller boxes are thinner
CROWDED = 0.5                # of the micrograph: boxes that would cover more of it are drawn smaller,
ROOMY = 48                   # unless they have this side in px of the screen, at which they can be told apart
BACKGROUND, MARK, TEXT = '#303030', '#FFFFFF', '#FFFFFF'
AUTO, BOX, DOTS = 'auto', 'box', 'dot'


def lowPassed(pixels, period):
    """Pixels (rows, columns) after a Gaussian low-pass filter that halves waves of `period` px; 0: as they are."""
    if period <= 0:
        return pixels
    rows, columns = np.fft.fftfreq(pixels.shape[0]), np.fft.rfftfreq(pixels.shape[1])
    transfer = np.exp2(-(rows[:, None] ** 2 + columns ** 2) * period ** 2)
    return np.fft.irfft2(np.fft.rfft2(pixels) * transfer, pixels.shape).astype(np.float32)


def greyImage(data, clipped, period):
    """An ImageData in greys, a PIL image: this per cent of its pixels black and as many white, low-passed at `period`
    px of the micrograph; 0: as it is."""
    if period > 0:
        data = type(data)(lowPassed(data.pixels, period / data.step), data.step, data.shape)
    low, high = data.range(clipped)
    return Image.fromarray(np.clip((data.pixels - low) * (255 / (high - low)), 0, 255).astype(np.uint8))


class MicrographCanvas(tk.Frame):
    """Shows one micrograph and boxes on it.

    The wheel zooms at the pointer; dragging with the right or the middle button moves the picture; a double click
    beside the boxes shows the whole. Positions are in px of the micrograph, row 0 at the top.

    boxSize: side of the boxes. onClick(x, y, key): after a left click; key of the box under the pointer, or None.
    onHover(key or None): whenever the box under the pointer is another one. onMenu(key, event): after a right click.
    onView(canvas): after another part of the micrograph is shown; makeGrey: as greyImage. See LinkedCanvases for both.
    """

    def __init__(self, master, boxSize, onClick=None, onHover=None, onMenu=None, onView=None, makeGrey=greyImage):
        super().__init__(master, background=BACKGROUND)
        self._boxSize = boxSize
        self._onClick, self._onHover, self._onMenu, self._onView = onClick, onHover, onMenu, onView
        self._makeGrey = makeGrey
        self._canvas = tk.Canvas(self, background=BACKGROUND, highlightthickness=0, cursor='crosshair')
        self._canvas.pack(fill=tk.BOTH, expand=True)
        self._data = self._grey = self._photo = None
        self._clipped, self._period = 0.5, 0.0
        self._boxes = {}             # {key: [x, y, colour, item, state]}
        self._thick = frozenset()
        self._visible = lambda key: True
        self._shape = AUTO
        self._marked = self._hovered = None
        self._left = self._top = 0.0      # edge of the micrograph, in its px, at the canvas's corner
        self._scale = 1.0                 # px of the screen for a px of the micrograph
        self._fitted = True
        self._half = self._boxSize / 2    # of the side of the boxes as they are drawn, px of the screen
        self._redraw = self._drag = None
        self._bindEvents()

    # ------------------------------ what is shown ------------------------------

    def showImage(self, image):
        """Show an ImageData. The view stays where it is if the one before had the same size."""
        other = self._data is None or self._data.shape != image.shape
        self._data, self._grey = image, None
        self._canvas.delete('message')
        if other or self._fitted:
            self._fit()
        else:
            self._draw()

    def showMessage(self, line):
        """Show a line of text in the place of the picture."""
        self._data = self._grey = self._photo = None
        self.setBoxes({})
        self._canvas.delete('picture', 'message')
        width, height = self._size()
        self._canvas.create_text(width / 2, height / 2, text=line, fill=TEXT, width=max(100, width - 40),
                                 justify=tk.CENTER, tags='message')

    def setContrast(self, clipped):
        """Let this per cent of the pixels be black, and as many white."""
        self._clipped, self._grey = clipped, None
        self._drawSoon()

    def setLowPass(self, period):
        """Smooth away waves of fewer than `period` px of the micrograph; 0: none."""
        self._period, self._grey = period, None
        self._drawSoon()

    # ------------------------------ boxes ------------------------------

    def setBoxes(self, boxes):
        """Show these boxes, {key: (x, y, colour)}, and no others; those that stay as they are, are not redrawn."""
        for key in [key for key in self._boxes if key not in boxes]:
            self.removeBox(key)
        if self._half != self._halfOf(len(boxes)):
            self._placeBoxes(len(boxes))
        for key, (x, y, colour) in boxes.items():
            self.setBox(key, x, y, colour)

    def setBox(self, key, x, y, colour):
        """Add a box, move it or give it another colour, which brings it to the front."""
        known = self._boxes.get(key)
        if known is None:
            self._boxes[key] = [x, y, colour, self._newItem(key, x, y, colour), self._state(key)]
            return
        if known[:2] != [x, y]:
            known[:2] = x, y
            self._canvas.coords(known[3], *self._outline(x, y))
        if known[2] != colour:
            known[2] = colour
            self._canvas.itemconfigure(known[3], **self._paint(colour))
            self._canvas.tag_raise(known[3])
        if key == self._marked:
            self.mark(key)

    def removeBox(self, key):
        """Take a box away."""
        self._canvas.delete(self._boxes.pop(key)[3])
        if key == self._marked:
            self.mark(None)
        if key == self._hovered:
            self._hovered = None

    def setVisible(self, visible):
        """Show the boxes whose keys are in `visible`, or for whose keys `visible(key)` is true; hide the others."""
        self._visible = visible if callable(visible) else set(visible).__contains__
        for key, box in self._boxes.items():
            state = self._state(key)
            if box[4] != state:
                box[4] = state
                self._canvas.itemconfigure(box[3], state=state)

    def setThick(self, keys):
        """Draw these boxes with a thick line, and no others."""
        before, self._thick = self._thick, frozenset(keys)
        for key in before ^ self._thick:
            if key in self._boxes:
                self._canvas.itemconfigure(self._boxes[key][3], width=self._width(key))

    def setShape(self, shape):
        """Draw the boxes as 'box', as 'dot', or ('auto') as boxes that are smaller where they would hide all else."""
        if shape == self._shape:
            return
        self._shape = shape
        self._half = self._halfOf(len(self._boxes))
        for key, box in self._boxes.items():
            self._canvas.delete(box[3])
            box[3] = self._newItem(key, *box[:3])
        self.mark(self._marked)

    def mark(self, key):
        """Emphasise one box by a white frame; None: none."""
        self._marked = key if key in self._boxes else None
        self._canvas.delete('mark')
        if self._marked is not None:
            x, y = self._boxes[key][:2]
            self._canvas.create_rectangle(*self._square(x, y, self._boxSize * self._scale / 2 + 3), outline=MARK,
                                          width=2, tags='mark')

    # ------------------------------ the view ------------------------------

    def fit(self):
        """Show the whole micrograph."""
        self._fit()
        self._tellView()

    def showView(self, other):
        """Show what another canvas shows of the same micrograph: the same middle at the same scale, or the whole."""
        if self._data is None:
            return
        if other._fitted:
            self._fit()
            return
        (width, height), (across, down) = self._size(), other._size()
        left, top = (edge + (there - here) / other._scale / 2 for edge, there, here in (
            (other._left, across, width), (other._top, down, height)))
        if self._scale == other._scale:
            self._shift(left, top)
            return
        self._fitted, self._scale = False, other._scale
        self._moveTo(left, top)
        self._draw()

    def _fit(self):
        self._fitted = True
        if self._data is None:
            return
        (rows, columns), (width, height) = self._data.shape, self._size()
        self._scale = min(width / columns, height / rows)
        self._left, self._top = (columns - width / self._scale) / 2, (rows - height / self._scale) / 2
        self._draw()

    def centreOn(self, x, y, across=math.inf):
        """Move the picture so that a place is in the middle; zoom in until it shows `across` px of a row at most."""
        if self._data is None:
            return
        width, height = self._size()
        scale = max(self._scale, min(width / across, MAX_SCALE))
        if self._fitted and scale == self._scale:
            return
        self._fitted, self._scale = False, scale
        self._moveTo(x + 0.5 - width / self._scale / 2, y + 0.5 - height / self._scale / 2)
        self._draw()
        self._tellView()

    def zoom(self, factor, at=None):
        """Zoom by a factor; the place `at`, (x, y) in px of the canvas and its middle by default, stays."""
        if self._data is None:
            return
        (rows, columns), (width, height) = self._data.shape, self._size()
        px, py = at or (width / 2, height / 2)
        whole = min(width / columns, height / rows)
        scale = min(max(self._scale * factor, whole), max(MAX_SCALE, whole))
        if scale <= whole * 1.001:
            self.fit()
            return
        self._fitted = False
        x, y = self._left + px / self._scale, self._top + py / self._scale
        self._scale = scale
        self._moveTo(x - px / scale, y - py / scale)
        self._draw()
        self._tellView()

    def toScreen(self, x, y):
        """Where a place of the micrograph is, in px of the canvas."""
        return (x + 0.5 - self._left) * self._scale, (y + 0.5 - self._top) * self._scale

    def toMicrograph(self, px, py):
        """Which place of the micrograph is at a point of the canvas."""
        return px / self._scale + self._left - 0.5, py / self._scale + self._top - 0.5

    def boxAt(self, px, py):
        """Key of the visible box at a point of the canvas, the one whose centre is nearest; None if there is none."""
        x, y = self.toMicrograph(px, py)
        reach = max(self._boxSize / 2, REACH / self._scale)
        best, found = math.inf, None
        for key, (bx, by, *_) in self._boxes.items():
            dx, dy = abs(bx - x), abs(by - y)
            if dx <= reach and dy <= reach and dx * dx + dy * dy < best and self._visible(key):
                best, found = dx * dx + dy * dy, key
        return found

    # ------------------------------ drawing ------------------------------

    def _size(self):
        return max(self._canvas.winfo_width(), 2), max(self._canvas.winfo_height(), 2)

    def _moveTo(self, left, top):
        """Put this place of the micrograph into the corner, but keep the middle of the view on the micrograph."""
        (rows, columns), (width, height) = self._data.shape, self._size()
        across, down = width / self._scale / 2, height / self._scale / 2
        self._left = min(max(left, -across), columns - across)
        self._top = min(max(top, -down), rows - down)

    def _shift(self, left, top):
        """Move the picture: what is there at once, on the display; the parts that come into view follow."""
        before = self._left, self._top
        self._fitted = False
        self._moveTo(left, top)
        self._canvas.move('all', (before[0] - self._left) * self._scale, (before[1] - self._top) * self._scale)
        self._drawSoon()

    def _tellView(self):
        if self._onView is not None:
            self._onView(self)

    def _drawSoon(self):
        """Draw when nothing has been asked for during REDRAW_MS."""
        if self._redraw is not None:
            self.after_cancel(self._redraw)
        self._redraw = self.after(REDRAW_MS, self._draw)

    def _draw(self):
        """Make the picture of what is seen, and put the boxes in their places."""
        if self._redraw is not None:
            self.after_cancel(self._redraw)
            self._redraw = None
        if self._data is None:
            return
        if self._grey is None:
            self._grey = self._makeGrey(self._data, self._clipped, self._period)
        step, (width, height) = self._data.step, self._size()
        columns, rows = (side * step for side in self._grey.size)
        left, right = max(self._left, 0), min(self._left + width / self._scale, columns)
        top, bottom = max(self._top, 0), min(self._top + height / self._scale, rows)
        if right > left and bottom > top:
            size = [max(1, round((end - start) * self._scale)) for start, end in ((left, right), (top, bottom))]
            part = self._grey.resize(size, Image.BILINEAR, [edge / step for edge in (left, top, right, bottom)])
            self._photo = ImageTk.PhotoImage(part, master=self._canvas)
            self._canvas.delete('picture')
            self._canvas.create_image((left - self._left) * self._scale, (top - self._top) * self._scale,
                                      anchor=tk.NW, image=self._photo, tags='picture')
            self._canvas.tag_lower('picture')
        self._placeBoxes(len(self._boxes))
        self.mark(self._marked)

    def _placeBoxes(self, number):
        """Put the boxes in their places, with the size that so many of them have."""
        fine, self._half = self._isFine(), self._halfOf(number)
        other = fine != self._isFine()
        for key, (x, y, _, item, _) in self._boxes.items():
            self._canvas.coords(item, *self._outline(x, y))
            if other:
                self._canvas.itemconfigure(item, width=self._width(key))

    def _halfOf(self, number):
        """Half the side of so many boxes, or the radius of dots, in px of the screen."""
        if self._shape == DOTS:
            return DOT
        side = self._boxSize * self._scale
        if self._shape == AUTO and side < ROOMY and number and self._data is not None:
            share = math.sqrt(CROWDED * math.prod(self._data.shape) / number) * self._scale
            side = min(side, max(share, 2 * DOT))
        return side / 2

    def _isFine(self):
        return 2 * self._half < FINE

    def _outline(self, x, y):
        return self._square(x, y, self._half)

    def _square(self, x, y, half):
        px, py = self.toScreen(x, y)
        return px - half, py - half, px + half, py + half

    def _paint(self, colour):
        return {'outline': 'black', 'fill': colour} if self._shape == DOTS else {'outline': colour}

    def _newItem(self, key, x, y, colour):
        draw = self._canvas.create_oval if self._shape == DOTS else self._canvas.create_rectangle
        return draw(*self._outline(x, y), width=self._width(key), state=self._state(key), tags='box',
                    **self._paint(colour))

    def _width(self, key):
        thin, thick = (1, 3) if self._shape == DOTS else (1 if self._isFine() else 2, 5)
        return thick if key in self._thick else thin

    def _state(self, key):
        return tk.NORMAL if self._visible(key) else tk.HIDDEN

    # ------------------------------ mouse ------------------------------

    def _bindEvents(self):
        canvas = self._canvas
        canvas.bind('<Configure>', self._resized)
        canvas.bind('<Destroy>', lambda event: self._redraw is not None and self.after_cancel(self._redraw))
        canvas.bind('<Button-1>', self._clicked)
        canvas.bind('<Double-Button-1>', self._doubleClicked)
        canvas.bind('<Motion>', lambda event: self._hover(self.boxAt(event.x, event.y)))
        canvas.bind('<Leave>', lambda event: self._hover(None))
        canvas.bind('<Button-4>', lambda event: self.zoom(ZOOM, (event.x, event.y)))
        canvas.bind('<Button-5>', lambda event: self.zoom(1 / ZOOM, (event.x, event.y)))
        canvas.bind('<MouseWheel>', lambda event: self.zoom(ZOOM if event.delta > 0 else 1 / ZOOM, (event.x, event.y)))
        for button in (2, 3):
            canvas.bind(f'<Button-{button}>', self._dragBegins)
            canvas.bind(f'<B{button}-Motion>', self._dragged)
            canvas.bind(f'<ButtonRelease-{button}>', self._dragEnds)

    def _resized(self, event):
        if self._data is None:
            self._canvas.coords('message', event.width / 2, event.height / 2)
            self._canvas.itemconfigure('message', width=max(100, event.width - 40))
        elif self._fitted:
            self._fit()
        else:
            self._draw()

    def _clicked(self, event):
        self._canvas.focus_set()
        if self._onClick is not None and self._data is not None:
            self._onClick(*self.toMicrograph(event.x, event.y), self.boxAt(event.x, event.y))

    def _doubleClicked(self, event):
        if self.boxAt(event.x, event.y) is None:
            self.fit()

    def _hover(self, key):
        if key != self._hovered:
            self._hovered = key
            if self._onHover is not None:
                self._onHover(key)

    def _dragBegins(self, event):
        self._drag = event.x, event.y, False

    def _dragged(self, event):
        x, y, moving = self._drag
        dx, dy = event.x - x, event.y - y
        if self._data is None or not (moving or math.hypot(dx, dy) >= DRAG_PX):
            return
        self._shift(self._left - dx / self._scale, self._top - dy / self._scale)
        self._drag = event.x, event.y, True
        self._tellView()

    def _dragEnds(self, event):
        moving = self._drag is not None and self._drag[2]
        self._drag = None
        if moving:
            self._draw()
        elif event.num == 3 and self._onMenu is not None:
            self._onMenu(self.boxAt(event.x, event.y), event)
