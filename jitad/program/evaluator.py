"""Run a program directly in Python, statement by statement: the slow oracle that tests compare with.

The tape is simulated as it is: one arena per dtype on which pushes and arrays share a stack. Memory that is
not initialised, or was released, is poisoned, so that a program that reads it shows.
"""

from __future__ import annotations

import builtins
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from jitad.primitives import core
from jitad.primitives import lanes as lane_primitives
from jitad.primitives.spec import ArrayPrimitive, ScalarPrimitive
from jitad.program.queries import walk
from jitad.program.statements import (
    Accumulate,
    Alloc,
    AtOffset,
    Block,
    Branch,
    Call,
    Compute,
    Const,
    Dim,
    Draw,
    Fail,
    Load,
    Loop,
    OffsetOf,
    Operand,
    Pop,
    Program,
    Push,
    Release,
    Reshape,
    Run,
    Statement,
    Store,
    Var,
    View,
    array_type,
)
from jitad.program.types import FLOATS, Array, Type

CAPACITY = 1 << 24
"""Elements of each arena; the operating system commits memory only where it is touched."""

_CASTS = {p: dtype for casts in (core.casts, lane_primitives.casts) for dtype, p in casts.items()}


def evaluate(program: Program, args: Sequence[Any], *, precision: str | None = None) -> list[Any]:
    """The results of ``program`` on ``args`` (numbers and arrays, one for each parameter), as NumPy values.

    Arrays are used in place, so a program that stores into its parameters changes them. With
    ``precision="longdouble"`` every floating-point number and array is a ``np.longdouble`` and nothing is
    rounded to float64 or float32; arrays of other dtypes are copied then.
    Raises AssertionError when the program reads outside an array or leaves its tape unbalanced, and whatever
    a ``Fail`` raises.
    """
    assert precision in (None, "longdouble"), precision
    if len(args) != len(program.params):
        raise TypeError(f"{program.name} takes {len(program.params)} arguments, not {len(args)}")
    with np.errstate(all="ignore"):
        machine = _Machine(precise=precision is not None)
        for param, arg in zip(program.params, args, strict=True):
            machine.bind(param, arg)
        machine.block(program.body)
        if any(isinstance(statement, Pop) for statement in walk(program.body)):
            machine.check_balanced()
        return [machine.result(operand) for operand in program.results]


@lru_cache(maxsize=1024)
def operation(primitive: ScalarPrimitive) -> Callable[..., Any]:
    """The uncompiled Python function of a scalar primitive, made from its template."""
    names = [f"a{position}" for position in range(primitive.arity)]
    namespace = {"__builtins__": builtins, **dict(primitive.names), **dict(primitive.plain_names)}
    text = f"lambda {', '.join(names)}: {primitive.template.format(*names)}"
    function: Callable[..., Any] = eval(text, namespace)
    return function


class _Arena:
    """The tape of one dtype: a stack that pushes and arrays share, and results at the far end."""

    def __init__(self, dtype: Any) -> None:
        self.memory: np.ndarray[Any, Any] = np.empty(CAPACITY, dtype)
        self.poison: Any = np.nan if issubclass(dtype, np.floating) else dtype(True if dtype is np.bool_ else 101)
        self.top = 0
        self.end = CAPACITY
        self.pushed: list[int] = []

    def take(self, size: int, at_end: bool) -> int:
        if self.top + size > self.end:
            raise MemoryError(f"the evaluator's tape of {self.memory.dtype} is full ({CAPACITY} elements)")
        if at_end:
            self.end -= size
            return self.end
        self.top += size
        return self.top - size

    def at(self, offset: int, shape: tuple[int, ...]) -> np.ndarray[Any, Any]:
        size = int(np.prod(shape, dtype=np.int64))
        assert 0 <= offset <= CAPACITY - size, f"no array of shape {shape} at offset {offset}"
        return self.memory[offset : offset + size].reshape(shape)

    def push(self, value: Any, lanes: int) -> None:
        position = self.take(lanes or 1, at_end=False)
        self.memory[position : self.top] = value
        self.pushed.append(position)

    def pop(self, lanes: int) -> Any:
        assert self.pushed, f"pop from the empty tape of {self.memory.dtype}"
        position, end = self.pushed.pop(), self.top
        assert position == end - (lanes or 1), f"the top of the tape of {self.memory.dtype} isn't such a pushed value"
        self.top = position
        return self.memory[position:end].copy() if lanes else self.memory[position]

    def release(self, offset: int, unread: bool) -> None:
        while unread and self.pushed and self.pushed[-1] >= offset:
            self.pushed.pop()
        assert 0 <= offset <= self.top, f"release from {offset}, which is beyond the top {self.top}"
        lost = bool(self.pushed) and self.pushed[-1] >= offset
        assert not lost, f"release from {offset} drops values that were pushed and not popped"
        self.memory[offset : self.top] = self.poison
        self.top = offset


class _Machine:
    """The state of a run: what each name is bound to, and the tapes."""

    def __init__(self, precise: bool) -> None:
        self.precise = precise
        self.values: dict[Var, Any] = {}
        self.arenas: dict[str, _Arena] = {}

    # Values

    def dtype(self, name: str) -> Any:
        """NumPy's scalar type for a dtype of the program."""
        if self.precise and name in FLOATS:
            return np.longdouble
        return np.bool_ if name == "bool" else getattr(np, name)

    def get(self, operand: Operand) -> Any:
        if isinstance(operand, Const):
            return self.dtype(operand.type.dtype)(operand.value)
        return self.values[operand]

    def shape(self, operands: Sequence[Operand]) -> tuple[int, ...]:
        shape = tuple(int(self.get(operand)) for operand in operands)
        assert all(length >= 0 for length in shape), f"negative length in the shape {shape}"
        return shape

    def bind(self, param: Var, arg: Any) -> None:
        """Give a parameter its value."""
        type_: Type = param.type
        dtype = self.dtype(type_.dtype)
        if not isinstance(type_, Array):
            self.values[param] = dtype(arg)
            return
        array = np.asarray(arg)
        assert array.ndim == type_.ndim, f"{param} got an array with {array.ndim} axes"
        assert self.precise or array.dtype == dtype, f"{param} got an array of {array.dtype}"
        self.values[param] = array.astype(dtype, copy=False)

    def result(self, operand: Operand) -> Any:
        value = self.get(operand)
        return value.copy() if isinstance(value, np.ndarray) else value

    def arena(self, dtype: str) -> _Arena:
        if dtype not in self.arenas:
            self.arenas[dtype] = _Arena(self.dtype(dtype))
        return self.arenas[dtype]

    def check_balanced(self) -> None:
        for dtype, arena in self.arenas.items():
            assert not arena.pushed, f"{len(arena.pushed)} values pushed on the tape of {dtype} were never popped"

    def element(
        self, array: Var, index: tuple[Operand, ...], value: Operand
    ) -> tuple[np.ndarray[Any, Any], tuple[int, ...]]:
        """An array and an index of an element, or of lanes along its last axis, that is checked to be inside."""
        memory = self.values[array]
        position = tuple(int(self.get(i)) for i in index)
        lengths = memory.shape
        if lanes := _lanes(value):
            *lengths, last = lengths
            assert last == lanes, f"{lanes} lanes of {array} of shape {memory.shape}"
        inside = len(position) == len(lengths) and all(0 <= i < n for i, n in zip(position, lengths, strict=True))
        assert inside, f"index {position} outside {array} of shape {memory.shape}"
        return memory, position

    # Statements

    def block(self, block: Block) -> None:
        for statement in block:
            _RUN[type(statement)](self, statement)

    def compute(self, s: Compute) -> None:
        args = [self.get(arg) for arg in s.args]
        dtype = self.dtype(s.out.type.dtype)
        if s.primitive in _CASTS:
            self.values[s.out] = args[0] if type(args[0]) is dtype else np.asarray(args[0]).astype(dtype)[()]
        else:
            self.values[s.out] = dtype(operation(s.primitive)(*args))

    def draw(self, s: Draw) -> None:
        args = (np.dtype(d).type(self.get(a)).item() for a, d in zip(s.args, s.primitive.params, strict=True))
        self.values[s.out] = self.dtype(s.primitive.result)(s.primitive.function(*args))

    def dim(self, s: Dim) -> None:
        self.values[s.out] = np.int64(self.values[s.array].shape[s.axis])

    def alloc(self, s: Alloc) -> None:
        arena = self.arena(array_type(s.out).dtype)
        shape = self.shape(s.shape)
        offset = arena.take(int(np.prod(shape, dtype=np.int64)), s.at_end)
        array = arena.at(offset, shape)
        array[...] = arena.poison if s.fill is None else s.fill
        self.values[s.out], self.values[s.offset] = array, np.int64(offset)

    def at_offset(self, s: AtOffset) -> None:
        arena = self.arena(array_type(s.out).dtype)
        offset, shape = int(self.get(s.offset)), self.shape(s.shape)
        if not s.strides or 0 in shape:
            self.values[s.out] = arena.at(offset, shape)
            return
        steps = [int(self.get(stride)) * arena.memory.itemsize for stride in s.strides]
        self.values[s.out] = np.lib.stride_tricks.as_strided(arena.memory[offset:], shape, steps)

    def offset_of(self, s: OffsetOf) -> None:
        array, memory = self.values[s.array], self.arena(array_type(s.array).dtype).memory
        distance = array.ctypes.data - memory.ctypes.data
        assert 0 <= distance <= memory.nbytes, f"{s.array} isn't on the tape"
        self.values[s.out] = np.int64(distance // memory.itemsize)
        for out, stride in zip(s.strides, array.strides, strict=bool(s.strides)):
            self.values[out] = np.int64(stride // memory.itemsize)

    def release(self, s: Release) -> None:
        arena, offset = self.arena(s.dtype), int(self.get(s.offset))
        if s.at_end:
            assert arena.end <= offset <= CAPACITY, f"release up to {offset}, which is before the end {arena.end}"
            arena.memory[arena.end : offset] = arena.poison
            arena.end = offset
        else:
            arena.release(offset, s.unread)

    def view(self, s: View) -> None:
        base = self.values[s.base]
        starts = [int(self.get(start)) for start in s.starts]
        shape = self.shape([axis.length for axis in s.axes])
        if 0 in shape:
            self.values[s.out] = np.empty(shape, base.dtype)
            return
        lowest, highest = list(starts), list(starts)
        strides = []
        for axis, length in zip(s.axes, shape, strict=True):
            step = 0 if axis.base_axis is None else int(self.get(axis.step))
            strides.append(0 if axis.base_axis is None else step * base.strides[axis.base_axis])
            if axis.base_axis is not None:
                reach = step * (length - 1)
                (highest if reach > 0 else lowest)[axis.base_axis] += reach
        inside = all(low >= 0 and high < n for low, high, n in zip(lowest, highest, base.shape, strict=True))
        assert inside, f"a view from {lowest} to {highest} reaches outside {s.base} of shape {base.shape}"
        corner = base[(*(slice(start, None) for start in starts), ...)]
        self.values[s.out] = np.lib.stride_tricks.as_strided(corner, shape, strides)

    def reshape(self, s: Reshape) -> None:
        base, shape = self.values[s.base], self.shape(s.shape)
        assert base.flags.c_contiguous, f"reshape of {s.base}, which isn't C-contiguous"
        self.values[s.out] = base.reshape(shape)

    def load(self, s: Load) -> None:
        array, index = self.element(s.array, s.index, s.out)
        self.values[s.out] = array[index].copy()

    def store(self, s: Store) -> None:
        array, index = self.element(s.array, s.index, s.value)
        array[index] = self.get(s.value)

    def accumulate(self, s: Accumulate) -> None:
        array, index = self.element(s.array, s.index, s.value)
        array[index] += self.get(s.value)

    def call(self, s: Call) -> None:
        assert isinstance(s.primitive, ArrayPrimitive), f"{s.primitive} is still to be expanded"
        function = s.primitive.plain_accumulating if s.accumulate else s.primitive.plain
        assert function is not None, f"{s.primitive} doesn't offer to accumulate"
        function(*(self.values[out] for out in s.outs), *(self.get(arg) for arg in s.args))

    def run(self, s: Run) -> None:
        """Run another program on this one's tapes; it leaves them as it found them."""
        inner = _Machine(self.precise)
        inner.arenas = self.arenas
        inner.values.update(zip(s.program.params, map(self.get, s.args), strict=True))
        tops = {name: arena.top for name, arena in self.arenas.items()}
        inner.block(s.program.body)
        for name, arena in self.arenas.items():
            arena.release(tops.get(name, 0), unread=False)
        self.values.update(zip(s.outs, map(inner.get, s.program.results), strict=True))

    def fail(self, s: Fail) -> None:
        if self.get(s.condition):
            raise s.exception(*s.args)

    def push(self, s: Push) -> None:
        for value in s.values:
            self.arena(value.type.dtype).push(self.get(value), _lanes(value))

    def pop(self, s: Pop) -> None:
        for out in reversed(s.outs):
            self.values[out] = self.arena(out.type.dtype).pop(_lanes(out))

    def loop(self, s: Loop) -> None:
        carried = [self.get(init) for init in s.inits]
        if s.is_counted:
            assert s.start is not None and s.stop is not None and s.step is not None
            indices = range(*(int(self.get(bound)) for bound in (s.start, s.stop, s.step)))
            for index in reversed(indices) if s.descending else indices:
                carried = self.iteration(s, index, carried)
        else:
            count = 0
            while self.goes_on(s, count, carried):
                carried = self.iteration(s, count, carried)
                count += 1
            if s.count is not None:
                self.values[s.count] = np.int64(count)
        self.values.update(zip(s.results, carried, strict=True))

    def goes_on(self, s: Loop, index: int, carried: list[Any]) -> bool:
        assert s.condition_block is not None and s.condition is not None
        self.values[s.index] = np.int64(index)
        self.values.update(zip(s.params, carried, strict=True))
        self.block(s.condition_block)
        return bool(self.get(s.condition))

    def iteration(self, s: Loop, index: int, carried: list[Any]) -> list[Any]:
        self.values[s.index] = self.dtype(s.index.type.dtype)(index)
        self.values.update(zip(s.params, carried, strict=True))
        self.block(s.body)
        return [self.get(value) for value in s.yields]

    def branch(self, s: Branch) -> None:
        taken = bool(self.get(s.condition))
        self.block(s.then if taken else s.otherwise)
        yields = [self.get(value) for value in (s.then_yields if taken else s.otherwise_yields)]
        self.values.update(zip(s.results, yields, strict=True))


def _lanes(operand: Operand) -> int:
    return getattr(operand.type, "lanes", 0)


_RUN: dict[type[Statement], Callable[[_Machine, Any], None]] = {
    Compute: _Machine.compute,
    Draw: _Machine.draw,
    Dim: _Machine.dim,
    Alloc: _Machine.alloc,
    AtOffset: _Machine.at_offset,
    OffsetOf: _Machine.offset_of,
    Release: _Machine.release,
    View: _Machine.view,
    Reshape: _Machine.reshape,
    Load: _Machine.load,
    Store: _Machine.store,
    Accumulate: _Machine.accumulate,
    Call: _Machine.call,
    Run: _Machine.run,
    Fail: _Machine.fail,
    Push: _Machine.push,
    Pop: _Machine.pop,
    Loop: _Machine.loop,
    Branch: _Machine.branch,
}
