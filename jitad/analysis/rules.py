"""Derivative rules as programs: read once for each combination of types and literal arguments."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass
from functools import lru_cache

from jitad.analysis.aliasing import Aliases
from jitad.analysis.randomness import generators
from jitad.errors import MissingRuleError, UnsupportedCallError
from jitad.primitives.spec import ZERO, ArrayPrimitive, ProgramPrimitive, ScalarPrimitive
from jitad.program.origin import Origin
from jitad.program.queries import operands, sub_blocks, walk
from jitad.program.statements import Call, Compute, Const, Load, Operand, Program, Var
from jitad.program.types import Array, Type


@dataclass(frozen=True)
class Rule:
    """A rule read as a program. ``params`` has None where the rule got a literal or nothing.

    ``used`` are the positions whose values the rule reads.
    """

    program: Program
    params: tuple[Var | None, ...]
    used: frozenset[int]


RuleArgument = Type | Const | None


def partial_rule(primitive: ScalarPrimitive, position: int, args: tuple[Operand, ...], result: Type) -> Rule | None:
    """The partial derivative by the argument at ``position`` (its last parameter is the result).

    None when the derivative is declared zero. The rule must exist: the caller has refused otherwise.
    """
    partial = primitive.partials[position]
    if partial is ZERO:
        return None
    arguments = tuple(arg if isinstance(arg, Const) else arg.type for arg in args)
    return _read(partial, (*arguments, result), f"{primitive.name}_partial{position}")


def active_partials(statement: Compute, active: Container[Operand]) -> list[Rule | None]:
    """One rule per argument; None where the argument isn't active or the derivative is declared zero.

    Raises ``MissingRuleError`` for an active argument without a rule.
    """
    rules: list[Rule | None] = []
    for at, (arg, partial) in enumerate(zip(statement.args, statement.primitive.partials, strict=True)):
        if arg not in active or partial is ZERO:
            rules.append(None)
            continue
        if partial is None:
            raise MissingRuleError(
                f"{statement.primitive.name} has no derivative rule for argument {at}, and the derivative "
                f"flows through that argument.",
                "register a primitive with a rule for it in a plugin, write it with functions that have one, "
                "or pass jitad.stop_gradient(...) if its derivative is meant to be zero.",
                statement.origin,
            )
        rules.append(partial_rule(statement.primitive, at, statement.args, statement.out.type))
    return rules


def jvp_rule(primitive: ArrayPrimitive, arguments: tuple[RuleArgument, ...]) -> Rule:
    """The forward rule of an array primitive, its arguments being (out, out_dot, …, arg, arg_dot, …)."""
    return _read(primitive.jvp, arguments, f"{primitive.name}_jvp")


def vjp_rule(
    primitive: ArrayPrimitive | ProgramPrimitive, arguments: tuple[RuleArgument, ...], origin: Origin | None
) -> Rule:
    """The reverse rule of an array primitive, its arguments being (out, out_bar, …, arg, arg_bar, …).

    Raises ``MissingRuleError``, naming the call at ``origin``, when it has none.
    """
    if isinstance(primitive, ProgramPrimitive):
        return _as_rule(primitive.pull(arguments), arguments)
    if primitive.vjp is None:
        raise MissingRuleError(
            f"{primitive.name} has no reverse rule, and the derivative flows through it.",
            "give its primitive a vjp rule, or use forward mode (jitad.jvp, jitad.jacfwd).",
            origin,
        )
    return _read(primitive.vjp, arguments, f"{primitive.name}_vjp")


@lru_cache(maxsize=4096, typed=True)
def _read(function: object, arguments: tuple[RuleArgument, ...], name: str) -> Rule:
    from jitad.reading.kernel import read_rule

    program = read_rule(function, arguments, name)
    if generators(program.body):
        raise UnsupportedCallError(
            f"{name} draws random numbers, and a derivative rule is run more often than its function.",
            "let the function draw them, into one of its results, and read them in the rule.",
            program.origin,
        )
    return _as_rule(program, arguments)


def _as_rule(program: Program, arguments: tuple[RuleArgument, ...]) -> Rule:
    left = iter(program.params)
    params = tuple(None if arg is None or isinstance(arg, Const) else next(left) for arg in arguments)
    read = _read_operands(program)
    return Rule(program, params, frozenset(i for i, p in enumerate(params) if p is not None and p in read))


def _read_operands(program: Program) -> set[Operand]:
    """Everything that the results, or the stores, of a rule depend on."""
    needed: set[Operand] = set(program.results)
    statements = list(walk(program.body))
    for statement in statements:  # what a block yields comes before the block's statements, walked backwards
        if sub_blocks(statement):
            needed.update(getattr(statement, "yields", ()))
            needed.update(getattr(statement, "then_yields", ()))
            needed.update(getattr(statement, "otherwise_yields", ()))
    for statement in reversed(statements):
        if isinstance(statement, Compute) and statement.out not in needed:
            continue
        needed.update(operands(statement))
    return needed


def contents_read(rule: Rule) -> frozenset[int]:
    """Positions of the array parameters whose elements (not only shapes) the rule reads."""
    aliases = Aliases(rule.program)
    roots = set()
    for statement in walk(rule.program.body):
        match statement:
            case Load(array=array):
                roots.add(aliases.root(array))
            case Call(args=args):
                roots.update(aliases.root(arg) for arg in args if isinstance(arg, Var) and isinstance(arg.type, Array))
    return frozenset(
        i for i, p in enumerate(rule.params) if p is not None and isinstance(p.type, Array) and aliases.root(p) in roots
    )
