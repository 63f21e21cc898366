"""Keys that the windows share."""
_CONTROL_OR_ALT = 0x4 | 0x8      # bits of Tk's event.state


def isPlain(event):
    """Return whether a key event came without Control and Alt, whose combinations belong to the desktop."""
    return not event.state & _CONTROL_OR_ALT
