"""Which numbers decide something: a branch, an index, the length of a loop.

Postcondition: ``decisive`` contains every floating-point value that a value of another dtype is computed from, in
whatever number of steps, through memory too. The reverse sweep may compute a decision again that the forward sweep
made; unless it gets every bit of these values again, the sweeps may part.
"""

from __future__ import annotations

from collections.abc import Iterable

from jitad.analysis.aliasing import Aliases
from jitad.program.queries import walk
from jitad.program.statements import (
    Accumulate,
    Branch,
    Call,
    Compute,
    Load,
    Loop,
    Operand,
    Program,
    Run,
    Statement,
    Store,
    Var,
)
from jitad.program.types import Array


def decisive(program: Program) -> set[Var]:
    """The floating-point numbers (and arrays, by their roots) that a decision depends on."""
    aliases = Aliases(program)
    sources: dict[Var, list[Operand]] = {}
    pending: list[Operand] = []
    for statement in walk(program.body):
        if isinstance(statement, Compute) and not statement.out.type.is_float:
            pending.extend(statement.args)
        elif isinstance(statement, Call) and not all(out.type.is_float for out in statement.outs):
            pending.extend(aliases.root(arg) for arg in _variables(statement.args))
        for target, values in _flows(statement, aliases):
            sources.setdefault(target, []).extend(values)
    found: set[Var] = set()
    while pending:
        value = pending.pop()
        if isinstance(value, Var) and value.type.is_float and value not in found:
            found.add(value)
            pending.extend(sources.get(value, ()))
    return found


def _variables(values: Iterable[Operand]) -> list[Var]:
    return [value for value in values if isinstance(value, Var)]


def _flows(statement: Statement, aliases: Aliases) -> list[tuple[Var, list[Operand]]]:
    """What a statement lets values flow into, and which values."""
    match statement:
        case Compute(out=out, args=args):
            return [(out, list(args))]
        case Load(out=out, array=array):
            return [(out, [aliases.root(array)])]
        case Store(array=array, value=value) | Accumulate(array=array, value=value):
            return [(aliases.root(array), [value])]
        case Call(outs=outs, args=args):
            values: list[Operand] = [aliases.root(arg) for arg in _variables(args)]
            return [(aliases.root(out), values) for out in outs]
        case Run(outs=outs, args=args):
            given: list[Operand] = [aliases.root(arg) for arg in _variables(args)]
            written = [root for root in given if isinstance(root, Var) and isinstance(root.type, Array)]
            return [(target, given) for target in (*outs, *written)]
        case Loop(params=params, inits=inits, yields=yields, results=results):
            rows = zip(params, results, inits, yields, strict=True)
            return [(target, [init, new]) for param, result, init, new in rows for target in (param, result)]
        case Branch(then_yields=thens, otherwise_yields=elses, results=results):
            rows_ = zip(results, thens, elses, strict=True)
            return [(result, [then, otherwise]) for result, then, otherwise in rows_]
    return []
