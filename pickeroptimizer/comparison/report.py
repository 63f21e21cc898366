"""The report of a comparison: one HTML file with all it shows inside, for any browser."""
import base64
import html
import math
from typing import Any

from ..worker.exchange.files import PathLike, replacing
from . import pictures, tables
from .analysis import Analysis
from .describe import answer, percent, percent_interval, sentences, two_digits
from .names import apart

REPORT_FILE = 'report.html'
ROWS_SHOWN = 40      # of a table at most; the CSV files have all

STYLE = '''body{font:15px/1.45 sans-serif;color:#222;max-width:1160px;margin:1.5em auto;padding:0 1em}
h1{font-size:1.5em}h2{font-size:1.15em;margin-top:2em}
table{border-collapse:collapse;font-size:.9em;margin:.5em 0}
th,td{padding:.2em .6em;border-bottom:1px solid #ddd;text-align:right;white-space:nowrap}
th{background:#f4f4f4;vertical-align:bottom}td.text,th.text{text-align:left}
div.wide{overflow-x:auto}img{max-width:100%}p.note{color:#555}li.note{list-style:none;color:#555}
@media print{body{margin:0;font-size:11px}h2{page-break-after:avoid}img,tr{page-break-inside:avoid}
div.wide{overflow:visible}th,td{white-space:normal}}'''


def write(path: PathLike, analysis: Analysis, most_pictures: int) -> None:
    """Write the report, whole or not at all, with pictures of at most `most_pictures` micrographs."""
    with replacing(path, encoding='utf-8') as stream:
        stream.write(page(analysis, most_pictures))


def page(analysis: Analysis, most_pictures: int) -> str:
    """Return the report as HTML."""
    best = answer(analysis)
    parts = [_table(tables.price_table(analysis)), _list([best]) if best else '',
             '<h2>In words</h2>', _list(sentences(analysis)), _micrographs(analysis, most_pictures)]
    if analysis.judgements:
        parts += ['<h2>Junk removed against particles lost</h2>',
                  '<p class="note">Curves: what each threshold of a score would do. Marks: what each method did, with '
                  '95 % intervals by micrograph.</p>',
                  _image(pictures.trade_picture(analysis), 'Junk removed against particles lost')]
    if analysis.curves:
        parts += ['<h2>Kept by threshold</h2>', _image(pictures.shares_picture(analysis), 'Share kept by threshold')]
    if len(analysis.counts) > 1 and analysis.patterns:
        parts += ['<h2>Who kept what</h2>',
                  '<p class="note">Each bar counts the picks that exactly the methods with a black dot below it kept, '
                  'of the picks that were given to all.</p>',
                  _image(pictures.patterns_picture(analysis), 'Who kept what')]
    parts += [_table(table) for table in tables.all_tables(analysis) if table.name not in ('curves', 'patterns')]
    title = f'Pruned sets compared: {analysis.comparison.reference}'
    return (f'<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"><title>{html.escape(title)}</title>'
            f'<style>{STYLE}</style></head>\n<body><h1>{html.escape(title)}</h1>\n' + '\n'.join(parts) +
            '\n</body></html>\n')


def _list(lines):
    """Sentences as a list; those that begin with blanks belong to the one before, *this* stands out."""
    items = []
    for line in lines:
        words = html.escape(line.strip()).split('*')
        if len(words) % 2:      # each star has its partner
            text = ''.join(f'<b>{word}</b>' if i % 2 else word for i, word in enumerate(words))
        else:
            text = '*'.join(words)
        items.append(f'<li{" class=note" if line.startswith(" ") else ""}>{text}</li>')
    return '<ul>' + '\n'.join(items) + '</ul>'


def _micrographs(analysis, most):
    if not most:
        return ''
    found = pictures.micrograph_pictures(analysis, most)
    lines = ['<h2>Micrographs where the methods differ most</h2>']
    if not found:
        lines.append('<p>None of the micrographs could be read, so there are no pictures.</p>')
    elif len(analysis.counts) > pictures.PANELS:
        lines.append(f'<p class="note">The first {pictures.PANELS} of {len(analysis.counts)} methods are shown.</p>')
    if found:
        lines.append('<p class="note">A box with a stroke was rejected. Where boxes would hide the micrograph, they '
                     'are drawn smaller.</p>')
    for name, png in found:
        lines.append(f'<p>{html.escape(name)}</p>{_image(png, name)}')
    return '\n'.join(lines)


def _image(png, text):
    return f'<img alt="{html.escape(text)}" src="data:image/png;base64,{base64.b64encode(png).decode("ascii")}">'


def _table(table):
    classes = [' class="text"' if column.kind == tables.TEXT else '' for column in table.columns]
    head = ''.join(_cells('th', classes, apart([column.name for column in table.columns]), [
        column.name for column in table.columns]))
    texts = [[cell_text(column.kind, value) for column, value in zip(table.columns, row)]
             for row in table.rows[:ROWS_SHOWN]]
    columns = [apart(cells) if column.kind == tables.TEXT else cells
               for column, cells in zip(table.columns, zip(*texts))]
    rows = '\n'.join('<tr>' + ''.join(_cells('td', classes, shown, full)) + '</tr>'
                     for shown, full in zip(zip(*columns), texts))
    more = (f'<p class="note">{len(table.rows) - ROWS_SHOWN} more rows are in tables/{table.name}.csv.</p>'
            if len(table.rows) > ROWS_SHOWN else '')
    return (f'<h2>{html.escape(table.title)}</h2><div class="wide"><table><tr>{head}</tr>\n{rows}</table></div>{more}')


def _cells(tag, classes, shown, full):
    """Cells of a row; the whole of a text that is shortened comes where one points at it."""
    for c, text, whole in zip(classes, shown, full):
        title = f' title="{html.escape(whole)}"' if text != whole else ''
        yield f'<{tag}{c}{title}>{html.escape(text)}</{tag}>'


def cell_text(kind: int, value: Any) -> str:
    """Return a value as a reader sees it in a column of this kind; see tables.py."""
    if kind == tables.COUNT:
        return f'{value:,}' if value != '' else '–'
    if kind == tables.FRACTION:
        return percent(value)
    if kind == tables.FRACTION_INTERVAL:
        return percent_interval(*value)
    if kind == tables.DECIMAL_INTERVAL:
        value, low, high = value
        return two_digits(value) + ('' if math.isnan(low) else f' ({two_digits(low)} to {two_digits(high)})')
    return repr(value) if kind == tables.DECIMAL else str(value)      # a threshold is one of the scores, in all digits
