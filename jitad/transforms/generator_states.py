"""Keeping the states of random generators in a program, so that a part of it can be run again with the same numbers."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from jitad.primitives.generator_state import KEEP, PUT, WORDS
from jitad.program.builder import Builder, const_int
from jitad.program.statements import Alloc, Call, Release, Var
from jitad.program.types import INT64, Array


def keep(builder: Builder, generators: Collection[str]) -> dict[str, Var]:
    """Append what keeps the states of these generators, in arrays."""
    states = {name: builder.alloc(f"{name}_state", "int64", [const_int(WORDS)]) for name in generators}
    for name, state in states.items():
        builder.add(Call(KEEP[name], (state,), ()))
    return states


def put(builder: Builder, states: Mapping[str, Var]) -> None:
    """Append what puts the generators back into states that were kept, leaving the tape as it was."""
    for name, state in states.items():
        first, at = Var("first", Array("int64", 1, "C")), Var("first_at", INT64)
        builder.add(Alloc(first, at, (const_int(1),), None))
        builder.add(Call(PUT[name], (first,), (state,)))
        builder.add(Release("int64", at))
