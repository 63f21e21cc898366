"""A micrograph in the lists of the windows."""
from typing import NamedTuple, Optional


class Micrograph(NamedTuple):
    """A micrograph: its id in Scipion, its name, the path of its file; `picks`: how many it has, if that is shown."""
    id: int
    name: str
    path: str
    picks: Optional[int] = None
