"""Let a program call elementary functions by the forms that loops may run in vector registers.

A function gives other last bits in a vector than alone, and LLVM decides where there are vectors. So what a decision
depends on (see ``decisive``) keeps the scalar functions: sweeps that decide again decide the same. A ``while``
loop never runs in vectors, and keeps them too. So does what waits for the iteration before: libm has results sooner.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np

from jitad.analysis.decisive import decisive
from jitad.analysis.recurrences import waiting
from jitad.primitives import core, registry
from jitad.primitives.lanes import lane_by_lane
from jitad.primitives.spec import ScalarPrimitive
from jitad.program.statements import Block, Branch, Compute, Const, Loop, Program, Statement, Var
from jitad.program.types import Scalar
from jitad.vector import choice
from jitad.vector.functions import FUNCTIONS, SUFFIXES

_LLVM_KNOWS = (0.0, 0.5, 1.0, 2.0)
"""Exponents, up to their sign, for which LLVM has something better than the function."""


def with_vector_math(program: Program) -> Program:
    """The same program, with the forms of functions that may run in vectors."""
    if choice.setting() == "off":
        return program
    return replace(program, body=_block(program.body, decisive(program), set()))


def _block(block: Block, exact: set[Var], late: set[Var]) -> Block:
    """A block without what must be ``exact``, nor what the innermost loop around it has ``late``."""
    return Block([_statement(statement, exact, late) for statement in block])


def _statement(statement: Statement, exact: set[Var], late: set[Var]) -> Statement:
    match statement:
        case Compute(out=out) if out not in exact and out not in late:
            return _compute(statement)
        case Loop(body=body) if statement.is_counted:
            return replace(statement, body=_block(body, exact, waiting(statement)))
        case Branch(then=then, otherwise=otherwise):
            return replace(statement, then=_block(then, exact, late), otherwise=_block(otherwise, exact, late))
    return statement


def _compute(statement: Compute) -> Compute:
    type_ = statement.out.type
    assert isinstance(type_, Scalar)
    if type_.lanes and type_.dtype in SUFFIXES:
        return replace(statement, primitive=_in_lanes(statement.primitive, type_.lanes, type_.dtype))
    if type_.lanes or any(arg.type != type_ for arg in statement.args):
        return statement
    name = _name_of(statement.primitive)
    if not name or (name == "pow" and _is_known_power(statement)) or not choice.is_served(name, type_.dtype):
        return statement
    return replace(statement, primitive=_vector_form(statement.primitive, name))


def _in_lanes(primitive: ScalarPrimitive, width: int, dtype: str) -> ScalarPrimitive:
    """A primitive that calls a function lane by lane, which is to give what the function gives without lanes."""
    for name, _ in choice.WRITTEN_OUT:
        alone = registry.lookup(FUNCTIONS[name].scalar)
        if not isinstance(alone, ScalarPrimitive) or not choice.is_written_out(name, dtype):
            continue
        if primitive is lane_by_lane(alone, width, (True,)):
            return lane_by_lane(_vector_form(alone, name), width, (True,))
    return primitive


def _is_known_power(statement: Compute) -> bool:
    exponent = statement.args[1]
    return isinstance(exponent, Const) and abs(exponent.value) in _LLVM_KNOWS


@cache
def _name_of(primitive: ScalarPrimitive) -> str:
    """The name of the function that a primitive does nothing but call; empty if it does more, or another."""
    if primitive is core.pow_:
        return "pow"
    for function in FUNCTIONS.values():
        for name, called in primitive.names:
            if called is function.scalar and primitive.template == f"{name}({_arguments(function.arity)})":
                return function.name
    return ""


@cache
def _vector_form(primitive: ScalarPrimitive, name: str) -> ScalarPrimitive:
    """The primitive as a call of the vector form; uncompiled code calls what it called."""
    from jitad.vector import lowering

    emitted = f"vector_{name}"
    plain = np.power if name == "pow" else dict(primitive.plain_names)[primitive.names[0][0]]
    return replace(
        primitive,
        template=f"{emitted}({_arguments(primitive.arity)})",
        names=((emitted, getattr(lowering, emitted)),),
        plain_names=((emitted, plain),),
    )


def _arguments(arity: int) -> str:
    return ", ".join(f"{{{position}}}" for position in range(arity))
