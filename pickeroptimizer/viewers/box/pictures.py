"""Pictures of some picks, with the box, what the network looks at around it, and the particle that fits."""
import tkinter as tk
from tkinter import ttk

import numpy as np
from PIL import Image, ImageTk

from ...comparison.names import in_the_middle, shortened
from ..widgets.colours import DARK, LIGHT
from ..widgets.grey_picture import lowPassed
from ..widgets.thumbnails import ThumbnailReader
from .model import LOOKED_AT, PARTICLE_SHARE

SIDE, COLUMNS = 186, 6       # px of the screen of a picture; pictures beside each other
NAME_LETTERS = 20            # of a micrograph, below its picture
BOX, AROUND, PARTICLE = 'box', 'around', 'particle'
STYLES = {BOX: ('#FFD400', ()), AROUND: ('#40D0FF', (6, 4)), PARTICLE: ('#FF8AE0', (2, 3))}      # colour, dash
WAVE = 1 / 10                # of the starting box: shorter waves are smoothed away, for they are mostly noise
UNREADABLE = 'This micrograph cannot be read.'


def clear(thumbnail: np.ndarray, boxSide: float) -> np.ndarray:
    """Return a thumbnail (side, side) of uint8 smoothed, in the contrast of the box in its middle.

    A whole micrograph with carbon or gold leaves few greys to a particle. boxSide: side of the box, px of the
    thumbnail.
    """
    smooth = lowPassed(thumbnail.astype(np.float32), WAVE * boxSide)
    side = len(smooth)
    edge = max(0, round((side - boxSide) / 2))
    low, high = np.percentile(smooth[edge:side - edge, edge:side - edge], (0.5, 99.5))
    return np.clip((smooth - low) * (255 / max(high - low, 1)), 0, 255).astype(np.uint8)


class PickPictures(ttk.Frame):
    """picks: SeenPicks. across: side of the pictures, and box: of the box at first, px of the micrographs.

    onRead(unreadable): when another picture has come, with the number of those that cannot be read.
    """

    def __init__(self, master, picks, across, box, onRead):
        super().__init__(master)
        self.across, self._cutFor, self._box, self._onRead = across, box, box, onRead
        self._photos, self._unreadable = {}, 0
        self.canvases = []
        names = list(dict.fromkeys(pick.name for pick in picks))
        names = {name: in_the_middle(short, NAME_LETTERS) for name, short in zip(names, shortened(names))}
        for number, pick in enumerate(picks):
            row, column = divmod(number, COLUMNS)
            canvas = tk.Canvas(self, width=SIDE, height=SIDE, background=DARK, highlightthickness=0)
            canvas.grid(row=2 * row, column=column, padx=3, pady=(6, 0))
            ttk.Label(self, text=names[pick.name]).grid(row=2 * row + 1, column=column)
            self.canvases.append(canvas)
        self._reader = ThumbnailReader(self, across, SIDE)
        self._reader.request([(number, pick.path, pick.x, pick.y) for number, pick in enumerate(picks)], self._show)

    def destroy(self):
        self._photos.clear()      # in this thread: Tk must not hear of their end from another one
        super().destroy()

    @property
    def read(self):
        """The number of pictures that are there."""
        return len(self._photos)

    def showBox(self, box):
        """Draw a box of this size, px of the micrographs, in all pictures."""
        self._box = box
        for number in self._photos:
            self._draw(number)

    def _show(self, number, thumbnail):
        canvas = self.canvases[number]
        if thumbnail is None:
            canvas.create_text(SIDE / 2, SIDE / 2, text=UNREADABLE, fill=LIGHT, width=SIDE - 20, justify=tk.CENTER)
            self._unreadable += 1
        else:
            picture = clear(thumbnail, self._cutFor * SIDE / self.across)
            self._photos[number] = ImageTk.PhotoImage(Image.fromarray(picture), master=canvas)
            canvas.create_image(0, 0, anchor=tk.NW, image=self._photos[number])
            self._draw(number)
        self._onRead(self._unreadable)

    def _draw(self, number):
        canvas, scale = self.canvases[number], SIDE / self.across
        for tag, boxes, create in ((AROUND, LOOKED_AT, canvas.create_rectangle), (BOX, 1, canvas.create_rectangle),
                                   (PARTICLE, PARTICLE_SHARE, canvas.create_oval)):
            half = boxes * self._box * scale / 2
            colour, dash = STYLES[tag]
            canvas.delete(tag)
            create(*[SIDE / 2 - half] * 2, *[SIDE / 2 + half] * 2, outline=colour, dash=dash, width=2, tags=tag)
