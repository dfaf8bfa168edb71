"""What a Python expression stands for while a kernel is read.

Numbers and arrays are values of the program; a complex one is made of real ones. Everything else (tuples, dicts,
functions, modules, ``None``) exists only while reading and leaves no trace in the program.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from jitad.program.builder import Builder
from jitad.program.statements import Const, Operand, Var, ViewAxis
from jitad.program.types import COMPLEX_DTYPES, REAL_DTYPES, Array, Scalar


class Value:
    """Base of all values."""


@dataclass(frozen=True, eq=False)
class ScalarValue(Value):
    """A number; a ``Const`` operand is a number known while reading."""

    operand: Operand

    @property
    def type(self) -> Scalar:
        assert isinstance(self.operand.type, Scalar)
        return self.operand.type


@dataclass(frozen=True, eq=False)
class ArrayValue(Value):
    """Part of an array: element ``j`` is ``base[starts + sum over axes k of step_k * j_k]``.

    ``starts`` has one operand per axis of ``base``; ``axes`` are this value's own axes. Slices, rows and
    transposes only change the map, so that loads and stores go straight to ``base``.
    """

    base: Var
    starts: tuple[Operand, ...]
    axes: tuple[ViewAxis, ...]

    @property
    def dtype(self) -> str:
        assert isinstance(self.base.type, Array)
        return self.base.type.dtype

    @property
    def ndim(self) -> int:
        return len(self.axes)

    @property
    def shape(self) -> tuple[Operand, ...]:
        return tuple(axis.length for axis in self.axes)


@dataclass(frozen=True, eq=False)
class LazyValue(Value):
    """An array expression that hasn't been computed: ``element`` emits the scalar at an index.

    ``reads`` are the arrays that an element depends on (for aliasing), ``cost`` the work of one element in
    additions (0 for a plain load or a constant).
    """

    dtype: str
    shape: tuple[Operand, ...]
    element: Callable[[Builder, Sequence[Operand]], Operand]
    reads: tuple[ArrayValue, ...] = ()
    cost: int = 0

    @property
    def ndim(self) -> int:
        return len(self.shape)


@dataclass(frozen=True, eq=False)
class ComplexValue(Value):
    """A complex number: its real and its imaginary part, of one floating-point type."""

    re: Operand
    im: Operand

    @property
    def type(self) -> Scalar:
        """The type of the parts."""
        assert isinstance(self.re.type, Scalar)
        return self.re.type

    @property
    def dtype(self) -> str:
        return COMPLEX_DTYPES[self.type.dtype]


@dataclass(frozen=True, eq=False)
class ComplexArrayValue(Value):
    """A complex array in memory: a real array with one axis more, the last, of length 2 (real, imaginary).

    That last axis of ``pair`` starts and steps by literals, so that ``re`` and ``im`` are index maps into one array.
    """

    pair: ArrayValue

    @property
    def re(self) -> ArrayValue:
        """The real parts, in place."""
        return ArrayValue(self.pair.base, self.pair.starts, self.pair.axes[:-1])

    @property
    def im(self) -> ArrayValue:
        """The imaginary parts, in place."""
        *axes, last = self.pair.axes
        starts = list(self.pair.starts)
        if last.base_axis is not None:
            start, step = starts[last.base_axis], last.step
            assert isinstance(start, Const) and isinstance(step, Const)
            starts[last.base_axis] = Const(start.value + step.value, start.type)
        return ArrayValue(self.pair.base, tuple(starts), tuple(axes))

    def moved(self, re: ArrayValue) -> ComplexArrayValue:
        """The complex array whose real parts are ``re``, a view of this one's real parts."""
        return ComplexArrayValue(ArrayValue(re.base, re.starts, (*re.axes, self.pair.axes[-1])))

    @property
    def dtype(self) -> str:
        return COMPLEX_DTYPES[self.pair.dtype]

    @property
    def ndim(self) -> int:
        return self.pair.ndim - 1

    @property
    def shape(self) -> tuple[Operand, ...]:
        return self.pair.shape[:-1]


@dataclass(frozen=True, eq=False)
class ComplexLazy(Value):
    """A complex array expression that hasn't been computed: ``element`` emits both parts of the number at an index.

    Everything else is as in ``LazyValue``.
    """

    dtype: str
    shape: tuple[Operand, ...]
    element: Callable[[Builder, Sequence[Operand]], tuple[Operand, Operand]]
    reads: tuple[ArrayValue, ...] = ()
    cost: int = 0

    @property
    def ndim(self) -> int:
        return len(self.shape)

    @property
    def re(self) -> LazyValue:
        """The real parts."""
        return self._part(0)

    @property
    def im(self) -> LazyValue:
        """The imaginary parts."""
        return self._part(1)

    def _part(self, which: int) -> LazyValue:
        def element(builder: Builder, index: Sequence[Operand]) -> Operand:
            return self.element(builder, index)[which]

        return LazyValue(REAL_DTYPES[self.dtype], self.shape, element, self.reads, self.cost)


@dataclass(frozen=True, eq=False)
class SequenceValue(Value):
    """A tuple, named tuple or list of known length. ``kind`` is its class, ``fields`` a named tuple's names."""

    items: tuple[Value, ...]
    kind: type = tuple
    fields: tuple[str, ...] = ()


@dataclass(frozen=True)
class ItemType:
    """What the items of a list are: numbers, or tuples of the class ``kind`` whose parts have these dtypes."""

    dtypes: tuple[str, ...]
    kind: type | None = None
    fields: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class ListValue(Value):
    """A list of numbers or of tuples of numbers, whose length isn't known: the first ``count`` elements of columns.

    A list of numbers has one column, a list of tuples one for each part. Each column is all of an array variable; that
    of a list of rows of one length (a comprehension of comprehensions) has two axes. A ``fresh`` list isn't bound to
    a name, so that its memory may be given away.
    """

    columns: tuple[ArrayValue | ComplexArrayValue, ...]
    count: Operand
    type: ItemType
    fresh: bool = False

    @property
    def ndim(self) -> int:
        return self.columns[0].ndim


@dataclass(frozen=True, eq=False)
class GeneratorValue(Value):
    """A generator expression that hasn't run; ``first`` is what its first ``for`` runs over."""

    node: ast.GeneratorExp
    scope: Any
    first: Value


@dataclass(frozen=True, eq=False)
class DictValue(Value):
    """A dict with constant keys."""

    items: dict[Any, Value]


@dataclass(frozen=True, eq=False)
class StaticValue(Value):
    """A Python object used while reading: None, a string, a dtype, a module, a callable, an ellipsis."""

    obj: Any


@dataclass(frozen=True, eq=False)
class SliceValue(Value):
    """``start:stop:step`` in an index."""

    start: Value | None
    stop: Value | None
    step: Value | None


@dataclass(frozen=True, eq=False)
class RangeValue(Value):
    """``range(start, stop, step)``, or ``prange`` (``parallel``)."""

    start: Operand
    stop: Operand
    step: Operand
    parallel: bool = False


@dataclass(frozen=True, eq=False)
class ZippedValue(Value):
    """``zip(...)`` or ``enumerate(...)`` (whose first part is a ``RangeValue`` without an end)."""

    parts: tuple[Value, ...]


@dataclass(frozen=True, eq=False)
class GridValue(Value):
    """``np.ndindex(shape)``, or ``np.ndenumerate(array)``, whose items are pairs of an index and an element."""

    shape: tuple[Operand, ...]
    array: ArrayValue | ComplexArrayValue | None = None


@dataclass(frozen=True, eq=False)
class PlacesValue(Value):
    """``np.nditer(array)``: each element of a vector as an array without axes, which shares its memory."""

    vector: ArrayValue


@dataclass(frozen=True, eq=False)
class FunctionValue(Value):
    """A function of the user's whose body is read where it is called."""

    node: ast.FunctionDef | ast.Lambda
    scope: Any
    name: str
    defaults: dict[str, Value] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class MethodValue(Value):
    """A method of a value, such as ``A.sum``: ``call(context, *args, **kwargs)`` reads a call of it."""

    owner: Value
    name: str


@dataclass(frozen=True, eq=False)
class UndefinedValue(Value):
    """A name that is unbound on some path that leads here."""

    name: str


@dataclass(frozen=True, eq=False)
class MaybeValue(Value):
    """A name that some paths bind and others don't: it is bound if ``bound`` holds at run time."""

    value: Value
    bound: Operand


@dataclass(frozen=True, eq=False)
class PartialValue(Value):
    """``functools.partial(function, *args, **kwargs)`` made in a kernel."""

    function: Value
    args: tuple[Value, ...]
    kwargs: dict[str, Value]


@dataclass(frozen=True)
class DerivativeForm:
    """Which derivative of a function a callable computes.

    ``kind`` is ``"gradient"`` or ``"jacobian"``. The derivative functions of ``jitad.api`` say so with an attribute
    ``form``; ``function`` is what they differentiate, and ``storage`` how a gradient gets its values.
    """

    kind: str
    function: Any
    argnums: int | tuple[int, ...] = 0
    has_aux: bool = False
    with_value: bool = False
    storage: str = "auto"


@dataclass(frozen=True)
class CustomForm:
    """A function with a derivative rule of the user's; callables of ``jitad.api`` say so with ``custom_form``.

    ``rules`` are the forward rule alone, or the forward and the backward pass of a reverse rule.
    """

    function: Any
    rules: tuple[Any, ...]


@dataclass(frozen=True, eq=False)
class DerivativeValue(Value):
    """A derivative of ``function``, as ``jitad.grad(f)`` in a kernel makes it."""

    form: DerivativeForm
    function: Value


def memory_of(value: Value | None) -> ArrayValue | None:
    """The array that a value is, as a real one; None for anything else."""
    if isinstance(value, ComplexArrayValue):
        return value.pair
    return value if isinstance(value, ArrayValue) else None


ArrayLike = ArrayValue | LazyValue
ComplexArrayLike = ComplexArrayValue | ComplexLazy
ComplexLike = ComplexValue | ComplexArrayValue | ComplexLazy
