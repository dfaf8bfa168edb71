"""Append statements to a block, folding constants and sharing common subexpressions on the way.

The reader and the transforms both build programs with this class, so that simplifications are made once.
Only rewritings that keep every bit of the result are made (``x * 1``, ``-(-x)``, ``x ** 1``), with one exception
for adjoints: a term that is known to be the constant zero is not added.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from jitad.inference import signature
from jitad.primitives import core
from jitad.primitives.spec import RandomPrimitive, ScalarPrimitive
from jitad.program.origin import Origin
from jitad.program.statements import (
    Accumulate,
    Alloc,
    Block,
    Compute,
    Const,
    Dim,
    Draw,
    Load,
    Operand,
    Reshape,
    Statement,
    Store,
    Var,
    View,
    ViewAxis,
    array_type,
)
from jitad.program.types import BOOL, FLOAT32, FLOAT64, INT64, Array, Scalar, Type

Key = tuple[object, ...]

_READ_ONLY = (Compute, Draw, Dim, Load, View, Reshape)
"""Statements that change no memory."""


def const_int(value: int) -> Const:
    return Const(int(value), INT64)


def is_const(operand: Operand | None, value: float) -> bool:
    """True when the operand is the literal ``value`` (of any dtype)."""
    return isinstance(operand, Const) and operand.value == value


class Builder:
    """Appends to ``block``; a builder of a nested block knows what its parents have computed."""

    def __init__(self, block: Block | None = None, parent: Builder | None = None) -> None:
        self.block = Block() if block is None else block
        self.parent = parent
        self.origin: Origin | None = parent.origin if parent is not None else None
        self.weak_constants: bool = parent.weak_constants if parent is not None else False
        """True when literals take the type of what they are combined with (in derivative rules)."""
        self._known: dict[Key, Operand] = {}
        self._made_by: dict[Var, Compute] = {}
        self._loaded: dict[Key, Var] = {}

    def nested(self) -> Builder:
        """A builder of a fresh block inside this one."""
        return Builder(parent=self)

    def absorb(self, nested: Builder) -> None:
        """Append all that a builder nested in this one has built, as if it had been built here."""
        self.block.statements.extend(nested.block.statements)
        self._loaded.clear()
        self._known.update(nested._known)
        self._made_by.update(nested._made_by)

    @contextmanager
    def at(self, origin: Origin | None) -> Iterator[None]:
        """Statements appended inside come from this place in the user's source."""
        saved, self.origin = self.origin, origin if origin is not None else self.origin
        try:
            yield
        finally:
            self.origin = saved

    def add(self, statement: Statement) -> None:
        """Append a statement as it is."""
        if not isinstance(statement, _READ_ONLY):
            self._loaded.clear()
        if statement.origin is None:
            statement.origin = self.origin
        self.block.statements.append(statement)

    def made_by(self, operand: Operand) -> Compute | None:
        """The ``Compute`` that defined a value, when it was built here or in a parent."""
        builder: Builder | None = self
        while builder is not None and isinstance(operand, Var):
            if operand in builder._made_by:
                return builder._made_by[operand]
            builder = builder.parent
        return None

    def _recall(self, key: Key) -> Operand | None:
        builder: Builder | None = self
        while builder is not None:
            if key in builder._known:
                return builder._known[key]
            builder = builder.parent
        return None

    # Scalars

    def cast(self, value: Operand, type_: Scalar) -> Operand:
        """``value`` converted to ``type_`` (itself when it has it)."""
        if value.type == type_:
            return value
        if isinstance(value, Const):
            return core.convert_constant(value, type_)
        return self._append(core.casts[type_.dtype], (value,), type_)

    def compute(self, primitive: ScalarPrimitive, *args: Operand) -> Operand:
        """``primitive(*args)``, typed as Numba types it.

        Raises ``jitad.inference.TypingFailure`` when Numba has no such operation for these types.
        """
        if self.weak_constants:
            args = _weakened(args)
        types = tuple(arg.type for arg in args)
        assert all(isinstance(t, Scalar) for t in types), (primitive, args)
        casts, result = signature(primitive.typed_as, types)
        return self.compute_typed(primitive, tuple(self.cast(a, t) for a, t in zip(args, casts, strict=True)), result)

    def compute_typed(self, primitive: ScalarPrimitive, args: tuple[Operand, ...], result: Scalar) -> Operand:
        """``primitive(*args)`` whose argument and result types are known already."""
        simpler: Operand | None = core.fold(primitive, args, result)
        if simpler is None:
            simpler = core.simplify(primitive, args, result, self)
        return self._append(primitive, args, result) if simpler is None else simpler

    def _append(self, primitive: ScalarPrimitive, args: tuple[Operand, ...], result: Scalar) -> Operand:
        key = _operation(primitive, args, result)
        found = self._recall(key)
        if found is not None:
            return found
        out = Var(primitive.name, result)
        statement = Compute(out, primitive, args)
        self.add(statement)
        self._known[key] = out
        self._made_by[out] = statement
        return out

    def know(self, primitive: ScalarPrimitive, args: Sequence[Operand], out: Var) -> None:
        """Remember that ``out``, which is bound already, is ``primitive(*args)``."""
        self._known.setdefault(_operation(primitive, args, out.type), out)

    def select(self, condition: Operand, then: Operand, otherwise: Operand) -> Operand:
        """``then if condition else otherwise`` with both values computed already, of one type."""
        if isinstance(condition, Const):
            return then if condition.value else otherwise
        if then is otherwise or (isinstance(then, Const) and then == otherwise):
            return then
        assert then.type == otherwise.type and isinstance(then.type, Scalar)
        return self._append(core.select, (condition, then, otherwise), then.type)

    def draw(self, primitive: RandomPrimitive, args: Sequence[Operand]) -> Var:
        """A random number, another one for each call; the arguments have the primitive's dtypes."""
        out = Var(primitive.function.__name__, Scalar(primitive.result))
        self.add(Draw(out, primitive, tuple(args)))
        return out

    # Arrays

    def dim(self, array: Var, axis: int) -> Operand:
        """``array.shape[axis]``."""
        key: Key = ("dim", array, axis)
        found = self._recall(key)
        if found is not None:
            return found
        out = Var(f"{array.name}_dim{axis}", INT64)
        self.add(Dim(out, array, axis))
        self._known[key] = out
        return out

    def know_shape(self, array: Var, shape: Sequence[Operand]) -> None:
        """Remember the shape of an array, so that ``dim`` answers with these operands."""
        for axis, length in enumerate(shape):
            self._known["dim", array, axis] = length

    def alloc(self, name: str, dtype: str, shape: Sequence[Operand], fill: float | None = None) -> Var:
        """A fresh C-contiguous array on the tape."""
        out = Var(name, Array(dtype, len(shape), "C"))
        self.add(Alloc(out, Var(f"{name}_at", INT64), tuple(shape), fill))
        self.know_shape(out, shape)
        return out

    def view(self, base: Var, starts: Sequence[Operand], axes: Sequence[ViewAxis], layout: str = "A") -> Var:
        """An alias of part of ``base``; the caller vouches for ``layout``."""
        out = Var(f"{base.name}_view", Array(array_type(base).dtype, len(axes), layout))
        self.add(View(out, base, tuple(starts), tuple(axes)))
        self.know_shape(out, [axis.length for axis in axes])
        return out

    def reshape(self, base: Var, shape: Sequence[Operand]) -> Var:
        """The C-contiguous ``base`` with another shape of the same size (the caller has checked the size)."""
        out = Var(f"{base.name}_view", Array(array_type(base).dtype, len(shape), "C"))
        self.add(Reshape(out, base, tuple(shape)))
        self.know_shape(out, shape)
        return out

    def load(self, array: Var, index: Sequence[Operand], lanes: int = 0) -> Var:
        """``array[index]`` (a full index of non-negative integers); an element is loaded once until memory changes.

        With ``lanes``, the index leaves out the last axis, which has so many elements.
        """
        key: Key = (array, *map(_identity, index))
        if key not in self._loaded:
            out = Var(f"{array.name}_i", Scalar(array_type(array).dtype, lanes))
            self.add(Load(out, array, tuple(index)))
            self._loaded[key] = out
        return self._loaded[key]

    def store(self, array: Var, index: Sequence[Operand], value: Operand) -> None:
        """``array[index] = value`` with a cast to the array's dtype; with lanes the index leaves out the last axis."""
        self.add(Store(array, tuple(index), self._element(value, array)))

    def accumulate(self, array: Var, index: Sequence[Operand], value: Operand) -> None:
        """``array[index] += value``, as ``store``."""
        self.add(Accumulate(array, tuple(index), self._element(value, array)))

    def _element(self, value: Operand, array: Var) -> Operand:
        if isinstance(value.type, Scalar) and value.type.lanes:
            return value
        return self.cast(value, array_type(array).element)

    # Shorthands for the arithmetic that readers and transforms do themselves

    def plus(self, a: Operand, b: Operand) -> Operand:
        return self.compute(core.add, a, b)

    def minus(self, a: Operand, b: Operand) -> Operand:
        return self.compute(core.sub, a, b)

    def times(self, a: Operand, b: Operand) -> Operand:
        return self.compute(core.mul, a, b)

    def negative(self, a: Operand) -> Operand:
        return self.compute(core.neg, a)

    def equal(self, a: Operand, b: Operand) -> Operand:
        return Const(True, BOOL) if a is b else self.compute(core.eq, a, b)


def _weakened(args: tuple[Operand, ...]) -> tuple[Operand, ...]:
    """The arguments with literals as float32 when everything else is at most float32."""
    types = {arg.type for arg in args if isinstance(arg, Var)}
    if FLOAT32 not in types or FLOAT64 in types:
        return args
    return tuple(
        core.convert_constant(arg, FLOAT32) if isinstance(arg, Const) and arg.type in (FLOAT64, INT64) else arg
        for arg in args
    )


def _operation(primitive: ScalarPrimitive, args: Sequence[Operand], result: Type) -> Key:
    return (primitive, result, *(_identity(arg) for arg in args))


def _identity(operand: Operand) -> object:
    if isinstance(operand, Const):  # 0.0 and -0.0 are equal, and so are 1 and True, but not the same constant
        return ("const", operand.type, repr(operand.value))
    return operand
