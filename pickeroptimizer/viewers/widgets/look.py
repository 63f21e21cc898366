"""Styles of our own widgets; those of Scipion's windows stay as they are."""
from tkinter import font, ttk

from .screen import px

TICK, BUTTON = 'PickerOptimizer.TCheckbutton', 'PickerOptimizer.TButton'
LIST, LINE = 'PickerOptimizer.Treeview', 20      # px of a line, as ttk has it
_INDICATOR = 'PickerOptimizer.indicator'
OFF = '#505050'      # text of what is disabled: 5 to 1 against the grey of windows


def tickStyle(widget):
    """Return the style of a check button with a tick: a filled square would be taken for a colour."""
    style = ttk.Style(widget)
    if _INDICATOR not in style.element_names():
        style.element_create(_INDICATOR, 'from', 'alt', 'Checkbutton.indicator')
    style.layout(TICK, [('Checkbutton.padding', {'sticky': 'nswe', 'children': [
        (_INDICATOR, {'side': 'left', 'sticky': ''}), ('Checkbutton.label', {'side': 'left', 'sticky': 'nswe'})]})])
    style.configure(TICK, indicatorbackground='#FFFFFF', indicatormargin=(1, 1, 4, 1))
    style.map(TICK, foreground=[('disabled', OFF)])
    return TICK


def listStyle(widget):
    """Return the style of a list or table whose lines are as high as their letters need."""
    ttk.Style(widget).configure(LIST, rowheight=max(px(widget, LINE), font.nametofont('TkDefaultFont', widget).metrics(
        'linespace')))
    return LIST


def buttonStyle(widget):
    """Return the style of a button whose text is read also while it is disabled; it is flat then."""
    style = ttk.Style(widget)
    style.map(BUTTON, foreground=[('disabled', OFF)], relief=[('disabled', 'flat'), ('pressed', 'sunken')])
    return BUTTON
