"""A user's hands: the real pointer and keyboard of the display, moved by xdotool, where that is installed."""
import os
import shutil
import subprocess
import time

import pytest

needsHands = pytest.mark.skipif('DISPLAY' not in os.environ or not shutil.which('xdotool'),
                                reason='needs a display and xdotool')
SETTLE = 0.15      # seconds in which what the hands did reaches the window


def do(window, *words):
    """Let xdotool do something, and the window take it in."""
    subprocess.run(['xdotool', *map(str, words)], check=True)
    settle(window)


def settle(window, seconds=SETTLE):
    """Let the window work for a while."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        window.update()
        time.sleep(0.01)


def press(window, key):
    """Press a key of the keyboard, named as xdotool names it, in this window."""
    window.focus_force()
    settle(window)
    do(window, 'key', '--clearmodifiers', key)


def move(widget, x, y):
    """Move the pointer to a point of a widget."""
    do(widget, 'mousemove', widget.winfo_rootx() + round(x), widget.winfo_rooty() + round(y))


def click(widget, x, y, button=1):
    """Click on a point of a widget."""
    move(widget, x, y)
    do(widget, 'click', button)


def drag(widget, start, end, button=1):
    """Drag from a point of a widget to another one."""
    move(widget, *start)
    do(widget, 'mousedown', button)
    move(widget, *((a + b) / 2 for a, b in zip(start, end)))
    move(widget, *end)
    do(widget, 'mouseup', button)
