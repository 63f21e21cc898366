"""Names of files, short enough for a list."""
import os

LONG = 8      # letters: names that begin or end with more of the same ones are shown without


def shortened(names):
    """Names without the long beginning and the long end that all have in common, of which an ellipsis is left."""
    begin = len(os.path.commonprefix(names))
    end = len(os.path.commonprefix([name[begin:][::-1] for name in names]))
    begin, end = (length if length > LONG and len(names) > 1 else 0 for length in (begin, end))
    return [('…' if begin else '') + name[begin:len(name) - end] + ('…' if end else '') for name in names]
