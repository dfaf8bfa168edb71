"""The reader: it runs a kernel's syntax tree on abstract values and writes down the program on the way."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, NoReturn

from jitad.errors import JitadError, KernelNameError, KernelTypeError, UnsupportedCallError
from jitad.inference import TypingFailure
from jitad.primitives import core
from jitad.primitives.spec import ArrayPrimitive, ScalarPrimitive
from jitad.program.builder import Builder
from jitad.program.origin import Origin
from jitad.program.statements import Const, Fail, Operand, Var, array_type
from jitad.program.types import BOOL, INT64, REAL_DTYPES, Array
from jitad.reading import arrays, complexes
from jitad.reading.arrays.facts import note_distinct
from jitad.reading.captures import Captures, find_outside
from jitad.reading.liveness import assigned, resized, stored_into
from jitad.reading.merging import describe
from jitad.reading.scope import Scope
from jitad.reading.sharing import Sharing
from jitad.reading.signature import ArraySpec
from jitad.reading.values import (
    ArrayValue,
    ComplexArrayValue,
    ComplexLazy,
    ComplexLike,
    DictValue,
    LazyValue,
    ListValue,
    MaybeValue,
    ScalarValue,
    SequenceValue,
    UndefinedValue,
    Value,
)


class Unreachable(Exception):
    """Control can't go on from here (a ``raise`` was read); caught where control flow joins again."""


class NeedsUnrolling(Exception):
    """A tuple is indexed with a loop's variable; caught by an enclosing loop of a known number of iterations."""


@dataclass
class Probe:
    """Names that an iteration may bind for later ones: a path that reads one before is left out at first."""

    scope: Scope
    names: frozenset[str]
    error: KernelNameError | None = None


class Reader:
    """The state of one reading. It is the ``Context`` of the functions that read array operations.

    Operations on values are in the modules ``expressions``, ``statements``, ``joins``, ``loops`` and ``calls``.
    """

    def __init__(self, builder: Builder, bounds_checked: bool = False) -> None:
        self.root = builder
        self.builder = builder
        self.bounds_checked = bounds_checked
        self.captures = Captures()
        self.functions: list[Any] = []
        self.scope: Scope
        self.node: ast.AST | None = None
        self.pinned: Origin | None = None
        """The place that everything read now counts as (a call of a function that jitad defines)."""
        self.open_calls: list[tuple[object, ...]] = []
        """The functions being read, each with the functions that it got as arguments."""
        self.sharing = Sharing()
        self.customs: list[object] = []
        """The functions with rules of the user's that are being read."""
        self.conditional = 0
        """How many branches and loops the place being read is in."""
        self.probes: list[Probe] = []
        self.unrollable = 0
        """How many enclosing loops can be unrolled."""

    # Places and errors

    @property
    def origin(self) -> Origin | None:
        if self.pinned is not None or self.node is None:
            return self.pinned
        return self.scope.file.origin(self.node)

    @contextmanager
    def at(self, node: ast.AST) -> Iterator[None]:
        """What is read inside is at this place."""
        saved, self.node = self.node, node
        builder = self.builder
        saved_origin, builder.origin = builder.origin, self.origin
        try:
            yield
        finally:
            self.node = saved
            builder.origin = saved_origin

    def refuse(self, error: type[JitadError], reason: str, remedy: str) -> NoReturn:
        raise error(reason, remedy, self.origin) from None

    def fail_if(self, condition: Operand, error: type[JitadError], reason: str, remedy: str) -> None:
        if isinstance(condition, Const):
            if not condition.value:
                return
            if not self.conditional:
                self.refuse(error, reason, remedy)
        self.builder.add(Fail(condition, error, (reason, remedy, self.origin)))

    # Blocks

    @contextmanager
    def block(self, builder: Builder) -> Iterator[Builder]:
        saved = self.builder
        builder.origin = builder.origin or saved.origin
        self.builder = builder
        self.conditional += 1
        try:
            yield builder
        finally:
            self.builder = saved
            self.conditional -= 1

    @contextmanager
    def environment(self, env: dict[str, Value]) -> Iterator[dict[str, Value]]:
        """Names bound inside are bound in ``env``."""
        scope = self.scope
        saved, scope.env = scope.env, env
        try:
            yield env
        finally:
            scope.env = saved

    # Values

    def scalar(self, value: Value, what: str) -> Operand:
        if isinstance(value, ScalarValue):
            return value.operand
        if isinstance(value, LazyValue) and value.ndim == 0:
            return value.element(self.builder, ())
        if isinstance(value, ArrayValue) and value.ndim == 0:
            return self.builder.load(value.base, value.starts)
        if isinstance(value, ComplexLike):
            self.refuse(
                KernelTypeError,
                f"{what} must be a real number, and this is {describe(value)}",
                "take the part that is meant: z.real, z.imag or abs(z)",
            )
        self.refuse(
            KernelTypeError,
            f"{what} must be a number, and this is {describe(value)}",
            "index the array, or reduce it (np.sum, …), to get a number"
            if isinstance(value, ArrayValue | LazyValue)
            else "pass a number",
        )

    def integer(self, value: Value, what: str) -> Operand:
        """The operand of an integer as int64; refuses floats."""
        operand = self.scalar(value, what)
        if operand.type.is_float:
            self.refuse(
                KernelTypeError, f"{what} must be an integer, and this is {operand.type}", "convert it with int()"
            )
        return self.builder.cast(operand, INT64)

    def apply(self, primitive: ScalarPrimitive, args: Sequence[Value]) -> Value:
        if any(isinstance(arg, ComplexLike) for arg in args):
            return complexes.apply_primitive(self, primitive, args)
        if any(isinstance(arg, ArrayValue | LazyValue) and arg.ndim for arg in args):
            return arrays.elementwise(self, primitive, args)
        operands = [self.scalar(arg, f"an operand of {primitive.name}") for arg in args]
        try:
            return ScalarValue(self.builder.compute(primitive, *operands))
        except TypingFailure:
            types = ", ".join(str(operand.type) for operand in operands)
            self.refuse(
                KernelTypeError,
                f"{primitive.name} can't be computed for ({types})",
                "convert the operands to a type that it takes, with float() or int()",
            )

    def define(self, definition: Any, operands: Sequence[Operand]) -> list[Operand]:
        from jitad.reading.calls import call_definition

        builder = self.builder
        saved, builder.weak_constants = builder.weak_constants, True
        try:
            value = call_definition(self, definition, [ScalarValue(operand) for operand in operands])
        finally:
            builder.weak_constants = saved
        items = value.items if isinstance(value, SequenceValue) else (value,)
        return [self.scalar(item, "a part") for item in items]

    def call(self, function: Any, args: Sequence[Value], kwargs: Mapping[str, Value], text: str) -> Value:
        from jitad.reading.calls import call_object

        return call_object(self, function, args, kwargs, text)

    def array_primitive(self, name: str) -> ArrayPrimitive:
        from jitad.primitives import registry

        primitive = registry.by_name(name)
        assert isinstance(primitive, ArrayPrimitive), name
        return primitive

    def settle(self, value: Value, name: str = "") -> Value:
        """``value`` as it is bound to a name: array expressions are computed into fresh arrays."""
        if isinstance(value, LazyValue):
            return arrays.materialize(self, value, name)
        if isinstance(value, ComplexLazy):
            return complexes.in_memory(self, value, name)
        if isinstance(value, ListValue):
            return replace(value, fresh=False) if value.fresh else value
        if isinstance(value, SequenceValue):
            items = tuple(self.settle(item, name) for item in value.items)
            if any(new is not old for new, old in zip(items, value.items, strict=True)):
                return SequenceValue(items, value.kind, value.fields)
        if isinstance(value, DictValue):
            entries = {key: self.settle(item, name) for key, item in value.items.items()}
            if any(entries[key] is not item for key, item in value.items.items()):
                return DictValue(entries)
        return value

    # Names

    def lookup(self, name: str) -> Value:
        """What a name stands for here. Raises KernelNameError when nothing (or not surely something) binds it."""
        scope: Scope | None = self.scope
        while scope is not None:
            value = scope.env.get(name)
            if value is None and name in scope.locals:
                value = UndefinedValue(name)
            if isinstance(value, UndefinedValue):
                self._unbound(scope, name)
            if isinstance(value, MaybeValue):
                value = scope.env[name] = self._surely_bound(name, value)
            if value is not None:
                return value
            function, scope = scope.function, scope.parent
        found = find_outside(function, name)
        if found is None:
            self.refuse(
                KernelNameError, f"the name {name!r} is not defined", "define it, or import it, before the call"
            )
        return self.captures.lift(self, found[0], found[1], name)

    def _unbound(self, scope: Scope, name: str) -> NoReturn:
        error = KernelNameError(
            f"{name!r} is read here before it has a value",
            "give it a value before this place (before the loop, if it gets one only inside)",
            self.origin,
        )
        for probe in self.probes:
            if probe.scope is scope and name in probe.names:
                probe.error = error
                raise Unreachable
        raise error

    @contextmanager
    def probing(self, names: frozenset[str]) -> Iterator[Probe]:
        """Reading one of these unbound names inside ends the path; the probe that is given remembers it."""
        self.probes.append(Probe(self.scope, names))
        try:
            yield self.probes[-1]
        finally:
            self.probes.pop()

    def _surely_bound(self, name: str, value: MaybeValue) -> Value:
        """The value of a name, after a check that this run has bound it."""
        unbound = self.builder.compute_typed(core.not_, (value.bound,), BOOL)
        message = f"cannot access local variable {name!r} where it is not associated with a value"
        self.builder.add(Fail(unbound, UnboundLocalError, (message,)))
        return value.value

    def assigned(self, nodes: Iterable[ast.AST]) -> set[str]:
        """The names whose values these statements may change: those they bind, and lists and dicts that they change."""
        listed, env = list(nodes), self.scope.env
        dicts = {name for name in stored_into(listed) if _is_dict(env.get(name))}
        return assigned(listed) | (resized(listed) & self.scope.locals) | dicts

    # Parameters and array variables

    def parameter(self, name: str, spec: ArraySpec) -> tuple[Var, ArrayValue | ComplexArrayValue]:
        """A parameter for an array so described, and its value; one for a complex array is the real array of parts."""
        if spec.dtype not in REAL_DTYPES:
            param = Var(name, Array(spec.dtype, spec.ndim, spec.layout))
            return param, self.parameter_array(param, spec.unit_axes)
        layout = spec.layout if spec.layout == "C" else "A"
        param = Var(name, Array(REAL_DTYPES[spec.dtype], spec.ndim + 1, layout))
        return param, ComplexArrayValue(self.parameter_array(param, spec.unit_axes, pairs=True))

    def parameter_array(self, param: Var, unit_axes: Sequence[int], *, pairs: bool = False) -> ArrayValue:
        """The value of a whole array parameter, usable anywhere in the program; ``pairs`` has a last axis of 2."""
        note_distinct(self, param)
        shape: list[Operand | None] = [None] * array_type(param).ndim
        for axis in unit_axes:
            shape[axis] = Const(1, INT64)
        if pairs:
            shape[-1] = Const(2, INT64)
        saved, self.builder = self.builder, self.root
        try:
            return self.array_variable(param, shape)
        finally:
            self.builder = saved

    def array_variable(self, variable: Var, shape: Sequence[Operand | None]) -> ArrayValue:
        """The value of a whole array variable whose lengths are partly known."""
        if any(length is not None for length in shape):
            known = [self.builder.dim(variable, a) if length is None else length for a, length in enumerate(shape)]
            self.builder.know_shape(variable, known)
        return arrays.from_variable(self.builder, variable)

    def no_call(self, what: str, remedy: str) -> NoReturn:
        """Refuse a call."""
        self.refuse(UnsupportedCallError, what, remedy)


def _is_dict(value: Value | None) -> bool:
    return isinstance(value.value if isinstance(value, MaybeValue) else value, DictValue)
