"""What the worker and its feeder tell each other beside tables: exit codes, words of arguments and of a feed."""

EXIT_ERROR = 2
EXIT_FEEDER_GONE = 75       # as sysexits.h has it for a failure that a later try may mend
EXIT_INTERRUPTED = 130      # as a shell reports SIGINT; 143 is SIGTERM

AS_IS, AS_MODEL, INVERTED = CONTRASTS = ('as-is', 'model', 'inverted')      # of `prune --contrast`

ONE_FOLD = '1 fold leaves nothing to train on; give 0 for none, or 2 and more'      # of any `--folds`

FEED_END = 'end'            # the line of a feed (`prune --follow FEED`) that says that nothing more comes
