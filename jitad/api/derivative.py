"""The callables that ``grad`` and ``value_and_grad`` return: one table of compiled derivatives, keyed by types."""

from __future__ import annotations

import functools
import inspect
import threading
import types
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from jitad.api.memo import memo_of
from jitad.api.mode import bounds_checked, mode
from jitad.api.structure import LAYOUT_BITS, describe, flatten, leaf_paths, leaf_specs
from jitad.errors import ArgumentError
from jitad.reading.results import DictResult, ResultTree, ScalarResult, SequenceResult, StaticResult
from jitad.reading.signature import ArgSpec, ArraySpec, DictSpec, ScalarSpec, SequenceSpec, StaticSpec

if TYPE_CHECKING:
    from jitad.api.running import Call

MOST_ENTRIES = 256
"""So many compiled derivatives are kept for one function; then the oldest is dropped."""

_NDARRAY = np.ndarray
_CONTIGUOUS = frozenset({LAYOUT_BITS, LAYOUT_BITS & ~1, LAYOUT_BITS & ~2, LAYOUT_BITS & ~3})


@dataclass(frozen=True)
class Request:
    """What is asked of a function, apart from its arguments."""

    argnums: int | tuple[int, ...]
    has_aux: bool = False
    bounds_checked: bool = False

    def positions(self, function: Any, count: int) -> tuple[int, ...]:
        """The arguments asked for, among ``count`` positional ones. Raises ArgumentError when there aren't so many."""
        argnums = self.argnums if isinstance(self.argnums, tuple) else (self.argnums,)
        found = []
        for argnum in argnums:
            if not -count <= argnum < count:
                raise ArgumentError(
                    f"argnums={self.argnums!r} asks for argument {argnum}, but the call of {name_of(function)!r} gives "
                    f"{count} positional {'argument' if count == 1 else 'arguments'}.",
                    "count from 0 (or from the end, from -1), and pass that argument by position.",
                )
            found.append(argnum % count)
        if len(set(found)) < len(found):
            raise ArgumentError(
                f"argnums={self.argnums!r} names an argument of {name_of(function)!r} twice.", "name each one once."
            )
        return tuple(found)


def name_of(function: Any) -> str:
    """How messages name a function."""
    while isinstance(function, functools.partial):
        function = function.func
    return getattr(function, "__name__", None) or type(function).__name__


class Entry:
    """A compiled derivative for one combination of argument types, and how its results are put together."""

    def __init__(self, call: Call, value: Callable[[list[Any]], Any], gradient: Callable[[list[Any]], Any]) -> None:
        self.call = call
        self.value = value
        self.gradient = gradient
        self.guards = call.guards
        self.captures = call.captures


class Table:
    """The compiled derivatives of one function for one request."""

    def __init__(self, function: Any, request: Request) -> None:
        self.function = function
        self.request = request
        self.entries: dict[Any, Entry] = {}
        self.plain_entries: dict[Any, Entry] = {}
        self._lock = threading.RLock()

    def build(self, key: Any, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Entry:
        """Compile for these arguments (their types), or find that another thread has."""
        with self._lock:
            entries = self.entries if mode.compiled else self.plain_entries
            found = entries.get(key)
            if found is not None and all(holds() for holds in found.guards):
                return found
            entry = _build(self.function, self.request, args, kwargs)
            while len(entries) >= MOST_ENTRIES:
                del entries[next(iter(entries))]
            entries[key] = entry
            return entry


def _build(function: Any, request: Request, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Entry:
    from jitad.api.differentiate import gradient_adjoint, make_sweeps, read
    from jitad.api.running import Call, rebuilder

    positions = request.positions(function, len(args))
    specs = [describe(arg, f"argument {at}") for at, arg in enumerate(args)]
    named = {name: describe(arg, f"argument {name!r}") for name, arg in kwargs.items()}
    wrt, trees = active_leaves(function, specs, positions)
    reading = read(function, specs, named, bounds_checked=request.bounds_checked)
    adjoint, tree = gradient_adjoint(reading, wrt, has_aux=request.has_aux)
    sweeps = make_sweeps(adjoint.program, reading, compiled=mode.compiled)
    gradient = SequenceResult(tuple, trees) if isinstance(request.argnums, tuple) else trees[0]
    return Entry(Call(reading, sweeps, wrt), rebuilder(tree), rebuilder(gradient))


def active_leaves(
    function: Any, specs: Sequence[ArgSpec], positions: Sequence[int]
) -> tuple[list[int], tuple[ResultTree, ...]]:
    """The program parameters that the arguments at ``positions`` are made of, and each gradient's structure.

    Raises ArgumentError for an argument that can't be differentiated, naming the part that is to blame.
    """
    firsts, total = [], 0
    for spec in specs:
        firsts.append(total)
        total += len(leaf_specs(spec))
    wrt: list[int] = []
    trees = []
    for at in positions:
        leaves = leaf_paths(specs[at], f"argument {at}")
        for path, leaf in leaves:
            _refuse_inactive(function, path, leaf, is_whole=len(leaves) == 1 and leaf is specs[at])
        count = len(leaf_specs(specs[at]))
        if count == 0:
            raise ArgumentError(
                f"argument {at} of {name_of(function)!r} holds no number and no array to differentiate by.",
                "choose another argument with argnums.",
            )
        trees.append(_tree(specs[at], iter(range(len(wrt), len(wrt) + count))))
        wrt.extend(range(firsts[at], firsts[at] + count))
    return wrt, tuple(trees)


def _refuse_inactive(function: Any, path: str, leaf: ArgSpec, *, is_whole: bool) -> None:
    if isinstance(leaf, StaticSpec):
        if leaf.obj is None and not is_whole:
            return
        what = f"is {leaf.obj!r}, which has no derivative"
    elif isinstance(leaf, ScalarSpec | ArraySpec) and not leaf.dtype.startswith("float"):
        kind = "an array of dtype" if isinstance(leaf, ArraySpec) else "a number of dtype"
        what = f"is {kind} {leaf.dtype}, and only floating-point numbers have derivatives"
    else:
        return
    if not is_whole:
        remedy = "pass it as a separate argument, which argnums leaves out."
    elif isinstance(leaf, ArraySpec):
        remedy = "pass floating-point numbers (x.astype(float)), or choose another argument with argnums."
    else:
        remedy = "pass a float (2.0, not 2), or choose another argument with argnums."
    raise ArgumentError(f"{path} of {name_of(function)!r} {what}.", remedy)


def _tree(spec: ArgSpec, count: Any) -> ResultTree:
    """The structure of an argument's gradient; leaves count in the list of gradients."""
    match spec:
        case SequenceSpec(kind, items):
            return SequenceResult(kind, tuple(_tree(item, count) for item in items))
        case DictSpec(pairs):
            return DictResult(tuple((name, _tree(item, count)) for name, item in pairs))
        case StaticSpec():
            return StaticResult(None)
    return ScalarResult(next(count))


def table_for(function: Any, request: Request) -> Table:
    """The table of a function, shared by every derivative of it that asks the same."""
    if isinstance(function, types.MethodType):
        memo, key = memo_of(function.__self__), (function.__func__, request)
    else:
        memo, key = memo_of(function), (None, request)
    table = memo.entries.get(key)
    if table is None:
        table = memo.entries.setdefault(key, Table(function, request))
    return table


class Derivative:
    """A function of a kernel's arguments that computes its gradient (and its value, with ``with_value``)."""

    def __init__(self, function: Any, request: Request, *, with_value: bool) -> None:
        self._table = table_for(function, request)
        self._function = function
        self._request = request
        self._with_value = with_value
        functools.update_wrapper(self, _documented(function), updated=())
        self.__wrapped__ = function

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if kwargs:
            args, kwargs = self._bound(args, kwargs)
        leaves: list[Any] = []
        keys: list[Any] = []
        for arg in args:
            kind = type(arg)
            if kind is float:
                leaves.append(arg)
                keys.append(float)
            else:
                keys.append(flatten(arg, leaves))
        for name, arg in kwargs.items():
            keys.append((name, flatten(arg, leaves)))
        key = tuple(keys)
        table = self._table
        try:
            entry = (table.entries if mode.compiled else table.plain_entries).get(key)
        except TypeError:  # something unhashable, which describing the arguments names and refuses
            entry = None
        if entry is None:
            entry = self._build(key, args, kwargs)
        for holds in entry.guards:
            if not holds():
                entry = self._build(key, args, kwargs)
                break
        if entry.captures:
            entry, captured = self._captured(entry, key, args, kwargs)
            leaves += captured
        results, gradients = entry.call(leaves)
        gradient = entry.gradient(gradients)
        if self._with_value:
            return entry.value(results), gradient
        return (gradient, entry.value(results)[1]) if self._request.has_aux else gradient

    def _build(self, key: Any, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Entry:
        positions = self._request.argnums if isinstance(self._request.argnums, tuple) else (self._request.argnums,)
        if any(not -len(args) <= at < len(args) for at in positions):
            self._request.positions(self._function, len(args))
        return self._table.build(key, args, kwargs)

    def _captured(self, entry: Entry, key: Any, args: Sequence[Any], kwargs: Mapping[str, Any]) -> tuple[Entry, list[Any]]:
        arrays = captured_arrays(entry)
        if arrays is None:
            entry = self._table.rebuild(key, entry, args, kwargs)
            arrays = captured_arrays(entry)
            assert arrays is not None
        return entry, arrays

    def _bound(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """The call with arguments given by position wherever that is possible."""
        bound = inspect.signature(_documented(self._function)).bind(*args, **kwargs)
        return bound.args, bound.kwargs

    def __get__(self, instance: Any, owner: type | None = None) -> Any:
        if instance is None:
            return self
        return Derivative(types.MethodType(self._function, instance), self._request, with_value=self._with_value)

    def __reduce__(self) -> Any:
        return _remake, (self._function, self._request, self._with_value)

    def __repr__(self) -> str:
        what = "value and gradient" if self._with_value else "gradient"
        return f"<{what} of {name_of(self._function)} by argument {self._request.argnums}>"
