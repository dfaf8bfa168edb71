"""A kernel's parameters as Numba sees them when compiled code calls a derivative of it."""

from __future__ import annotations

import inspect
from typing import Any

_POSITIONAL = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)


def stub(derivative: Any, signature: inspect.Signature) -> Any:
    """A function with the parameters of a kernel that Numba knows how to pass; it is never run.

    Keyword-only parameters become ordinary last ones (after ``*args``, and without a default after one with a default,
    there is no place for them). ``**kwargs`` takes nothing.
    """
    parameters = list(signature.parameters.values())
    kept = [p for p in parameters if p.kind in _POSITIONAL]
    starred = [p for p in parameters if p.kind is p.VAR_POSITIONAL]
    named = [p for p in parameters if p.kind is p.KEYWORD_ONLY]
    if not starred:
        if all(p.default is p.empty for p in kept):
            kept += [p for p in named if p.default is p.empty]
        kept += [p for p in named if p.default is not p.empty]
    texts = [p.name if p.default is p.empty else f"{p.name}=None" for p in kept] + [f"*{p.name}" for p in starred]
    namespace: dict[str, Any] = {"__name__": __name__}
    exec(f"def derivative({', '.join(texts)}): ...", namespace)
    made = namespace["derivative"]
    made.__defaults__ = tuple(p.default for p in kept if p.default is not p.empty) or None
    made.__name__ = made.__qualname__ = getattr(derivative, "__name__", "kernel")
    made.__doc__ = derivative.__doc__
    return made
