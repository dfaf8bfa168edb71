"""Which axis of an argument holds the samples of a batch, and arguments taken apart along these axes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

import numpy as np

from jitad.api.structure import COMPLEX, COMPLEX_NUMBERS, SCALARS, describe, flatten, shown
from jitad.errors import ArgumentError
from jitad.primitives.views import view_as_complex, view_as_real
from jitad.reading.results import make_sequence

Axes = Any
"""An int, None for what all samples share, or tuples, lists and dicts of these in the structure of an argument."""


class Leaf(NamedTuple):
    """One parameter of a kernel's program, in a batch.

    ``value`` has the samples along its first axis and is C-contiguous, if it ``is_batched``; otherwise it is the
    number or the array that all samples share. ``given`` is the array that the caller passed, if any.
    """

    value: Any
    is_batched: bool
    given: Any = None


@dataclass
class Arguments:
    """The arguments of a batch, taken apart.

    ``args`` and ``named`` are those of the first sample, arrays in C order; ``leaves`` are in the order of
    ``jitad.api.structure.flatten`` for them.
    """

    args: tuple[Any, ...] = ()
    named: dict[str, Any] = field(default_factory=dict)
    leaves: list[Leaf] = field(default_factory=list)
    count: int = 0

    @property
    def batched(self) -> tuple[bool, ...]:
        """For each leaf whether it holds a value for each sample."""
        return tuple([leaf.is_batched for leaf in self.leaves])


class Memory(Protocol):
    """Where a batch's arrays live."""

    def holds(self, arg: Any) -> bool:
        """True for an array that this memory knows how to take apart."""
        ...

    def seen(self, arg: Any) -> Any:
        """What it ``holds`` as an array that the other methods take."""
        ...

    def sample(self, array: Any, axis: int) -> Any:
        """The first sample, as a NumPy array in C order or a number."""
        ...

    def stacked(self, array: Any, axis: int) -> Any:
        """The array with its samples along the first axis, C-contiguous."""
        ...

    def shared(self, array: Any) -> Any:
        """The array in C order."""
        ...

    def as_real(self, array: Any) -> Any:
        """The real array of a complex array's parts; other arrays as they are."""
        ...

    def stand_in(self, array: Any) -> Any:
        """A NumPy array of the same type and shape (the array itself, if it is one)."""
        ...

    def moved(self, array: Any, axis: int) -> Any:
        """The array with its first axis moved to another place."""
        ...

    def complex_of(self, parts: Sequence[Any]) -> Any:
        """A complex array of its real and its imaginary parts: two arrays, or one with them along its last axis."""
        ...

    def may_share(self, a: Any, b: Any) -> bool:
        """True when two arrays have memory in common."""
        ...


_C_ORDER, _WRITEABLE = 0x101, 0x400
"""The bits of ``ndarray.flags.num`` for an array that is aligned and in C order, and for one that may be written."""


def _has(array: np.ndarray, bits: int) -> bool:
    return type(array) is np.ndarray and array.flags.num & bits == bits


class HostMemory:
    """NumPy arrays; they are used where they are, or copied if they aren't laid out in C order."""

    def holds(self, arg: Any) -> bool:
        """True for NumPy's own arrays of numbers in native byte order (others are refused when they are described)."""
        return (type(arg) is np.ndarray or isinstance(arg, np.memmap)) and arg.dtype.isnative and arg.dtype.kind != "O"

    def seen(self, arg: np.ndarray) -> np.ndarray:
        """The array itself."""
        return arg

    def sample(self, array: np.ndarray, axis: int) -> Any:
        """The first sample."""
        found = array[0] if axis == 0 else array[(slice(None),) * axis + (0,)]
        return self.shared(found) if array.ndim > 1 else found

    def stacked(self, array: np.ndarray, axis: int) -> np.ndarray:
        """The samples along the first axis; writeable, so that one type serves all."""
        if axis != 0:
            array = np.moveaxis(array, axis, 0)
        return array if _has(array, _C_ORDER | _WRITEABLE) else np.require(array, None, ["C", "A", "W", "E"])

    def shared(self, array: np.ndarray) -> np.ndarray:
        """The array, or a copy in C order."""
        return array if _has(array, _C_ORDER) else np.require(array, None, ["C", "A", "E"])

    def as_real(self, array: np.ndarray) -> np.ndarray:
        """The parts along a last axis of 2."""
        return view_as_real(array) if array.dtype in COMPLEX else array

    def stand_in(self, array: np.ndarray) -> np.ndarray:
        """The array itself."""
        return array

    def moved(self, array: np.ndarray, axis: int) -> np.ndarray:
        """The array with its first axis moved to another place."""
        return array if axis == 0 else np.moveaxis(array, 0, axis)

    def complex_of(self, parts: Sequence[np.ndarray]) -> np.ndarray:
        """The array: the memory of the one real array, or new memory for two."""
        if len(parts) == 1:
            return view_as_complex(parts[0])
        re, im = parts
        whole = np.empty(re.shape, np.complex64 if re.dtype == np.float32 else np.complex128)
        whole.real, whole.imag = re, im
        return whole

    def may_share(self, a: np.ndarray, b: np.ndarray) -> bool:
        """True when two arrays have memory in common."""
        return np.may_share_memory(a, b) and np.shares_memory(a, b)


def checked_axes(axes: Axes, name: str) -> Axes:
    """``in_axes`` or ``out_axes`` as it is. Raises ArgumentError for what isn't built of integers and None."""
    match axes:
        case bool():
            pass
        case int() | None:
            return axes
        case tuple() | list():
            for item in axes:
                checked_axes(item, name)
            return axes
        case dict():
            for item in axes.values():
                checked_axes(item, name)
            return axes
    raise ArgumentError(
        f"{name} holds {axes!r}, which isn't an axis.",
        "use an integer, None for what all samples share, and tuples, lists and dicts of these.",
    )


def position(axis: int, ndim: int) -> int | None:
    """The axis counted from 0; None when an array of so many axes doesn't have it."""
    return axis % ndim if -ndim <= axis < ndim else None


def take_apart(args: Sequence[Any], named: Mapping[str, Any], in_axes: Axes, memory: Memory) -> Arguments:
    """The samples of these arguments: ``in_axes`` as in ``jax.vmap``, keyword arguments along their first axis.

    Raises ArgumentError, naming the argument: where ``in_axes`` doesn't fit, for arrays of different numbers of
    samples, and for a batch of none.
    """
    apart = _Apart(memory)
    if isinstance(in_axes, tuple | list):
        if len(in_axes) != len(args):
            raise ArgumentError(
                f"in_axes has {_counted(len(in_axes), 'entry', 'entries')}, and the call gives "
                f"{_counted(len(args), 'positional argument', 'positional arguments')}.",
                "give one entry for each positional argument, None for one that all samples share.",
            )
    elif isinstance(in_axes, dict):
        raise ArgumentError("in_axes is a dict.", "use an integer, or a tuple with an entry for each argument.")
    else:
        in_axes = (in_axes,) * len(args)
    first = [apart.first(arg, axes, f"argument {at}") for at, (arg, axes) in enumerate(zip(args, in_axes, strict=True))]
    found = {name: apart.first(arg, 0, f"argument {name!r}") for name, arg in named.items()}
    if apart.origin is None:
        raise ArgumentError(
            "no argument holds samples: in_axes gives an axis to no array.",
            "give at least one array an axis, or call the function itself.",
        )
    return Arguments(tuple(first), found, apart.leaves, apart.count)


class _Apart:
    """Takes arguments apart, one after the other."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory
        self.leaves: list[Leaf] = []
        self.count = 0
        self.origin: tuple[Any, int, str] | None = None
        """The argument that ``count`` is known from, its axis and its path."""

    def first(self, arg: Any, axes: Axes, path: str) -> Any:
        """The argument of the first sample."""
        kind: Any = type(arg)
        if kind is tuple or kind is list or (isinstance(arg, tuple) and hasattr(arg, "_fields")):
            parts = self._parts(axes, range(len(arg)), arg, path, tuple | list)
            return make_sequence(kind, [self.first(*part) for part in parts])
        if kind is dict:
            return dict(zip(arg, [self.first(*part) for part in self._parts(axes, arg, arg, path, dict)], strict=True))
        if isinstance(axes, tuple | list | dict):
            raise ArgumentError(
                f"in_axes has {axes!r} for {path}, which is {shown(arg)}.", "give it one axis, or None."
            )
        if axes is None:
            return self._shared(arg)
        if self._memory.holds(arg):
            return self._batched(self._memory.seen(arg), axes, path)
        if isinstance(arg, np.ndarray):
            describe(arg, path)  # which says what is wrong with it
        if kind in SCALARS or kind in COMPLEX_NUMBERS:
            raise ArgumentError(
                f"{path} is the number {arg!r}, and in_axes gives it the axis {axes}.",
                "share it (by None in in_axes; bind what is passed by keyword with functools.partial), or pass an "
                "array with a number for each sample.",
            )
        return arg  # not a number: the same for all samples, or refused when it is described

    def _parts(self, axes: Axes, keys: Any, arg: Any, path: str, kind: Any) -> list[tuple[Any, Axes, str]]:
        """The items of a container, each with its own axes."""
        if axes is None or isinstance(axes, int):
            return [(arg[key], axes, f"{path}[{key!r}]") for key in keys]
        fits = isinstance(axes, kind) and len(axes) == len(arg)
        if not fits or (isinstance(axes, dict) and set(axes) != set(arg)):
            raise ArgumentError(
                f"in_axes has {axes!r} for {path}, which is {shown(arg)}.",
                "give it the structure of the argument, or one axis for all of it.",
            )
        return [(arg[key], axes[key], f"{path}[{key!r}]") for key in keys]

    def _shared(self, arg: Any) -> Any:
        if self._memory.holds(arg):
            arg = self._memory.seen(arg)
            value = self._memory.shared(arg)
            self.leaves.append(Leaf(self._memory.as_real(value), False, arg))
            return self._memory.stand_in(value)
        found: list[Any] = []
        flatten(arg, found)
        self.leaves += [Leaf(value, False) for value in found]
        return arg

    def _batched(self, arg: Any, axis: int, path: str) -> Any:
        at = position(axis, arg.ndim)
        if at is None:
            raise ArgumentError(
                f"{path} is {shown(arg)}, and in_axes gives it the axis {axis}.",
                "name an axis that it has, or None to share it between all samples.",
            )
        count = arg.shape[at]
        if count == 0:
            raise ArgumentError(f"{path}, {shown(arg)}, holds no sample along axis {at}.", "pass at least one sample.")
        if self.origin is None:
            self.count, self.origin = count, (arg, at, path)
        elif count != self.count:
            known, axis, name = self.origin
            raise ArgumentError(
                f"{path}, {shown(arg)}, holds {_counted(count, 'sample', 'samples')} along axis {at}, and {name}, "
                f"{shown(known)}, holds {self.count} along axis {axis}.",
                "pass as many samples of each, or share one by None in in_axes.",
            )
        real = self._memory.as_real(self._memory.stacked(arg, at))
        if real.ndim > arg.ndim == 1:  # complex numbers, which are two parameters of the program
            self.leaves += [Leaf(self._memory.shared(real[:, part]), True, arg) for part in (0, 1)]
        else:
            self.leaves.append(Leaf(real, True, arg))
        return self._memory.sample(arg, at)


def _counted(number: int, one: str, more: str) -> str:
    return f"{number} {one if number == 1 else more}"
