"""What a primitive states: the callables it stands for, how to call it, its cost and its derivative rule."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from string import Formatter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jitad.program.builder import Builder
    from jitad.program.statements import Call, Const, Program, Var
    from jitad.program.types import Type

ZERO = "zero"
"""The declared partial derivative of an argument that the result doesn't depend on smoothly."""

Partial = Callable[..., Any] | str | None
"""A rule for one argument: a function, ``ZERO``, or None where there is no rule."""


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Primitive:
    """Base of the kinds of primitives.

    ``callables`` are the Python objects that it stands for; a string ``"module:attribute"`` names one without
    importing its module.
    """

    name: str
    callables: tuple[Any, ...] = ()
    doc: str = ""
    plugin: str = "jitad"

    def __repr__(self) -> str:
        return f"<primitive {self.name}>"

    def problem(self) -> str | None:
        """What is wrong with this primitive's statements; None when nothing is."""
        if not self.name or not isinstance(self.name, str):
            return "its name isn't a text"
        for function in self.callables:
            if isinstance(function, str) and ":" not in function:
                return f"{function!r} in its callables isn't of the form 'module:attribute'"
            if not isinstance(function, str) and not callable(function):
                return f"{function!r} in its callables can't be called"
        return None


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class ScalarPrimitive(Primitive):
    """A function of scalars, applied elementwise to arrays by itself.

    ``template`` is the emitted source of a call, with ``{0}``, ``{1}``, … for the arguments; the names in it
    are given by ``names`` (what compiled code calls) and ``plain_names`` (their NumPy equivalents, which run
    uncompiled). ``typed_as`` is the callable whose Numba typing gives the result's type. A partial derivative
    is a function of the arguments and then the result, written as a kernel.
    ``cost`` is in units of one floating-point addition.
    """

    template: str
    typed_as: Any
    partials: tuple[Partial, ...]
    cost: int = 1
    names: tuple[tuple[str, Any], ...] = ()
    plain_names: tuple[tuple[str, Any], ...] = ()
    kink: str = ""

    def problem(self) -> str | None:
        fields = {int(field) for _, field, _, _ in Formatter().parse(self.template) if field}
        if fields != set(range(self.arity)):
            return f"its template {self.template!r} has arguments {sorted(fields)}, but {self.arity} partials are given"
        for partial in self.partials:
            if not (partial is None or partial == ZERO or callable(partial)):
                return f"{partial!r} isn't a partial derivative (a function, ZERO or None)"
        return super().problem()

    @property
    def arity(self) -> int:
        return len(self.partials)

    @property
    def is_zero(self) -> bool:
        """True when the derivative is declared zero for every argument."""
        return all(partial is ZERO for partial in self.partials)


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class CompositePrimitive(Primitive):
    """A function defined by a kernel in terms of other primitives; it is read like any kernel."""

    definition: Callable[..., Any]


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class ArrayPrimitive(Primitive):
    """A library call on arrays with a rule of its own.

    ``implementation(out, ..., arg, ...)`` is a function that Numba compiles and that writes its results into
    the arrays given first; ``accumulating`` likewise adds to the first of them (None: not offered).
    ``plain`` and ``plain_accumulating`` do the same in NumPy, for uncompiled runs. The rules are kernels, which get
    None for the adjoint or the tangent of an argument that isn't active: ``vjp(out, out_bar, ..., arg, arg_bar, ...)``
    adds to the adjoints ``arg_bar``, ``jvp(out, out_dot, ..., arg, arg_dot, ...)`` adds to the tangents ``out_dot``.
    """

    implementation: Callable[..., None]
    plain: Callable[..., None]
    vjp: Callable[..., None]
    jvp: Callable[..., None] | None = None
    accumulating: Callable[..., None] | None = None
    plain_accumulating: Callable[..., None] | None = None
    cost: int = 1000
    inert = frozenset[int]()


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class ProgramPrimitive(Primitive):
    """A call of something made of programs: the gradient of a program, or a function with the user's own rule.

    Its floating-point arguments are arrays (0-d ones for numbers) or literals, its results arrays that the call
    overwrites (or, where it accumulates, adds to). Transforms see one call with derivatives of its own; before emission
    ``expand`` writes out in its place what it stands for. ``inert`` are the positions of the arguments that its
    results aren't differentiated by.
    """

    inert: frozenset[int] = frozenset()

    @property
    def is_true(self) -> bool:
        """False when its derivative is a rule of the user's, so that second derivatives need not be symmetric."""
        return True

    def push(self, call: Call, dots: Callable[[object], Var | None], builder: Builder) -> None:
        """Append what computes the results of ``call`` and their tangents (``dots`` gives active arrays' tangents)."""
        raise NotImplementedError

    def pull(self, arguments: tuple[Type | Const | None, ...]) -> Program:
        """The reverse rule, its parameters being (out, out_bar, …, arg, arg_bar, …) without literals and None."""
        raise NotImplementedError

    def expand(self, call: Call, builder: Builder) -> None:
        """Append what ``call`` stands for, leaving the tape as it was."""
        raise NotImplementedError
