"""Draws class averages on a sheet: the largest class first, with its number and size, and a mark if it is discarded."""
import numpy as np
from PIL import Image, ImageDraw

ACROSS, TILE, TITLE, GAP = 10, 108, 14, 4
GREYS = (0.5, 99.8)       # percentiles of all averages that are black and white
KEPT, DISCARDED = (0, 158, 115), (213, 94, 0)      # Okabe and Ito's green and orange


def draw(averages, sizes, path, keep=None):
    """`averages` (classes, rows, columns); `sizes` {class, 1 and up: particles}; `keep`: classes kept, None: undecided.

    Empty classes are left out.
    """
    order = sorted(sizes, key=sizes.get, reverse=True)
    down = -(-len(order) // ACROSS)
    sheet = Image.new('RGB', (ACROSS * (TILE + GAP) + GAP, down * (TILE + TITLE + GAP) + GAP), 'white')
    canvas = ImageDraw.Draw(sheet)
    low, high = np.percentile(averages[[number - 1 for number in order]], GREYS)      # of all, so that faint ones show
    for place, number in enumerate(order):
        left, top = GAP + place % ACROSS * (TILE + GAP), GAP + place // ACROSS * (TILE + TITLE + GAP)
        grey = np.uint8(255 * np.clip((averages[number - 1] - low) / (high - low), 0, 1))
        sheet.paste(Image.fromarray(grey).resize((TILE, TILE), Image.Resampling.BICUBIC), (left, top + TITLE))
        canvas.text((left + 1, top + 1), f'{number}: {sizes[number]}', fill='black')
        if keep is not None:
            edge = (left, top + TITLE, left + TILE - 1, top + TITLE + TILE - 1)
            canvas.rectangle(edge, outline=KEPT if number in keep else DISCARDED, width=3)
            if number not in keep:
                canvas.line(edge, fill=DISCARDED)
                canvas.line((edge[0], edge[3], edge[2], edge[1]), fill=DISCARDED)
    sheet.save(path)
