"""What "prune" keeps: the rule and its number, as the form asks for them. The rules themselves are domain.decision."""
from pyworkflow.protocol import params

from ...domain.decision import MINIMUM, MOST_PROBABLE, PURITY, RULES, SHARE, numberText


class KeepRule:
    """For a protocol that splits picks into kept and rejected ones."""

    @staticmethod
    def _defineDecisionParams(form):
        form.addParam('decision', params.EnumParam, default=MOST_PROBABLE, label='Keep by', choices=list(RULES),
                      help='Particle against junk: keep what is more probably a particle than all kinds of junk '
                           'together.\n'
                           'Minimum particle probability: keep what is a particle with at least this probability.\n'
                           'Share of the particles: keep so many of the true particles, and as little else as that '
                           'allows.\n'
                           'Share of junk: keep as much as possible with at most so much junk among it.\n'
                           'The last two are estimated from all picks: the outputs come when the input is closed. '
                           'What is expected of a cut, junk among the kept and particles lost, stands in the '
                           'summary with its uncertainty.\n'
                           'Change it and continue the run: the scores are used again.')
        form.addParam('minProbability', params.FloatParam, default=0.5, condition=f'decision=={MINIMUM}',
                      validators=[params.Range(0., 1., error='must lie between 0 and 1.')],
                      label='Minimum particle probability',
                      help='Higher: purer and fewer. Continue the run after a change: the scores are used again.')
        form.addParam('keptParticles', params.FloatParam, default=95, condition=f'decision=={SHARE}',
                      validators=[params.Range(1., 99.9, error='must lie between 1 and 99.9.')],
                      label='Keep of the particles (%)',
                      help='So many per cent of the particles among these picks are kept, as estimated: what the '
                           'labelled junk tells how to count is junk, the rest are particles. Within a per cent or '
                           'two of what was asked for, as a rule (docs/rules.md).')
        form.addParam('keptJunk', params.FloatParam, default=2, condition=f'decision=={PURITY}',
                      validators=[params.Range(0.01, 99., error='must lie between 0.01 and 99.')],
                      label='Junk among the kept (%)',
                      help='At most so many per cent of the kept picks are junk, with four chances in five, as '
                           'estimated from these picks: how many of them are junk, and how much of it a cut keeps. '
                           'Junk that can go without particles is not kept in any case. See docs/rules.md.')

    def getDecision(self):
        """Return (mode, wanted) of the form; see decision.minimumFor."""
        wanted = {MOST_PROBABLE: None, MINIMUM: self.minProbability.get(), SHARE: self.keptParticles.get(),
                  PURITY: self.keptJunk.get()}
        return self.decision.get(), wanted[self.decision.get()]

    def _decisionInWords(self):
        """The rule, in words that follow "those"."""
        mode, wanted = self.getDecision()
        number = '' if wanted is None else numberText(wanted)
        return {MOST_PROBABLE: 'that are more probably a particle than junk',
                MINIMUM: f'whose particle probability is at least {number}',
                SHARE: f'above the cut that is expected to keep {number} % of the particles',
                PURITY: f'above the cut with {number} % of junk expected'}[mode]
