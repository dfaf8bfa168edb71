"""Python objects that a kernel takes from outside: globals, closure cells, defaults, attributes."""

from __future__ import annotations

import builtins
import sys
import types
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from operator import getitem
from typing import TYPE_CHECKING, Any

import numpy as np

from jitad.errors import KernelTypeError
from jitad.primitives import core
from jitad.program.statements import Const, Var
from jitad.program.types import BOOL, FLOAT64, INT64, REAL_DTYPES, Scalar
from jitad.reading.signature import ArraySpec, array_spec
from jitad.reading.source import module_root
from jitad.reading.values import ComplexValue, DictValue, ScalarValue, SequenceValue, StaticValue, Value

if TYPE_CHECKING:
    from jitad.reading.reader import Reader

Getter = Callable[[], Any]

FIXED_PACKAGES = frozenset(
    {"numpy", "math", "cmath", "operator", "functools", "scipy", "numba", "llvmlite", "jitad", "builtins", "typing"}
)
"""Packages whose attributes nobody replaces: they need no guard."""


def is_library(function: types.FunctionType) -> bool:
    """True for a function of Python's own library or of a package that jitad builds on."""
    root = module_root(function.__module__ or "")
    return root in sys.stdlib_module_names or (root in FIXED_PACKAGES and root != "jitad")


@dataclass(frozen=True)
class Capture:
    """An array that a kernel takes from outside; it is passed as a hidden argument at each call.

    ``getter`` gives the array as it is now, ``spec`` is what it was when the kernel was read.
    """

    name: str
    getter: Getter
    spec: ArraySpec


@dataclass(frozen=True)
class Guard:
    """A captured object that the program has built in: the kernel is read anew when it has changed."""

    name: str
    getter: Getter
    seen: Any

    def holds(self) -> bool:
        """True while the captured name still stands for what the kernel was read with."""
        try:
            now = self.getter()
        except (AttributeError, KeyError, IndexError, ValueError):
            return False
        if now is self.seen:
            return True
        if type(now) is not type(self.seen):
            return False
        if isinstance(now, types.MethodType):  # a new object each time
            return now.__func__ is self.seen.__func__ and now.__self__ is self.seen.__self__
        if isinstance(now, tuple):  # the keys of a dict
            return self.name.startswith("tuple(") and bool(now == self.seen)
        if not isinstance(now, bool | int | float | complex | str | np.generic | bytes):
            return False
        return bool(now == self.seen) or bool(now != now and self.seen != self.seen)


def lift_number(obj: Any) -> Const | None:
    """A real number of Python's or NumPy's as a literal; None for anything else."""
    if isinstance(obj, bool | np.bool_):
        return Const(bool(obj), BOOL)
    if isinstance(obj, np.integer | np.floating):
        return Const(obj.item(), Scalar(obj.dtype.name)) if obj.dtype.name in core.DTYPES else None
    if isinstance(obj, int) and -(2**63) <= obj < 2**63:
        return Const(int(obj), INT64)
    if isinstance(obj, float):
        return Const(float(obj), FLOAT64)
    return None


def lift_complex(obj: Any) -> ComplexValue | None:
    """A complex number of Python's or NumPy's as a pair of literals; None for anything else."""
    if not isinstance(obj, complex | np.complexfloating):
        return None
    dtype = "complex128" if isinstance(obj, complex) else obj.dtype.name
    if dtype not in REAL_DTYPES:
        return None
    part = Scalar(REAL_DTYPES[dtype])
    return ComplexValue(Const(float(obj.real), part), Const(float(obj.imag), part))


class Captures:
    """What one reading has taken from outside."""

    def __init__(self) -> None:
        self.arrays: list[tuple[Capture, Var]] = []
        self.guards: list[Guard] = []
        self.lists: list[SequenceValue | DictValue] = []
        """Lists and dicts of the user's, which a kernel can't change."""
        self._values: dict[int, tuple[Any, Value, Getter, str]] = {}
        self._guarded: set[tuple[str, int]] = set()
        self._fields: dict[tuple[int, str], Any] = {}

    def lift(self, reader: Reader, obj: Any, getter: Getter | None, name: str) -> Value:
        """What a Python object stands for in the program.

        ``getter`` fetches the object anew (None when it can't change), ``name`` is how the user writes it.
        Raises KernelTypeError for objects that have no place in a kernel.
        """
        number = lift_number(obj)
        if number is not None:
            self._guard(name, getter, obj)
            return ScalarValue(number)
        whole = lift_complex(obj)
        if whole is not None:
            self._guard(name, getter, obj)
            return whole
        if isinstance(obj, np.ndarray):
            return self._array(reader, obj, getter, name)
        if isinstance(obj, complex | np.complexfloating | int | np.number):
            reader.refuse(
                KernelTypeError,
                f"{name!r} is the number {obj!r}, and kernels compute with float64, float32, complex numbers of these, "
                "and integers of up to 64 bits",
                "convert it to one of these",
            )
        if isinstance(obj, tuple | list):
            self._guard(name, getter, obj)
            if isinstance(obj, list):
                self._guard(f"len({name})", partial(len, obj), len(obj))
            items = tuple(self._item(reader, obj, i, name) for i in range(len(obj)))
            found = SequenceValue(items, type(obj), tuple(getattr(obj, "_fields", ())))
            if isinstance(obj, list):
                self.lists.append(found)
            return found
        if isinstance(obj, dict):
            self._guard(name, getter, obj)
            self._guard(f"tuple({name})", partial(tuple, obj), tuple(obj))
            entries = DictValue({key: self._item(reader, obj, key, name) for key in obj})
            self.lists.append(entries)
            return entries
        if not isinstance(obj, types.ModuleType):
            self._guard(name, getter, obj)
        return StaticValue(obj)

    def _item(self, reader: Reader, obj: Any, key: Any, name: str) -> Value:
        getter = None if isinstance(obj, tuple) and lift_number(obj[key]) is not None else partial(getitem, obj, key)
        return self.lift(reader, obj[key], getter, f"{name}[{key!r}]")

    def attribute(self, reader: Reader, obj: Any, name: str, owner: str) -> Value:
        """``obj.name`` for an object used while reading. Raises AttributeError when there is none."""
        found = self._of_jitclass(obj, name) if _is_of_jitclass(obj) else getattr(obj, name)
        fixed = isinstance(obj, types.ModuleType) and module_root(obj.__name__) in FIXED_PACKAGES
        if isinstance(obj, types.BuiltinFunctionType | np.dtype | np.finfo | np.iinfo | type(np.add)):
            fixed = True
        if isinstance(obj, type) and module_root(obj.__module__) in FIXED_PACKAGES:
            fixed = True
        return self.lift(reader, found, None if fixed else partial(getattr, obj, name), f"{owner}.{name}")

    def _of_jitclass(self, obj: Any, name: str) -> Any:
        """An attribute of an instance of a ``jitclass``: a method as the class defines it, or a field.

        Such an instance makes a new array object each time that it is asked for a field: here it is one.
        """
        methods = obj._numba_type_.jit_methods
        if name in methods:
            return types.MethodType(methods[name].py_func, obj)
        return self._fields.setdefault((id(obj), name), getattr(obj, name))

    def function(self, function: types.FunctionType) -> None:
        """A function is read: its code and its defaults are built in (reloading tools replace them in place)."""
        for name in ("__code__", "__defaults__", "__kwdefaults__"):
            seen = getattr(function, name)
            if seen is not None:
                self.guards.append(Guard(f"{function.__qualname__}.{name}", partial(getattr, function, name), seen))

    def rules(self, obj: Any, name: str) -> None:
        """A function with rules of the user's is read: they are built in."""
        self._guard(f"{name}.rules", partial(getattr, obj, "rules"), obj.rules)

    def _guard(self, name: str, getter: Getter | None, seen: Any) -> None:
        if getter is not None and (name, id(seen)) not in self._guarded:
            self._guarded.add((name, id(seen)))
            self.guards.append(Guard(name, getter, seen))

    def _array(self, reader: Reader, obj: np.ndarray, getter: Getter | None, name: str) -> Value:
        known = self._values.get(id(obj))
        if known is not None:
            _, value, first_getter, first_name = known
            if getter is not None and first_name != name:  # two names of one array: they must stay together
                self._guard(name, getter, obj)
                self._guard(first_name, first_getter, obj)
            return value
        taken = (*core.DTYPES, *REAL_DTYPES)
        if obj.dtype.name not in taken or not obj.dtype.isnative:
            reader.refuse(
                KernelTypeError,
                f"{name!r} is an array of dtype {obj.dtype}, and kernels take {', '.join(taken)}",
                "convert it with astype outside the kernel",
            )
        spec = array_spec(obj)
        label = name.rpartition(".")[2] if name.replace(".", "").isidentifier() else "captured"
        fetch = getter if getter is not None else partial(_same, obj)
        param, value = reader.parameter(label, spec)
        self.arrays.append((Capture(name, fetch, spec), param))
        self._values[id(obj)] = (obj, value, fetch, name)
        return value


def _is_of_jitclass(obj: Any) -> bool:
    boxes: Any = sys.modules.get("numba.experimental.jitclass._box")  # there is no instance without it
    return boxes is not None and isinstance(obj, boxes.Box)


def _same(obj: Any) -> Any:
    return obj


def global_getter(namespace: dict[str, Any], name: str) -> Getter:
    """Fetches a global name anew."""
    return partial(getitem, namespace, name)


def cell_getter(cell: types.CellType) -> Getter:
    """Fetches the content of a closure cell anew."""
    return partial(getattr, cell, "cell_contents")


def find_outside(function: types.FunctionType, name: str) -> tuple[Any, Getter | None] | None:
    """A closure variable, global or builtin of a function, and how to fetch it anew; None when there is none."""
    if name in function.__code__.co_freevars:
        cell = (function.__closure__ or ())[function.__code__.co_freevars.index(name)]
        try:
            return cell.cell_contents, cell_getter(cell)
        except ValueError:
            return None
    if name in function.__globals__:
        getter = global_getter(function.__globals__, name)
        root = module_root(str(function.__globals__.get("__name__", "")))
        return function.__globals__[name], None if root in FIXED_PACKAGES else getter
    if hasattr(builtins, name):
        return getattr(builtins, name), None
    return None
