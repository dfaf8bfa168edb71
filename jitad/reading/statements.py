"""Statements of a kernel: assignments, raises, and dispatch to branches and loops."""

from __future__ import annotations

import ast
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import TYPE_CHECKING, NoReturn

from jitad.errors import KernelNameError, UnsupportedCallError
from jitad.program.statements import Const, Fail, Operand
from jitad.program.types import BOOL
from jitad.reading.assignments import assign, augment, hint, refuse_statement
from jitad.reading.expressions import evaluate
from jitad.reading.joins import negation, read_if, truth
from jitad.reading.list_names import bound_to, forget_dead
from jitad.reading.liveness import Names, live_after_each
from jitad.reading.loops import read_for, read_while
from jitad.reading.merging import describe
from jitad.reading.reader import Unreachable
from jitad.reading.source import module_root
from jitad.reading.values import FunctionValue, ScalarValue, StaticValue, Value

if TYPE_CHECKING:
    from jitad.reading.reader import Reader

_REMEDIES: dict[type[ast.stmt], tuple[str, str]] = {
    ast.With: ("a with statement", "take the work out of the with block"),
    ast.Try: ("a try statement", "test for the condition with if before it can fail"),
    ast.TryStar: ("a try statement", "test for the condition with if before it can fail"),
    ast.ClassDef: ("a class definition", "define the class outside; pass arrays and numbers in"),
    ast.Global: ("a global statement", "pass the value in as an argument and return the new one"),
    ast.Nonlocal: ("a nonlocal statement", "return the new value from the inner function and assign it outside"),
    ast.Match: ("a match statement with other patterns than numbers, strings and names", "write it with if and elif"),
    ast.AsyncFunctionDef: ("an async function", "define an ordinary function"),
    ast.AsyncFor: ("an async loop", "use an ordinary for loop"),
    ast.AsyncWith: ("a with statement", "take the work out of the with block"),
}


def read_block(reader: Reader, statements: Sequence[ast.stmt], live: Names) -> None:
    """Read statements in order; ``live`` are the names needed after them. Raises Unreachable after a ``raise``."""
    for statement, live_after in zip(statements, live_after_each(statements, live), strict=True):
        with reader.at(statement):
            read_statement(reader, statement, live_after)


def read_statement(reader: Reader, statement: ast.stmt, live: Names) -> None:
    """Read one statement."""
    match statement:
        case ast.Assign(targets=[ast.Subscript() as target], value=node):
            assign(reader, target, evaluate(reader, node))  # computed right in its place, if nothing forbids it
        case ast.Assign(targets=targets, value=node):
            value = reader.settle(evaluate(reader, node), hint(targets[0]))
            forget_dead(reader, value, live)
            for each in targets:
                assign(reader, each, value)
        case ast.AnnAssign(target=annotated, value=node):
            if node is not None:
                assign(reader, annotated, reader.settle(evaluate(reader, node), hint(annotated)))
        case ast.AugAssign():
            augment(reader, statement)
        case ast.If():
            read_if(reader, statement, live)
        case ast.For():
            read_for(reader, statement, live)
        case ast.While():
            read_while(reader, statement, live)
        case ast.Expr(value=ast.Constant()) | ast.Pass():
            pass
        case ast.Expr(value=ast.Call(func=ast.Name(id=name)) as called) if _is_print(reader, name):
            _evaluate_printed(reader, called)
        case ast.Expr(value=node):
            evaluate(reader, node)
        case ast.FunctionDef():
            _define(reader, statement)
        case ast.Assert(test=test, msg=message):
            condition = truth(reader, evaluate(reader, test))
            args = () if message is None else (_constant_argument(reader, message),)
            _fail(reader, negation(reader.builder, condition), AssertionError, args)
        case ast.Raise():
            _raise(reader, statement)
        case ast.Delete(targets=targets):
            for deleted in targets:
                if not isinstance(deleted, ast.Name):
                    refuse_statement(reader, "del of anything but a name", "leave the del statement out")
                reader.scope.env.pop(deleted.id, None)
        case ast.Import() | ast.ImportFrom():
            _import(reader, statement)
        case _:
            what, remedy = _REMEDIES.get(type(statement), (f"{type(statement).__name__}", "rewrite it"))
            refuse_statement(reader, what, remedy)


def _is_print(reader: Reader, name: str) -> bool:
    if name != "print":
        return False
    value = reader.lookup(name)
    return isinstance(value, StaticValue) and value.obj is print


def _evaluate_printed(reader: Reader, node: ast.Call) -> None:
    """Read what ``print`` gets, for what it does besides: derivatives don't print."""
    for part in [*node.args, *(keyword.value for keyword in node.keywords)]:
        match part:
            case ast.JoinedStr(values=values):
                for value in values:
                    if isinstance(value, ast.FormattedValue):
                        evaluate(reader, value.value)
            case ast.Starred(value=value):
                evaluate(reader, value)
            case _:
                evaluate(reader, part)


def _import(reader: Reader, node: ast.Import | ast.ImportFrom) -> None:
    """Bind imported modules and objects."""
    package = reader.scope.function.__globals__.get("__package__")
    for alias in node.names:
        try:
            if isinstance(node, ast.ImportFrom):
                source = "." * node.level + (node.module or "")
                found = getattr(import_module(source, package), alias.name)
            else:
                found = import_module(alias.name)
                if alias.asname is None:
                    found = sys.modules[module_root(alias.name)]
        except (ImportError, AttributeError) as error:
            reader.refuse(KernelNameError, f"the import fails: {error}", "import a module that is installed")
        name = alias.asname or module_root(alias.name)
        reader.scope.env[name] = reader.captures.lift(reader, found, None, name)


def _define(reader: Reader, node: ast.FunctionDef) -> None:
    for decorator in node.decorator_list:
        named = decorator.func if isinstance(decorator, ast.Call) else decorator
        value = evaluate(reader, named)
        if not (isinstance(value, StaticValue) and getattr(value.obj, "__name__", "") in ("njit", "jit")):
            refuse_statement(reader, "a decorated inner function", "leave the decorator out (njit is the exception)")
    reader.scope.env[node.name] = FunctionValue(node, reader.scope, node.name, inner_defaults(reader, node.args))


def inner_defaults(reader: Reader, args: ast.arguments) -> dict[str, Value]:
    """The default values of an inner function, evaluated where it is defined."""
    positional = [*args.posonlyargs, *args.args]
    defaults: dict[str, Value] = {}
    for arg, node in zip(positional[len(positional) - len(args.defaults) :], args.defaults, strict=True):
        defaults[arg.arg] = bound_to(reader, arg.arg, reader.settle(evaluate(reader, node), arg.arg))
    for arg, given in zip(args.kwonlyargs, args.kw_defaults, strict=True):
        if given is not None:
            defaults[arg.arg] = reader.settle(evaluate(reader, given), arg.arg)
    return defaults


def _raise(reader: Reader, node: ast.Raise) -> NoReturn:
    if node.exc is None:
        refuse_statement(reader, "a raise without an exception", "name the exception, as in raise ValueError('...')")
    if isinstance(node.exc, ast.Call):
        if node.exc.keywords:
            refuse_statement(reader, "an exception with keyword arguments", "pass the message as a positional argument")
        value = evaluate(reader, node.exc.func)
        args = tuple(_constant_argument(reader, arg) for arg in node.exc.args)
    else:
        value, args = evaluate(reader, node.exc), ()
    if not (isinstance(value, StaticValue) and isinstance(value.obj, type) and issubclass(value.obj, BaseException)):
        reader.refuse(
            UnsupportedCallError, f"{describe(value)} isn't an exception class", "raise a class such as ValueError"
        )
    _fail(reader, Const(True, BOOL), value.obj, args)
    raise Unreachable


def _fail(reader: Reader, condition: Operand, exception: type[BaseException], args: tuple[object, ...]) -> None:
    if isinstance(condition, Const):
        if not condition.value:
            return
        if not reader.conditional:  # whatever the arguments' values, the kernel raises this
            error = exception(*args)
            if reader.origin is not None:
                error.add_note(f"raised by the kernel:\n{reader.origin.pointed()}")
            raise error
    reader.builder.add(Fail(condition, exception, args))


def _constant_argument(reader: Reader, node: ast.expr) -> object:
    if _is_text(node):
        return _message_part(reader, node)
    value = evaluate(reader, node)
    if isinstance(value, StaticValue):
        return value.obj
    if isinstance(value, ScalarValue) and isinstance(value.operand, Const):
        return value.operand.value
    refuse_statement(
        reader, "an exception whose arguments are known only at run time", "raise it with a constant message"
    )


def _is_text(node: ast.expr) -> bool:
    """True for an f-string, for ``str(...)``, and for a sum that holds one or holds a string."""
    match node:
        case ast.JoinedStr() | ast.Call(func=ast.Name(id="str"), args=[_]):
            return True
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            return any(_is_text(side) or _is_string(side) for side in (left, right))
    return False


def _is_string(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def _message_part(reader: Reader, node: ast.expr) -> str:
    """Text of a part of a message; a value known only at run time appears as its expression in braces."""
    match node:
        case ast.JoinedStr(values=parts):
            return "".join(_message_part(reader, part) for part in parts)
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            return _message_part(reader, left) + _message_part(reader, right)
        case ast.Call(func=ast.Name(id="str"), args=[shown]):
            node = shown
    if isinstance(node, ast.Constant):
        return str(node.value)
    if isinstance(node, ast.FormattedValue):
        node = node.value
    value = evaluate(reader, node)
    if isinstance(value, StaticValue):
        return str(value.obj)
    if isinstance(value, ScalarValue) and isinstance(value.operand, Const):
        return str(value.operand.value)
    return "{" + ast.unparse(node) + "}"
