"""What the parts of the reader ask of the reader itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, NoReturn, Protocol

from jitad.errors import JitadError
from jitad.primitives.spec import ArrayPrimitive, ScalarPrimitive
from jitad.program.builder import Builder
from jitad.program.origin import Origin
from jitad.program.statements import Operand
from jitad.reading.values import Value


class Context(Protocol):
    """The reader, as the functions that read array operations and NumPy calls see it."""

    builder: Builder
    """Where statements go now (the innermost open block)."""

    bounds_checked: bool
    """True under ``JITAD_BOUNDSCHECK=1``: every index is checked at run time."""

    @property
    def origin(self) -> Origin | None:
        """The place in the user's source that is being read."""
        ...

    def refuse(self, error: type[JitadError], reason: str, remedy: str) -> NoReturn:
        """Raise ``error`` at the place being read."""
        ...

    def fail_if(self, condition: Operand, error: type[JitadError], reason: str, remedy: str) -> None:
        """Emit a run-time check that raises ``error``, with the place in its message, if ``condition`` holds.

        A condition that is a true literal refuses at once; a false one emits nothing.
        """
        ...

    def scalar(self, value: Value, what: str) -> Operand:
        """The operand of a number (a 0-d array is loaded); refuses anything else, calling it ``what``."""
        ...

    def apply(self, primitive: ScalarPrimitive, args: Sequence[Value]) -> Value:
        """``primitive(*args)`` on numbers or arrays, with Numba's typing and NumPy's broadcasting."""
        ...

    def define(self, definition: Any, operands: Sequence[Operand]) -> list[Operand]:
        """The results of a definition of jitad's own on numbers, read at the place of the user's call.

        Literals in it take the precision of what they are combined with.
        """
        ...

    def call(self, function: Any, args: Sequence[Value], kwargs: Mapping[str, Value], text: str) -> Value:
        """``function(*args, **kwargs)`` of a Python function, which the user writes as ``text``."""
        ...

    def array_primitive(self, name: str) -> ArrayPrimitive:
        """The registered array primitive of this name (``matmul``, …)."""
        ...

    @contextmanager
    def block(self, builder: Builder) -> Iterator[Builder]:
        """Statements read inside go to ``builder`` (a nested one)."""
        yield builder
