"""Turn ``return``, ``break``, ``continue`` and ``match`` into structured control flow.

After this pass a function's body has no jumps: its result is the name ``RESULT``, the rest of a block after
a conditional jump stands in the other arm of that condition where this is possible, and under a flag where
it isn't; a loop that can be left early names the flag that ends it (``break_flag``).
"""

from __future__ import annotations

import ast
from dataclasses import dataclass
from itertools import count

from jitad.reading.matching import without_matches

RESULT = "$result"
_RETURNED = "$returned"


@dataclass(frozen=True)
class _Level:
    """The loop (or function) that statements are in: the flags that a jump sets there."""

    skip: str
    leave: str | None = None
    outer: _Level | None = None


def break_flag(loop: ast.For | ast.While) -> str | None:
    """The flag that ends a loop early; None for a loop that always runs to its end."""
    return getattr(loop, "jitad_break_flag", None)


def lower_body(node: ast.FunctionDef) -> list[ast.stmt]:
    """The body of a function without jumps; its result is in ``RESULT``."""
    statements = without_matches(node.body)
    if not _always_jumps(statements):
        last = node.body[-1]
        statements.append(ast.copy_location(ast.Return(value=ast.copy_location(ast.Constant(value=None), last)), last))
    lowered = _Lowering().block(statements, _Level(_RETURNED))
    return [_assign(_RETURNED, False, node.body[0]), *lowered]


class _Lowering:
    def __init__(self) -> None:
        self._numbers = count()

    def block(self, statements: list[ast.stmt], level: _Level) -> list[ast.stmt]:
        done: list[ast.stmt] = []
        for position, statement in enumerate(statements):
            rest = statements[position + 1 :]
            match statement:
                case ast.Return(value=value):
                    done.append(_result(statement, value))
                    return done + _set_flags(level, statement)
                case ast.Break():
                    assert level.leave is not None
                    return [*done, _assign(level.leave, True, statement), _assign(level.skip, True, statement)]
                case ast.Continue():
                    return [*done, _assign(level.skip, True, statement)]
                case ast.Raise():
                    return [*done, statement]
                case ast.If() if _may_jump([statement]):
                    return done + self._jumping_if(statement, rest, level)
                case ast.If():  # its loops may hold jumps of their own
                    done.append(self._if(statement, statement.body, statement.orelse, level))
                case ast.For() | ast.While():
                    lowered, holds_rest = self._loop(statement, rest, level)
                    done += lowered
                    if holds_rest:
                        return done
                case _:
                    done.append(statement)
        return done

    def _jumping_if(self, node: ast.If, rest: list[ast.stmt], level: _Level) -> list[ast.stmt]:
        if _always_jumps(node.body):
            return [self._if(node, node.body, node.orelse + rest, level)]
        if _always_jumps(node.orelse):
            return [self._if(node, node.body + rest, node.orelse, level)]
        lowered: list[ast.stmt] = [self._if(node, node.body, node.orelse, level)]
        return lowered + self._unless(level.skip, rest, level, node)

    def _if(self, node: ast.If, body: list[ast.stmt], orelse: list[ast.stmt], level: _Level) -> ast.If:
        then, otherwise = self.block(body, level), self.block(orelse, level)
        return ast.copy_location(ast.If(test=node.test, body=then, orelse=otherwise), node)

    def _unless(self, flag: str, rest: list[ast.stmt], level: _Level, at: ast.stmt) -> list[ast.stmt]:
        if not rest:
            return []
        test = ast.UnaryOp(op=ast.Not(), operand=ast.Name(id=flag, ctx=ast.Load()))
        for node in (test, test.operand):
            ast.copy_location(node, rest[0])
        return [ast.copy_location(ast.If(test=test, body=self.block(rest, level), orelse=[]), rest[0])]

    def _loop(self, node: ast.For | ast.While, rest: list[ast.stmt], level: _Level) -> tuple[list[ast.stmt], bool]:
        """The lowered loop, and whether ``rest`` is lowered with it."""
        number = next(self._numbers)
        skip, leave = f"$skip{number}", f"$leave{number}"
        body = [_assign(skip, False, node), *self.block(list(node.body), _Level(skip, leave, level))]
        new: ast.For | ast.While
        if isinstance(node, ast.For):
            new = ast.For(target=node.target, iter=node.iter, body=body, orelse=[])
        else:
            new = ast.While(test=node.test, body=body, orelse=[])
        ast.copy_location(new, node)
        lowered: list[ast.stmt] = [new]
        if _may_return(node.body) or _may_break(node.body):
            new.jitad_break_flag = leave  # type: ignore[union-attr]
            lowered.insert(0, _assign(leave, False, node))
            lowered += self._unless(leave, list(node.orelse), level, node)
        else:
            lowered += self.block(list(node.orelse), level)
        if not (_may_return(node.body) or _may_jump(node.orelse)):
            return lowered, False
        if not _runs_forever(node):
            lowered += self._unless(level.skip, rest, level, node)
        return lowered, True


def _set_flags(level: _Level | None, at: ast.stmt) -> list[ast.stmt]:
    flags: list[ast.stmt] = []
    while level is not None:
        flags.append(_assign(level.skip, True, at))
        if level.leave is not None:
            flags.append(_assign(level.leave, True, at))
        level = level.outer
    return flags


def _assign(name: str, value: bool, at: ast.stmt) -> ast.stmt:
    node = ast.Assign(targets=[ast.Name(id=name, ctx=ast.Store())], value=ast.Constant(value=value))
    for part in (node, node.targets[0], node.value):
        ast.copy_location(part, at)
    return node


def _result(at: ast.Return, value: ast.expr | None) -> ast.stmt:
    target = ast.copy_location(ast.Name(id=RESULT, ctx=ast.Store()), at)
    given = value if value is not None else ast.copy_location(ast.Constant(value=None), at)
    return ast.copy_location(ast.Assign(targets=[target], value=given), at)


def _own(statement: ast.stmt) -> list[list[ast.stmt]]:
    """The blocks nested in a statement, without those of nested functions."""
    if isinstance(statement, ast.If | ast.For | ast.While):
        return [statement.body, statement.orelse]
    return []


def _may_return(statements: list[ast.stmt]) -> bool:
    return any(isinstance(s, ast.Return) or any(_may_return(block) for block in _own(s)) for s in statements)


def _may_break(statements: list[ast.stmt]) -> bool:
    for s in statements:
        if isinstance(s, ast.Break):
            return True
        blocks = [s.orelse] if isinstance(s, ast.For | ast.While) else _own(s)
        if any(_may_break(block) for block in blocks):
            return True
    return False


def _may_jump(statements: list[ast.stmt]) -> bool:
    """True when these statements may leave their block by a jump."""
    for s in statements:
        if isinstance(s, ast.Return | ast.Break | ast.Continue):
            return True
        if isinstance(s, ast.For | ast.While):
            if _may_return(s.body) or _may_jump(s.orelse):
                return True
        elif any(_may_jump(block) for block in _own(s)):
            return True
    return False


def _runs_forever(loop: ast.For | ast.While) -> bool:
    if not isinstance(loop, ast.While) or _may_break(loop.body):
        return False
    return isinstance(loop.test, ast.Constant) and bool(loop.test.value)


def _always_jumps(statements: list[ast.stmt]) -> bool:
    """True when control never reaches the end of these statements."""
    for s in statements:
        match s:
            case ast.Return() | ast.Break() | ast.Continue() | ast.Raise():
                return True
            case ast.If(body=body, orelse=orelse) if _always_jumps(body) and _always_jumps(orelse):
                return True
            case ast.While() if _runs_forever(s):
                return True
    return False
