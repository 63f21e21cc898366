"""What "Prune all" does, in the window of labels and in that of the model that came of them."""
from ..protocols.prune_with_model import pruneAll


def pruneAllWith(training):
    """Launch a prune of all picks that a finished training was labelled on, and return a line about it.

    Raises InputError, in one line, if it cannot run.
    """
    run = pruneAll(training.getProject(), training)
    return (f'"{run.getRunName()}" prunes all {training.inputCoordinates.get().getSize()} picks: press "Analyze '
            f'results" on it (F5 in the project window shows it).')
