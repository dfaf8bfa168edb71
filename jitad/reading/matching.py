"""``match`` statements as branches: patterns of values, ``|``, ``_``, captured names and guards."""

from __future__ import annotations

import ast
import copy
from collections.abc import Sequence


def without_matches(statements: Sequence[ast.stmt]) -> list[ast.stmt]:
    """The statements with every ``match`` as a chain of ``if``; one with other patterns stays, and is refused later."""
    return [new for statement in statements for new in _rewritten(statement)]


def _rewritten(statement: ast.stmt) -> list[ast.stmt]:
    match statement:
        case ast.If() | ast.For() | ast.While():
            new = copy.copy(statement)  # with what is noted on the node, but for what it assigns
            vars(new).pop("jitad_changes", None)
            new.body, new.orelse = without_matches(statement.body), without_matches(statement.orelse)
            return [new]
        case ast.Match():
            return _chain(statement)
    return [statement]


def _chain(node: ast.Match) -> list[ast.stmt]:
    subject = f"$subject{node.lineno}_{node.col_offset}"
    branches: list[ast.stmt] = []
    for case in reversed(node.cases):
        tests, names = _test(case.pattern, subject)
        if tests is None:
            return [node]
        rest = branches
        body = without_matches(case.body)
        bindings = [_assign(name, ast.Name(id=subject, ctx=ast.Load()), case.pattern) for name in names]
        if case.guard is not None and names and tests:
            return [node]  # the guard reads names that the pattern binds when it fits
        if case.guard is not None and names:
            branches = [*bindings, ast.copy_location(ast.If(test=case.guard, body=body, orelse=rest), case.pattern)]
            continue
        if case.guard is not None:
            tests = [*tests, case.guard]
        if not tests:
            branches = [*bindings, *body]
            continue
        test = tests[0] if len(tests) == 1 else ast.copy_location(ast.BoolOp(op=ast.And(), values=tests), case.pattern)
        branches = [ast.copy_location(ast.If(test=test, body=[*bindings, *body], orelse=rest), case.pattern)]
    first = _assign(subject, node.subject, node.subject)
    return [ast.fix_missing_locations(statement) for statement in (first, *branches)]


def _test(pattern: ast.pattern, subject: str) -> tuple[list[ast.expr] | None, list[str]]:
    """The conditions under which a pattern fits (None for one that isn't read), and the names that it binds."""
    match pattern:
        case ast.MatchValue(value=value):
            return [_compared(subject, ast.Eq(), value, pattern)], []
        case ast.MatchSingleton(value=None):
            return [_compared(subject, ast.Is(), ast.Constant(value=None), pattern)], []
        case ast.MatchAs(pattern=None, name=name):
            return [], [] if name is None else [name]
        case ast.MatchAs(pattern=ast.pattern() as inner, name=str(name)):
            tests, names = _test(inner, subject)
            return tests, [*names, name]
        case ast.MatchOr(patterns=patterns):
            return _any(patterns, subject, pattern)
    return None, []


def _any(patterns: Sequence[ast.pattern], subject: str, at: ast.pattern) -> tuple[list[ast.expr] | None, list[str]]:
    alternatives: list[ast.expr] = []
    for one in patterns:
        tests, names = _test(one, subject)
        if tests is None or names:
            return None, []
        if not tests:
            return [], []
        alternatives.append(tests[0])
    return [ast.copy_location(ast.BoolOp(op=ast.Or(), values=alternatives), at)], []


def _compared(subject: str, how: ast.cmpop, value: ast.expr, at: ast.pattern) -> ast.expr:
    left = ast.Name(id=subject, ctx=ast.Load())
    return ast.copy_location(ast.Compare(left=left, ops=[how], comparators=[value]), at)


def _assign(name: str, value: ast.expr, at: ast.AST) -> ast.stmt:
    target = ast.Name(id=name, ctx=ast.Store())
    return ast.copy_location(ast.Assign(targets=[target], value=value), at)
