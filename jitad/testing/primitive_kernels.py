"""A primitive with arguments, as a kernel of those arguments that can be differentiated by."""

from __future__ import annotations

import functools
import importlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from jitad.primitives.definitions import CallableDefinition, Definition
from jitad.primitives.spec import ArrayPrimitive, CompositePrimitive, Primitive, ScalarPrimitive, parameter_names
from jitad.reading.results import make_sequence
from jitad.testing.primitive_complex import as_pairs, calling_with_pairs, holds_complex, is_complex
from jitad.testing.space import Path, Space, Vector, is_floating, walk
from jitad.testing.subject import Subject

Function = Callable[..., Any]
Place = tuple[int, Any]
"""Where an argument comes from: a position, or -1 and the argument itself."""


class Called(CallableDefinition):
    """A primitive as a function that kernels may call, registered or not; ``function`` is what Python calls."""

    def __init__(self, primitive: Primitive, function: Function) -> None:
        super().__init__(primitive.name, function, {})
        self._given = primitive

    def _made(self) -> Primitive:
        return self._given


@dataclass(frozen=True)
class Trial:
    """``primitive`` called with ``args``; for an array primitive these begin with arrays like its results."""

    primitive: Primitive
    args: tuple[Any, ...]

    @cached_property
    def outs(self) -> int:
        """How many of the arguments are results."""
        return self.primitive.outs if isinstance(self.primitive, ArrayPrimitive) else 0

    @cached_property
    def moving(self) -> tuple[int, ...]:
        """The positions of the arguments to differentiate by: all that are floating-point and have a rule."""
        return tuple(at for at, arg in enumerate(self.args) if self._moves(at, arg))

    def _moves(self, at: int, arg: Any) -> bool:
        if isinstance(self.primitive, ScalarPrimitive) and self.primitive.partials[at] is None:
            return False
        if isinstance(self.primitive, ArrayPrimitive) and (
            at < self.outs or at - self.outs in self.primitive.inert or not isinstance(arg, np.ndarray)
        ):
            return False
        parts = [part for _, part in walk(arg)]
        return bool(parts) and all(is_floating(part) for part in parts)

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The names of the arguments, for messages."""
        named: tuple[str, ...] | None = None
        if isinstance(self.primitive, ArrayPrimitive):
            named = parameter_names(self.primitive.plain)
        found = named or tuple(f"argument {at}" for at in range(len(self.args)))
        return tuple(found[at] if at < len(found) else f"argument {at}" for at in range(len(self.args)))

    @cached_property
    def subject(self) -> Subject:
        """The kernel of the arguments that move."""
        return self.subject_of(self.kernel)

    @property
    def point(self) -> list[Any]:
        """The arguments that move, complex arrays among them as pairs."""
        return [as_pairs(self.args[at]) for at in self.moving]

    def subject_of(self, kernel: Function) -> Subject:
        """A kernel of the arguments that move."""
        return self.named(Subject(kernel, self.point, tuple(range(len(self.moving)))))

    def named(self, subject: Subject) -> Subject:
        """A subject whose arguments have this primitive's names."""
        subject.space = Space(subject.moving, [self.names[at] for at in self.moving])
        return subject

    @cached_property
    def kernel(self) -> Function:
        """The call as a kernel of the arguments that move; what it gives is the call's result, or what it writes."""
        function = Called(self.primitive, self.reference)
        args = self.args[self.outs :]
        given = tuple(self._place(at + self.outs, arg) for at, arg in enumerate(args) if not callable(arg))
        number = iter(range(len(args)))
        plan = tuple((-1, arg) if callable(arg) else (next(number), None) for arg in args)
        if isinstance(self.primitive, ArrayPrimitive):
            return _writing(function, given, plan, tuple((out.shape, out.dtype.type) for out in self.args[: self.outs]))
        if self.changes_its_arguments:
            return _in_place(function, given)
        if self.is_complex:
            paired = (is_complex(arg) for arg in args)
            return calling_with_pairs(function, [(*place, each) for place, each in zip(given, paired, strict=True)])
        return _calling(function, given)

    def _place(self, at: int, arg: Any) -> Place:
        return (self.moving.index(at), None) if at in self.moving else (-1, arg)

    @cached_property
    def reference(self) -> Function:
        """What the primitive is compared with, in Python."""
        first = self.references[0]
        return elementwise(first) if isinstance(self.primitive, ScalarPrimitive) else first

    @cached_property
    def references(self) -> tuple[Function, ...]:
        return references(self.primitive)

    @cached_property
    def is_complex(self) -> bool:
        """True when there are complex numbers among the arguments or the results."""
        return any(map(is_complex, self.args)) or (self._is_composite and holds_complex(self._result))

    @cached_property
    def changes_its_arguments(self) -> bool:
        """True for a function that gives nothing and changes its arguments instead."""
        return self._is_composite and self._result is None

    @property
    def _is_composite(self) -> bool:
        return isinstance(self.primitive, CompositePrimitive)

    @cached_property
    def _result(self) -> Any:
        with np.errstate(all="ignore"):
            return self.reference(*copied_args(self.args))

    def changed(self, change: Callable[[Any], Any]) -> Trial:
        """The same with every array and floating-point number of the arguments replaced."""
        return replace(self, args=tuple(mapped(arg, change) for arg in self.args))

    def __str__(self) -> str:
        shown = [show(arg) for arg in self.args]
        return f"({', '.join(shown)}{',' if len(shown) == 1 else ''})"


# The kernels


def _calling(function: Function, given: Sequence[Place]) -> Function:
    def kernel(*moving):  # type: ignore[no-untyped-def]
        return function(*[moving[at] if at >= 0 else value for at, value in given])

    return kernel


def _in_place(function: Function, given: Sequence[Place]) -> Function:
    def kernel(*moving):  # type: ignore[no-untyped-def]
        changed = [np.copy(arg) if np.ndim(arg) > 0 else arg for arg in moving]
        function(*[changed[at] if at >= 0 else value for at, value in given])
        return tuple(changed)

    return kernel


def _writing(function: Function, given: Sequence[Place], plan: Sequence[Place], outs: Sequence[Any]) -> Function:
    def kernel(*moving):  # type: ignore[no-untyped-def]
        known = [moving[at] if at >= 0 else value for at, value in given]
        args = [known[at] if at >= 0 else value(*known) for at, value in plan]
        results = tuple([np.empty(shape, dtype) for shape, dtype in outs])
        function(*results, *args)
        return results

    return kernel


def and_its_arguments(kernel: Function, paths: Sequence[Path]) -> Function:
    """A kernel that gives what ``kernel`` gives, and the parts of its arguments at ``paths`` doubled."""

    def wider(*moving):  # type: ignore[no-untyped-def]
        return kernel(*moving), [2.0 * part(moving, path) for path in paths]

    def part(moving, path):  # type: ignore[no-untyped-def]
        found = moving
        for step in path:
            found = found[step]
        return found

    return wider


def in_a_loop(kernel: Function) -> Function:
    """A kernel that sums what ``kernel`` gives, a number, 1 + 2 + 3 times."""

    def summed(*args):  # type: ignore[no-untyped-def]
        total = 0.0
        for k in range(3):
            total += (k + 1) * kernel(*args)
        return total

    return summed


# References


def references(primitive: Primitive) -> tuple[Function, ...]:
    """The Python functions that a primitive stands for, those for arrays first."""
    if isinstance(primitive, ArrayPrimitive):
        return (primitive.plain,)
    found = [function for function in map(_resolved, primitive.callables) if function is not None]
    found = [function for function in found if not isinstance(function, Definition)]
    if isinstance(primitive, CompositePrimitive):
        return tuple(found) or (getattr(primitive.definition, "py_func", primitive.definition),)
    if not found and isinstance(primitive, ScalarPrimitive):
        from jitad.program.evaluator import operation

        return (operation(primitive),)
    return tuple(sorted(found, key=lambda function: not isinstance(function, np.ufunc)))


def _resolved(function: Any) -> Any:
    if not isinstance(function, str):
        return function
    module, _, path = function.partition(":")
    try:
        found: Any = importlib.import_module(module)
    except ImportError:
        return None
    for part in path.split("."):
        found = getattr(found, part, None)
    return found


def elementwise(function: Function) -> Function:
    """A function of numbers applied to each element of arrays."""
    if isinstance(function, np.ufunc):
        return function

    @functools.wraps(function)
    def apply(*args: Any) -> Any:
        if not any(isinstance(arg, np.ndarray) for arg in args):
            return function(*args)
        spread = np.broadcast_arrays(*args)
        parts = [function(*items) for items in zip(*(part.ravel().tolist() for part in spread), strict=True)]
        return np.array(parts).reshape(spread[0].shape)

    return apply


# Arguments


def mapped(arg: Any, change: Callable[[Any], Any]) -> Any:
    """A structure with every array and floating-point number in it replaced."""
    if isinstance(arg, tuple | list):
        return make_sequence(type(arg), [mapped(part, change) for part in arg])
    return change(arg) if isinstance(arg, np.ndarray) or is_floating(arg) else arg


def copied_args(args: Sequence[Any]) -> list[Any]:
    """Copies of arguments, arrays in their own layout of memory."""
    return [mapped(arg, lambda part: part.copy(order="K") if isinstance(part, np.ndarray) else part) for arg in args]


def show(arg: Any) -> str:
    """An argument, for messages; of a large array only what it is."""
    if isinstance(arg, np.ndarray):
        if arg.size > 12:
            return f"<{arg.dtype} array of shape {arg.shape}>"
        return np.array2string(arg, separator=", ", precision=6).replace("\n", "")
    if isinstance(arg, tuple | list):
        return f"[{', '.join(map(show, arg))}]"
    if callable(arg):
        return str(getattr(arg, "__name__", arg))
    return repr(arg.item() if isinstance(arg, np.generic) else arg)


def weights_for(random: np.random.Generator, size: int) -> Vector:
    """Random numbers of both signs, none near zero."""
    return random.uniform(0.5, 1.5, size) * random.choice([-1.0, 1.0], size)
