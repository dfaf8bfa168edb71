"""The names of one function that is being read."""

from __future__ import annotations

import types
from dataclasses import dataclass, field

from jitad.reading.source import SourceFile
from jitad.reading.values import Value


@dataclass(eq=False)
class Scope:
    """``env`` holds the local names that are bound now; other names are looked up in ``parent``, then outside."""

    name: str
    file: SourceFile
    function: types.FunctionType
    locals: frozenset[str]
    parent: Scope | None = None
    captured: frozenset[str] = frozenset()
    env: dict[str, Value] = field(default_factory=dict)
