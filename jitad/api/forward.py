"""``jvp``: derivatives along a direction; ``hvp``: products of the Hessian with a vector, without the Hessian."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from jitad.analysis.plan import AUTO
from jitad.api.derivative import (
    Entry,
    GradientRequest,
    Rebuild,
    describe_all,
    describe_named,
    table_for,
)
from jitad.api.gradient import checked_argnums, checked_storage, refuse_uncallable
from jitad.api.leaves import active_leaves, name_of
from jitad.api.mode import bounds_checked, mode
from jitad.api.structure import SCALARS, flatten, shown
from jitad.errors import ArgumentError
from jitad.primitives.views import view_as_real
from jitad.program.types import REAL_DTYPES
from jitad.reading.results import ArrayResult, DictResult, ResultTree, ScalarResult, SequenceResult, StaticResult
from jitad.reading.signature import ArgSpec, ArraySpec, ComplexSpec, DictSpec, ScalarSpec, SequenceSpec


def jvp(
    f: Callable[..., Any],
    primals: Sequence[Any],
    tangents: Sequence[Any],
    argnums: int | tuple[int, ...] | None = None,
) -> tuple[Any, Any]:
    """The value of ``f(*primals)`` and its derivative along ``tangents`` (forward mode).

    ``tangents`` has one entry for each argument that ``argnums`` names, in that order (by default for each argument
    that is floating-point throughout), with that argument's structure, shapes and dtypes. The derivative has the
    structure, shapes and dtypes of the value; parts of it that aren't floating-point have None. Complex numbers count
    as floating-point, and have complex tangents. The cost is a small constant times the kernel's, whatever the number
    of outputs.

    Raises ArgumentError for arguments that can't be differentiated and for tangents that don't fit, naming the part
    that is to blame; and the errors of reading a kernel (see ``jitad.errors``).

    >>> import numpy as np
    >>> import jitad
    >>> jitad.jvp(lambda x, k: k * x * x, (np.array([1.0, 2.0]), 3.0), (np.array([1.0, 0.0]), 1.0))
    (array([ 3., 12.]), array([7., 4.]))
    """
    asked = None if argnums is None else checked_argnums(argnums)
    request = TangentRequest((asked,) if isinstance(asked, int) else asked, bounds_checked())
    return _call(f, primals, tangents, request, "jvp")


def hvp(
    f: Callable[..., Any], primals: Sequence[Any], v: Any, argnums: int | tuple[int, ...] = 0, storage: str = AUTO
) -> Any:
    """The Hessian of ``f`` at ``primals`` times ``v``: the gradient's derivative along ``v``, without the Hessian.

    ``f`` returns one floating-point number. ``v`` has the structure, shapes and dtypes of the argument that ``argnums``
    names (for a tuple of argnums: a tuple of such), and so has the result. It is the adjoint of the tangent of
    ``f``, so that the cost is a small constant times the kernel's. ``storage`` is that of ``grad``.

    Raises what ``jvp`` and ``grad`` raise.

    >>> import numpy as np
    >>> import jitad
    >>> jitad.hvp(lambda x: x[0] * x[0] * x[1], (np.array([3.0, 5.0]),), np.array([1.0, 0.0]))
    array([10.,  6.])
    """
    asked = checked_argnums(argnums)
    how = bounds_checked(), True, checked_storage(storage)
    if isinstance(asked, int):
        return _call(f, primals, (v,), TangentRequest((asked,), *how), "hvp")[1][0]
    return _call(f, primals, v, TangentRequest(asked, *how), "hvp")[1]


def is_floating(spec: ArgSpec) -> bool:
    """True for an argument that is floating-point throughout."""
    match spec:
        case ScalarSpec(dtype=dtype) | ArraySpec(dtype=dtype):
            return dtype.startswith(("float", "complex"))
        case SequenceSpec(items=items):
            return bool(items) and all(map(is_floating, items))
        case DictSpec(items=pairs):
            return bool(pairs) and all(is_floating(item) for _, item in pairs)
    return False


@dataclass(frozen=True)
class TangentRequest:
    """Ask for the derivative along directions of the arguments at ``argnums``; with ``reverse``, for its gradient.

    Without ``argnums`` these are the arguments that are floating-point throughout. ``storage`` is one of ``STORAGES``.
    """

    argnums: tuple[int, ...] | None
    bounds_checked: bool = False
    reverse: bool = False
    storage: str = AUTO

    def build(self, function: Any, args: Sequence[Any], kwargs: Mapping[str, Any]) -> TangentEntry:
        """Read a function and compile its tangent program, or the adjoint of that."""
        from jitad.api.differentiate import make_sweeps, read, require_scalar
        from jitad.api.running import Call
        from jitad.transforms.adjoint import adjoint
        from jitad.transforms.deadarrays import remove_dead_arrays
        from jitad.transforms.give_back import give_back
        from jitad.transforms.tangent import tangent

        specs = describe_all(args)
        argnums = self.argnums
        if argnums is None:
            argnums = tuple(at for at, spec in enumerate(specs) if is_floating(spec))
        positions = GradientRequest(argnums).positions(function, len(args))
        wrt, trees = active_leaves(function, specs, positions)
        reading = read(function, specs, describe_named(kwargs), bounds_checked=self.bounds_checked)
        made = tangent(reading.program, wrt).program
        if self.reverse:
            require_scalar(reading)
            made = adjoint(made, wrt, dependents=[len(reading.program.results)], storage=self.storage).program
            made = remove_dead_arrays(replace(made, results=made.results[2:]))  # the value and its tangent
        else:
            made = give_back(made)
        sweeps = make_sweeps(made, reading, compiled=mode.compiled)
        call = Call(reading, sweeps, wrt if self.reverse else ())
        return TangentEntry(call, positions, [specs[at] for at in positions], SequenceResult(tuple, trees))


class TangentEntry(Entry):
    """A compiled derivative along directions."""

    def __init__(self, call: Any, positions: tuple[int, ...], specs: Sequence[ArgSpec], gradient: ResultTree) -> None:
        from jitad.api.running import rebuilder

        super().__init__(call.reading)
        self.call = call
        self.positions = positions
        self.specs = specs
        tree = call.reading.kernel.result
        floating = [at for at, result in enumerate(call.reading.program.results) if result.type.is_float]
        count = len(call.reading.program.results)
        self.value: Rebuild = rebuilder(tree)
        self.tangent: Rebuild = rebuilder(tangent_tree(tree, {at: count + i for i, at in enumerate(floating)}))
        self.gradient: Rebuild = rebuilder(gradient)


def tangent_tree(tree: ResultTree, places: Mapping[int, int]) -> ResultTree:
    """The structure of a value's tangent; ``places`` are the positions of the tangents of floating-point results."""
    match tree:
        case ScalarResult(index) | ArrayResult(index):
            return ScalarResult(places[index]) if index in places else StaticResult(None)
        case SequenceResult(kind, items):
            return SequenceResult(kind, tuple(tangent_tree(item, places) for item in items))
        case DictResult(pairs):
            return DictResult(tuple((name, tangent_tree(item, places)) for name, item in pairs))
    return StaticResult(None)


def _call(
    f: Callable[..., Any], primals: Sequence[Any], tangents: Sequence[Any], request: TangentRequest, what: str
) -> tuple[Any, Any]:
    refuse_uncallable(f)
    if not isinstance(primals, tuple | list):
        raise ArgumentError(
            f"the primals for {name_of(f)!r} are {type(primals).__name__!r}; expected a tuple of its arguments.",
            "put the arguments in a tuple: (x,).",
        )
    leaves: list[Any] = []
    key = tuple([flatten(arg, leaves) for arg in primals])
    entry, captured = table_for(f, request).current(key, tuple(primals), {})
    directions = collected(f, entry.positions, entry.specs, primals, tangents, what)
    results, gradients = entry.call([*leaves, *captured], directions)
    return (None, entry.gradient(gradients)) if request.reverse else (entry.value(results), entry.tangent(results))


def collected(
    f: Any, argnums: Sequence[int], specs: Sequence[ArgSpec], primals: Sequence[Any], tangents: Any, what: str
) -> list[Any]:
    """The leaves of the tangents of the arguments at ``argnums``, checked against these arguments."""
    if not isinstance(tangents, tuple | list) or len(tangents) != len(specs):
        raise ArgumentError(
            f"{what} of {name_of(f)!r} differentiates by the arguments {list(argnums)}, and got "
            f"{len(tangents) if isinstance(tangents, tuple | list) else repr(tangents)} for tangents.",
            "give a tuple with one tangent for each of these; argnums chooses them (an integer argument has none).",
        )
    directions: list[Any] = []
    for at, spec, direction in zip(argnums, specs, tangents, strict=True):
        _collect(spec, primals[at], direction, f"the tangent of argument {at} of {name_of(f)!r}", directions)
    return directions


def _collect(spec: ArgSpec, primal: Any, direction: Any, path: str, found: list[Any]) -> None:
    """Append the leaves of a tangent, checked against the argument that it belongs to."""
    match spec:
        case ComplexSpec(items=(ScalarSpec() as part, _)):
            if not is_number(direction):
                raise _misfit(path, direction, f"a complex number of parts of dtype {part.dtype}")
            found += [np.dtype(part.dtype).type(each) for each in (direction.real, direction.imag)]
        case SequenceSpec(items=items):
            if not isinstance(direction, tuple | list) or len(direction) != len(items):
                raise _misfit(path, direction, f"a {type(primal).__name__} of {len(items)}")
            for at, (item, part, own) in enumerate(zip(items, direction, primal, strict=True)):
                _collect(item, own, part, f"{path}[{at}]", found)
        case DictSpec(items=pairs):
            if not isinstance(direction, dict) or set(direction) != {name for name, _ in pairs}:
                raise _misfit(path, direction, f"a dict with the keys {[name for name, _ in pairs]}")
            for name, item in pairs:
                _collect(item, primal[name], direction[name], f"{path}[{name!r}]", found)
        case ArraySpec(dtype=dtype, layout=layout):
            fits = isinstance(direction, np.ndarray) and direction.shape == primal.shape
            if not fits or direction.dtype.name != dtype:
                raise _misfit(path, direction, f"an array of dtype {dtype} and shape {primal.shape}")
            if dtype in REAL_DTYPES:
                found.append(view_as_real(np.require(direction, dtype, ["C", "A", "W", "E"])))
                return
            plain = type(direction) is np.ndarray and direction.flags.carray and direction.dtype.isnative
            if plain and layout == "C":
                found.append(direction)
                return
            found.append(np.require(direction, dtype, ["F" if layout == "F" else "C", "A", "W", "E"]))
        case ScalarSpec(dtype=dtype):
            if type(direction) not in SCALARS or isinstance(direction, bool | np.bool_):
                raise _misfit(path, direction, f"a number of dtype {dtype}")
            found.append(np.dtype(dtype).type(direction))


def is_number(value: Any) -> bool:
    """True for a number, real or complex, that isn't a truth value."""
    return isinstance(value, int | float | complex | np.number) and not isinstance(value, bool)


def _misfit(path: str, direction: Any, expected: str) -> ArgumentError:
    remedy = "give it the argument's structure, shape and dtype."
    return ArgumentError(f"{path} is {shown(direction)}; expected {expected}.", remedy)
