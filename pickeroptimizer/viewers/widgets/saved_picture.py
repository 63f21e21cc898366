"""A micrograph with its boxes as a picture file: at the size of the screen, or the whole for print."""
from typing import Iterable, NamedTuple, Optional, Sequence, Tuple

from matplotlib.font_manager import FontProperties, findfont
from PIL import Image, ImageDraw, ImageFont

from .colours import DARK, LIGHT
from .scale_bar import MOST, barLength

PRINT_SIDE = 2400      # px, of the longer side of a picture for print
SCREEN = 1000          # px, of a side for which lines and letters have the size that they have on a screen
GAP = 4                # px between pictures side by side
LINE, THICK, LETTERS, MARGIN = 2, 5, 13, 10      # px there: lines of boxes, of corrected ones, letters, room


class DrawnBox(NamedTuple):
    """A box: its centre in px of the micrograph, its colour, whether its line is thick."""
    x: float
    y: float
    colour: str
    isThick: bool


def drawPicture(grey: Image.Image, step: float, part: Tuple[float, float, float, float], scale: float,
                boxes: Iterable[DrawnBox], side: float, pixelSize: Optional[float],
                legend: Sequence[Tuple[str, str]] = (), across: int = 1) -> Image.Image:
    """Return a part of a micrograph with boxes, a scale bar and a legend.

    grey: the micrograph, each px of which is `step` px of it. part: (left, top, right, bottom) edges in px of the
    micrograph. scale: px of the picture for one. side: of the boxes, px of the micrograph. pixelSize: Å/px, None for no
    scale bar. legend: (text, colour). across: pictures that are to lie side by side, in joinedPictures.
    """
    left, top, right, bottom = part
    size = max(1, round((right - left) * scale)), max(1, round((bottom - top) * scale))
    picture = grey.resize(size, Image.BICUBIC, [edge / step for edge in part]).convert('RGB')
    draw, unit = ImageDraw.Draw(picture), max(1.0, across * max(size) / SCREEN)
    font, half = ImageFont.truetype(findfont(FontProperties()), round(LETTERS * unit)), side * scale / 2
    for box in boxes:
        x, y = (box.x + 0.5 - left) * scale, (box.y + 0.5 - top) * scale
        draw.rectangle((x - half, y - half, x + half, y + half), outline=box.colour,
                       width=max(1, round((THICK if box.isThick else LINE) * unit)))
    if legend:
        _drawLegend(draw, legend, font, unit)
    if pixelSize:
        _drawBar(draw, size, scale * 10 / pixelSize, font, unit)
    return picture


def joinedPictures(pictures: Sequence[Image.Image], titles: Sequence[str], columns: int,
                   legend: Sequence[Tuple[str, str]]) -> Image.Image:
    """Return pictures side by side in so many columns, each below its title, and a legend below all of them.

    legend: (text, colour), as drawPicture has it.
    """
    width, height = (max(sizes) for sizes in zip(*(picture.size for picture in pictures)))
    unit = max(1.0, columns * max(width, height) / SCREEN)      # as drawPicture has it
    font, head = ImageFont.truetype(findfont(FontProperties()), round(LETTERS * unit)), round(LETTERS * unit * 2)
    lines = -(-len(pictures) // columns)
    sheet = Image.new('RGB', (columns * (width + GAP) - GAP, lines * (height + head)), DARK)
    draw = ImageDraw.Draw(sheet)
    for number, (picture, title) in enumerate(zip(pictures, titles)):
        left, top = number % columns * (width + GAP), number // columns * (height + head)
        draw.text((left + MARGIN * unit, top + head / 2), title, fill=LIGHT, font=font, anchor='lm')
        sheet.paste(picture, (left, top + head))
    if not legend:
        return sheet
    foot = round(len(legend) * LETTERS * unit * 1.5 + MARGIN * unit)
    whole = Image.new('RGB', (sheet.width, sheet.height + foot), DARK)
    whole.paste(sheet)
    key = Image.new('RGB', (sheet.width, foot), DARK)
    _drawLegend(ImageDraw.Draw(key), legend, font, unit)
    whole.paste(key, (0, sheet.height))
    return whole


def _drawLegend(draw, legend, font, unit):
    line, margin = LETTERS * unit * 1.5, MARGIN * unit
    widest = max(draw.textlength(text, font) for text, _ in legend)
    draw.rectangle((0, 0, widest + line + 2.5 * margin, len(legend) * line + margin), fill=DARK)
    for number, (text, colour) in enumerate(legend):
        top = margin / 2 + number * line
        draw.rectangle((margin, top + line * 0.2, margin + line * 0.6, top + line * 0.8), outline=colour,
                       width=max(2, round(LINE * unit)))
        draw.text((margin + line, top + line / 2), text, fill=LIGHT, font=font, anchor='lm')


def _drawBar(draw, size, perNm, font, unit):
    length, margin = barLength(MOST * unit / perNm), MARGIN * unit
    text, bottom = f'{length:g} nm', size[1] - margin
    right = margin * 2 + max(length * perNm, draw.textlength(text, font))
    draw.rectangle((margin, bottom - LETTERS * unit * 2.2, right + margin, bottom), fill=DARK)
    draw.text((2 * margin, bottom - LETTERS * unit * 0.8), text, fill=LIGHT, font=font, anchor='ls')
    top, base = (bottom - LETTERS * unit * share for share in (0.6, 0.3))
    draw.rectangle((2 * margin, top, 2 * margin + length * perNm, base), fill=LIGHT)
