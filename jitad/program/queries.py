"""What is asked of statements: their nested blocks, the names that they bind, what they read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from jitad.program.statements import (
    Accumulate,
    Alloc,
    AtOffset,
    Block,
    Branch,
    Call,
    Compute,
    Dim,
    Draw,
    Fail,
    Load,
    Loop,
    OffsetOf,
    Operand,
    Pop,
    Push,
    Release,
    Reshape,
    Run,
    Statement,
    Store,
    Var,
    View,
)
from jitad.program.types import Array


def sub_blocks(statement: Statement) -> tuple[Block, ...]:
    """The blocks nested directly in a statement, in the order in which they run."""
    match statement:
        case Loop(condition_block=None, body=body):
            return (body,)
        case Loop(condition_block=Block() as head, body=body):
            return (head, body)
        case Branch(then=then, otherwise=otherwise):
            return (then, otherwise)
    return ()


def walk(block: Block) -> Iterator[Statement]:
    """Every statement of a block, nested ones after the statement that holds them."""
    for statement in block:
        yield statement
        for inner in sub_blocks(statement):
            yield from walk(inner)


def definitions(statement: Statement) -> tuple[Var, ...]:
    """The names that a statement binds in its own block."""
    match statement:
        case Compute(out=out) | Draw(out=out) | Dim(out=out) | Load(out=out):
            return (out,)
        case OffsetOf(out=out, strides=strides):
            return (out, *strides)
        case View(out=out) | Reshape(out=out) | AtOffset(out=out):
            return (out,)
        case Alloc(out=out, offset=offset):
            return (out, offset)
        case Pop(outs=outs) | Run(outs=outs):
            return outs
        case Loop(results=results, count=count):
            return (*results, *([count] if count is not None else []))
        case Branch(results=results):
            return tuple(results)
    return ()


def operands(statement: Statement) -> tuple[Operand, ...]:
    """What a statement reads in its own block (not what its nested blocks read, but what they yield)."""
    match statement:
        case Compute(args=args) | Draw(args=args) | Run(args=args):
            return args
        case Dim(array=array) | OffsetOf(array=array):
            return (array,)
        case Alloc(shape=shape):
            return shape
        case AtOffset(offset=offset, shape=shape, strides=strides):
            return (offset, *shape, *strides)
        case Release(offset=offset):
            return (offset,)
        case View(base=base, starts=starts, axes=axes):
            return (base, *starts, *(a.length for a in axes), *(a.step for a in axes))
        case Reshape(base=base, shape=shape):
            return (base, *shape)
        case Load(array=array, index=index):
            return (array, *index)
        case Store(array=array, index=index, value=value):
            return (array, *index, value)
        case Accumulate(array=array, index=index, value=value):
            return (array, *index, value)
        case Call(outs=outs, args=args):
            return (*outs, *args)
        case Fail(condition=condition):
            return (condition,)
        case Push(values=values):
            return values
        case Loop(start=start, stop=stop, step=step, inits=inits):
            return (*(o for o in (start, stop, step) if o is not None), *inits)
        case Branch(condition=condition):
            return (condition,)
    return ()


def own_reads(statement: Statement) -> Iterator[Operand]:
    """What a statement reads, with what its nested blocks yield, but not what these read."""
    yield from operands(statement)
    for name in ("yields", "then_yields", "otherwise_yields"):
        yield from getattr(statement, name, ())
    if isinstance(statement, Loop) and statement.condition is not None:
        yield statement.condition


def free_variables(block: Block, yields: Iterable[Operand]) -> list[Var]:
    """What a block, and the values that it yields, read from outside it, in the order of first reading."""
    inside: set[Operand] = set()
    read: dict[Operand, None] = {}
    for statement in walk(block):
        inside.update(definitions(statement))
        read.update(dict.fromkeys(operands(statement)))
        if isinstance(statement, Loop):
            inside.update((statement.index, *statement.params))
            read.update(dict.fromkeys(statement.yields))
            if statement.condition is not None:
                read[statement.condition] = None
        elif isinstance(statement, Branch):
            read.update(dict.fromkeys((*statement.then_yields, *statement.otherwise_yields)))
    read.update(dict.fromkeys(yields))
    return [v for v in read if isinstance(v, Var) and v not in inside]


def permuted_arrays(loop: Loop) -> dict[Var, tuple[Var, Var]]:
    """The carried arrays that an iteration only exchanges among each other (``a, b = b, a``), or keeps.

    For each such parameter: the parameter whose next value it becomes, and that one's final result.
    """
    rows = {
        param: (new, result)
        for param, new, result in zip(loop.params, loop.yields, loop.results, strict=True)
        if isinstance(param.type, Array)
    }
    while True:
        yielded = [new for new, _ in rows.values()]
        closed = {p: row for p, row in rows.items() if row[0] in rows and yielded.count(p) == 1}
        if len(closed) == len(rows):
            break
        rows = closed
    return {new: (param, result) for param, (new, result) in rows.items() if isinstance(new, Var)}
