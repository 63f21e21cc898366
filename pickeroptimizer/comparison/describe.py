"""A comparison in plain sentences: what was compared, what could not be joined, and what came out."""
import math
from typing import List

import numpy as np

from .analysis import Analysis
from .curves import most_junk_removed

FEW_MICROGRAPHS = 10      # intervals from fewer are a guess


def sentences(analysis: Analysis) -> List[str]:
    """Return an Analysis as lines to read; *stars* are for what stands out, blanks begin lines about the one before."""
    comparison = analysis.comparison
    micrographs = int((analysis.micrographs.picks > 0).sum())
    lines = [f'{_number(len(analysis.counts), "method")} compared on {_number(len(comparison), "pick")} of '
             f'{_number(micrographs, "micrograph")} ({comparison.reference}); box '
             f'{comparison.box:g} px, tolerance {comparison.tolerance:g} px.', *comparison.notes]
    for count, method in zip(analysis.counts, comparison.deciding):
        lines.append(_of_method(count, micrographs))
        lines += [f'   {note}' for note in (*_unjoined(count), *method.notes)]
    lines += [f'*{method.name}* is left out: {note}' for method in comparison.left_out for note in method.notes]
    lines += [f'{method.name} ({method.score_name}): {note}' for method in comparison.methods
              if not method.decides and method.has_scores for note in method.notes]
    lines += [*_agreement(analysis), *_truth(analysis)]
    return lines


def answer(analysis: Analysis) -> str:
    """Return in a sentence which method removes most junk, and which loses fewest particles; '' without a truth."""
    known = [judgement for judgement in analysis.judgements
             if not any(math.isnan(judgement.figures[key][0]) for key in ('junk_removed', 'particles_lost'))]
    if not known:
        return ''

    def figures(judgement):
        return tuple(percent(judgement.figures[key][0]) for key in ('junk_removed', 'particles_lost'))
    most = max(known, key=lambda judgement: judgement.figures['junk_removed'][0])
    least = min(known, key=lambda judgement: judgement.figures['particles_lost'][0])
    removed, lost = figures(most)
    line = f'*{most.name}* removes the most junk, {removed}, and loses {lost} of the particles'
    if least is most:
        return f'{line}, the fewest, too.' if len(known) > 1 else f'{line}.'
    removed, lost = figures(least)
    return f'{line}; *{least.name}* loses the fewest particles, {lost}, and removes {removed} of the junk.'


def percent(share: float) -> str:
    """Return a share (0-1) in per cent; a dash where it is not defined."""
    return '–' if math.isnan(share) else f'{100 * share:.1f} %'


def percent_interval(value: float, low: float, high: float) -> str:
    """Return a share (0-1) with its interval, in per cent."""
    if math.isnan(value) or math.isnan(low):
        return percent(value)
    return f'{100 * value:.1f} % ({100 * low:.1f} to {100 * high:.1f})'


def two_digits(figure: float) -> str:
    """Return a figure such as a kappa with two decimals; a dash where it is not defined."""
    return '–' if math.isnan(figure) else f'{round(figure, 2) + 0.0:.2f}'      # and no -0.00


def _number(n, what):
    return f'{n:,} {what}{"" if n == 1 else "s"}'


def _of_method(count, micrographs):
    if not count.covered:
        return f'*{count.name}*: was given none of the picks.'
    line = f'*{count.name}*: kept {count.kept:,} of {count.covered:,} picks ({percent(count.kept / count.covered)})'
    if count.micrographs < micrographs:
        line += f' on the {count.micrographs} of {micrographs} micrographs that it was given; no others count for it'
    if not count.rejected:
        line += ': *all of them*'
    if not count.kept:
        line += ': *none*'
    elif count.emptied:
        line += f'; none on {_number(count.emptied, "micrograph")}'
    return f'{line}.'


def _unjoined(count):
    if count.unmatched:
        yield (f'{_number(count.unmatched, "pick")} of it {"has" if count.unmatched == 1 else "have"} no reference '
               f'pick of {"its" if count.unmatched == 1 else "their"} own within the tolerance: not counted.')
    if count.elsewhere:
        yield (f'{_number(count.elsewhere, "pick")} of it {"is" if count.elsewhere == 1 else "are"} on no micrograph '
               f'with reference picks: not counted.')


def _agreement(analysis):
    if len(analysis.counts) < 2:
        return
    shared = sum(pattern.count for pattern in analysis.patterns)
    if not shared:
        yield 'No pick was given to all methods, so who kept what is told only for each two of them.'
    else:
        agreed = sum(pattern.count for pattern in analysis.patterns if len(set(pattern.kept)) == 1)
        line = f'All methods agree on {agreed:,} of {shared:,} picks ({percent(agreed / shared)})'
        yield line + (f'; {analysis.left_out:,} more were not given to all of them.' if analysis.left_out else '.')
    names = [count.name for count in analysis.counts]
    known = [pair for pair in analysis.pairs if not math.isnan(pair.agreement)]
    if len(known) > 1:
        for what, pair in (('Most', max(known, key=lambda p: p.agreement)),
                           ('Least', min(known, key=lambda p: p.agreement))):
            yield f'{what} alike: {names[pair.first]} and {names[pair.second]}, {_alike(pair)}.'
    elif known:
        yield f'{names[0]} and {names[1]}: {_alike(known[0])}.'


def _alike(pair):
    kappa = 'kappa not defined' if math.isnan(pair.kappa) else f'kappa {two_digits(pair.kappa)}'
    return f'agreement {percent(pair.agreement)}, {kappa}'


def _kinds(comparison):
    """The kinds of junk of a truth, in brackets, if there are several."""
    counts = [(np.count_nonzero(comparison.truth == number), name) for number, name in enumerate(comparison.classes)]
    kinds = [f'{count:,} {name}' for count, name in counts[1:] if count]
    return f' ({", ".join(kinds)})' if kinds else ''


def _truth(analysis):
    comparison = analysis.comparison
    if comparison.truth is None:
        return
    known = int(np.count_nonzero(comparison.truth >= 0))
    particles = int(np.count_nonzero(comparison.truth == 0))
    micrographs = len(np.unique(comparison.mic_ids[comparison.truth >= 0]))
    rough = '; of so few they are a guess' if micrographs < FEW_MICROGRAPHS else ''
    brackets = (f'In brackets: 95 % intervals by micrograph{rough}.' if micrographs > 1 else
                'There are no intervals, which take two micrographs or more: how sure the figures are is not known.')
    yield (f'The true class of {known:,} of {len(comparison):,} picks is known, on '
           f'{_number(micrographs, "micrograph")}: {_number(particles, "particle")} and {known - particles:,} junk'
           f'{_kinds(comparison)}. {brackets}')
    for judgement in analysis.judgements:
        figures = judgement.figures
        yield (f'*{judgement.name}*: junk removed {percent_interval(*figures["junk_removed"])}, particles lost '
               f'{percent_interval(*figures["particles_lost"])}; precision {percent(figures["precision"][0])}, '
               f'F1 {percent(figures["f1"][0])}.')
    for method in (method for method in comparison.methods if not method.decides and method.has_scores):
        for judgement in analysis.judgements:
            removed, lost = (judgement.figures[key][0] for key in ('junk_removed', 'particles_lost'))
            if not math.isnan(lost):
                yield (f'Thresholds of the {method.name} that lose no more particles than {judgement.name} remove at '
                       f'most {percent(most_junk_removed(comparison, method, lost))} of the junk, {judgement.name} '
                       f'{percent(removed)}.')
