"""A digest of the source that primitives' rules are written in."""

from __future__ import annotations

import hashlib
import inspect
import sys
from collections.abc import Iterable, Iterator
from dataclasses import fields
from pathlib import Path
from types import CodeType
from typing import Any

from jitad.primitives.spec import Primitive


def source_digest(implementation: Any, primitives: Iterable[Primitive]) -> bytes:
    """Digest of a plugin's module, of the files that its rules are in, and of what its primitives state."""
    digest = hashlib.sha256()
    files: set[Path] = set()
    _add_source(implementation, files, digest)
    for primitive in sorted(primitives, key=lambda p: p.name):
        for field in fields(primitive):
            for part in _flatten(getattr(primitive, field.name)):
                if isinstance(part, str | int | float | bool | None):
                    digest.update(repr(part).encode())
                else:
                    _add_source(part, files, digest)
    for file in sorted(files):
        digest.update(file.read_bytes())
    return digest.digest()


def _flatten(value: Any) -> Iterator[Any]:
    if isinstance(value, tuple | list):
        for item in value:
            yield from _flatten(item)
    else:
        yield value


def _add_source(thing: Any, files: set[Path], digest: Any) -> None:
    """Add the file that a function or module is written in; for one without a file, its code."""
    thing = getattr(thing, "py_func", thing)
    module = thing if inspect.ismodule(thing) else sys.modules.get(getattr(thing, "__module__", None) or "")
    path = getattr(module, "__file__", None)
    if path is not None and path.endswith(".py"):
        files.add(Path(path))
        return
    code = getattr(thing, "__code__", None)
    if code is not None:
        _add_code(code, digest)
    else:
        digest.update(str(getattr(thing, "__qualname__", type(thing).__qualname__)).encode())


def _add_code(code: CodeType, digest: Any) -> None:
    digest.update(code.co_code)
    digest.update(repr(code.co_names).encode())
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            _add_code(constant, digest)
        else:
            digest.update(repr(constant).encode())
