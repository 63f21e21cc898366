"""Colours that several widgets share."""
DARK = '#303030'       # behind pictures
LIGHT = '#FFFFFF'      # of what is written and drawn on them
WARNING = '#8B3A00'    # of a line that tells of something wrong
MIDDLE = '#808080'     # as most of a micrograph is


def pale(colour):
    """Return a colour, #RRGGBB, half way to white: a ground on which black text is read whatever the colour."""
    return '#' + ''.join(f'{(int(colour[i:i + 2], 16) + 255) // 2:02X}' for i in (1, 3, 5))
