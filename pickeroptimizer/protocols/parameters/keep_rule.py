"""What "prune" keeps: the rule and its number, as the form asks for them. The rules themselves are domain.decision."""
from pyworkflow.protocol import params

from ...domain.decision import MINIMUM, MOST_PROBABLE, PURITY, RULES, SHARE, minimumForShare, numberText


class KeepRule:
    """For a protocol that splits picks into kept and rejected ones."""

    @staticmethod
    def _defineDecisionParams(form):
        form.addParam('decision', params.EnumParam, default=MOST_PROBABLE, label='Keep by', choices=list(RULES),
                      help='Particle against junk: keep what is more probably a particle than all kinds of junk '
                           'together.\n'
                           'Minimum particle probability: keep what is a particle with at least this probability.\n'
                           'Share of the particles: keep at least so many of the true particles, and as little else '
                           'as that allows.\n'
                           'Share of junk: keep as much as possible with at most so much junk among it. This needs all '
                           'picks: the outputs come when the input is closed.\n'
                           'Change it and continue the run: the scores are used again.')
        form.addParam('minProbability', params.FloatParam, default=0.5, condition=f'decision=={MINIMUM}',
                      validators=[params.Range(0., 1., error='must lie between 0 and 1.')],
                      label='Minimum particle probability',
                      help='Higher: purer and fewer. Continue the run after a change: the scores are used again.')
        form.addParam('keptParticles', params.FloatParam, default=95, condition=f'decision=={SHARE}',
                      validators=[params.Range(1., 99.9, error='must lie between 1 and 99.9.')],
                      label='Keep of the particles (%)',
                      help='At least so many per cent of the particles are kept, as far as the labelled ones tell: '
                           'the cut is taken from what the cross-validation of the model said of them. 30 labelled '
                           'particles can promise 96 %, 100 can promise 99 %.')
        form.addParam('keptJunk', params.FloatParam, default=2, condition=f'decision=={PURITY}',
                      validators=[params.Range(0.01, 99., error='must lie between 0.01 and 99.')],
                      label='Junk among the kept (%)',
                      help='At most so many per cent of the kept picks are junk, as the probabilities have it. They do '
                           'not know that most picks are particles, so the kept ones are usually purer.')

    def getDecision(self):
        """Return (mode, wanted) of the form; see decision.minimumFor."""
        wanted = {MOST_PROBABLE: None, MINIMUM: self.minProbability.get(), SHARE: self.keptParticles.get(),
                  PURITY: self.keptJunk.get()}
        return self.decision.get(), wanted[self.decision.get()]

    def _checkDecision(self, header):
        """Raise InputError if the rule of the form cannot be promised by the model with this header."""
        if self.decision.get() == SHARE:
            minimumForShare(header, self.keptParticles.get() / 100)

    def _decisionInWords(self):
        """The rule, in words that follow "those"."""
        mode, wanted = self.getDecision()
        number = '' if wanted is None else numberText(wanted)
        return {MOST_PROBABLE: 'that are more probably a particle than junk',
                MINIMUM: f'whose particle probability is at least {number}',
                SHARE: f'above the cut that keeps {number} % of the labelled particles',
                PURITY: f'above the cut with {number} % of junk expected'}[mode]
