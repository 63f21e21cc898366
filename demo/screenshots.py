"""The pictures of the windows in the README, one of them moving, from the demo's project. See `make screenshots`.

The demo runs first, unless it has: its finished runs are kept. Two runs come to its project: a fine-tune that waits for
labels, and an evaluation. The windows are those that "Analyze results" opens.
"""
import itertools
import os
import shutil
import sys
import tkinter as tk

import numpy as np
import run
from PIL import Image, ImageChops, ImageGrab

from pickeroptimizer import viewers
from pickeroptimizer.domain.decision import MINIMUM
from pickeroptimizer.viewers.viewer_label import sessionOf

sys.path.insert(0, str(run.CHECKOUT / 'tools'))
from display import display

IMAGES = run.CHECKOUT / 'docs' / 'images'
WIDTH, HEIGHT = 1280, 800      # px
GREYS = 18                     # in a picture: a third of the bytes, and the eye sees no difference
QUIET_MS = 1000                # a window that has not changed for so long has drawn all
PATIENCE = 30                  # times QUIET_MS
FRAMES, FRAME_MS, FILM = 16, 1000, (960, 600)      # of the moving picture: how many, how long, px
QUALITY = 60                   # of its compression, of 100
GIVEN = 25                     # labels at least,
WANTED = 20                    # so many of each class in mind, as the window begins
MINIMUM_PROBABILITY = 0.6      # by which the prune window decides anew


def main():
    if shutil.which('Xvfb'):
        os.environ.pop('DISPLAY', None)      # windows on a desktop may be covered by others
    with display():
        if not os.environ.get('DISPLAY'):
            sys.exit('There is no display for the windows: install Xvfb (Debian and Ubuntu: package xvfb).')
        demo = run.main()
        run.say('Labels to show: a fine-tune that waits, with labels as the truth has them')
        waiting = demo.chain.run('label now', 'ProtPickerOptimizerTrain', labelSource=2,
                                 inputCoordinates=(demo.picks, 'outputCoordinates'))
        label(waiting, demo.truth)
        run.say('Figures to show: an evaluation on the labels of the demo')
        evaluation = demo.chain.run('evaluate', 'ProtPickerOptimizerEvaluate', shots='3 5 10 15', draws=10,
                                    inputLabels=(demo.training, 'outputLabels'))
        run.say('Taking the pictures')
        pictures = {}
        root = tk.Tk()
        root.withdraw()
        for name, viewer, protocol, prepare in (
                ('prune', viewers.PickerOptimizerPruneViewer, demo.pruning,
                 lambda window: window.decide(MINIMUM, MINIMUM_PROBABILITY)),
                ('labelling', viewers.PickerOptimizerLabelViewer, waiting, lambda window: window.suggest()),
                ('model', viewers.PickerOptimizerModelViewer, demo.training, lambda window: window.tabs.select(1)),
                ('evaluation', viewers.PickerOptimizerEvaluationViewer, evaluation, lambda window: None)):
            viewer(project=demo.chain.project, protocol=protocol).visualize(protocol)
            window, = root.winfo_children()
            window.geometry(f'{WIDTH}x{HEIGHT}+0+0')
            still(window)
            prepare(window)
            pictures[name] = small(still(window))
            if name == 'labelling':
                frames = film(window, answers(sessionOf(waiting), demo.truth))
            window.destroy()
        root.destroy()
    for name, picture in pictures.items():      # all of them or none
        path = IMAGES / f'{name}.png'
        picture.save(path, optimize=True)
        tell(path)
    path = IMAGES / 'labelling.webp'
    frames[0].save(path, save_all=True, append_images=frames[1:], duration=FRAME_MS, loop=0, quality=QUALITY, method=6)
    tell(path)


def tell(path):
    print(f'  {path.relative_to(run.CHECKOUT)}  {path.stat().st_size / 1000:.0f} kB')


def answers(session, truth):
    """A function that tells the class of a place, as the truth has it."""
    names = {micrograph.id: micrograph.name for micrograph in session.micrographs}
    return lambda place: truth[names[place.micId], place.x, place.y]


def film(window, answer):
    """Pictures of a window in which one suggestion after the other is answered, by the key of its class."""
    frames = []
    window.focus_force()
    for _ in range(FRAMES):
        frames.append(still(window).resize(FILM, Image.Resampling.LANCZOS))
        if window._suggested is None:
            break
        window.event_generate(f'<Key-{answer(window._suggested)[0]}>')
    window.event_generate('<Key-Escape>')
    window.event_generate('<Key-w>')
    window.event_generate('<Key-f>')
    return frames + 3 * [still(window).resize(FILM, Image.Resampling.LANCZOS)]


def label(waiting, truth):
    """Label as a user does who follows the suggestions and is never wrong; from nothing each time.

    The next suggestion is left to the window: one far from the edges, so that the picture around it is full.
    """
    waiting.registerLabels([])
    session = sessionOf(waiting)
    answer = answers(session, truth)
    for given in itertools.count():
        place = session.suggestions.next(session.labels, WANTED)
        if place is None or (given >= GIVEN and all(0.25 < side / run.SIZE < 0.75 for side in (place.x, place.y))):
            return
        session.labels.label(place, answer(place))


def still(window):
    """The picture of a window, once nothing in it changes any more."""
    before = None
    for _ in range(PATIENCE):
        now = grab(window)
        if before is not None and ImageChops.difference(before, now).getbbox() is None:
            return now
        before = now
    sys.exit(f'The window "{window.title()}" does not come to rest.')


def small(image):
    """An image with fewer greys, and few enough colours for a PNG with a palette."""
    pixels = np.asarray(image)
    grey = np.ptp(pixels, axis=2, keepdims=True) == 0
    levels = np.rint(np.rint(np.arange(256) / 255 * (GREYS - 1)) * 255 / (GREYS - 1)).astype(np.uint8)
    return Image.fromarray(np.where(grey, levels[pixels], pixels)).quantize(256)


def grab(window):
    """The picture of a window after a while in which it could draw."""
    over = tk.BooleanVar(window, False)
    window.after(QUIET_MS, lambda: over.set(True))
    window.wait_variable(over)
    left, top = window.winfo_rootx(), window.winfo_rooty()
    return ImageGrab.grab((left, top, left + WIDTH, top + HEIGHT), xdisplay=os.environ['DISPLAY'])


if __name__ == '__main__':
    main()
