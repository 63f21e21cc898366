"""Results of an evaluation: one report a variant, what they say in words, and as a table.

A report is what `worker evaluate` writes, a JSON file; while it runs, the report has its draws but no summary yet.
"""
import json
import os
import re
from dataclasses import dataclass
from typing import Any, Dict, Iterable, List, Mapping, Optional, Tuple

from ..worker.exchange.errors import InputError
from ..worker.exchange.files import replacing
from ..worker.exchange.plots import Report, best_variant, most_shots

INDEX = 'evaluation.json'
TABLE = 'evaluation.md'
SHEET = 'evaluation.png'
FIGURE = 'balanced_macro_f1'
FEW_DRAWS = 5      # below it their spread says little
OTHERS = {'macro_f1': 'macro-F1', 'accuracy': 'accuracy', 'junk_removed': 'junk removed',
          'particles_lost': 'particles lost', 'calibration_error': 'calibration error'}


def fileOf(variant: str) -> str:
    """Return the name of a variant's report."""
    return f'evaluation_{re.sub(r"[^A-Za-z0-9.]+", "_", variant)}.json'


def writeIndex(folder: str, variants: Iterable[str], fits: int) -> str:
    """Write into `folder` which variants are compared, by name, and how many trainings each has; return the path."""
    path = os.path.join(folder, INDEX)
    with replacing(path, encoding='utf-8') as stream:
        stream.write(json.dumps({'variants': list(variants), 'fits': fits}, indent=1) + '\n')
    return path


@dataclass(frozen=True)
class Evaluation:
    """{variant: report}, None for one that has not begun; and how many trainings a variant has."""
    reports: Dict[str, Optional[Report]]
    fits: int

    @classmethod
    def read(cls, index: str) -> 'Evaluation':
        """Return what an index file names, as far as it has come. Raises InputError if a file is damaged or gone."""
        try:
            with open(index, encoding='utf-8') as stream:
                content = json.load(stream)
            variants, fits = [str(name) for name in content['variants']], int(content['fits'])
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise InputError(f'{index}: cannot be read as the list of an evaluation ({error}).') from None
        folder = os.path.dirname(index)
        return cls({name: _readReport(os.path.join(folder, fileOf(name))) for name in variants}, fits)

    def finished(self) -> Dict[str, Report]:
        """Return the reports that have a summary."""
        return {name: report for name, report in self.reports.items() if report and report.get('summary')}

    def describe(self) -> List[str]:
        """Return lines for a person: the best variant, how many labels do, and the figures of every variant."""
        whole = self.finished()
        lines = self.conclusions() if len(whole) == len(self.reports) else []
        lines.append('Balanced macro-F1, mean ± s.d. of the draws, with so many labels a class:')
        for name, report in self.reports.items():
            if report and name in whole:
                lines.append(f'{name}: ' + ', '.join(
                    f'{row[FIGURE]["mean"]:.3f} ± {row[FIGURE]["sd"]:.3f} with {shots}'
                    for shots, row in _rows(report)) + f'; worst draw {_worst(report):.3f}')
            else:
                lines.append(f'{name}: {len(report["draws"]) if report else 0} of {self.fits} trainings done')
        return lines

    def conclusions(self) -> List[str]:
        """Return lines about the best of the finished variants, and how many labels do for it; [] without one."""
        whole = self.finished()
        if not whole:
            return []
        best = best_variant(whole)
        return [*_choice(best, whole), advice(whole[best]), *_doubts(whole[best])]

    def table(self) -> str:
        """Return two tables in Markdown: balanced macro-F1 of the finished variants by labels, and their other figures.

        The latter are those at the most labels. Cells are mean ± s.d. (worst draw), in per cent.
        """
        reports = self.finished()
        shots = sorted({int(number) for report in reports.values() for number in report['summary']})
        lines = ['Balanced macro-F1 by labels a class: mean ± s.d. (worst draw), in per cent.', '',
                 _line(['variant', *shots]), _line(['---'] * (1 + len(shots)))]
        for name, report in reports.items():
            lines.append(_line([name, *(cell(report['summary'].get(str(number)), FIGURE) for number in shots)]))
        lines += ['', 'The other figures, with the most labels.', '',
                  _line(['variant', 'labels', *OTHERS.values()]), _line(['---'] * (2 + len(OTHERS)))]
        for name, report in reports.items():
            number, row = most_shots(report)
            lines.append(_line([name, number, *(cell(row, key) for key in OTHERS)]))
        return '\n'.join(lines) + '\n'


def _readReport(path: str) -> Optional[Report]:
    if not os.path.exists(path):
        return None
    try:
        with open(path, encoding='utf-8') as stream:
            report = json.load(stream)
        if _isWhole(report):
            return report
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        pass
    raise InputError(f'{path}: cannot be read as the result of an evaluation: delete it and continue the run.')


def _isWhole(report: Report) -> bool:
    """Whether a report has what is told of it: its draws and, if it has one, its summary. May raise if it has not."""
    numbers = [sum(draw['trained_on']) for draw in report['draws']]
    for shots, row in (report.get('summary') or {}).items():
        figures = [row[key] for key in (FIGURE, *OTHERS)]
        classes = [row['per_class'][name][key] for name in row['per_class'] for key in ('precision', 'recall', 'f1')]
        numbers += [int(shots), row['draws'], *(count for line in row['confusion'] for count in line)]
        numbers += [figure[key] for figure in figures for key in ('mean', 'sd', 'worst')]
        numbers += [figure[key] for figure in classes for key in ('mean', 'sd')]
        if any(len(table) != len(row['per_class']) for table in (row['confusion'], *row['confusion'])):
            return False
    return bool(report['draws'] or not report.get('summary')) and all(isinstance(n, (int, float)) for n in numbers)


def advice(report: Report) -> str:
    """Return one line: from how many labels on no more is gained than draws differ."""
    rows = [(shots, row[FIGURE]) for shots, row in _rows(report)]
    if len(rows) == 1:
        return 'Give several numbers of labels to learn how many are enough.'
    most, last = rows[-1]
    for number, (shots, row) in enumerate(rows[:-1]):
        if max(later['mean'] for _, later in rows[number + 1:]) - row['mean'] <= row['sd']:
            return f'From *{shots}* labels a class on, more labels gain nothing beyond the spread of the draws.'
    before, row = rows[-2]
    return (f'Labels still pay at {most} a class: {last["mean"] - row["mean"]:.3f} more than with {before}, which is '
            f'beyond the spread of the draws. Label more than {most}.')


def _rows(report: Report) -> List[Tuple[str, Dict[str, Any]]]:
    """(labels a class, summary) by growing number of labels."""
    return sorted(report['summary'].items(), key=lambda item: int(item[0]))


def _worst(report: Report) -> float:
    return min(row[FIGURE]['worst'] for _, row in _rows(report))


def _choice(best: str, reports: Dict[str, Report]) -> List[str]:
    """One line about the best of several variants."""
    if len(reports) == 1:
        return []
    shots, row = most_shots(reports[best])
    mine = row[FIGURE]
    alike = [name for name, report in reports.items() if name != best
             and mine['mean'] - most_shots(report)[1][FIGURE]['mean'] <= mine['sd']]
    line = f'Best: *{best}*, {mine["mean"]:.3f} with {shots} labels a class (worst draw {mine["worst"]:.3f})'
    return [f'{line}; no better than {", ".join(alike)} beyond the spread of the draws.' if alike else f'{line}.']


def _doubts(report: Report) -> List[str]:
    """Lines about too few draws, and about the classes that never had as many labels to train on as asked for."""
    most, row = most_shots(report)
    had = [max(numbers) for numbers in zip(*(draw['trained_on'] for draw in report['draws']))]
    short = [f'{number} {name}' for name, number in zip(row['per_class'], had) if 0 < number < int(most)]
    lines = [f'There were never {most} labels to train on of each class, at most {", ".join(short)}.'] if short else []
    if row['draws'] < FEW_DRAWS:
        lines.append(f'The spread of {row["draws"]} draws is a guess: take 10.')
    return lines


def cell(row: Optional[Mapping[str, Any]], key: str) -> str:
    """Return a figure of a summary as mean ± s.d. (worst draw), in per cent; '' where there is no summary."""
    if not row:
        return ''
    mean, sd, worst = (100 * row[key][name] for name in ('mean', 'sd', 'worst'))
    return f'{mean:.1f} ± {sd:.1f} ({worst:.1f})'


def _line(cells: Iterable[object]) -> str:
    return '| ' + ' | '.join(map(str, cells)) + ' |'
