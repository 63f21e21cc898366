"""The boxes on a micrograph as items of a Tk canvas: changing one redraws one."""
import math
import tkinter as tk
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Hashable, Tuple

from ...constants import CROWDED
from .colours import LIGHT
from .lasso import areWithin
from .saved_picture import DrawnBox
from .screen import px

AUTO, FULL, DOTS = 'auto', 'box', 'dot'      # shapes
BOX_REACH = 6                # px of the screen within which a box is hit, however small
DOT_RADIUS = 4               # px of the screen
FINE_SIDE = 28               # px of the screen: the lines of smaller boxes are thinner
ROOMY_SIDE = 48              # px of the screen at which boxes can be told apart, however crowded they are


@dataclass
class Box:
    """A box on the canvas: its centre in px of the micrograph, its line (see palette.Style), Tk's number and state of
    its item."""
    x: float
    y: float
    colour: str
    dash: Tuple[int, ...]
    item: int
    state: str


class BoxItems:
    """Boxes of one size on the micrograph of a View.

    side: of the boxes, px of the micrograph. drawn: {key: Box}. marked: key of the box with a frame, or None.
    """

    def __init__(self, canvas, view, side):
        self._canvas, self._view, self.side = canvas, view, side
        self._px = lru_cache(maxsize=None)(partial(px, canvas))      # which is asked for every box
        self.drawn = {}
        self.marked = None
        self._thick = frozenset()
        self._visible = lambda key: True
        self._shape = AUTO
        self._half = side / 2      # of the side of the boxes as they are drawn, px of the screen

    def setAll(self, boxes):
        """Show these boxes, {key: (x, y, colour)} or {key: (x, y, colour, dash)}, and no others.

        Those that stay as they are, are not redrawn.
        """
        for key in [key for key in self.drawn if key not in boxes]:
            self.remove(key)
        if self._half != self._halfOf(len(boxes)):
            self._place(len(boxes))
        for key, (x, y, *style) in boxes.items():
            self.set(key, x, y, *style)

    def set(self, key: Hashable, x: float, y: float, colour: str, dash: Tuple[int, ...] = ()):
        """Add a box, move it or give it another line, which brings it to the front."""
        box = self.drawn.get(key)
        if box is None:
            state = self._state(key)
            self.drawn[key] = Box(x, y, colour, dash, self._newItem(key, x, y, (colour, dash), state), state)
            return
        if (box.x, box.y) != (x, y):
            box.x, box.y = x, y
            self._canvas.coords(box.item, *self._square(x, y, self._half))
        if (box.colour, box.dash) != (colour, dash):
            box.colour, box.dash = colour, dash
            self._canvas.itemconfigure(box.item, **self._paint(colour, dash))
            self._canvas.tag_raise(box.item)
        if key == self.marked:
            self.mark(key)

    def remove(self, key):
        """Take a box away."""
        self._canvas.delete(self.drawn.pop(key).item)
        if key == self.marked:
            self.mark(None)

    def setVisible(self, visible):
        """Show the boxes whose keys are in `visible`, or for whose keys `visible(key)` is true; hide the others."""
        self._visible = visible if callable(visible) else set(visible).__contains__
        for key, box in self.drawn.items():
            state = self._state(key)
            if box.state != state:
                box.state = state
                self._canvas.itemconfigure(box.item, state=state)

    def setThick(self, keys):
        """Draw these boxes with a thick line, and no others."""
        before, self._thick = self._thick, frozenset(keys)
        for key in before ^ self._thick:
            if key in self.drawn:
                self._canvas.itemconfigure(self.drawn[key].item, width=self._width(key))

    def setShape(self, shape):
        """Draw the boxes as FULL ones, as DOTS, or (AUTO) as boxes that are smaller where they would hide all else."""
        if shape == self._shape:
            return
        self._shape = shape
        self._half = self._halfOf(len(self.drawn))
        for key, box in self.drawn.items():
            self._canvas.delete(box.item)
            box.item = self._newItem(key, box.x, box.y, (box.colour, box.dash), box.state)
        self.mark(self.marked)

    def mark(self, key):
        """Emphasise one box by a white frame; None, or the key of no box: none."""
        self.marked = key if key in self.drawn else None
        self._canvas.delete('mark')
        if self.marked is not None:
            box = self.drawn[key]
            self._canvas.create_rectangle(*self._square(box.x, box.y, self.side * self._view.scale / 2 + self._px(3)),
                                          outline=LIGHT, width=self._px(2), tags='mark')

    def at(self, px, py):
        """Return the key of the visible box at a point of the canvas, the one whose centre is nearest, or None."""
        x, y = self._view.toMicrograph(px, py)
        reach = max(self.side / 2, self._px(BOX_REACH) / self._view.scale)
        best, found = math.inf, None
        for key, box in self.drawn.items():
            dx, dy = abs(box.x - x), abs(box.y - y)
            if dx <= reach and dy <= reach and dx * dx + dy * dy < best and self._visible(key):
                best, found = dx * dx + dy * dy, key
        return found

    def shown(self):
        """Return the visible boxes as saved_picture.DrawnBox."""
        return [DrawnBox(box.x, box.y, box.colour, key in self._thick) for key, box in self.drawn.items()
                if box.state == tk.NORMAL]

    def within(self, outline):
        """Return the keys of the visible boxes whose centres are within a line, [(x, y)] in px of the micrograph."""
        keys = [key for key in self.drawn if self._visible(key)]
        inside = areWithin([(self.drawn[key].x, self.drawn[key].y) for key in keys], outline)
        return [key for key, isInside in zip(keys, inside) if isInside]

    def place(self):
        """Put all boxes where the view has them now."""
        self._place(len(self.drawn))
        self.mark(self.marked)

    def _place(self, number):
        """Put the boxes in their places, with the size that so many of them have."""
        fine, self._half = self._isFine(), self._halfOf(number)
        other = fine != self._isFine()
        for key, box in self.drawn.items():
            self._canvas.coords(box.item, *self._square(box.x, box.y, self._half))
            if other:
                self._canvas.itemconfigure(box.item, width=self._width(key))

    def _halfOf(self, number):
        """Half the side of so many boxes, or the radius of dots, in px of the screen."""
        if self._shape == DOTS:
            return self._px(DOT_RADIUS)
        side, shape = self.side * self._view.scale, self._view.shape
        if self._shape == AUTO and side < self._px(ROOMY_SIDE) and number and shape is not None:
            share = math.sqrt(CROWDED * math.prod(shape) / number) * self._view.scale
            side = min(side, max(share, 2 * self._px(DOT_RADIUS)))
        return side / 2

    def _isFine(self):
        return 2 * self._half < self._px(FINE_SIDE)

    def _square(self, x, y, half):
        px, py = self._view.toScreen(x, y)
        return px - half, py - half, px + half, py + half

    def _paint(self, colour, dash):
        return {'outline': 'black', 'fill': colour} if self._shape == DOTS else {'outline': colour, 'dash': dash}

    def _newItem(self, key, x, y, style, state):
        draw = self._canvas.create_oval if self._shape == DOTS else self._canvas.create_rectangle
        return draw(*self._square(x, y, self._half), width=self._width(key), state=state, tags='box',
                    **self._paint(*style))

    def _width(self, key):
        thin, thick = (1, 3) if self._shape == DOTS else (1 if self._isFine() else 2, 5)
        return self._px(thick if key in self._thick else thin)

    def _state(self, key):
        return tk.NORMAL if self._visible(key) else tk.HIDDEN
