"""How an emitted module gets the names that it uses: import lines, literals, or values bound after loading."""

from __future__ import annotations

import builtins
import importlib
import importlib.util
import math
import sys
import types
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from jitad.building.cache import sources_hash

IMPLEMENTATION = "implementation"
"""The attribute of a decorated function under which the function itself is found."""

_EMITTED = "jitad_emitted"
_FAILURES = "jitad.runtime.failures"
# Their versions are in the name of the cache folder, or they hold no code that compiled code contains.
_VERSIONED = frozenset({"numba", "numpy", "llvmlite", *sys.stdlib_module_names})


@dataclass
class Header:
    """The first lines of an emitted module, and what they can't say.

    ``stand_ins`` are the user's exception classes that have no import path, by the stand-in's name. ``injected`` are
    other objects without one; compiled code that uses them isn't cached. ``code_from`` are the top-level packages
    outside jitad whose code the module uses.
    """

    lines: list[str] = field(default_factory=list)
    stand_ins: dict[str, type[BaseException]] = field(default_factory=dict)
    injected: dict[str, Any] = field(default_factory=dict)
    code_from: set[str] = field(default_factory=set)


def header_of(names: dict[str, Any], *, stand_ins: bool = True) -> Header:
    """The header that binds ``names``; without ``stand_ins``, exception classes are like other objects."""
    header = Header()
    for name in sorted(names):
        _bind(header, name, names[name], stand_ins)
    return header


def _bind(header: Header, name: str, value: Any, stand_ins: bool) -> None:
    if getattr(builtins, name, header) is value:
        return
    if isinstance(value, bool | int | float):
        header.lines.append(f"{name} = {_literal(value)}")
        return
    if isinstance(value, types.ModuleType):
        header.lines.append(f"import {value.__name__} as {name}")
        _uses(header, value.__name__, value)
        return
    place = _import_path(value)
    if place is not None:
        module, attribute, inner = place
        header.lines.append(f"from {module} import {attribute}" + ("" if attribute == name else f" as {name}"))
        if inner:
            header.lines.append(f"{name} = {name}.{inner}")
        _uses(header, module, value)
    elif stand_ins and isinstance(value, type) and issubclass(value, BaseException):
        stand_in = f"Failure_{len(header.stand_ins)}"
        header.stand_ins[stand_in] = value
        header.lines.append(f"from {_FAILURES} import {stand_in} as {name}")
    else:
        header.injected[name] = value


def _uses(header: Header, module: str, value: Any) -> None:
    package = module.partition(".")[0]
    is_exception = isinstance(value, type) and issubclass(value, BaseException)
    if package != "jitad" and package not in _VERSIONED and not is_exception:
        header.code_from.add(package)


def _literal(value: float) -> str:
    if isinstance(value, float) and not math.isfinite(value):
        return f'float("{value}")'
    return repr(value)


def _import_path(value: Any) -> tuple[str, str, str] | None:
    """A module and the name in it that give ``value`` in any process, or None.

    What a decorator has put under that name may be an object that has ``value`` as an attribute: the third name.
    """
    module, name = getattr(value, "__module__", None), getattr(value, "__name__", None)
    qualname = getattr(value, "__qualname__", name)
    if isinstance(value, np.ufunc):
        candidates = ["numpy", "scipy.special", module]
    else:
        candidates = [module]
    if not name or qualname != name:
        return None
    for candidate in candidates:
        if not candidate or candidate == "__main__":
            continue
        try:
            found = importlib.import_module(candidate)
        except ImportError:
            continue
        bound = getattr(found, name, None)
        inner = "" if bound is value else IMPLEMENTATION
        is_there = (bound if not inner else getattr(bound, inner, None)) is value
        if is_there and (_is_emitted(value) or _is_lasting(found)):
            return candidate, name, inner
    return None


def mark_emitted(function: Any) -> None:
    """Note that a dispatcher is of an emitted module whose name says everything that its code depends on."""
    vars(function)[_EMITTED] = function


def _is_emitted(value: Any) -> bool:
    """True for such a dispatcher: whoever imports it has built its module before, under the same name."""
    return getattr(value, _EMITTED, None) is value


def _is_lasting(module: types.ModuleType) -> bool:
    """True when another process would find the same module: it comes from a finder, not from a notebook or ``exec``."""
    spec = getattr(module, "__spec__", None)
    if spec is None or spec.loader is None:
        return False
    if spec.origin in (None, "built-in", "frozen"):
        return True
    try:
        found = importlib.util.find_spec(module.__name__)
    except (ImportError, ValueError):
        return False
    return found is not None and found.origin == spec.origin and not module.__name__.startswith("jitad_kernels")


def packages_hash(packages: set[str]) -> str:
    """A hash of the source text of top-level packages or modules: all their files, whichever are loaded."""
    paths: set[Path] = set()
    for package in sorted(packages):
        module = importlib.import_module(package)
        locations = getattr(module, "__path__", None)
        if locations is not None:
            for location in locations:
                paths.update(Path(location).rglob("*.py"))
        elif getattr(module, "__file__", None):
            paths.add(Path(str(module.__file__)))
    return sources_hash(paths)


def own_hash(*more: str) -> str:
    """A hash of the parts of jitad whose code ends up inside compiled modules, and of ``more`` of its folders."""
    root = Path(__file__).parent.parent
    parts = ("runtime", "primitives", "building", "vector", *more)
    return sources_hash(path for part in parts for path in (root / part).rglob("*.py"))
