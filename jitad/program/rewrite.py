"""Copy statements into another place, with other operands."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from jitad.program.builder import Builder
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
    ViewAxis,
    array_type,
)
from jitad.program.types import Scalar


class Copier:
    """Copies statements through builders; ``outside`` answers for names that the copied text doesn't bind."""

    def __init__(self, outside: Callable[[Var], Operand]) -> None:
        self._outside = outside
        self._copied: dict[Var, Operand] = {}

    def __call__(self, operand: Operand) -> Operand:
        """The copy of an operand."""
        if isinstance(operand, Const):
            return operand
        if operand not in self._copied:
            self._copied[operand] = self._outside(operand)
        return self._copied[operand]

    def array(self, var: Var) -> Var:
        """The copy of an array variable."""
        copied = self(var)
        assert isinstance(copied, Var)
        return copied

    def fresh(self, var: Var) -> Var:
        """A new name for one that the copied text binds."""
        new = Var(var.name, var.type)
        self._copied[var] = new
        return new

    def all(self, operands: tuple[Operand, ...] | list[Operand]) -> tuple[Operand, ...]:
        return tuple(self(operand) for operand in operands)

    def block(self, block: Block, builder: Builder) -> None:
        """Copy a block's statements to the end of ``builder``'s."""
        for statement in block:
            with builder.at(builder.origin or statement.origin):
                self.statement(statement, builder)

    def statement(self, statement: Statement, builder: Builder) -> None:
        """Copy one statement; arithmetic on operands that are now constant is folded."""
        bind = self._copied
        match statement:
            case Compute(out=out, primitive=primitive, args=args):
                assert isinstance(out.type, Scalar)
                bind[out] = builder.compute_typed(primitive, self.all(args), out.type)
            case Draw(out=out, primitive=sampler, args=args):
                bind[out] = builder.draw(sampler, self.all(args))
            case Dim(out=out, array=array, axis=axis):
                bind[out] = builder.dim(self.array(array), axis)
            case Load(out=out, array=array, index=index):
                assert isinstance(out.type, Scalar)
                bind[out] = builder.load(self.array(array), self.all(index), out.type.lanes)
            case Store(array=array, index=index, value=value):
                builder.store(self.array(array), self.all(index), self(value))
            case Accumulate(array=array, index=index, value=value):
                builder.accumulate(self.array(array), self.all(index), self(value))
            case Alloc(out=out, offset=offset, shape=shape, fill=fill, at_end=at_end):
                copied = Alloc(self.fresh(out), self.fresh(offset), self.all(shape), fill, at_end)
                builder.add(copied)
                builder.know_shape(copied.out, copied.shape)
            case View(out=out, base=base, starts=starts, axes=axes):
                mapped = [ViewAxis(self(a.length), a.base_axis, self(a.step)) for a in axes]
                bind[out] = builder.view(self.array(base), self.all(starts), mapped, array_type(out).layout)
            case Reshape(out=out, base=base, shape=shape):
                bind[out] = builder.reshape(self.array(base), self.all(shape))
            case AtOffset(out=out, offset=offset, shape=shape, again=again, strides=strides):
                place = (self(offset), self.all(shape), self.array(again), self.all(strides))
                builder.add(AtOffset(self.fresh(out), *place))
            case OffsetOf(out=out, array=array, strides=strides):
                source = self.array(array)
                builder.add(OffsetOf(self.fresh(out), source, tuple(self.fresh(stride) for stride in strides)))
            case Release(dtype=dtype, offset=offset, at_end=at_end, unread=unread):
                builder.add(Release(dtype, self(offset), at_end, unread))
            case Call(primitive=primitive, outs=outs, args=args, accumulate=accumulate):
                builder.add(Call(primitive, tuple(map(self.array, outs)), self.all(args), accumulate))
            case Run(outs=outs, program=program, args=args):
                builder.add(Run(tuple(map(self.fresh, outs)), program, self.all(args)))
            case Fail(condition=condition, exception=exception, args=args):
                fails = self(condition)
                if not (isinstance(fails, Const) and not fails.value):
                    builder.add(Fail(fails, exception, args, origin=statement.origin))
            case Push(values=values):
                builder.add(Push(self.all(values)))
            case Pop(outs=outs):
                builder.add(Pop(tuple(self.fresh(out) for out in outs)))
            case Loop():
                builder.add(self._loop(statement, builder))
            case Branch():
                self._branch(statement, builder)
            case _:
                raise AssertionError(f"no copy of {statement}")

    def _loop(self, loop: Loop, builder: Builder) -> Loop:
        start, stop, step = (None if o is None else self(o) for o in (loop.start, loop.stop, loop.step))
        inits = list(self.all(loop.inits))
        index, params = self.fresh(loop.index), [self.fresh(p) for p in loop.params]
        head, condition = None, None
        if loop.condition_block is not None and loop.condition is not None:
            head_builder = builder.nested()
            self.block(loop.condition_block, head_builder)
            head, condition = head_builder.block, self(loop.condition)
        body = builder.nested()
        self.block(loop.body, body)
        yields = list(self.all(loop.yields))
        results = [self.fresh(r) for r in loop.results]
        count = None if loop.count is None else self.fresh(loop.count)
        return replace(
            loop,
            index=index,
            start=start,
            stop=stop,
            step=step,
            params=params,
            inits=inits,
            body=body.block,
            yields=yields,
            results=results,
            condition_block=head,
            condition=condition,
            count=count,
        )

    def _branch(self, branch: Branch, builder: Builder) -> None:
        condition = self(branch.condition)
        if isinstance(condition, Const):
            taken, yields = (
                (branch.then, branch.then_yields) if condition.value else (branch.otherwise, branch.otherwise_yields)
            )
            self.block(taken, builder)
            for result, value in zip(branch.results, yields, strict=True):
                self._copied[result] = self(value)
            return
        arms: list[Block] = []
        all_yields: list[list[Operand]] = []
        for block, yields in ((branch.then, branch.then_yields), (branch.otherwise, branch.otherwise_yields)):
            arm = builder.nested()
            self.block(block, arm)
            arms.append(arm.block)
            all_yields.append(list(self.all(yields)))
        results = [self.fresh(r) for r in branch.results]
        builder.add(Branch(condition, arms[0], all_yields[0], arms[1], all_yields[1], results))


def with_bodies(statement: Statement, change: Callable[[Block], Block]) -> Statement:
    """A statement with what ``change`` makes of a loop's body or of a branch's arms; what tests a condition stays."""
    match statement:
        case Loop(body=body):
            return replace(statement, body=change(body))
        case Branch(then=then, otherwise=otherwise):
            return replace(statement, then=change(then), otherwise=change(otherwise))
    return statement


def as_they_are(params: Sequence[Var]) -> Callable[[Var], Operand]:
    """What a ``Copier`` of a whole program finds outside the text: its parameters, which keep their names."""
    bound = set(params)

    def outside(var: Var) -> Operand:
        assert var in bound, f"{var} isn't bound"
        return var

    return outside


def inline(program: Program, args: Mapping[Var, Operand], builder: Builder) -> list[Operand]:
    """Copy a program's body to the end of ``builder``'s block; its results as operands there."""
    copier = Copier(lambda var: args[var])
    copier.block(program.body, builder)
    return [copier(result) for result in program.results]
