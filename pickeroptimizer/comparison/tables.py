"""The results as tables, for CSV files and for the report."""
import math
import os
from collections import namedtuple

from ..worker.exchange.tables import CLASSES, write_rows
from .curves import LOSSES
from .truth import FIGURES, REJECTED

# What a column holds. A share (0-1) and a figure may be an interval too: (value, low, high).
TEXT, NUMBER, SHARE, FIGURE, SHARE_INTERVAL, FIGURE_INTERVAL = range(6)
INTERVALS = (SHARE_INTERVAL, FIGURE_INTERVAL)

Column = namedtuple('Column', 'name kind')
Table = namedtuple('Table', 'name title columns rows')      # name: of the file, without .csv


def write_tables(results, folder):
    """Write all tables into `folder`."""
    for table in all_tables(results):
        write_table(table, os.path.join(folder, f'{table.name}.csv'))


def write_table(table, path):
    """Write a Table as a CSV file. Shares are from 0 to 1; a cell is empty where a figure is not defined."""
    columns = [name for column in table.columns for name in _csv_names(column)]
    rows = ([cell for column, value in zip(table.columns, row) for cell in _csv_cells(column, value)]
            for row in table.rows)
    write_rows(path, columns, rows)


def all_tables(results):
    """The Tables that have rows."""
    tables = (methods_table(results), truth_table(results), losses_table(results), pairs_table(results),
              patterns_table(results), micrographs_table(results), curves_table(results))
    return [table for table in tables if table.rows]


def methods_table(results):
    scores = [method.score_name for method in results.comparison.deciding]
    rows = [(count.name, score, count.micrographs, count.covered, count.kept, count.rejected,
             _share(count.kept, count.covered), count.emptied, count.unmatched, count.elsewhere)
            for count, score in zip(results.counts, scores)]
    names = [('method', TEXT), ('score', TEXT), ('micrographs', NUMBER), ('picks', NUMBER), ('kept', NUMBER),
             ('rejected', NUMBER), ('share kept', SHARE), ('micrographs without a kept pick', NUMBER),
             ('no reference pick', NUMBER), ('on other micrographs', NUMBER)]
    return Table('methods', 'What each method kept', _columns(names), rows)


def truth_table(results):
    rows = []
    for judgement in results.judgements:
        numbers = judgement.counts.sum(axis=1).tolist()
        removed = [_share(row[REJECTED], row.sum()) for row in judgement.counts[1:]]
        rows.append((judgement.name, *numbers, *(judgement.figures[key] for key in FIGURES), *removed))
    names = [('method', TEXT), *((f'true {name}', NUMBER) for name in CLASSES),
             *((name, SHARE_INTERVAL) for name in FIGURES.values()), *((f'{c} removed', SHARE) for c in CLASSES[1:])]
    return Table('truth', 'Against the truth (95 % intervals by micrograph)', _columns(names), rows)


def losses_table(results):
    rows = [(curve.name, curve.score_name, *curve.at_loss.values()) for curve in results.curves if curve.at_loss]
    names = [('method', TEXT), ('score', TEXT), *((f'at {100 * loss:g} % lost', SHARE_INTERVAL) for loss in LOSSES)]
    return Table('junk_removed_at_loss', 'Junk removed by the best threshold that loses at most so many particles',
                 _columns(names), rows)


def pairs_table(results):
    names = [count.name for count in results.counts]
    rows = [(names[pair.first], names[pair.second], pair.shared, pair.both, pair.only_first, pair.only_second,
             pair.neither, (pair.agreement, *agreement), (pair.kappa, *kappa))
            for pair, (agreement, kappa) in zip(results.pairs, results.intervals)]
    columns = [('first', TEXT), ('second', TEXT), ('picks', NUMBER), ('both kept', NUMBER),
               ('first alone', NUMBER), ('second alone', NUMBER), ('both rejected', NUMBER),
               ('agreement', SHARE_INTERVAL), ("Cohen's kappa", FIGURE_INTERVAL)]
    return Table('pairs', 'Agreement of each two (95 % intervals by micrograph)', _columns(columns), rows)


def patterns_table(results):
    rows = [(*('kept' if kept else '' for kept in pattern.kept), pattern.count) for pattern in results.patterns]
    columns = [*((count.name, TEXT) for count in results.counts), ('picks', NUMBER)]
    return Table('patterns', 'Who kept what', _columns(columns), rows)


def micrographs_table(results):
    table = results.micrographs
    names = [name for name, _ in results.comparison.micrographs.values()]
    kept = [[int(kept) if covered or not picks else '' for kept, covered in zip(kept_row, covered_row)]
            for kept_row, covered_row, picks in zip(table.kept, table.covered, table.picks)]
    rows = [(mic_id, name, picks, disputed, *cells) for mic_id, name, picks, disputed, cells in
            zip(table.mic_ids.tolist(), names, table.picks.tolist(), table.disputed.tolist(), kept)]
    columns = [('mic_id', NUMBER), ('micrograph', TEXT), ('picks', NUMBER), ('disputed', NUMBER),
               *((f'{count.name} kept', NUMBER) for count in results.counts)]
    return Table('micrographs', 'By micrograph', _columns(columns), rows)


def curves_table(results):
    rows = []
    for curve in results.curves:
        for i, (threshold, kept) in enumerate(zip(curve.thresholds.tolist(), curve.kept.tolist())):
            figures = ([(v[i], low[i], high[i]) for v, low, high in curve.figures.values()]
                       if curve.figures else [(math.nan,) * 3] * len(FIGURES))
            rows.append((curve.name, curve.score_name, threshold, kept, *figures))
    columns = [('method', TEXT), ('score', TEXT), ('threshold', FIGURE), ('kept', NUMBER),
               *((name, SHARE_INTERVAL) for name in FIGURES.values())]
    return Table('curves', 'By threshold', _columns(columns), rows)


def _columns(pairs):
    return [Column(*pair) for pair in pairs]


def _share(part, whole):
    return float(part) / float(whole) if whole else math.nan


def _csv_names(column):
    return [column.name, f'{column.name} low', f'{column.name} high'] if column.kind in INTERVALS else [column.name]


def _csv_cells(column, value):
    values = value if column.kind in INTERVALS else (value,)
    if column.kind in (TEXT, NUMBER):
        return values
    return ['' if math.isnan(v) else f'{v:.6g}' for v in values]
