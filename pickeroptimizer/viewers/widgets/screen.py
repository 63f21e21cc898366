"""How large things are on a screen: letters grow with its dots per inch, and what is measured in px grows with them.

Lengths in px are written down, everywhere in these windows, for a screen of DPI.
"""
DPI = 96
STEPS = 4      # of the factor, in 1: screens tell 96 or 100 dpi without a reason


def px(widget, length):
    """Return a length, px of a screen of DPI, in px of the screen that a Tk widget is on; never less than it was."""
    return round(length * max(1.0, round(STEPS * widget.winfo_fpixels('1i') / DPI) / STEPS))
