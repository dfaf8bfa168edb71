"""Calls of functions whose derivative rule is the user's own (``jitad.custom_jvp``, ``jitad.custom_vjp``).

The function's value is computed by ordinary statements; one call then copies it, and has the derivative. A rule is
linear in its tangents (or cotangents), so that either kind serves both modes: the other direction is its transpose, the
gradient, by what it is linear in, of its results times the values of the other side.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from jitad.analysis.linearity import nonlinear_statement
from jitad.errors import MissingRuleError, ShapeMismatchError
from jitad.primitives import core
from jitad.primitives.spec import ProgramPrimitive
from jitad.program.builder import Builder, const_int
from jitad.program.origin import Origin
from jitad.program.rewrite import inline
from jitad.program.statements import Call, Const, Fail, Loop, Operand, Program, Var, array_type
from jitad.program.types import BOOL, INT64, Array, Scalar, Type
from jitad.transforms.localize import add_array, clear, for_each
from jitad.transforms.nodes import GradientNode, as_array, as_passed, zeros_like


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class CustomNode(ProgramPrimitive):
    """A value with a derivative of its own.

    The outs of a call are the ``outs`` parts of the value (numbers in 0-d arrays); its arguments are those parts as
    they were computed, then the ``parts`` that the value depends on, then what the rule reads besides. ``rule`` takes
    what it reads of these arguments, at the positions ``reads``, and then what it is linear in: the tangents of the
    parts, giving those of the value (``forward``), or the cotangents of the value, giving those of the parts.
    ``gives`` are the positions of what it gives; the others are zero. ``shared`` are the positions of the parts of the
    value that, in Python, are memory which the function was given.
    """

    rule: Program
    reads: tuple[int, ...]
    outs: int
    parts: int
    gives: tuple[int, ...]
    forward: bool
    shared: tuple[int, ...] = ()
    _made: dict[object, Program] = field(default_factory=dict)

    @property
    def is_true(self) -> bool:
        return False

    def push(self, call: Call, dots: Callable[[object], Var | None], builder: Builder) -> None:
        """The rule, or the transpose of a rule for cotangents."""
        builder.add(call)
        parts = [as_array(arg) for arg in call.args[self.outs : self.outs + self.parts]]
        given = [call.args[at] for at in self.reads]
        varied, wanted = [dots(part) for part in parts], [dots(out) for out in call.outs]
        for dot in wanted:
            if dot is not None:
                clear(builder, dot)
        if self.forward:
            self._apply(builder, given, varied, parts, wanted)
        else:
            self._transpose(builder, given, varied, list(call.outs), wanted)

    def pull(self, arguments: tuple[Type | Const | None, ...]) -> Program:
        """The rule for cotangents, or the transpose of a rule for tangents."""
        names: list[Operand | None] = [Var("x", a) if isinstance(a, Scalar | Array) else a for a in arguments]
        first = 2 * self.outs
        outs, out_bars, args, arg_bars = names[0:first:2], names[1:first:2], names[first::2], names[first + 1 :: 2]
        builder = Builder()
        given = [operand for at in self.reads if (operand := args[at]) is not None]
        varied = [None if bar is None else as_array(bar) for bar in out_bars]
        wanted = [None if bar is None else as_array(bar) for bar in arg_bars[self.outs : self.outs + self.parts]]
        if self.forward:
            parts = [as_array(arg) for arg in args[self.outs : self.outs + self.parts]]
            self._transpose(builder, given, varied, parts, wanted)
        else:
            self._apply(builder, given, varied, [as_array(out) for out in outs], wanted)
        params = [name for name in names if isinstance(name, Var)]
        return Program(f"{self.name}_pull", params, builder.block, [], self.rule.origin)

    def expand(self, call: Call, builder: Builder, *, deep: bool = True) -> None:
        """Copy the value."""
        for out, value in zip(call.outs, call.args, strict=False):
            _copy(builder, out, as_array(value))

    def _apply(
        self,
        builder: Builder,
        given: Sequence[Operand],
        varied: Sequence[Var | None],
        like: Sequence[Var],
        wanted: Sequence[Var | None],
    ) -> None:
        """Add what the rule gives along ``varied`` to ``wanted``."""
        along = [zeros_like(builder, own) if dot is None else dot for dot, own in zip(varied, like, strict=True)]
        args = zip(self.rule.params, [*given, *along], strict=True)
        results = inline(self.rule, {param: as_passed(builder, arg, param) for param, arg in args}, builder)
        for at, result in zip(self.gives, results, strict=True):
            target = wanted[at]
            if target is None:
                continue
            if isinstance(result.type, Scalar):
                builder.accumulate(target, (), result)
            else:
                self._check_shape(builder, as_array(result), target)
                add_array(builder, target, as_array(result))

    def _transpose(
        self,
        builder: Builder,
        given: Sequence[Operand],
        weights: Sequence[Var | None],
        like: Sequence[Var],
        wanted: Sequence[Var | None],
    ) -> None:
        """Add to ``wanted`` the gradient, by what the rule is linear in, of its results times the weights."""
        kept = tuple(i for i, at in enumerate(self.gives) if weights[at] is not None)
        chosen = [i for i, target in enumerate(wanted) if target is not None]
        if not kept or not chosen:
            return
        self._require_linear()
        program, linear = self._weighted(kept), len(self.reads)
        node = GradientNode(
            name=f"{self.name}_transposed",
            program=program,
            wrt=tuple(linear + i for i in chosen),
            dependents=(0,),
        )
        zeros = [zeros_like(builder, own) for own in like]
        factors = [as_array(weights[self.gives[i]]) for i in kept]
        assert isinstance(program.results[0].type, Scalar)
        args = (*given, *zeros, *factors, Const(1.0, program.results[0].type))
        builder.add(Call(node, tuple(as_array(wanted[i]) for i in chosen), args, accumulate=True))

    def _require_linear(self) -> None:
        """Raise MissingRuleError when the rule has no transpose."""
        culprit = nonlinear_statement(self.rule, self.rule.params[len(self.reads) :])
        if culprit is not None:
            given, asked, remedy = ("tangents", "reverse", "jvp") if self.forward else ("cotangent", "forward", "grad")
            raise MissingRuleError(
                f"The rule of {self.name!r} isn't linear in its {given}, so that {asked} mode can't use it.",
                f"make the rule linear, or differentiate with jitad.{remedy}.",
                culprit.origin,
            )

    def _weighted(self, kept: tuple[int, ...]) -> Program:
        """The sum of some results of the rule, each times a weight that is a further parameter."""
        if kept not in self._made:
            builder = Builder()
            params = [Var(param.name, param.type) for param in self.rule.params]
            results = inline(self.rule, dict(zip(self.rule.params, params, strict=True)), builder)
            weights, total = [], None
            for result in (results[i] for i in kept):
                type_ = result.type
                weights.append(Var("weight", type_ if isinstance(type_, Scalar) else Array(type_.dtype, type_.ndim)))
                if isinstance(type_, Scalar):
                    term = builder.times(result, weights[-1])
                else:
                    self._check_shape(builder, as_array(result), weights[-1])
                    term = _dot(builder, as_array(result), weights[-1])
                total = term if total is None else builder.plus(total, term)
            assert total is not None
            everything = [*params, *weights]
            self._made[kept] = Program(f"{self.name}_weighted", everything, builder.block, [total], self.rule.origin)
        return self._made[kept]

    def _check_shape(self, builder: Builder, source: Var, target: Var) -> None:
        reason = f"The rule of {self.name!r} gives an array whose shape isn't that of what it belongs to."
        remedy = "give each tangent, and each cotangent, the shape of its primal."
        for axis in range(array_type(target).ndim):
            same = builder.equal(builder.dim(source, axis), builder.dim(target, axis))
            differs = builder.compute_typed(core.not_, (same,), BOOL)
            if not isinstance(differs, Const) or differs.value:
                builder.add(Fail(differs, ShapeMismatchError, (reason, remedy, self.rule.origin)))


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class DeepestNode(ProgramPrimitive):
    """A value whose derivative would need its rule nested deeper than rules are read: differentiating it is an error.

    The outs of a call are the parts of the value; its arguments are those parts as they were computed.
    """

    origin: Origin | None

    @property
    def is_true(self) -> bool:
        return False

    def push(self, call: Call, dots: Callable[[object], Var | None], builder: Builder) -> None:
        raise self._missing()

    def pull(self, arguments: tuple[Type | Const | None, ...]) -> Program:
        raise self._missing()

    def expand(self, call: Call, builder: Builder, *, deep: bool = True) -> None:
        """Copy the value."""
        for out, value in zip(call.outs, call.args, strict=True):
            _copy(builder, out, as_array(value))

    def _missing(self) -> MissingRuleError:
        return MissingRuleError(
            f"The rule of {self.name!r} calls {self.name!r} itself, which is followed only to the fourth derivative.",
            f"write the rule without calling {self.name!r}, or take lower derivatives.",
            self.origin,
        )


def _copy(builder: Builder, out: Var, value: Var) -> None:
    for_each(builder, out, lambda inner, index: inner.store(out, index, inner.load(value, index)))


def _dot(builder: Builder, a: Var, b: Var) -> Operand:
    """The sum of the products of the elements of two arrays."""
    element = array_type(a).element
    levels: list[tuple[Builder, Var, Operand, Var, Var]] = []
    inner, index = builder, list[Operand]()
    carried: Operand = Const(0.0, element)
    for axis in range(array_type(a).ndim):
        at, param, result = Var("i", INT64), Var("sum", element), Var("sum", element)
        levels.append((inner, at, builder.dim(a, axis), param, result))
        index.append(at)
        inner = inner.nested()
    totals: Operand = levels[-1][3] if levels else carried
    new: Operand = inner.plus(totals, inner.times(inner.load(a, index), inner.load(b, index)))
    for depth in range(len(levels) - 1, -1, -1):
        outer, at, length, param, result = levels[depth]
        init = levels[depth - 1][3] if depth else carried
        loop = Loop(
            at, const_int(0), length, const_int(1), [param], [init], inner.block, [new], [result], order_free=True
        )
        outer.add(loop)
        inner, new = outer, result
    return new
