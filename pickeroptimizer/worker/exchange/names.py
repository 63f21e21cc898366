"""Long names, short enough for a list, a plot or a heading."""

LETTERS = 28      # of a name at most, where there is room for one line of a list


def in_the_middle(name: str, most: int = LETTERS) -> str:
    """Return a name of more than `most` letters with an ellipsis for its middle: its two ends tell it apart."""
    if len(name) <= most:
        return name
    end = most // 2
    return f'{name[:most - end - 1]}…{name[-end:]}'
