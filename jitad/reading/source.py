"""The source of a Python function: its syntax tree and where it stands."""

from __future__ import annotations
import __future__

import ast
import functools
import inspect
import linecache
import operator
import types
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jitad.errors import SourceUnavailableError, UnsupportedSyntaxError
from jitad.program.origin import Origin

FunctionNode = ast.FunctionDef | ast.Lambda

_FUTURES = functools.reduce(
    operator.or_, (getattr(__future__, name).compiler_flag for name in __future__.all_feature_names)
)
_API, _BATCHING = (Path(__file__).parent.parent / folder for folder in ("api", "batching"))
_SUSPENDED = inspect.CO_GENERATOR | inspect.CO_COROUTINE | inspect.CO_ASYNC_GENERATOR


@dataclass(frozen=True, eq=False)
class SourceFile:
    """A parsed source file (a notebook cell is one too)."""

    name: str
    lines: tuple[str, ...]
    tree: ast.Module

    def origin(self, node: ast.AST) -> Origin:
        """The place of a syntax node."""
        line = getattr(node, "lineno", 1)
        text = self.lines[line - 1].rstrip("\n") if line <= len(self.lines) else ""
        start = _characters(text, getattr(node, "col_offset", 0))
        one_line = getattr(node, "end_lineno", line) == line
        end = _characters(text, getattr(node, "end_col_offset", 0)) if one_line else len(text)
        return Origin(self.name, line, start, max(end, start + 1), text)

    def text(self, node: ast.AST) -> str:
        """The text of a syntax node."""
        return ast.get_source_segment("".join(self.lines), node) or ast.unparse(node)


@dataclass(frozen=True, eq=False)
class FunctionSource:
    """A Python function, its syntax node and its file."""

    function: types.FunctionType
    node: FunctionNode
    file: SourceFile


def _characters(text: str, offset: int) -> int:
    """A column in characters, for a column in UTF-8 bytes as ``ast`` counts."""
    return len(text.encode()[:offset].decode(errors="ignore"))


def type_attribute(obj: Any, name: str) -> Any:
    """What the class of ``obj`` has under ``name`` (special methods are looked up there); None when it has none."""
    return getattr(type(obj), name, None)


def differentiates(obj: Any) -> bool:
    """True for ``jitad.grad``, ``jitad.batch`` and the like, and for the functions that they give."""
    if isinstance(obj, types.FunctionType):
        return Path(obj.__code__.co_filename).parent in (_API, _BATCHING)
    return type(obj).__module__.startswith(("jitad.api.", "jitad.batching."))


def unwrap_dispatcher(function: Any) -> tuple[Any, dict[str, Any]]:
    """The Python function in a Numba dispatcher and the dispatcher's options (other objects as they are)."""
    inner = getattr(function, "py_func", None)
    if isinstance(inner, types.FunctionType):
        return inner, dict(getattr(function, "targetoptions", {}))
    return function, {}


@functools.lru_cache(maxsize=256)
def _parse(name: str, text: str) -> SourceFile:
    return SourceFile(name, tuple(text.splitlines(keepends=True)), ast.parse(text))


def find_source(function: types.FunctionType) -> FunctionSource:
    """The syntax of a function, from the file (or notebook cell) that defined it.

    Raises SourceUnavailableError when there is none, or when it no longer matches the function, and
    UnsupportedSyntaxError for generators and coroutines.
    """
    code = function.__code__
    name = inspect.getsourcefile(function) or code.co_filename
    linecache.checkcache(name)
    lines = linecache.getlines(name, function.__globals__)
    if not lines:
        raise _unavailable(function, f"there is no source text for {code.co_filename!r}")
    try:
        file = _parse(name, "".join(lines))
    except SyntaxError as error:
        raise _unavailable(function, f"{name!r} can't be parsed ({error.msg}, line {error.lineno})") from error
    if not _is_current(code, file):
        raise _unavailable(function, f"{name!r} has changed since {function.__qualname__!r} was defined")
    node = _find_lambda(code, file) if code.co_name == "<lambda>" else _find_def(code, file)
    if node is None:
        raise _unavailable(function, f"{name!r}, line {code.co_firstlineno}, no longer holds it")
    if code.co_flags & _SUSPENDED or isinstance(node, ast.AsyncFunctionDef):
        raise UnsupportedSyntaxError(
            f"{function.__name__!r} is a generator or a coroutine.", "return a value or an array", file.origin(node)
        )
    return FunctionSource(function, node, file)


def _unavailable(function: types.FunctionType, why: str) -> SourceUnavailableError:
    return SourceUnavailableError(
        f"The source of {function.__qualname__!r} can't be found: {why}.",
        "Define the function in a file or a notebook cell (not with exec or a plain interactive prompt), "
        "and reload the module if its file has changed.",
    )


def _is_current(code: types.CodeType, file: SourceFile) -> bool:
    """True when compiling the file as it is now gives this code again."""
    compiled = _compiled("".join(file.lines), code.co_flags & _FUTURES)
    return any(_same_code(code, other) for other in compiled.get((code.co_name, code.co_firstlineno), ()))


@functools.lru_cache(maxsize=256)
def _compiled(text: str, flags: int) -> dict[tuple[str, int], list[types.CodeType]]:
    """The code of all functions in a source text, by name and first line."""
    found: dict[tuple[str, int], list[types.CodeType]] = {}
    pending = [compile(text, "<source>", "exec", flags=flags | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True)]
    while pending:
        code = pending.pop()
        found.setdefault((code.co_name, code.co_firstlineno), []).append(code)
        pending.extend(const for const in code.co_consts if isinstance(const, types.CodeType))
    return found


def _same_code(a: types.CodeType, b: types.CodeType) -> bool:
    if any(name.startswith("@py") for name in (*a.co_varnames, *a.co_names)):  # pytest has rewritten its asserts
        return a.co_name == b.co_name
    return (
        a.co_code == b.co_code
        and (a.co_names, a.co_varnames, a.co_freevars) == (b.co_names, b.co_varnames, b.co_freevars)
        and len(a.co_consts) == len(b.co_consts)
        and all(map(_same_constant, a.co_consts, b.co_consts))
    )


def _same_constant(a: Any, b: Any) -> bool:
    if isinstance(a, types.CodeType) and isinstance(b, types.CodeType):
        return _same_code(a, b)
    return type(a) is type(b) and repr(a) == repr(b)  # tells 0.0 from -0.0, and takes nan for nan


def _find_def(code: types.CodeType, file: SourceFile) -> ast.FunctionDef | ast.AsyncFunctionDef | None:
    for node in ast.walk(file.tree):
        if (
            isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
            and node.name == code.co_name
            and _argument_names(node) == _arguments(code)
        ):
            first = min([node.lineno, *(d.lineno for d in node.decorator_list)])
            if first <= code.co_firstlineno <= node.lineno:
                return node
    return None


def _find_lambda(code: types.CodeType, file: SourceFile) -> ast.Lambda | None:
    spans = [
        ((line, column), (end_line, end_column))
        for line, end_line, column, end_column in code.co_positions()
        if None not in (line, end_line, column, end_column) and (column, end_column) != (0, 0)
    ]
    found: list[ast.Lambda] = []
    for node in ast.walk(file.tree):
        if isinstance(node, ast.Lambda) and _argument_names(node) == _arguments(code):
            body = node.body
            start, end = (body.lineno, body.col_offset), (body.end_lineno, body.end_col_offset)
            on_line = node.lineno <= code.co_firstlineno <= (node.end_lineno or node.lineno)
            if on_line and all(start <= s and e <= end for s, e in spans):
                found.append(node)
    return min(found, key=_extent) if found else None


def _extent(node: ast.Lambda) -> tuple[int, int]:
    body = node.body
    lines = (body.end_lineno or body.lineno) - body.lineno
    return lines, (body.end_col_offset or 0) - (0 if lines else body.col_offset)


def _arguments(code: types.CodeType) -> tuple[str, ...]:
    count = code.co_argcount + code.co_kwonlyargcount
    count += bool(code.co_flags & inspect.CO_VARARGS) + bool(code.co_flags & inspect.CO_VARKEYWORDS)
    return code.co_varnames[:count]


def _argument_names(node: FunctionNode | ast.AsyncFunctionDef) -> tuple[str, ...]:
    """Names in the order in which Python numbers a function's first local variables."""
    a = node.args
    named = [*a.posonlyargs, *a.args, *a.kwonlyargs, *([a.vararg] if a.vararg else []), *([a.kwarg] if a.kwarg else [])]
    return tuple(arg.arg for arg in named)


def module_root(name: str) -> str:
    """The package that a dotted module name belongs to."""
    return name.partition(".")[0]
