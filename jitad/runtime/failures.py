"""Stand-ins for exceptions that compiled code can't import.

An exception class defined in ``__main__``, in a notebook or in a function has no import path that holds in the next
process, so compiled and cached code raises a stand-in instead: ``Failure_0``, ``Failure_1``, … Each name exists when
it is first asked for. The caller of the compiled code turns stand-ins back into the user's classes.
"""

from __future__ import annotations

import re
from typing import Any


class StandIn(Exception):
    """Base of the stand-ins."""


def __getattr__(name: str) -> Any:
    if not re.fullmatch(r"Failure_\d+", name):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    made = type(name, (StandIn,), {"__module__": __name__, "__doc__": "A stand-in for a user's exception."})
    return globals().setdefault(name, made)
