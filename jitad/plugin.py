"""What plugin packages are written with: decorators that make primitives, and the hook that hands them over.

A plugin is a module named by an entry point of the group ``jitad``, with one function::

    @hookimpl
    def jitad_primitives():
        return [softplus, solve_into]

The rules of primitives are kernels, read like any other: they may use numbers, arrays, loops, and all functions that
jitad knows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, overload

from jitad.primitives.definitions import (
    ArrayDefinition,
    CompositeDefinition,
    Definition,
    ScalarDefinition,
    arity_of,
    name_of,
    scalar_primitive,
    zero_partials,
)
from jitad.primitives.hooks import hookimpl
from jitad.primitives.spec import ZERO, ArrayPrimitive, CompositePrimitive, Partial, Primitive, ScalarPrimitive

__all__ = [
    "ZERO",
    "ArrayDefinition",
    "ArrayPrimitive",
    "CompositeDefinition",
    "CompositePrimitive",
    "Definition",
    "Partial",
    "Primitive",
    "ScalarDefinition",
    "ScalarPrimitive",
    "array",
    "composite",
    "hookimpl",
    "load",
    "scalar",
    "zero",
]

Function = Callable[..., Any]
Special = tuple[tuple[tuple[Any, ...], tuple[Any, ...]], ...]


def scalar(
    function: Any,
    *,
    name: str = "",
    argnum: int = 0,
    also: Iterable[Any] = (),
    cost: int = 20,
    kink: str = "",
    implementation: Function | None = None,
    plain: Function | None = None,
    typed_as: Any = None,
    doc: str = "",
    cases: Iterable[Any] = (),
    special: Special = (),
) -> Callable[[Function], ScalarDefinition]:
    """Decorator of a partial derivative of ``function``, a function of numbers (of arrays too, element by element).

    The partial takes the function's arguments and then its result, and gives the derivative by the first argument (or
    by the one at ``argnum``). ``.partial`` of what comes of it decorates those by the next ones without one,
    ``.partial(argnum=2)`` the one by the third; ``.partial(ZERO)`` declares it to be zero. An argument without one is
    refused where a derivative flows through it.

    ``function`` and those in ``also`` are callables, or texts ``"module:attribute"`` for modules that needn't be
    imported. When Numba doesn't know them, ``implementation`` is a function that it compiles, which the user's
    ``@njit`` code calls in their place too. ``plain`` does the same for uncompiled runs (by default the implementation
    in Python), ``typed_as`` is a callable that Numba gives the same type (by default the implementation). ``cost`` is
    in additions, ``kink`` says what the derivative is where there is none. ``cases`` and ``special`` are for tests: see
    ``Primitive``.

    Raises RegistryError when the definition is ill-formed.

    >>> import math
    >>> from jitad.plugin import scalar
    >>> @scalar(math.hypot, name="distance", cases=[(3.0, 4.0)])
    ... def distance(x, y, result):
    ...     return x / result
    >>> @distance.partial
    ... def distance_y(x, y, result):
    ...     return y / result
    >>> distance.primitive.arity
    2
    """
    options: dict[str, Any] = {
        "also": tuple(also),
        "cost": cost,
        "kink": kink,
        "implementation": implementation,
        "plain": plain,
        "typed_as": typed_as,
        "doc": doc,
        "cases": tuple(cases),
        "special": tuple(special),
    }

    def define(rule: Function) -> ScalarDefinition:
        return ScalarDefinition(name or name_of(function), function, rule, options, argnum)

    return define


def composite(
    *functions: Any,
    name: str = "",
    kink: str = "",
    doc: str = "",
    cases: Iterable[Any] = (),
    special: Special = (),
    takes_complex: bool = False,
) -> Callable[[Function], CompositeDefinition]:
    """Decorator of a kernel that says what ``functions`` compute, in terms of other primitives.

    What comes of it can be called as well, in Python and in kernels. ``takes_complex`` says that the kernel is right
    for complex arguments too; else calls with such arguments are refused.

    >>> import numpy as np
    >>> import jitad
    >>> from jitad.plugin import composite
    >>> @composite(cases=[(np.array([1.0, 2.0]),)])
    ... def softmax(x):
    ...     powers = np.exp(x - np.max(x))
    ...     return powers / np.sum(powers)
    >>> jitad.grad(lambda x: softmax(x)[0])(np.array([0.0, 0.0]))
    array([ 0.25, -0.25])
    """
    options: dict[str, Any] = {"kink": kink, "doc": doc, "cases": tuple(cases), "special": tuple(special)}
    options["takes_complex"] = takes_complex

    def define(definition: Function) -> CompositeDefinition:
        own = name or (name_of(functions[0]) if functions else name_of(definition))
        return CompositeDefinition(own, functions, definition, options)

    return define


@overload
def array(implementation: Function, /) -> ArrayDefinition: ...
@overload
def array(
    *,
    outs: int = 1,
    name: str = "",
    inert: Iterable[str] = (),
    layouts: str = "CFA",
    cost: int = 1000,
    kink: str = "",
    doc: str = "",
    cases: Iterable[Any] = (),
) -> Callable[[Function], ArrayDefinition]: ...
def array(
    implementation: Function | None = None,
    /,
    *,
    outs: int = 1,
    name: str = "",
    inert: Iterable[str] = (),
    layouts: str = "CFA",
    cost: int = 1000,
    kink: str = "",
    doc: str = "",
    cases: Iterable[Any] = (),
) -> Any:
    """Decorator of a function ``f(out, ..., arg, ...)`` on arrays that has derivative rules of its own.

    Numba compiles the function; it writes every element of its first ``outs`` parameters, which are arrays, and doesn't
    read them. In kernels it is called by the name that it has here, as in Python; a result that may share memory with
    another array of the call is refused there. Functions that give new arrays are made of it with ``composite``:
    ``np.empty``, then the call. So whatever the call writes (a factorisation, say) is still there for the rules.

    ``.vjp`` of what comes of it decorates the reverse rule ``(out, out_bar, ..., arg, arg_bar, ...)``, which adds to
    the adjoints ``arg_bar``; ``.jvp`` the forward rule ``(out, out_dot, ..., arg, arg_dot, ...)``, which adds to the
    tangents ``out_dot`` (they are zero before). Both are kernels. Each parameter is followed by its derivative, an
    array of the same shape; it is None for numbers, arrays of integers, and what no derivative flows through, so ask
    ``if a_bar is not None:`` for each. A rule that reads a result is differentiated through that result.

    ``inert`` names arguments that the results aren't differentiated by (only those may be floating-point numbers).
    ``layouts`` are the memory layouts that the function takes: ``"C"``, ``"CF"``, or ``"CFA"`` for any strides.
    ``.plain`` decorates an implementation for uncompiled runs, in place of this one in Python; ``.accumulating`` one
    that adds to its first result. ``.loops`` decorates one that consists of loops over elements, of arrays with any
    strides: it calls no library, makes no array, and raises nothing (where this one raises, it leaves NaN, and the
    ``composite`` around it raises then). It runs on CUDA, where calls are refused without it.

    Raises RegistryError when the definition is ill-formed.

    >>> import numpy as np
    >>> import jitad
    >>> from jitad.plugin import array
    >>> @array
    ... def running_sum(out, a):
    ...     total = 0.0
    ...     for i in range(a.size):
    ...         total += a[i]
    ...         out[i] = total
    >>> @running_sum.vjp
    ... def running_sum_vjp(out, out_bar, a, a_bar):
    ...     if out_bar is not None and a_bar is not None:
    ...         total = 0.0
    ...         for i in range(a.size - 1, -1, -1):
    ...             total += out_bar[i]
    ...             a_bar[i] += total
    >>> def energy(a):
    ...     sums = np.empty(a.size)
    ...     running_sum(sums, a)
    ...     return np.sum(sums**2)
    >>> jitad.grad(energy)(np.array([1.0, 2.0]))
    array([8., 6.])
    """
    options: dict[str, Any] = {
        "outs": outs,
        "inert": tuple(inert),
        "layouts": layouts,
        "cost": cost,
        "kink": kink,
        "doc": doc,
        "cases": tuple(cases),
    }

    def define(function: Function) -> ArrayDefinition:
        return ArrayDefinition(name or name_of(function), function, options)

    return define if implementation is None else define(implementation)


def zero(
    *functions: Any,
    name: str = "",
    arity: int | None = None,
    cost: int = 20,
    implementation: Function | None = None,
    kink: str = "",
    doc: str = "",
    cases: Iterable[Any] = (),
) -> list[ScalarPrimitive]:
    """Primitives for functions of numbers whose derivatives are zero wherever they exist, one for each function.

    ``arity`` is how many arguments they take (by default as they say themselves); the other options are those of
    ``scalar``. Raises RegistryError when the number of arguments can't be told.

    >>> import math
    >>> from jitad.plugin import zero
    >>> zero(math.floor)[0].is_zero
    True
    """
    return [
        scalar_primitive(
            name if name and len(functions) == 1 else name_of(function),
            function,
            zero_partials(arity_of(implementation or function) if arity is None else arity),
            cost=cost,
            implementation=implementation,
            kink=kink,
            doc=doc,
            cases=tuple(cases),
        )
        for function in functions
    ]


def load() -> None:
    """Load all installed plugins now; jitad does so when it reads its first kernel.

    Afterwards Numba knows the functions that plugins implement for it, in code that has nothing to do with jitad too.

    >>> import jitad.plugin
    >>> jitad.plugin.load()
    """
    from jitad.primitives import registry

    registry.plugins()
