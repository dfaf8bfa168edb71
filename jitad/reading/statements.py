"""Statements of a kernel: assignments, raises, and dispatch to branches and loops."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from typing import TYPE_CHECKING, NoReturn

from jitad.errors import (
    KernelTypeError,
    KernelValueError,
    ShapeMismatchError,
    UnsupportedCallError,
    UnsupportedSyntaxError,
)
from jitad.primitives import core
from jitad.program.builder import const_int
from jitad.program.statements import Const, Fail, Operand
from jitad.program.types import BOOL
from jitad.reading import arrays, complexes
from jitad.reading.expressions import BINARY, binary, evaluate, evaluate_index
from jitad.reading.iteration import row_of
from jitad.reading.joins import negation, read_if, truth
from jitad.reading.liveness import Names, live_after_each
from jitad.reading.loops import read_for, read_while
from jitad.reading.merging import describe
from jitad.reading.reader import Unreachable
from jitad.reading.values import (
    ArrayValue,
    ComplexArrayValue,
    ComplexLazy,
    FunctionValue,
    LazyValue,
    ScalarValue,
    SequenceValue,
    StaticValue,
    Value,
)

if TYPE_CHECKING:
    from jitad.reading.reader import Reader

_REMEDIES: dict[type[ast.stmt], tuple[str, str]] = {
    ast.With: ("a with statement", "take the work out of the with block"),
    ast.Try: ("a try statement", "test for the condition with if before it can fail"),
    ast.TryStar: ("a try statement", "test for the condition with if before it can fail"),
    ast.ClassDef: ("a class definition", "define the class outside; pass arrays and numbers in"),
    ast.Import: ("an import", "import the module at the top of the file"),
    ast.ImportFrom: ("an import", "import the name at the top of the file"),
    ast.Global: ("a global statement", "pass the value in as an argument and return the new one"),
    ast.Nonlocal: ("a nonlocal statement", "return the new value from the inner function and assign it outside"),
    ast.Match: ("a match statement", "write it with if and elif"),
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
            value = reader.settle(evaluate(reader, node), _hint(targets[0]))
            for each in targets:
                assign(reader, each, value)
        case ast.AnnAssign(target=annotated, value=node):
            if node is not None:
                assign(reader, annotated, reader.settle(evaluate(reader, node), _hint(annotated)))
        case ast.AugAssign():
            _augmented(reader, statement)
        case ast.If():
            read_if(reader, statement, live)
        case ast.For():
            read_for(reader, statement, live)
        case ast.While():
            read_while(reader, statement, live)
        case ast.Expr(value=ast.Constant()) | ast.Pass():
            pass
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
                    _refuse(reader, "del of anything but a name", "leave the del statement out")
                reader.scope.env.pop(deleted.id, None)
        case _:
            what, remedy = _REMEDIES.get(type(statement), (f"{type(statement).__name__}", "rewrite it"))
            _refuse(reader, what, remedy)


def _refuse(reader: Reader, what: str, remedy: str) -> NoReturn:
    reader.refuse(UnsupportedSyntaxError, f"A kernel can't hold {what}.", remedy)


def _hint(target: ast.expr) -> str:
    return target.id if isinstance(target, ast.Name) else "part"


def assign(reader: Reader, target: ast.expr, value: Value) -> None:
    """Bind or store a settled value."""
    with reader.at(target):
        match target:
            case ast.Name(id=name):
                if isinstance(value, ScalarValue):
                    _rename(reader, value.operand, name)
                reader.scope.env[name] = value
            case ast.Tuple(elts=parts) | ast.List(elts=parts):
                for part, item in zip(parts, _unpacked(reader, parts, value), strict=True):
                    assign(reader, part, item)
            case ast.Subscript(value=owner, slice=index):
                array = evaluate(reader, owner)
                if isinstance(array, ComplexArrayValue):
                    complexes.setitem(reader, array, evaluate_index(reader, index), value)
                    return
                if not isinstance(array, ArrayValue):
                    _refuse_item_assignment(reader, array)
                arrays.setitem(reader, array, evaluate_index(reader, index), value)
            case ast.Attribute(attr=name):
                _refuse(reader, f"an assignment to an attribute ({name!r})", "use a local name, and return its value")
            case ast.Starred(value=inner):
                assign(reader, inner, value)
            case _:
                _refuse(reader, "an assignment to this", "assign to a name, an item of an array, or a tuple of them")


def _refuse_item_assignment(reader: Reader, value: Value) -> NoReturn:
    if isinstance(value, LazyValue | ComplexLazy):
        reader.refuse(
            KernelTypeError, "This stores into the value of an expression.", "give the array a name, then store into it"
        )
    reader.refuse(
        KernelTypeError,
        f"An item of {describe(value)} can't be assigned in a kernel.",
        "use an array (np.zeros, np.empty) for values that change",
    )


def _rename(reader: Reader, operand: Operand, name: str) -> None:
    """Name a fresh intermediate value after the user's variable, so that the program reads like the kernel."""
    made = reader.builder.made_by(operand)
    if made is not None and made.out.name == made.primitive.name and not name.startswith("$"):
        made.out.name = name


def _unpacked(reader: Reader, parts: Sequence[ast.expr], value: Value) -> Sequence[Value]:
    starred = next((at for at, part in enumerate(parts) if isinstance(part, ast.Starred)), None)
    if starred is not None:
        return _unpacked_around(reader, parts, starred, value)
    if isinstance(value, SequenceValue):
        if len(value.items) != len(parts):
            reader.refuse(
                KernelValueError,
                f"{len(value.items)} values can't be unpacked into {len(parts)} names",
                "make the two numbers equal",
            )
        return value.items
    if isinstance(value, ArrayValue | ComplexArrayValue) and value.ndim:
        wrong = reader.builder.compute(core.ne, value.shape[0], const_int(len(parts)))
        reader.fail_if(
            wrong,
            ShapeMismatchError,
            f"an array that isn't of length {len(parts)} can't be unpacked into {len(parts)} names",
            "make the length of the array and the number of names equal",
        )
        items = [row_of(reader, value, const_int(i)) for i in range(len(parts))]
        return [reader.settle(item) for item in items]
    reader.refuse(KernelTypeError, f"{describe(value)} can't be unpacked", "unpack a tuple, a list or an array")


def _unpacked_around(reader: Reader, parts: Sequence[ast.expr], starred: int, value: Value) -> Sequence[Value]:
    """One value for each part; the starred one gets a list of what the others leave."""
    if not isinstance(value, SequenceValue):
        reader.refuse(
            KernelTypeError,
            f"{describe(value)} can't be unpacked into a starred name, whose length wouldn't be known",
            "unpack a tuple or a list, or slice the array",
        )
    others = len(parts) - 1
    if len(value.items) < others:
        reader.refuse(
            KernelValueError,
            f"{len(value.items)} values can't be unpacked into {others} names and a starred one",
            "give at least as many values as there are names without a star",
        )
    end = starred + len(value.items) - others
    return [*value.items[:starred], SequenceValue(value.items[starred:end], list), *value.items[end:]]


def _augmented(reader: Reader, node: ast.AugAssign) -> None:
    primitive = BINARY.get(type(node.op))
    match node.target:
        case ast.Name(id=name):
            current = reader.lookup(name)
            value = evaluate(reader, node.value)
            if isinstance(current, ArrayValue | ComplexArrayValue):
                if primitive is None:
                    _refuse(reader, "an in-place matrix product (@=)", "write a = a @ b")
                if isinstance(current, ComplexArrayValue):
                    reader.scope.env[name] = complexes.update_whole(reader, current, primitive, value)
                else:
                    reader.scope.env[name] = arrays.update_whole(reader, current, primitive, value)
                return
            result = reader.settle(binary(reader, node.op, current, value), name)
            assign(reader, node.target, result)
        case ast.Subscript(value=owner, slice=index):
            array = evaluate(reader, owner)
            if not isinstance(array, ArrayValue | ComplexArrayValue):
                _refuse_item_assignment(reader, array)
            if primitive is None:
                _refuse(reader, "an in-place matrix product (@=)", "write a = a @ b")
            at = evaluate_index(reader, index)
            value = evaluate(reader, node.value)
            if isinstance(array, ComplexArrayValue):
                complexes.update_item(reader, array, at, primitive, value)
            else:
                arrays.update_item(reader, array, at, primitive, value)
        case _:
            _refuse(reader, "an update of an attribute", "use a local name, and return its value")


def _define(reader: Reader, node: ast.FunctionDef) -> None:
    for decorator in node.decorator_list:
        named = decorator.func if isinstance(decorator, ast.Call) else decorator
        value = evaluate(reader, named)
        if not (isinstance(value, StaticValue) and getattr(value.obj, "__name__", "") in ("njit", "jit")):
            _refuse(reader, "a decorated inner function", "leave the decorator out (njit is the exception)")
    reader.scope.env[node.name] = FunctionValue(node, reader.scope, node.name, inner_defaults(reader, node.args))


def inner_defaults(reader: Reader, args: ast.arguments) -> dict[str, Value]:
    """The default values of an inner function, evaluated where it is defined."""
    positional = [*args.posonlyargs, *args.args]
    defaults: dict[str, Value] = {}
    for arg, node in zip(positional[len(positional) - len(args.defaults) :], args.defaults, strict=True):
        defaults[arg.arg] = reader.settle(evaluate(reader, node), arg.arg)
    for arg, given in zip(args.kwonlyargs, args.kw_defaults, strict=True):
        if given is not None:
            defaults[arg.arg] = reader.settle(evaluate(reader, given), arg.arg)
    return defaults


def _raise(reader: Reader, node: ast.Raise) -> NoReturn:
    if node.exc is None:
        _refuse(reader, "a raise without an exception", "name the exception, as in raise ValueError('...')")
    if isinstance(node.exc, ast.Call):
        if node.exc.keywords:
            _refuse(reader, "an exception with keyword arguments", "pass the message as a positional argument")
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
    if isinstance(node, ast.JoinedStr):
        return "".join(_message_part(reader, part) for part in node.values)
    value = evaluate(reader, node)
    if isinstance(value, StaticValue):
        return value.obj
    if isinstance(value, ScalarValue) and isinstance(value.operand, Const):
        return value.operand.value
    _refuse(reader, "an exception whose arguments are known only at run time", "raise it with a constant message")


def _message_part(reader: Reader, node: ast.expr) -> str:
    """Text of a part of an f-string; a value known only at run time appears as its expression in braces."""
    if isinstance(node, ast.Constant):
        return str(node.value)
    assert isinstance(node, ast.FormattedValue)
    value = evaluate(reader, node.value)
    if isinstance(value, StaticValue):
        return str(value.obj)
    if isinstance(value, ScalarValue) and isinstance(value.operand, Const):
        return str(value.operand.value)
    return "{" + ast.unparse(node.value) + "}"
