"""The window in which the size of the box is chosen by looking at some picks."""
import tkinter as tk
from tkinter import ttk

from ...worker.exchange.errors import InputError
from ..widgets.colours import WARNING
from ..widgets.keys import Key, KeyTable
from ..widgets.swatch import Swatch
from .model import CUT, LEAST, MOST, parsedBox
from .pictures import AROUND, BOX, PARTICLE, STYLES, PickPictures

HINT = 'About 1.5 to 2 times the particle.'
STEP = 2                  # px, of the arrow keys
LEAST_CUT, MOST_CUT = 2.1, 6.0      # boxes across: else squares leave the pictures, or are lost in them
CUT_MS = 400              # quiet time before the pictures are cut anew for a box of quite another size
LEGEND = {BOX: 'the box', AROUND: 'twice the box: the network looks at both',
          PARTICLE: 'the largest particle for this box (the box / 1.5)'}


class BoxWindow(tk.Toplevel):
    """Lets the user choose. `value` is what is chosen, px; `accepted`: whether by OK."""

    def __init__(self, master, model):
        super().__init__(master)
        self.title('Box size')
        self.resizable(False, False)
        self._model, self._waiting = model, None
        self.value, self.accepted = model.start, False
        self._legend()
        self._frame = ttk.Frame(self)
        self._frame.pack(padx=8)
        self.unreadable = ttk.Label(self, foreground=WARNING)
        self.unreadable.pack(anchor=tk.W, padx=10)
        self._controls()
        self.picker = ttk.Label(self)
        self.picker.pack(anchor=tk.W, padx=10, pady=(4, 0))
        self._buttons()
        KeyTable(self, (Key(('Right', 'Up'), f'a box larger by {STEP} px', lambda: self.choose(self.value + STEP)),
                        Key(('Left', 'Down'), f'a box smaller by {STEP} px', lambda: self.choose(self.value - STEP)),
                        Key(('o',), 'other picks', self.drawOthers),
                        Key(('Return', 'KP_Enter'), 'take this box', self.accept),
                        Key(('Escape',), 'leave the form as it is', self.destroy)))
        self.bind('<Destroy>', self._ends, add='+')
        self.drawOthers()
        self.choose(self.value)

    def drawOthers(self):
        """Show other picks."""
        self._picks = self._model.draw()
        self._cut()

    def choose(self, value):
        """Show a box of so many px, or the nearest that can be."""
        self.value = min(max(value, LEAST), MOST)
        self.wrong.configure(text='')
        if self.entry.get().strip() != str(self.value):
            self.entry.delete(0, tk.END)
            self.entry.insert(0, str(self.value))
        command = self.slider.cget('command')
        self.slider.configure(command='')
        self.slider.set(self.value)
        self.slider.configure(command=command)
        self.angstrom.configure(text=f'px = {self.value * self._model.pixelSize:.0f} Å')
        self.picker.configure(text=self._model.pickerLine(self.value),
                              foreground=WARNING if self._model.isTight(self.value) else '')
        self.pictures.showBox(self.value)
        self._stopWaiting()
        if not LEAST_CUT * self.value <= self.pictures.across <= MOST_CUT * self.value:
            self._waiting = self.after(CUT_MS, self._cut)

    def accept(self):
        """Take the number of the field, unless it is none."""
        if self._typed():
            self.accepted = True
            self.destroy()

    def _cut(self):
        """Cut the pictures for the box as it is."""
        self._stopWaiting()
        for old in self._frame.winfo_children():
            old.destroy()      # its reader ends with it
        self._told(0)
        self.pictures = PickPictures(self._frame, self._picks, CUT * self.value, self.value, self._told)
        self.pictures.pack()

    def _told(self, unreadable):
        self.unreadable.configure(text=f'{unreadable} of these picks are on micrographs that cannot be read.'
                                  if unreadable else '')

    def _typed(self):
        """Take what the field says; tell beside it what is wrong, and return whether it is a box."""
        try:
            value = parsedBox(self.entry.get())
        except InputError as error:
            self.wrong.configure(text=str(error))
            return False
        if value != self.value:
            self.choose(value)
        self.wrong.configure(text='')
        return True

    def _stopWaiting(self):
        if self._waiting is not None:
            self.after_cancel(self._waiting)
            self._waiting = None

    def _ends(self, event):
        if event.widget is self:
            self._stopWaiting()

    # ------------------------------ widgets ------------------------------

    def _legend(self):
        line = ttk.Frame(self)
        line.pack(anchor=tk.W, padx=10, pady=(8, 0))
        for name, text in LEGEND.items():
            Swatch(line, *STYLES[name]).pack(side=tk.LEFT)
            ttk.Label(line, text=text).pack(side=tk.LEFT, padx=(4, 16))

    def _controls(self):
        line = ttk.Frame(self)
        line.pack(fill=tk.X, padx=10, pady=(4, 0))
        ttk.Label(line, text='Box size').pack(side=tk.LEFT)
        low, high = max(LEAST, self.value // 3), min(MOST, 3 * self.value)
        self.slider = ttk.Scale(line, from_=low, to=high, length=360,
                                command=lambda value: self.choose(round(float(value))))
        self.slider.pack(side=tk.LEFT, padx=6)
        self.entry = ttk.Entry(line, width=6, justify=tk.RIGHT)
        self.entry.pack(side=tk.LEFT)
        self.entry.bind('<KeyRelease>', lambda event: self._typed())
        for event in ('<Return>', '<KP_Enter>'):
            self.entry.bind(event, lambda event: self.accept())
        self.entry.bind('<Escape>', lambda event: self.destroy())
        self.angstrom = ttk.Label(line)
        self.angstrom.pack(side=tk.LEFT, padx=(4, 12))
        ttk.Label(line, text=HINT).pack(side=tk.LEFT)
        self.wrong = ttk.Label(line, foreground=WARNING)
        self.wrong.pack(side=tk.LEFT, padx=12)

    def _buttons(self):
        line = ttk.Frame(self)
        line.pack(fill=tk.X, padx=10, pady=8)
        self.other = ttk.Button(line, text='Other picks', command=self.drawOthers)
        self.other.pack(side=tk.LEFT)
        self.cancel = ttk.Button(line, text='Cancel', command=self.destroy)
        self.cancel.pack(side=tk.RIGHT)
        self.ok = ttk.Button(line, text='OK', command=self.accept)
        self.ok.pack(side=tk.RIGHT, padx=(0, 6))
