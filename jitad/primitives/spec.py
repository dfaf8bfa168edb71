"""What a primitive states: the callables it stands for, how to call it, its cost and its derivative rule."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection, Hashable
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
    importing its module. ``kink`` is its policy where it has no derivative.

    For tests: each of ``cases`` is a tuple of arguments, or a function of a ``numpy.random.Generator`` that gives one;
    each of ``special`` is a tuple of arguments and the exact derivatives there, one for each argument (None: not told).
    See ``jitad.testing.check_primitive``.
    """

    name: str
    callables: tuple[Any, ...] = ()
    doc: str = ""
    kink: str = ""
    cases: tuple[Any, ...] = ()
    special: tuple[tuple[tuple[Any, ...], tuple[Any, ...]], ...] = ()

    def __repr__(self) -> str:
        return f"<primitive {self.name}>"

    def __str__(self) -> str:
        return self.name

    def problem(self) -> str | None:
        """What is wrong with this primitive's statements; None when nothing is."""
        name: object = self.name
        if not name or not isinstance(name, str):
            return "its name isn't a text"
        for function in self.callables:
            if isinstance(function, str) and ":" not in function:
                return f"{function!r} in its callables isn't of the form 'module:attribute'"
            if not isinstance(function, str) and not callable(function):
                return f"{function!r} in its callables can't be called"
            if not isinstance(function, Hashable):
                return f"{function!r} in its callables can't be hashed"
        for case in self.cases:
            if not isinstance(case, tuple) and not callable(case):
                return f"{case!r} in its cases is neither a tuple of arguments nor a function that gives one"
        points: tuple[object, ...] = self.special
        for point in points:
            if not isinstance(point, tuple) or len(point) != 2:
                return f"{point!r} in its special points isn't a pair (arguments, derivatives)"
        return None


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class ScalarPrimitive(Primitive):
    """A function of scalars, applied elementwise to arrays by itself.

    ``template`` is the emitted source of a call, with ``{0}``, ``{1}``, … for the arguments; the names in it
    are given by ``names`` (what compiled code calls) and ``plain_names`` (their NumPy equivalents, which run
    uncompiled). ``typed_as`` is the callable whose Numba typing gives the result's type. A partial derivative
    is a function of the arguments and then the result, written as a kernel.
    ``cost`` is in units of one floating-point addition. ``implementation`` is what compiled code calls in place of
    callables that Numba doesn't know; the user's own ``@njit`` code may then call them too.
    """

    template: str
    typed_as: Any
    partials: tuple[Partial, ...]
    cost: int = 1
    names: tuple[tuple[str, Any], ...] = ()
    plain_names: tuple[tuple[str, Any], ...] = ()
    implementation: Callable[..., Any] | None = None

    def problem(self) -> str | None:
        fields = {int(field) for _, field, _, _ in Formatter().parse(self.template) if field}
        if fields != set(range(self.arity)):
            return f"its template {self.template!r} has arguments {sorted(fields)}, but {self.arity} partials are given"
        for partial in self.partials:
            if not (partial is None or partial == ZERO or callable(partial)):
                return f"{partial!r} isn't a partial derivative (a function, ZERO or None)"
            wrong = _takes(partial, self.arity + 1)
            if wrong:
                return f"{wrong}; a partial derivative takes the {_counted(self.arity, 'argument')} and the result"
        return super().problem()

    @property
    def arity(self) -> int:
        return len(self.partials)

    @property
    def is_zero(self) -> bool:
        """True when the derivative is declared zero for every argument."""
        return all(partial is ZERO for partial in self.partials)


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class RandomPrimitive(Primitive):
    """A number that ``function`` draws from a random generator, or another change of that generator.

    Each call gives another result, so it is never computed again: what needs it later finds it recorded. ``params``
    are the dtypes of the arguments, ``result`` that of the number. It has no derivative by its arguments.
    ``generator`` is ``"numpy"`` or ``"python"``: the function's own, which in compiled code is Numba's of that name.
    """

    function: Callable[..., Any]
    params: tuple[str, ...] = ()
    result: str = "float64"
    generator: str = "numpy"


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class CompositePrimitive(Primitive):
    """A function defined by a kernel in terms of other primitives; it is read like any kernel.

    ``is_expression`` is for a definition that only returns an expression in which no argument is used twice: a call
    becomes part of the expression around it, and makes no arrays of its own. ``takes_complex`` says that the definition
    is right for complex numbers too; else calls with complex arguments are refused.
    """

    definition: Callable[..., Any]
    is_expression: bool = False
    takes_complex: bool = False

    def problem(self) -> str | None:
        definition: object = self.definition
        if not callable(definition):
            return f"its definition {definition!r} isn't a function"
        return super().problem()


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class ArrayPrimitive(Primitive):
    """A library call on arrays with a rule of its own.

    ``implementation(out, ..., arg, ...)`` is a function that Numba compiles and that writes its results into
    the ``outs`` arrays given first, every element of them, without reading them; ``accumulating`` likewise adds to
    the first of them (None: not offered). ``plain`` and ``plain_accumulating`` do the same in NumPy, for uncompiled
    runs. ``loops`` does the same with nothing but loops over the elements, of arrays with any strides: it calls no
    library, makes no array and raises nothing, so that it runs on CUDA as well (None: not offered). Arrays are passed
    in one of the memory ``layouts`` ("C" is always among them). ``inert`` are the positions of the arguments that the
    results aren't differentiated by. A call that ``is_effect`` stays where nothing reads its results.

    The rules are kernels, which get None for the adjoint or the tangent of what isn't active:
    ``vjp(out, out_bar, ..., arg, arg_bar, ...)`` adds to the adjoints ``arg_bar``,
    ``jvp(out, out_dot, ..., arg, arg_dot, ...)`` adds to the tangents ``out_dot``.
    """

    implementation: Callable[..., None]
    plain: Callable[..., None]
    vjp: Callable[..., None] | None = None
    jvp: Callable[..., None] | None = None
    accumulating: Callable[..., None] | None = None
    plain_accumulating: Callable[..., None] | None = None
    loops: Callable[..., None] | None = None
    outs: int = 1
    inert: frozenset[int] = frozenset()
    layouts: str = "CFA"
    cost: int = 1000
    is_effect: bool = False

    def problem(self) -> str | None:
        if not str(self.name).isidentifier():
            return f"its name {self.name!r} isn't an identifier"
        if self.outs < 1:
            return f"it has {self.outs} results, and it writes at least one"
        if "C" not in self.layouts or not set(self.layouts) <= set("CFA"):
            return f"its layouts {self.layouts!r} aren't 'C', 'CF' or 'CFA'"
        count = parameter_count(self.implementation)
        if count is None:
            return super().problem()
        if self.outs >= count:
            return f"its implementation takes {_counted(count, 'parameter')}, and {self.outs} of them are results"
        if not all(0 <= position < count - self.outs for position in self.inert):
            return f"its inert positions {sorted(self.inert)} aren't all among its {count - self.outs} arguments"
        for what, function, needed in (
            ("vjp", self.vjp, 2 * count),
            ("jvp", self.jvp, 2 * count),
            ("accumulating", self.accumulating, count),
            ("loops", self.loops, count),
        ):
            wrong = _takes(function, needed)
            if wrong:
                kinds = "" if needed == count else " (each parameter and its derivative)"
                return f"{wrong}; its {what} takes {needed} parameters{kinds}"
        return super().problem()


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

    @property
    def generators(self) -> tuple[str, ...]:
        """The random generators that a call draws from; such a call stays where nothing reads its results."""
        return ()

    def is_linear(self, moving: Collection[int]) -> bool:
        """False unless the results are surely linear in the arguments at these positions together."""
        return True

    def push(self, call: Call, dots: Callable[[object], Var | None], builder: Builder) -> None:
        """Append what computes the results of ``call`` and their tangents (``dots`` gives active arrays' tangents)."""
        raise NotImplementedError

    def pull(self, arguments: tuple[Type | Const | None, ...]) -> Program:
        """The reverse rule, its parameters being (out, out_bar, …, arg, arg_bar, …) without literals and None."""
        raise NotImplementedError

    def expand(self, call: Call, builder: Builder, *, deep: bool = True) -> None:
        """Append what ``call`` stands for, leaving the tape as it was; unless ``deep``, with the calls in it."""
        raise NotImplementedError


# Checks


def parameter_names(function: Any) -> tuple[str, ...] | None:
    """The names of a function's positional parameters; None when they can't be told."""
    try:
        parameters = inspect.signature(getattr(function, "py_func", function)).parameters.values()
    except (TypeError, ValueError):
        return None
    positional = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    if not all(parameter.kind in positional for parameter in parameters):
        return None
    return tuple(parameter.name for parameter in parameters)


def parameter_count(function: Any) -> int | None:
    """How many positional parameters a function has; None when that can't be told."""
    names = parameter_names(function)
    return None if names is None else len(names)


def _takes(function: Any, count: int) -> str:
    """What is wrong with a function that must have ``count`` parameters; empty when nothing is."""
    found = parameter_count(function) if callable(function) else None
    if found is None or found == count:
        return ""
    return f"{getattr(function, '__qualname__', function)} takes {_counted(found, 'parameter')}"


def _counted(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"
