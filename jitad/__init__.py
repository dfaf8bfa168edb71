"""jitad differentiates numeric kernels: Python functions in the subset that Numba compiles.

``grad(f)`` gives a function that computes the gradient of ``f`` at the speed of a hand-written adjoint.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from jitad._version import __version__

if TYPE_CHECKING:
    from jitad.api.custom import custom_jvp, custom_vjp
    from jitad.api.explain import explain
    from jitad.api.forward import hvp, jvp
    from jitad.api.gradient import grad, value_and_grad
    from jitad.api.jacobian import hessian, jacfwd, jacobian, jacrev, value_and_jacobian
    from jitad.api.linearize import linearize
    from jitad.api.pullback import vjp
    from jitad.batching.batch import batch
    from jitad.errors import (
        ArgumentError,
        CacheError,
        CudaUnavailableError,
        IndexOutOfRangeError,
        JitadError,
        KernelNameError,
        KernelTypeError,
        KernelValueError,
        MissingRuleError,
        NonScalarResultError,
        ParallelLoopError,
        PluginWarning,
        RecursionRefusedError,
        RegistryError,
        ShapeMismatchError,
        SharedMemoryError,
        SourceUnavailableError,
        TapeOverflowError,
        UnsupportedCallError,
        UnsupportedOnCudaError,
        UnsupportedSyntaxError,
    )
    from jitad.primitives.core import stop_gradient
    from jitad.primitives.hooks import hookimpl
    from jitad.primitives.views import view_as_complex, view_as_real

__all__ = [
    "ArgumentError",
    "CacheError",
    "CudaUnavailableError",
    "IndexOutOfRangeError",
    "JitadError",
    "KernelNameError",
    "KernelTypeError",
    "KernelValueError",
    "MissingRuleError",
    "NonScalarResultError",
    "ParallelLoopError",
    "PluginWarning",
    "RecursionRefusedError",
    "RegistryError",
    "ShapeMismatchError",
    "SharedMemoryError",
    "SourceUnavailableError",
    "TapeOverflowError",
    "UnsupportedCallError",
    "UnsupportedOnCudaError",
    "UnsupportedSyntaxError",
    "__version__",
    "batch",
    "custom_jvp",
    "custom_vjp",
    "explain",
    "grad",
    "hessian",
    "hookimpl",
    "hvp",
    "jacfwd",
    "jacobian",
    "jacrev",
    "jvp",
    "linearize",
    "stop_gradient",
    "value_and_grad",
    "value_and_jacobian",
    "view_as_complex",
    "view_as_real",
    "vjp",
]

_HOMES = {
    "batch": "jitad.batching.batch",
    "custom_jvp": "jitad.api.custom",
    "custom_vjp": "jitad.api.custom",
    "explain": "jitad.api.explain",
    "grad": "jitad.api.gradient",
    "hessian": "jitad.api.jacobian",
    "hvp": "jitad.api.forward",
    "jacfwd": "jitad.api.jacobian",
    "jacobian": "jitad.api.jacobian",
    "jacrev": "jitad.api.jacobian",
    "jvp": "jitad.api.forward",
    "linearize": "jitad.api.linearize",
    "value_and_grad": "jitad.api.gradient",
    "value_and_jacobian": "jitad.api.jacobian",
    "vjp": "jitad.api.pullback",
    "stop_gradient": "jitad.primitives.core",
    "hookimpl": "jitad.primitives.hooks",
    "view_as_complex": "jitad.primitives.views",
    "view_as_real": "jitad.primitives.views",
}


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used, so that ``import jitad`` is cheap."""
    if name == "cuda":
        return importlib.import_module("jitad.cuda")
    if name not in __all__:
        raise AttributeError(f"module 'jitad' has no attribute {name!r}")
    value = getattr(importlib.import_module(_HOMES.get(name, "jitad.errors")), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
