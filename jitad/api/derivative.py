"""The callables that ``grad`` and ``value_and_grad`` return: one table of compiled derivatives, keyed by types."""

from __future__ import annotations

import functools
import inspect
import sys
import threading
import types
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from jitad.analysis.plan import AUTO
from jitad.api.leaves import active_leaves, name_of
from jitad.api.memo import memo_of
from jitad.api.mode import mode
from jitad.api.structure import describe, flatten
from jitad.building import finder
from jitad.errors import ArgumentError
from jitad.reading.results import SequenceResult
from jitad.reading.signature import ArgSpec, array_spec
from jitad.reading.values import DerivativeForm

if TYPE_CHECKING:
    from jitad.api.derived import Derived, Gradient
    from jitad.api.differentiate import Reading
    from jitad.api.running import Call
    from jitad.reading.results import ResultTree
    from jitad.transforms.adjoint import Adjoint

MOST_ENTRIES = 256
"""So many compiled derivatives are kept for one function; then the oldest is dropped."""

Rebuild = Callable[[Sequence[Any]], Any]


class Request(Protocol):
    """What is asked of a function, apart from its arguments; hashable."""

    def build(self, function: Any, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Entry:
        """Read, differentiate and compile a function for arguments of these types."""
        ...


@dataclass(frozen=True)
class GradientRequest:
    """Ask for the gradient by the arguments at ``argnums``; ``storage`` is one of ``STORAGES``, ``parallel`` asks for
    threads."""

    argnums: int | tuple[int, ...]
    has_aux: bool = False
    bounds_checked: bool = False
    storage: str = AUTO
    parallel: bool = False

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

    def build(self, function: Any, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Entry:
        """Read, differentiate and compile a function for arguments of these types."""
        from jitad.api.differentiate import make_sweeps
        from jitad.api.running import Call, rebuilder
        from jitad.transforms.first_terms import store_first_gradients

        made = self.derive(function, describe_all(args), describe_named(kwargs))
        program, stored = store_first_gradients(made.program, made.wrt)
        sweeps = make_sweeps(program, made.reading, compiled=mode.compiled)
        call = Call(made.reading, sweeps, made.wrt, stored)
        return GradientEntry(call, rebuilder(made.value), rebuilder(made.gradient))

    def derive(self, function: Any, specs: Sequence[ArgSpec], named: Mapping[str, ArgSpec]) -> Gradient:
        """Read and differentiate a function for arguments so described."""
        from jitad.api.derived import Gradient
        from jitad.api.differentiate import read

        wrt, trees = active_leaves(function, specs, self.positions(function, len(specs)))
        checked, parallel = self.bounds_checked, self.parallel
        reading = read(function, specs, named, bounds_checked=checked, parallel=parallel)
        adjoint, value = self.adjoint(reading, wrt)
        gradient = SequenceResult(tuple, trees) if isinstance(self.argnums, tuple) else trees[0]
        return Gradient(reading, adjoint.program, wrt, value, gradient)

    def adjoint(self, reading: Reading, wrt: Sequence[int]) -> tuple[Adjoint, ResultTree]:
        """The adjoint of a kernel, and the tree of its result."""
        from jitad.api.differentiate import gradient_adjoint

        return gradient_adjoint(reading, wrt, has_aux=self.has_aux, storage=self.storage)


class Entry:
    """What was compiled from a reading of a kernel, for one combination of argument types."""

    def __init__(self, reading: Reading) -> None:
        self.reading = reading
        self._guards = tuple((guard.getter, guard.seen, guard.holds) for guard in reading.kernel.guards)
        self.getters = tuple(capture.getter for capture in reading.kernel.captures)
        self._specs = [capture.spec for capture in reading.kernel.captures]
        self._keys: list[Any] = [None] * len(self._specs)

    def guards_hold(self) -> bool:
        """True while everything that the program has built in is what it was when the kernel was read."""
        try:
            for getter, seen, holds in self._guards:
                if getter() is not seen and not holds():
                    return False
        except (AttributeError, KeyError, IndexError, ValueError):
            return False
        return True

    def captured(self) -> list[np.ndarray] | None:
        """The captured arrays as they are now; None when one isn't of the type that it was compiled for."""
        arrays: list[np.ndarray] = []
        for at, getter in enumerate(self.getters):
            try:
                array = getter()
            except (AttributeError, KeyError, IndexError, ValueError):
                return None
            if type(array) is not np.ndarray:
                return None
            key = flatten(array, arrays)
            if key != self._keys[at]:  # compared first, as it is the faster one
                if array_spec(array) != self._specs[at]:
                    return None
                self._keys[at] = key
        return arrays

    def is_current(self) -> bool:
        """True while nothing that was built in has changed."""
        return self.guards_hold() and self.captured() is not None


class GradientEntry(Entry):
    """A compiled gradient; ``value`` and ``gradient`` put its results together."""

    def __init__(self, call: Call, value: Rebuild, gradient: Rebuild) -> None:
        super().__init__(call.reading)
        self.call = call
        self.run = call.__call__  # bound, which is quicker to call than the object
        self.value = value
        self.gradient = gradient


class Table:
    """What has been compiled of one function for one request."""

    def __init__(self, function: Any, request: Request) -> None:
        self.function = function
        self.request = request
        self.entries: dict[Any, Any] = {}
        self.plain_entries: dict[Any, Any] = {}
        self._lock = threading.RLock()

    def build(self, key: Any, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
        """Compile for these arguments (their types), or find that another thread has."""
        with self._lock:
            entries = self.entries if mode.compiled else self.plain_entries
            try:
                found = entries.pop(key, None)
            except TypeError:
                found = None
            if found is None or not found.is_current():
                found = self.request.build(self.function, args, kwargs)
            while len(entries) >= MOST_ENTRIES:
                del entries[next(iter(entries))]
            entries[key] = found
            return found

    def current(self, key: Any, args: Sequence[Any], kwargs: Mapping[str, Any]) -> tuple[Any, list[np.ndarray]]:
        """What is compiled for these arguments and still holds, and the captured arrays as they are now."""
        try:
            entry = (self.entries if mode.compiled else self.plain_entries).get(key)
        except TypeError:  # something unhashable, which describing the arguments names and refuses
            entry = None
        if entry is None or not entry.guards_hold():
            entry = self.build(key, args, kwargs)
        captured = entry.captured()
        if captured is None:
            entry = self.build(key, args, kwargs)
            captured = entry.captured() or []
        return entry, captured


def describe_all(args: Sequence[Any]) -> list[ArgSpec]:
    """Descriptions of positional arguments."""
    return [describe(arg, f"argument {at}") for at, arg in enumerate(args)]


def describe_named(kwargs: Mapping[str, Any]) -> dict[str, ArgSpec]:
    """Descriptions of keyword arguments."""
    return {name: describe(arg, f"argument {name!r}") for name, arg in kwargs.items()}


def table_for(function: Any, request: Request) -> Table:
    """The table of a function, shared by every derivative of it that asks the same."""
    key: tuple[Any, Request]
    if isinstance(function, types.MethodType):
        memo, key = memo_of(function.__self__), (function.__func__, request)
    else:
        memo, key = memo_of(function), (None, request)
    table = memo.entries.get(key)
    if table is None:
        table = memo.entries.setdefault(key, Table(function, request))
    return table


def plain_function(function: Any) -> Any:
    """The Python function in an ``@njit`` dispatcher; other callables as they are."""
    return getattr(function, "py_func", function)


class Derivative:
    """A function of a kernel's arguments that computes its gradient (and its value, with ``with_value``)."""

    def __init__(self, function: Any, request: GradientRequest, *, with_value: bool) -> None:
        functools.update_wrapper(self, plain_function(function), updated=())
        self.__wrapped__ = function
        self._table = table_for(function, request)
        self._function = function
        self._request = request
        self._with_value = with_value
        asked = request.argnums if isinstance(request.argnums, tuple) else (request.argnums,)
        self.least_count = max(asked) + 1
        finder.install()

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """The gradient (after the value or before the aux, where these are asked for) for these arguments."""
        if kwargs or len(args) < self.least_count:
            args, kwargs = self._bound(args, kwargs)
        leaves: list[Any] = []
        keys: list[Any] = []
        for arg in args:
            if type(arg) is float:
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
        if entry is None or not entry.guards_hold():
            entry = table.build(key, args, kwargs)
        if entry.getters:
            captured = entry.captured()
            if captured is None:
                entry = table.build(key, args, kwargs)
                captured = entry.captured() or []
            leaves += captured
        return self._outcome(entry, leaves)

    def _outcome(self, entry: Any, leaves: list[Any]) -> Any:
        """What is computed from the arguments' leaves and the captured arrays."""
        results, gradients = entry.run(leaves)
        gradient = entry.gradient(gradients)
        if self._with_value:
            return entry.value(results), gradient
        return (gradient, entry.value(results)[1]) if self._request.has_aux else gradient

    def derived(self, specs: Sequence[ArgSpec], named: Mapping[str, ArgSpec]) -> Derived:
        """What is computed, as a program, for positional and keyword arguments so described."""
        made = self._request.derive(self._function, specs, named)
        return made.derived(with_value=self._with_value, has_aux=self._request.has_aux)

    @property
    def identity(self) -> tuple[Any, ...]:
        """What this computes of its kernel; hashable."""
        return type(self), self._request, self._with_value

    @property
    def _numba_type_(self) -> Any:
        """Numba's type for this function, by which compiled code can call it."""
        from jitad.api.dispatch import dispatcher_of

        return dispatcher_of(self)._numba_type_

    def _what(self) -> str:
        """What this is, in its ``repr``."""
        return "gradient"

    @property
    def kernel(self) -> Any:
        """The function that is differentiated."""
        return self._function

    @property
    def form(self) -> DerivativeForm:
        """What a kernel that calls this function reads in its place."""
        request = self._request
        how = request.argnums, request.has_aux, self._with_value, request.storage
        return DerivativeForm("gradient", self._function, *how)

    @property
    def request(self) -> Any:
        """What is asked of the function."""
        return self._request

    def _bound(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """The call with arguments given by position wherever that is possible.

        Defaults are filled in when an argument to differentiate by would be missing otherwise.
        """
        try:
            bound = inspect.signature(plain_function(self._function)).bind(*args, **kwargs)
        except TypeError as error:
            raise ArgumentError(
                f"the call doesn't fit the parameters of {name_of(self._function)!r}: {error}.",
                "pass the arguments that the function itself takes.",
            ) from None
        if len(bound.args) < self.least_count:
            bound.apply_defaults()
        return bound.args, bound.kwargs

    def __get__(self, instance: Any, owner: type | None = None) -> Any:
        """As a method: bound to an object, which ``argnums`` doesn't count."""
        if instance is None:
            return self
        return type(self)(types.MethodType(self._function, instance), self._request, with_value=self._with_value)

    def __reduce__(self) -> Any:
        name = getattr(self, "__qualname__", "")
        if getattr(sys.modules.get(self.__module__), name, None) is self:
            return name
        return _remake, (type(self), self._function, self._request, self._with_value)

    def __repr__(self) -> str:
        what = f"value and {self._what()}" if self._with_value else self._what()
        return f"<{what} of {name_of(self._function)} by argument {self._request.argnums}>"


def _remake(kind: type[Derivative], function: Any, request: Any, with_value: bool) -> Derivative:
    return kind(function, request, with_value=with_value)
