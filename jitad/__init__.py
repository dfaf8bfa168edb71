"""jitad differentiates numeric kernels: Python functions in the subset that Numba compiles.

``grad(f)`` gives a function that computes the gradient of ``f`` at the speed of a hand-written adjoint.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from jitad._version import __version__

if TYPE_CHECKING:
    from jitad.api.explain import explain
    from jitad.api.forward import hvp, jvp
    from jitad.api.gradient import grad, value_and_grad
    from jitad.api.pullback import vjp
    from jitad.errors import (
        ArgumentError,
        CacheError,
        IndexOutOfRangeError,
        JitadError,
        KernelNameError,
        KernelTypeError,
        KernelValueError,
        MissingRuleError,
        NonScalarResultError,
        RecursionRefusedError,
        RegistryError,
        ShapeMismatchError,
        SharedMemoryError,
        SourceUnavailableError,
        TapeOverflowError,
        UnsupportedCallError,
        UnsupportedSyntaxError,
    )
    from jitad.primitives.core import stop_gradient
    from jitad.primitives.hooks import hookimpl

__all__ = [
    "ArgumentError",
    "CacheError",
    "IndexOutOfRangeError",
    "JitadError",
    "KernelNameError",
    "KernelTypeError",
    "KernelValueError",
    "MissingRuleError",
    "NonScalarResultError",
    "RecursionRefusedError",
    "RegistryError",
    "ShapeMismatchError",
    "SharedMemoryError",
    "SourceUnavailableError",
    "TapeOverflowError",
    "UnsupportedCallError",
    "UnsupportedSyntaxError",
    "__version__",
    "explain",
    "grad",
    "hookimpl",
    "hvp",
    "jvp",
    "stop_gradient",
    "value_and_grad",
    "vjp",
]

_HOMES = {
    "explain": "jitad.api.explain",
    "grad": "jitad.api.gradient",
    "hvp": "jitad.api.forward",
    "jvp": "jitad.api.forward",
    "value_and_grad": "jitad.api.gradient",
    "vjp": "jitad.api.pullback",
    "stop_gradient": "jitad.primitives.core",
    "hookimpl": "jitad.primitives.hooks",
}


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used, so that ``import jitad`` is cheap."""
    if name not in __all__:
        raise AttributeError(f"module 'jitad' has no attribute {name!r}")
    value = getattr(importlib.import_module(_HOMES.get(name, "jitad.errors")), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
