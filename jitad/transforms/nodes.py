"""Gradients inside programs: the call of a program's gradient, which can itself be differentiated.

A program that is differentiated never holds tape statements: an inner gradient is one call, and the derivatives of
that call are gradients of tangents. For ``g = grad(p)`` the gradient of ``v . g(x)`` by ``x`` is the gradient of the
tangent of ``p`` along ``v``; and so, the Hessian being symmetric, is the tangent of ``g`` along ``v``. The adjoint of a
program is always taken last, of tangents of tangents, to any order.

A program that draws random numbers first puts the generator into a state that is among its parameters: all these runs
draw the same numbers, and reverse sweeps put the generator back to where they found it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import Any

from jitad.analysis.linearity import nonlinear_statement
from jitad.analysis.plan import AUTO
from jitad.analysis.randomness import generators
from jitad.primitives.spec import ProgramPrimitive
from jitad.program.builder import Builder, is_const
from jitad.program.queries import walk
from jitad.program.rewrite import inline
from jitad.program.statements import Call, Const, Operand, Program, Var, array_type
from jitad.program.types import Array, Scalar, Type
from jitad.transforms.adjoint import adjoint
from jitad.transforms.expand import expand
from jitad.transforms.generator_states import keep, put
from jitad.transforms.give_back import give_back
from jitad.transforms.localize import add_array, clear, copy_array, in_layout
from jitad.transforms.scope import releases
from jitad.transforms.tangent import tangent


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class GradientNode(ProgramPrimitive):
    """The gradient of the sum of some results of ``program``, each times a seed, by the parameters at ``wrt``.

    The results of the program are floating-point numbers. The outs of a call are the values of the results at
    ``values``, then one gradient per parameter in ``wrt``; its arguments are the program's, then one seed (a number)
    for each result at ``dependents``. A call that accumulates adds to the gradients; values are overwritten.
    ``storage`` (one of ``STORAGES``) says how reverse sweeps get their values, and is passed on to derivatives.
    """

    program: Program
    wrt: tuple[int, ...]
    dependents: tuple[int, ...]
    values: tuple[int, ...] = ()
    storage: str = AUTO
    _made: dict[object, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        assert all(isinstance(result.type, Scalar) and result.type.is_float for result in self.program.results)

    @property
    def is_true(self) -> bool:
        return all(_is_true(statement) for statement in walk(self.program.body))

    @property
    def generators(self) -> tuple[str, ...]:
        if "generators" not in self._made:
            self._made["generators"] = generators(self.program.body)
        return self._made["generators"]

    def is_linear(self, moving: Collection[int]) -> bool:
        """Where the program is linear in parameters, so are its gradients by others; and all are in the seeds."""
        params = [self.program.params[at] for at in moving if at < len(self.program.params)]
        if len(params) < len(moving):
            return not params and not self.values
        return set(self.wrt).isdisjoint(moving) and nonlinear_statement(self.program, params) is None

    def push(self, call: Call, dots: Callable[[object], Var | None], builder: Builder) -> None:
        """A gradient of the tangent: by the primal's parameters it gives tangents, by the directions gradients.

        Where a derivative in the program is a rule of the user's, its Hessian need not be symmetric: the tangents are
        then the gradient, by ``u``, of the second tangent along ``u`` and the directions.
        """
        count, results, shown = len(self.program.params), len(self.program.results), len(self.values)
        args, seeds = call.args[:count], call.args[count:]
        assert all(isinstance(seed, Const) for seed in seeds), "only a gradient with literal seeds is differentiated"
        along = tuple(at for at, arg in enumerate(args) if at not in self.inert and dots(arg) is not None)
        directions: list[Operand] = [as_array(dots(args[at])) for at in along]
        values = [(at, dot) for at, out in zip(self.values, call.outs, strict=False) if (dot := dots(out))]
        moved = [(at, dot) for at, out in zip(self.wrt, call.outs[shown:], strict=True) if (dot := dots(out))]
        outs = [*(dot for _, dot in values), *(dot for _, dot in moved)]
        if self.is_true and set(self.wrt) <= set(along):
            node = GradientNode(
                name=f"{self.name}_tangent",
                program=self._tangent(along),
                wrt=(*(at for at, _ in moved), *(count + along.index(at) for at in self.wrt)),
                dependents=tuple(results + at for at in self.dependents),
                values=(*self.values, *(results + at for at, _ in values)),
                storage=self.storage,
            )
            places = (*call.outs[:shown], *outs, *call.outs[shown:])
            builder.add(Call(node, places, (*args, *directions, *seeds), call.accumulate))
            return
        builder.add(call)
        if self.is_true:
            program, by, level = self._tangent(along), [at for at, _ in moved], 1
        else:
            chosen = tuple(at for at, _ in moved)
            once = self._tangent(chosen)
            program, by, level = tangent(once, along).program, [count + i for i in range(len(chosen))], 2
            directions = [*(_zero_along(builder, args[at]) for at in chosen), *directions]
        node = GradientNode(
            name=f"{self.name}_tangent",
            program=program,
            wrt=tuple(by),
            dependents=tuple((2 * level - 1) * results + at for at in self.dependents),
            values=tuple(level * results + at for at, _ in values),
            storage=self.storage,
        )
        builder.add(Call(node, tuple(outs), (*args, *directions, *seeds), call.accumulate))

    def pull(self, arguments: tuple[Type | Const | None, ...]) -> Program:
        """The gradient of the tangent along the adjoints of the gradients, plus the values times their adjoints."""
        key = ("pull", arguments)
        if key not in self._made:
            self._made[key] = self._pull(arguments)
        return self._made[key]

    def _pull(self, arguments: tuple[Type | Const | None, ...]) -> Program:
        names: list[Operand | None] = [Var("x", a) if isinstance(a, Scalar | Array) else a for a in arguments]
        first = 2 * (len(self.values) + len(self.wrt))
        out_bars, args, arg_bars = names[1:first:2], names[first::2], names[first + 1 :: 2]
        count, shown = len(self.program.params), len(self.values)
        seeded = [(at, bar) for at, bar in zip(self.values, out_bars, strict=False) if bar is not None]
        moved = [(at, bar) for at, bar in zip(self.wrt, out_bars[shown:], strict=True) if bar is not None]
        builder = Builder()
        dependents = [at for at, _ in seeded]
        seeds: list[Operand] = [builder.load(as_array(bar), ()) for _, bar in seeded]
        program = self.program
        if moved:
            program = self._tangent(tuple(at for at, _ in moved))
            dependents += [len(self.program.results) + at for at in self.dependents]
            seeds += [seed for seed in args[count:] if seed is not None]
        wrt = tuple(at for at in range(count) if arg_bars[at] is not None)
        node = GradientNode(
            name=f"{self.name}_pull", program=program, wrt=wrt, dependents=tuple(dependents), storage=self.storage
        )
        passed = [*args[:count], *(bar for _, bar in moved), *seeds]
        outs = tuple(as_array(arg_bars[at]) for at in wrt)
        now = keep(builder, self.generators)
        builder.add(Call(node, outs, tuple(arg for arg in passed if arg is not None), accumulate=True))
        put(builder, now)
        params = [name for name in names if isinstance(name, Var)]
        return Program(f"{self.name}_pull", params, builder.block, [], self.program.origin)

    def _tangent(self, along: tuple[int, ...]) -> Program:
        """The tangent of the program along directions of the parameters at these positions."""
        if along not in self._made:
            self._made[along] = tangent(self.program, along).program
        return self._made[along]

    def expand(self, call: Call, builder: Builder, *, deep: bool = True) -> None:
        """The adjoint program, or where no gradient is asked for the program, in place of the call."""
        start = len(builder.block.statements)
        count, shown = len(self.program.params), len(self.values)
        args, seeds = call.args[:count], call.args[count:]
        unit = len(seeds) == 1 and is_const(seeds[0], 1)
        program = self._adjoint(seeded=not unit, deep=deep)
        params = iter(program.params)
        given: dict[Var, Operand] = {p: as_passed(builder, arg, p) for arg, p in zip(args, params, strict=False)}
        if not unit:
            given.update({p: seed for seed, p in zip(seeds, params, strict=False)})
        targets = [(at, out) for at, out in zip(self.wrt, call.outs[shown:], strict=True)]
        borrowed: list[tuple[Var, Var]] = []
        for at, out in targets:
            if isinstance(self.program.params[at].type, Array):
                param = next(params)
                given[param] = _target(builder, out, param, borrowed, accumulate=call.accumulate)
        results = iter(inline(program, given, builder))
        values = [next(results) for _ in self.program.results]
        for at, out in zip(self.values, call.outs, strict=False):
            builder.store(out, (), values[at])
        for at, out in targets:
            if isinstance(self.program.params[at].type, Scalar):
                put = builder.accumulate if call.accumulate else builder.store
                put(out, (), next(results))
        for out, temporary in borrowed:
            add_array(builder, out, temporary)
        for release in releases(builder.block.statements[start:]):
            builder.add(release)

    def _adjoint(self, *, seeded: bool, deep: bool) -> Program:
        """The adjoint program; ``deep`` with the calls of programs in it written out too."""
        key = ("adjoint", seeded, deep)
        if key not in self._made:
            if deep:
                made = expand(self._adjoint(seeded=seeded, deep=False))
            elif self.wrt:
                made = adjoint(
                    *(self.program, self.wrt), dependents=self.dependents, seeded=seeded, storage=self.storage
                ).program
            else:
                made = give_back(self.program)
            self._made[key] = made
        return self._made[key]


def _is_true(statement: object) -> bool:
    """False for a call whose derivative is a rule of the user's."""
    return not (isinstance(statement, Call) and isinstance(statement.primitive, ProgramPrimitive)) or (
        statement.primitive.is_true
    )


def as_array(operand: object) -> Var:
    """The operand, which is an array."""
    assert isinstance(operand, Var) and isinstance(operand.type, Array)
    return operand


def zeros_like(builder: Builder, like: Var) -> Var:
    """A fresh array of zeros of the shape of another."""
    shape = [builder.dim(like, axis) for axis in range(array_type(like).ndim)]
    return builder.alloc("zeros", array_type(like).dtype, shape, 0)


def _zero_along(builder: Builder, arg: Operand) -> Operand:
    """The zero direction of an argument."""
    return Const(0.0, arg.type) if isinstance(arg, Const) else zeros_like(builder, as_array(arg))


def as_passed(builder: Builder, arg: Operand, param: Var) -> Operand:
    """An argument of a call as the parameter's type has it: a number, or an array of its layout."""
    if isinstance(param.type, Scalar):
        return builder.cast(builder.load(as_array(arg), ()) if isinstance(arg.type, Array) else arg, param.type)
    return in_layout(builder, as_array(arg), param.type)


def _target(builder: Builder, out: Var, param: Var, borrowed: list[tuple[Var, Var]], *, accumulate: bool) -> Var:
    """Where a gradient goes: into ``out``, or (for another layout) into an array that is added to it afterwards."""
    if not accumulate:
        clear(builder, out)
    if array_type(out).layout == array_type(param).layout:
        return out
    temporary = Var(out.name, param.type)
    copy_array(builder, out, temporary)
    clear(builder, temporary)
    borrowed.append((out, temporary))
    return temporary
