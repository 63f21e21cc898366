"""Controls of the decision: the rule, and the number that goes with it as a slider and as text."""
import math
import tkinter as tk
from tkinter import ttk

from ...domain.decision import MINIMUM, MOST_PROBABLE, PURITY, RULES, SHARE, numberText
from ..widgets.colours import WARNING
from ..widgets.screen import px

# Of the slider and the text: from, to, decimals, what it starts with.
RANGES = {MINIMUM: (0.0, 1.0, 3, 0.5), SHARE: (50.0, 99.9, 1, 95.0), PURITY: (0.1, 20.0, 1, 2.0)}
UNITS = {MINIMUM: '', SHARE: '%', PURITY: '%', MOST_PROBABLE: '', None: ''}
TEXT_WIDTH = 270                    # px of the screen
AS_GIVEN_TEXT = 'as they were'      # no rule, see model.AS_GIVEN


class DecisionPanel(ttk.Frame):
    """Lets the user choose a rule and its number.

    onRule(mode, wanted): whenever one is chosen; see decision.minimumFor. A text that is no number in the range is
    refused beside the field.
    """

    def __init__(self, master, onRule):
        super().__init__(master)
        self._onRule = onRule
        self._mode, self._wanted = MOST_PROBABLE, None
        ttk.Label(self, text='Keep by').grid(row=0, column=0, sticky=tk.W, padx=(0, 4))
        self.rule = ttk.Combobox(self, values=RULES, state='readonly', width=26)
        self.rule.grid(row=0, column=1, columnspan=3, sticky=tk.EW, pady=2)
        self.slider = ttk.Scale(self, command=self._slid)
        self.slider.grid(row=1, column=0, columnspan=2, sticky=tk.EW)
        self.entry = ttk.Entry(self, width=9, justify=tk.RIGHT)
        self.entry.grid(row=1, column=2, padx=(4, 0))
        self._unit = ttk.Label(self, width=2)
        self._unit.grid(row=1, column=3)
        self.wrong = ttk.Label(self, foreground=WARNING, wraplength=px(self, TEXT_WIDTH))
        self.columnconfigure(1, weight=1)
        self.rule.bind('<<ComboboxSelected>>', lambda event: self._chosen(self.rule.current()))
        for event in ('<Return>', '<KP_Enter>'):      # the keys are those of the window again, and the number is taken
            self.entry.bind(event, lambda event: (self._typed(), self.winfo_toplevel().focus_set()))
        self.entry.bind('<FocusOut>', lambda event: self._typed())

    def show(self, mode, wanted):
        """Show a rule, or that there is none (None, None), without telling of it."""
        self._mode, self._wanted = mode, wanted
        self.wrong.grid_remove()
        self.rule.set(AS_GIVEN_TEXT if mode is None else RULES[mode])
        self._unit.configure(text=UNITS[mode])
        command, state = self.slider.cget('command'), tk.DISABLED if wanted is None else tk.NORMAL
        for widget in (self.entry, self.slider):      # which take nothing while they are disabled
            widget.configure(state=tk.NORMAL)
        self.entry.delete(0, tk.END)
        if wanted is not None:
            low, high, decimals, _ = RANGES[mode]
            # In units of the last decimal: a click beside the slider's knob and the arrow keys move it by one.
            self.slider.configure(command='', from_=low * 10 ** decimals, to=high * 10 ** decimals)
            self.slider.set(wanted * 10 ** decimals)
            self.slider.configure(command=command)
            self.entry.insert(0, numberText(wanted, decimals))
        self.entry.configure(state=state)
        self.slider.configure(state=state)

    def _chosen(self, mode):
        self.rule.selection_clear()
        self._onRule(mode, None if mode == MOST_PROBABLE else RANGES[mode][3])

    def _slid(self, value):
        decimals = RANGES[self._mode][2]
        self._onRule(self._mode, round(round(float(value)) / 10 ** decimals, decimals))

    def _typed(self):
        """Take the number of the text; one that is none, or out of range, is told and put back to what it was."""
        if self._mode in (MOST_PROBABLE, None):
            return
        low, high, decimals, _ = RANGES[self._mode]
        before, text = self._wanted, self.entry.get().strip()
        if text == numberText(before, decimals):
            return
        try:
            wanted = float(text)
        except ValueError:
            wanted = math.nan
        if not low <= wanted <= high:      # nan too
            self.show(self._mode, before)
            self.wrong.configure(text=f'"{text}" is no number from {low:g} to {high:g}; it stays {numberText(before)}.')
            self.wrong.grid(row=2, column=0, columnspan=4, sticky=tk.W)
        elif wanted == before:
            self.show(self._mode, before)
        else:
            self._onRule(self._mode, wanted)
