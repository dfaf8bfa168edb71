"""What there is to say about a primitive: for people, in words."""

from __future__ import annotations

import dis
from dataclasses import dataclass
from typing import Any

import numpy as np

from jitad.primitives.registry import Plugin, Registry
from jitad.primitives.spec import (
    ZERO,
    ArrayPrimitive,
    CompositePrimitive,
    Primitive,
    ScalarPrimitive,
    parameter_names,
)

TARGETS = "cpu"
"""What emitted code runs on."""


@dataclass(frozen=True)
class Description:
    """A primitive in words; ``records`` is what its rules read, so that a tape may have to hold it."""

    name: str
    callables: str
    kind: str
    plugin: str
    modes: str
    dtypes: str
    targets: str
    records: str
    kink: str
    doc: str


def describe(primitive: Primitive, registry: Registry) -> Description:
    """The description of a registered primitive."""
    owner = registry.owner(primitive)
    return Description(
        name=primitive.name,
        callables=", ".join(dict.fromkeys(map(written, primitive.callables))),
        kind=_kind(primitive),
        plugin=shown(owner),
        modes=_modes(primitive),
        dtypes=_dtypes(primitive),
        targets=TARGETS,
        records=_records(primitive),
        kink=primitive.kink,
        doc=primitive.doc,
    )


def shown(plugin: Plugin) -> str:
    """A plugin with its package and version."""
    package = f"{plugin.package} {plugin.version}".strip()
    return package if plugin.name == plugin.package else f"{plugin.name} ({package})"


def written(function: Any) -> str:
    """How a user writes a callable: ``np.sin``, ``math.sin``, ``abs``, ``scipy.special.erf``."""
    if isinstance(function, str):
        return function.replace(":", ".")
    name = str(getattr(function, "__name__", type(function).__name__))
    if isinstance(function, np.ufunc) and getattr(np, name, None) is function:
        return f"np.{name}"
    module = str(getattr(function, "__module__", None) or "").removeprefix("_")
    if module == "builtins":
        return name
    root, _, rest = module.partition(".")
    if root == "numpy":
        inner = "linalg." if rest.startswith("linalg") else ""
        return f"np.{inner}{name}"
    return f"{module}.{name}" if module else name


def _kind(primitive: Primitive) -> str:
    match primitive:
        case ScalarPrimitive(is_zero=True):
            return "zero"
        case ScalarPrimitive():
            return "scalar"
        case CompositePrimitive():
            return "composite"
    return "array"


def _modes(primitive: Primitive) -> str:
    match primitive:
        case ScalarPrimitive(partials=partials):
            without = [str(at) for at, partial in enumerate(partials) if partial is None]
            return f"forward, reverse; not by argument {', '.join(without)}" if without else "forward, reverse"
        case ArrayPrimitive(vjp=vjp, jvp=jvp):
            return ", ".join(mode for mode, rule in (("forward", jvp), ("reverse", vjp)) if rule) or "none"
    return "forward, reverse"


def _dtypes(primitive: Primitive) -> str:
    """The types that Numba takes, widest first; those of array primitives and composites are their code's own."""
    if not isinstance(primitive, ScalarPrimitive) or primitive.typed_as is None:
        return "as its code"
    from jitad.inference import TypingFailure, signature
    from jitad.program.types import Scalar

    found: list[str] = []
    for dtype in ("float64", "float32", "int64", "bool"):
        try:
            casts, result = signature(primitive.typed_as, (Scalar(dtype),) * primitive.arity)
        except TypingFailure:
            continue
        if all(cast.dtype == dtype for cast in casts) or result.dtype == dtype:
            found.append(dtype)
    return ", ".join(found) or "as its code"


def _records(primitive: Primitive) -> str:
    """The arguments and results that rules read the values of."""
    match primitive:
        case ScalarPrimitive(partials=partials):
            rules = [partial for partial in partials if partial not in (None, ZERO)]
            return _read(rules, lambda name: True)
        case ArrayPrimitive(implementation=implementation, vjp=vjp):
            own = parameter_names(implementation)
            rule = parameter_names(vjp) if vjp is not None else None
            if own is None or rule is None:
                return "" if vjp is None else _read([vjp], lambda name: not name.endswith("_bar"))
            primal = dict(zip(rule[::2], own, strict=False))
            return _read([vjp], lambda name: name in primal)
    return "as its definition"


def _read(rules: list[Any], is_value: Any) -> str:
    order: dict[str, None] = {}
    read: set[str] = set()
    for rule in rules:
        code = getattr(getattr(rule, "py_func", rule), "__code__", None)
        if code is None:
            continue
        parameters = code.co_varnames[: code.co_argcount]
        loaded: set[str] = set()
        for step in dis.get_instructions(code):
            if step.opname.startswith("LOAD_"):
                loaded.update(step.argval if isinstance(step.argval, tuple) else [str(step.argval)])
        order.update(dict.fromkeys(parameters))
        read |= {name for name in parameters if name in loaded and is_value(name)}
    return ", ".join(name for name in order if name in read) or "nothing"
