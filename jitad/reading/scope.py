"""The names of one function that is being read."""

from __future__ import annotations

import types
from dataclasses import dataclass, field
from functools import cached_property

from jitad.reading.liveness import body_of, captured_names, local_names, parameters, resized, stored_into
from jitad.reading.source import FunctionNode, SourceFile
from jitad.reading.values import Value


@dataclass(eq=False)
class Scope:
    """``env`` holds the local names that are bound now; other names are looked up in ``parent``, then outside."""

    name: str
    file: SourceFile
    function: types.FunctionType
    node: FunctionNode
    parent: Scope | None = None
    env: dict[str, Value] = field(default_factory=dict)
    caller: Scope | None = None

    @cached_property
    def locals(self) -> frozenset[str]:
        """The names that are local."""
        return frozenset(local_names(self.node))

    @cached_property
    def captured(self) -> frozenset[str]:
        """The names that functions inside read."""
        return frozenset(captured_names(self.node))

    @cached_property
    def parameters(self) -> frozenset[str]:
        """The names of the function's parameters."""
        return frozenset(parameters(self.node))

    @cached_property
    def resized(self) -> frozenset[str]:
        """The local names of lists whose length the function changes."""
        return frozenset(resized(body_of(self.node))) & self.locals

    @cached_property
    def stored_into(self) -> frozenset[str]:
        """The names of lists and arrays whose items the function assigns or reorders."""
        return frozenset(stored_into(body_of(self.node)))
