"""What the worker and its feeder tell each other beside tables: exit codes, and the word that ends a feed."""

EXIT_ERROR = 2
EXIT_FEEDER_GONE = 75       # as sysexits.h has it for a failure that a later try may mend
EXIT_INTERRUPTED = 130      # as a shell reports SIGINT; 143 is SIGTERM

FEED_END = 'end'            # the content of a feed (`prune --follow FEED`) from which on nothing more comes
