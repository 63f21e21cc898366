"""The bars above and below the micrograph of the labelling window: what is wanted, and how far things are."""
import tkinter as tk
from tkinter import ttk

from ..widgets.look import buttonStyle, tickStyle
from .class_buttons import ClassButtons

WANTED = (10, 20, 30)      # labels of each class to choose among, the first to begin with


class TopBar(ttk.Frame):
    """The classes, how many labels are wanted of each, and buttons.

    classes: classes.ClassButtons. wanted: tk.IntVar; previewing: tk.BooleanVar, whether guesses are shown.
    commands: [(text, function, whether it needs suggestions, whether it changes labels)] of the buttons.
    """

    def __init__(self, master, session, chosen, onWanted, onPreview, commands):
        super().__init__(master)
        self.wanted, self.previewing = tk.IntVar(self, WANTED[0]), tk.BooleanVar(self, False)
        changing = tk.DISABLED if session.readOnly else tk.NORMAL
        suggesting = changing if session.suggestions else tk.DISABLED
        self.classes = ClassButtons(self, chosen, session.classes, changing)
        self.classes.pack(fill=tk.X)
        frame = ttk.Frame(self)
        frame.pack(fill=tk.X, pady=(4, 0))
        ttk.Label(frame, text='wanted of each').pack(side=tk.LEFT, padx=(8, 2))
        wanted = ttk.Combobox(frame, textvariable=self.wanted, values=WANTED, width=4, state='readonly')
        wanted.bind('<<ComboboxSelected>>', lambda event: onWanted())
        wanted.pack(side=tk.LEFT)
        self._changers = []      # buttons that change labels
        for text, command, needsSuggestions, changes in commands:
            state = suggesting if needsSuggestions else changing if changes else tk.NORMAL
            button = ttk.Button(frame, text=text, command=command, state=state, takefocus=False,
                                style=buttonStyle(self))
            button.pack(side=tk.LEFT, padx=(8, 0))
            if changes:
                self._changers.append(button)
        self.preview = ttk.Checkbutton(
            frame, text='Show what it would keep (w)', variable=self.previewing, command=onPreview, takefocus=False,
            style=tickStyle(self), state=tk.NORMAL if session.suggestions else tk.DISABLED)
        self.preview.pack(side=tk.LEFT, padx=(12, 0))

    def disable(self):
        """Let no label be changed any more."""
        self.classes.disable()
        for button in (*self._changers, self.preview):
            button.configure(state=tk.DISABLED)


class BottomBar(ttk.Frame):
    """Two lines of text, `missing` and `status`, and the buttons; `train` is there where labels can be given.
    more: a frame for further ones."""

    def __init__(self, master, session, onTrain, onClose, onKeys, onLabelOn):
        super().__init__(master)
        ttk.Button(self, text='Keys (F1)', command=onKeys, takefocus=False).pack(side=tk.RIGHT, padx=4)
        self.missing, self.status = ttk.Label(self, anchor=tk.W), ttk.Label(self, anchor=tk.W)
        self.more = ttk.Frame(self)
        self.more.pack(side=tk.RIGHT, padx=4)
        ttk.Button(self, text='Close', command=onClose, takefocus=False).pack(side=tk.RIGHT, padx=4)
        self.train, self._onLabelOn = None, onLabelOn
        if not session.readOnly:
            self.train = ttk.Button(self, text='Train', command=onTrain, takefocus=False, style=buttonStyle(self))
            self.train.pack(side=tk.RIGHT, padx=4)
        elif session.labelOn:
            self.offerLabelOn()
        for line in (self.missing, self.status):
            line.bind('<Configure>', lambda event: event.widget.configure(wraplength=event.width - 4))
            line.pack(fill=tk.X)

    def offerLabelOn(self):
        """Show the button that begins a new run with these labels."""
        button = ttk.Button(self, text='Label on in a new run', command=self._onLabelOn, takefocus=False)
        if self.train is None:
            button.pack(side=tk.RIGHT, padx=4)
        else:
            button.pack(side=tk.RIGHT, padx=4, after=self.train)
