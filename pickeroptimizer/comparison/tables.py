"""An analysis as tables, for CSV files and for the report."""
import math
import os
from collections import namedtuple
from typing import List

from ..worker.exchange.files import PathLike
from ..worker.exchange.tables import write_rows
from .analysis import Analysis
from .curves import LOSSES
from .truth import FIGURES, REJECTED

# The kinds of columns. A fraction (0-1) and a decimal may be an interval too: (value, low, high).
TEXT, COUNT, FRACTION, DECIMAL, FRACTION_INTERVAL, DECIMAL_INTERVAL = range(6)
INTERVALS = (FRACTION_INTERVAL, DECIMAL_INTERVAL)

Column = namedtuple('Column', 'name kind')
# name: of the file, without .csv. rows: sequences of values; '' where a COUNT is not known.
ReportTable = namedtuple('ReportTable', 'name title columns rows')


def write_tables(analysis: Analysis, folder: PathLike) -> None:
    """Write all tables into `folder`."""
    for table in all_tables(analysis):
        write_table(table, os.path.join(folder, f'{table.name}.csv'))


def write_table(table: ReportTable, path: PathLike) -> None:
    """Write a ReportTable as a CSV file. Shares are from 0 to 1; a cell is empty where a figure is not defined."""
    columns = [name for column in table.columns for name in _csv_names(column)]
    rows = ([cell for column, value in zip(table.columns, row) for cell in _csv_cells(column, value)]
            for row in table.rows)
    write_rows(path, columns, rows)


def all_tables(analysis: Analysis) -> List[ReportTable]:
    """Return the tables of an Analysis that have rows."""
    tables = (methods_table(analysis), truth_table(analysis), losses_table(analysis), pairs_table(analysis),
              patterns_table(analysis), micrographs_table(analysis), curves_table(analysis))
    return [table for table in tables if table.rows]


def price_table(analysis: Analysis) -> ReportTable:
    """Return the table that a report opens with: with a truth what each method removes at what price, the most junk
    first; without one how much each keeps, and how far it agrees with the others."""
    title = 'Which one, at what price'
    if analysis.judgements:
        kept = {count.name: count.kept for count in analysis.counts}
        found = [(judgement.name, kept[judgement.name], judgement.figures['junk_removed'],
                  judgement.figures['particles_lost'], judgement.figures['precision'][0])
                 for judgement in analysis.judgements]
        columns = [('method', TEXT), ('kept', COUNT), ('junk removed', FRACTION_INTERVAL),
                   ('particles lost', FRACTION_INTERVAL), ('particles among the kept', FRACTION)]
        return ReportTable('price', title, _columns(columns), sorted(found, key=lambda row: _least(-row[2][0])))
    names = [('method', TEXT), ('kept', COUNT), ('share kept', FRACTION), ('agrees with the others', FRACTION)]
    rows = []
    for number, count in enumerate(analysis.counts):
        alike = [pair.agreement for pair in analysis.pairs if number in (pair.first, pair.second)]
        known = [value for value in alike if not math.isnan(value)]
        rows.append((count.name, count.kept, _share(count.kept, count.covered), _share(sum(known), len(known))))
    return ReportTable('price', title, _columns(names), rows)


def _least(value):
    """A number to sort by; one that is not known comes last."""
    return math.inf if math.isnan(value) else value


def methods_table(analysis: Analysis) -> ReportTable:
    """Return a table of how much each method kept, a row for each, those that could not be compared last."""
    scores = [method.score_name for method in analysis.comparison.deciding]
    rows = [(count.name, score, count.micrographs, count.covered, count.kept, count.rejected,
             _share(count.kept, count.covered), count.emptied, count.unmatched, count.elsewhere)
            for count, score in zip(analysis.counts, scores)]
    rows += [(f'{method.name} (left out)', '', '', '', '', '', math.nan, '', method.unmatched, method.elsewhere)
             for method in analysis.comparison.left_out]
    names = [('method', TEXT), ('score', TEXT), ('micrographs', COUNT), ('picks', COUNT), ('kept', COUNT),
             ('rejected', COUNT), ('share kept', FRACTION), ('micrographs without a kept pick', COUNT),
             ('no reference pick', COUNT), ('on other micrographs', COUNT)]
    return ReportTable('methods', 'What each method kept', _columns(names), rows)


def truth_table(analysis: Analysis) -> ReportTable:
    """Return a table of each method's figures against the truth, a row for each; none without a truth."""
    rows = []
    for judgement in analysis.judgements:
        numbers = judgement.counts.sum(axis=1).tolist()
        removed = [_share(row[REJECTED], row.sum()) for row in judgement.counts[1:]]
        rows.append((judgement.name, *numbers, *(judgement.figures[key] for key in FIGURES), *removed))
    names = [('method', TEXT), *((f'true {name}', COUNT) for name in analysis.comparison.classes),
             *((name, FRACTION_INTERVAL) for name in FIGURES.values()),
             *((f'{name} removed', FRACTION) for name in analysis.comparison.classes[1:])]
    return ReportTable('truth', 'Against the truth (95 % intervals by micrograph)', _columns(names), rows)


def losses_table(analysis: Analysis) -> ReportTable:
    """Return a table of the junk that each curve removes at a few losses of particles."""
    rows = [(curve.name, curve.score_name, *curve.at_loss.values()) for curve in analysis.curves if curve.at_loss]
    names = [('method', TEXT), ('score', TEXT), *((f'at {100 * loss:g} % lost', FRACTION_INTERVAL) for loss in LOSSES)]
    return ReportTable('junk_removed_at_loss',
                       'Junk removed by the best threshold that loses at most so many particles', _columns(names), rows)


def pairs_table(analysis: Analysis) -> ReportTable:
    """Return a table of the agreement of each two methods."""
    names = [count.name for count in analysis.counts]
    rows = [(names[pair.first], names[pair.second], pair.shared, pair.both, pair.only_first, pair.only_second,
             pair.neither, (pair.agreement, *agreement), (pair.kappa, *kappa))
            for pair, (agreement, kappa) in zip(analysis.pairs, analysis.intervals)]
    columns = [('first', TEXT), ('second', TEXT), ('picks', COUNT), ('both kept', COUNT),
               ('first alone', COUNT), ('second alone', COUNT), ('both rejected', COUNT),
               ('agreement', FRACTION_INTERVAL), ("Cohen's kappa", DECIMAL_INTERVAL)]
    return ReportTable('pairs', 'Agreement of each two (95 % intervals by micrograph)', _columns(columns), rows)


def patterns_table(analysis: Analysis) -> ReportTable:
    """Return a table of who kept what, a row for each pattern."""
    rows = [(*('kept' if kept else '' for kept in pattern.kept), pattern.count) for pattern in analysis.patterns]
    columns = [*((count.name, TEXT) for count in analysis.counts), ('picks', COUNT)]
    return ReportTable('patterns', 'Who kept what', _columns(columns), rows)


def micrographs_table(analysis: Analysis) -> ReportTable:
    """Return a table of the picks of each micrograph, and how many of them each method kept."""
    table = analysis.micrographs
    names = [name for name, _ in analysis.comparison.micrographs.values()]
    kept = [[int(kept) if covered or not picks else '' for kept, covered in zip(kept_row, covered_row)]
            for kept_row, covered_row, picks in zip(table.kept, table.covered, table.picks)]
    rows = [(mic_id, name, picks, disputed, *cells) for mic_id, name, picks, disputed, cells in
            zip(table.mic_ids.tolist(), names, table.picks.tolist(), table.disputed.tolist(), kept)]
    columns = [('mic_id', COUNT), ('micrograph', TEXT), ('picks', COUNT), ('disputed', COUNT),
               *((f'{count.name} kept', COUNT) for count in analysis.counts)]
    return ReportTable('micrographs', 'By micrograph', _columns(columns), rows)


def curves_table(analysis: Analysis) -> ReportTable:
    """Return a table of each threshold of each curve."""
    rows = []
    for curve in analysis.curves:
        for i, (threshold, kept) in enumerate(zip(curve.thresholds.tolist(), curve.kept.tolist())):
            figures = ([(v[i], low[i], high[i]) for v, low, high in curve.figures.values()]
                       if curve.figures else [(math.nan,) * 3] * len(FIGURES))
            rows.append((curve.name, curve.score_name, threshold, kept, *figures))
    columns = [('method', TEXT), ('score', TEXT), ('threshold', DECIMAL), ('kept', COUNT),
               *((name, FRACTION_INTERVAL) for name in FIGURES.values())]
    return ReportTable('curves', 'By threshold', _columns(columns), rows)


def _columns(pairs):
    return [Column(*pair) for pair in pairs]


def _share(part, whole):
    return float(part) / float(whole) if whole else math.nan


def _csv_names(column):
    return [column.name, f'{column.name} low', f'{column.name} high'] if column.kind in INTERVALS else [column.name]


def _csv_cells(column, value):
    values = value if column.kind in INTERVALS else (value,)
    if column.kind in (TEXT, COUNT):
        return values
    if column.kind == DECIMAL:      # all digits: a threshold is applied to the scores that it is one of
        return [repr(value)]
    return ['' if math.isnan(v) else f'{v:.6g}' for v in values]
