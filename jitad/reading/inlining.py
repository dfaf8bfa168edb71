"""Functions of the user's: their parameters bound, and their bodies read where they are called."""

from __future__ import annotations

import ast
import types
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from jitad.errors import JitadError, RecursionRefusedError
from jitad.reading.desugar import RESULT, lower_body
from jitad.reading.expressions import evaluate
from jitad.reading.scope import Scope
from jitad.reading.source import FunctionNode, FunctionSource, SourceFile
from jitad.reading.values import (
    DerivativeValue,
    DictValue,
    FunctionValue,
    GeneratorValue,
    PartialValue,
    SequenceValue,
    StaticValue,
    Value,
)

if TYPE_CHECKING:
    from jitad.reading.reader import Reader

MOST_NESTED = 20
"""So many functions of one definition (closures made by one factory, say) may call each other in a row."""


def function_defaults(reader: Reader, source: FunctionSource) -> dict[str, Value]:
    """The default values of a function's parameters."""
    function, args = source.function, source.node.args
    positional = [*args.posonlyargs, *args.args]
    given = function.__defaults__ or ()
    found = dict(zip([arg.arg for arg in positional[len(positional) - len(given) :]], given, strict=True))
    found.update(function.__kwdefaults__ or {})
    return {name: reader.captures.lift(reader, obj, None, name) for name, obj in found.items()}


def _body(node: ast.FunctionDef) -> list[ast.stmt]:
    """The lowered body of a function (the same nodes each time, so that they can be compared)."""
    body = getattr(node, "jitad_lowered", None)
    if body is None:
        body = node.jitad_lowered = lower_body(node)  # type: ignore[attr-defined]
    return body


def read_in_place(
    reader: Reader,
    node: FunctionNode,
    file: SourceFile,
    function: types.FunctionType,
    parent: Scope | None,
    defaults: Mapping[str, Value],
    args: Sequence[Value],
    kwargs: Mapping[str, Value],
    name: str,
    *,
    lazy: bool = False,
) -> Value:
    """Read a function's body with its parameters bound (``lazy``: to expressions too); gives what it returns."""
    env = bind(reader, node, defaults, args, kwargs, name, lazy=lazy)
    call = (node, id(parent or function), *(_identity(value) for value in env.values()))
    if call in reader.open_calls or sum(other[0] is node for other in reader.open_calls) >= MOST_NESTED:
        reader.refuse(
            RecursionRefusedError,
            f"{name!r} calls itself, directly or through others.",
            "write it as a loop",
        )
    scope = Scope(name, file, function, node, parent, env, reader.scope)
    saved, saved_node, reader.scope = reader.scope, reader.node, scope
    reader.open_calls.append(call)
    where = reader.origin if reader.pinned is None else None
    try:
        return read_body(reader, node)
    except JitadError as error:
        if where is not None and error.origin is not None:
            error.add_note(f"in {name!r}")
        raise
    finally:
        reader.open_calls.pop()
        reader.scope, reader.node = saved, saved_node


def _identity(value: Value) -> object:
    """What tells two calls of a function apart: which functions it gets (one that takes itself apart would not end)."""
    match value:
        case FunctionValue(node=node):
            return node
        case StaticValue(obj):
            return id(obj)
        case DerivativeValue(form, function):
            return form, _identity(function)
        case PartialValue(function=function):
            return _identity(function)
        case SequenceValue(items=items):
            return tuple(map(_identity, items))
    return None


def read_body(reader: Reader, node: FunctionNode) -> Value:
    """Read a function's body in the current scope; gives what it returns."""
    from jitad.reading.statements import read_block

    if isinstance(node, ast.Lambda):
        return evaluate(reader, node.body)
    read_block(reader, _body(node), frozenset((RESULT,)) | reader.scope.captured)
    return reader.scope.env[RESULT]


def bind(
    reader: Reader,
    node: FunctionNode,
    defaults: Mapping[str, Value],
    args: Sequence[Value],
    kwargs: Mapping[str, Value],
    name: str,
    *,
    lazy: bool = False,
) -> dict[str, Value]:
    """The values of a function's parameters in a call; refuses calls that Python would refuse."""
    spec = node.args
    positional = [arg.arg for arg in (*spec.posonlyargs, *spec.args)]
    bound = dict(zip(positional, args, strict=False))
    extra = list(args[len(positional) :])
    if extra and spec.vararg is None:
        reader.no_call(f"{name}() takes {len(positional)} positional arguments and gets {len(args)}", "pass fewer")
    named = {arg.arg for arg in (*spec.args, *spec.kwonlyargs)}
    spare: dict[Any, Value] = {}
    for key, value in kwargs.items():
        if key in bound:
            reader.no_call(f"{name}() gets the argument {key!r} twice", "pass it once")
        if key in named:
            bound[key] = value
        elif spec.kwarg is not None:
            spare[key] = value
        else:
            known = ", ".join(arg.arg for arg in (*spec.posonlyargs, *spec.args, *spec.kwonlyargs))
            reader.no_call(
                f"{name}() has no parameter {key!r}", f"leave it out; those of a kernel's {name}() are {known}"
            )
    for parameter in (*positional, *(arg.arg for arg in spec.kwonlyargs)):
        if parameter not in bound:
            if parameter not in defaults:
                reader.no_call(f"{name}() misses the argument {parameter!r}", "pass it")
            bound[parameter] = defaults[parameter]
    if any(isinstance(value, GeneratorValue) for value in (*args, *kwargs.values())) and reader.pinned is None:
        reader.no_call(f"{name}() gets a generator expression, which runs once only", "pass a list: [... for ...]")
    env = bound if lazy else {key: reader.settle(value, key) for key, value in bound.items()}
    if spec.vararg is not None:
        env[spec.vararg.arg] = SequenceValue(tuple(reader.settle(value) for value in extra))
    if spec.kwarg is not None:
        env[spec.kwarg.arg] = DictValue({key: reader.settle(value) for key, value in spare.items()})
    return env
