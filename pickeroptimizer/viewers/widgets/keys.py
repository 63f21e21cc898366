"""Keys of a window: one table that both binds them and shows them, so that the help cannot differ from what they do."""
import tkinter as tk
from typing import Callable, NamedTuple, Optional, Sequence, Tuple

from .colours import DARK, LIGHT

_SHIFT, _CONTROL, _ALT = 0x1, 0x4, 0x8      # bits of Tk's event.state
_SHOWN = {'Up': '↑', 'Down': '↓', 'Left': '←', 'Right': '→', 'Escape': 'Esc', 'Control': 'Ctrl',
          'KP_Enter': 'Enter'}
_OWN_ARROWS = {'Treeview': ('Up', 'Down'), 'TScale': ('Up', 'Down', 'Left', 'Right'),
               'TCombobox': ('Up', 'Down'), 'TNotebook': ('Left', 'Right')}      # that a widget itself uses
_TYPED_IN = ('Entry', 'TEntry')             # classes of widgets that take letters
_ROWS = 16                                  # of a column of the overlay


class Key(NamedTuple):
    """A line of the table. keys: as `nameOf` names them, or, without an action, what the mouse does; text: what that
    is for; action(): what is called, None for a line that only tells."""
    keys: Tuple[str, ...]
    text: str
    action: Optional[Callable[[], object]] = None


class KeyTable:
    """Binds the keys of a window, F1 and ? among them, which show the table over the window, and Ctrl+W, which closes.

    notes: a text below the table.
    """

    def __init__(self, window: tk.Toplevel, rows: Sequence[Key], notes: str = ''):
        self._window, self._notes = window, notes
        self.rows = (*rows, Key(('F1', '?'), 'show or hide the keys', self.toggle),
                     Key(('Control-w',), 'close the window', window.destroy))
        self._actions = {key: row.action for row in self.rows if row.action for key in row.keys}
        self.overlay: Optional[tk.Frame] = None
        window.bind('<Key>', self._pressed, add='+')
        window.bind('<Button-1>', self._clicked, add='+')

    def toggle(self) -> None:
        """Show the table over the window, or hide it."""
        if self.overlay is not None:
            self.overlay.destroy()
            self.overlay = None
            return
        self.overlay = _overlay(self._window, self.rows, self._notes)
        for widget in (self.overlay, *self.overlay.winfo_children()):
            widget.bind('<Button-1>', lambda event: self.toggle())

    def _clicked(self, event):
        """Take the keys back from a field once something else is clicked on: they would be typed into it."""
        field = self._window.focus_get()
        if field is not None and field.winfo_class() in _TYPED_IN and event.widget is not field:
            self._window.focus_set()

    def _pressed(self, event):
        key = nameOf(event)
        if self.overlay is not None and key == 'Escape':
            self.toggle()
            return
        # A list that hangs from a combobox has keys of its own, and names its widget by a text.
        kind = event.widget.winfo_class() if isinstance(event.widget, tk.Misc) else ''
        if key not in self._actions or key in _OWN_ARROWS.get(kind, ()):
            return
        if kind not in _TYPED_IN or key == 'F1':
            self._actions[key]()


def nameOf(event: tk.Event) -> str:
    """Return the name of a key event: a letter as a small one, "Control-z", "Control-Shift-z", or Tk's name, "Left".

    With Alt, whose combinations belong to the desktop: ''.
    """
    if event.state & _ALT:
        return ''
    if event.state & _CONTROL:
        shift = 'Shift-' if event.state & _SHIFT else ''
        return f'Control-{shift}{event.keysym.lower()}'
    return event.char.lower() if event.char > ' ' and event.char.isprintable() else event.keysym


def shown(key: str) -> str:
    """Return the name of a key as people write it."""
    parts = [_SHOWN.get(part, part) for part in key.split('-')]
    return '+'.join([*parts[:-1], parts[-1].upper() if len(parts) > 1 else parts[-1]])


def _overlay(window, rows, notes):
    frame = tk.Frame(window, background=DARK, padx=18, pady=14, highlightthickness=2, highlightbackground=LIGHT)
    for number, row in enumerate(rows):
        column, line = divmod(number, _ROWS)
        keys = ', '.join(map(shown, row.keys))
        for place, (text, weight) in enumerate(((keys, 'bold'), (row.text, 'normal'))):
            tk.Label(frame, text=text, font=('TkDefaultFont', 10, weight), background=DARK, foreground=LIGHT,
                     anchor=tk.W).grid(row=line, column=2 * column + place, sticky=tk.W, padx=(0, 16))
    tk.Label(frame, text=f'{notes}\n\nF1, Esc or a click closes this.'.strip(), background=DARK, foreground=LIGHT,
             justify=tk.LEFT, wraplength=700).grid(row=_ROWS, columnspan=4, sticky=tk.W, pady=(12, 0))
    frame.place(relx=0.5, rely=0.5, anchor=tk.CENTER)
    frame.tkraise()
    return frame
