"""Which names a statement reads and assigns, and which are live (read later) after it."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

Names = frozenset[str]

LIST_METHODS = frozenset(("append", "clear", "extend", "insert", "pop"))
"""The methods that change the length of a list."""


def _inner(node: ast.AST) -> Iterator[ast.AST]:
    """The nodes of a statement or expression, without the bodies of nested functions."""
    yield node
    if isinstance(node, ast.FunctionDef | ast.Lambda):
        children: Iterable[ast.AST] = [*node.args.defaults, *(d for d in node.args.kw_defaults if d is not None)]
    else:
        children = ast.iter_child_nodes(node)
    for child in children:
        yield from _inner(child)


def reads(node: ast.AST) -> set[str]:
    """The names that a node may read, free names of nested functions included."""
    names: set[str] = set()
    for inner in _inner(node):
        match inner:
            case ast.Name(id=name, ctx=ast.Load()):
                names.add(name)
            case ast.AugAssign(target=ast.Name(id=name)):
                names.add(name)
            case ast.FunctionDef() | ast.Lambda():
                names |= free_names(inner)
    return names


class Changes(NamedTuple):
    """The names that a statement may bind, of lists whose length it changes, and of what it assigns items of."""

    bound: set[str]
    resized: set[str]
    stored_into: set[str]


def _changes(node: ast.AST) -> Changes:
    """What a statement or an expression changes; it is noted on the node, which is asked again and again."""
    found: Changes | None = getattr(node, "jitad_changes", None)
    if found is None:
        found = node.jitad_changes = Changes(set(), set(), set())  # type: ignore[attr-defined]
        _collect(node, found)
    return found


def _collect(node: ast.AST, found: Changes) -> None:
    match node:
        case ast.FunctionDef() | ast.Lambda():
            if isinstance(node, ast.FunctionDef):
                found.bound.add(node.name)
            children: list[ast.AST] = [*node.args.defaults, *(d for d in node.args.kw_defaults if d is not None)]
        case ast.comprehension(iter=iterable, ifs=conditions):  # its targets stay inside
            children = [iterable, *conditions]
        case _:
            _note(node, found)
            children = list(ast.iter_child_nodes(node))
    for child in children:
        _collect(child, found)


def _note(node: ast.AST, found: Changes) -> None:
    match node:
        case ast.Name(id=name, ctx=ast.Store() | ast.Del()) | ast.MatchAs(name=str(name)):
            found.bound.add(name)
        case ast.alias(name=name, asname=other):
            found.bound.add(other or name.partition(".")[0])
        case ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr=method)):
            if method in LIST_METHODS:
                found.resized.add(name)
            if method in ("reverse", "sort"):
                found.stored_into.add(name)
        case ast.AugAssign(target=ast.Name(id=name), op=ast.Add()):
            found.resized.add(name)
        case ast.Subscript(value=owner, ctx=ast.Store()):
            while isinstance(owner, ast.Subscript):
                owner = owner.value
            if isinstance(owner, ast.Name):
                found.stored_into.add(owner.id)


def assigned(nodes: Iterable[ast.AST]) -> set[str]:
    """The names that these statements may bind (targets of comprehensions stay inside them)."""
    return set().union(*(_changes(node).bound for node in nodes))


def resized(nodes: Iterable[ast.AST]) -> set[str]:
    """The names of lists whose length these statements change, by a method of theirs or by ``+=``."""
    return set().union(*(_changes(node).resized for node in nodes))


def stored_into(nodes: Iterable[ast.AST]) -> set[str]:
    """The names whose items these statements assign, or bring into another order."""
    return set().union(*(_changes(node).stored_into for node in nodes))


def parameters(node: ast.FunctionDef | ast.Lambda) -> list[str]:
    """The names of all parameters."""
    a = node.args
    named = [*a.posonlyargs, *a.args, *([a.vararg] if a.vararg else []), *a.kwonlyargs, *([a.kwarg] if a.kwarg else [])]
    return [arg.arg for arg in named]


def body_of(node: ast.FunctionDef | ast.Lambda) -> Sequence[ast.AST]:
    """The statements of a function, or the expression of a lambda."""
    return node.body if isinstance(node, ast.FunctionDef) else [node.body]


def local_names(node: ast.FunctionDef | ast.Lambda) -> set[str]:
    """The names that are local in a function."""
    return {*parameters(node), *assigned(body_of(node))}


def free_names(node: ast.FunctionDef | ast.Lambda) -> set[str]:
    """The names that a function takes from outside."""
    names: set[str] = set()
    for part in body_of(node):
        names |= reads(part)
    return names - local_names(node)


def captured_names(node: ast.FunctionDef | ast.Lambda) -> set[str]:
    """The names that functions nested in this one read from it: they count as live everywhere."""
    names: set[str] = set()
    for part in body_of(node):
        for inner in ast.walk(part):
            if isinstance(inner, ast.FunctionDef | ast.Lambda):
                names |= free_names(inner)
    return names


def live_before(statements: Sequence[ast.stmt], live: Names) -> Names:
    """The names live before these statements, when ``live`` are live after them."""
    for statement in reversed(statements):
        live = _before(statement, live)
    return live


def live_after_each(statements: Sequence[ast.stmt], live: Names) -> list[Names]:
    """For each statement the names live after it."""
    after: list[Names] = []
    for statement in reversed(statements):
        after.append(live)
        live = _before(statement, live)
    return after[::-1]


def loop_head(node: ast.For | ast.While, live: Names, condition: Names = frozenset()) -> Names:
    """The names live where an iteration starts; ``condition`` are read there to decide whether to go on."""
    head = live | condition | (frozenset(reads(node.test)) if isinstance(node, ast.While) else frozenset())
    while True:
        inside = live_before(node.body, head)
        if isinstance(node, ast.For):
            inside = (inside - _plain_targets(node.target)) | frozenset(reads(node.target))
        if inside <= head:
            return head
        head |= inside


def _plain_targets(target: ast.expr) -> Names:
    """The names that assigning to a target surely binds."""
    match target:
        case ast.Name(id=name):
            return frozenset((name,))
        case ast.Tuple(elts=parts) | ast.List(elts=parts):
            return frozenset().union(*(_plain_targets(part) for part in parts))
    return frozenset()


def _before(statement: ast.stmt, live: Names) -> Names:
    match statement:
        case ast.Assign(targets=targets, value=value):
            for target in targets:
                live -= _plain_targets(target)
            return live | reads(value) | frozenset().union(*(reads(target) for target in targets))
        case ast.AnnAssign(target=target, value=value) if value is not None:
            return (live - _plain_targets(target)) | reads(value) | reads(target)
        case ast.If(test=test, body=body, orelse=orelse):
            return live_before(body, live) | live_before(orelse, live) | reads(test)
        case ast.For(iter=iterable):
            return loop_head(statement, live) | reads(iterable)
        case ast.While():
            return loop_head(statement, live)
        case ast.FunctionDef(name=name):
            return (live - {name}) | reads(statement)
    return live | reads(statement)
