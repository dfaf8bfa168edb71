"""Tools that judge derivatives: differences, an evaluator that compiles nothing, and estimators to compare with.

``check_grads`` compares a kernel's derivatives with differences; ``finite_difference_gradient`` and
``zero_order_gradient`` estimate gradients from values alone; ``Uncompiled`` and ``uncompiled_value_and_grad`` run a
kernel's program statement by statement.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jitad.testing.check import check_grads
    from jitad.testing.estimators import finite_difference_gradient, zero_order_gradient
    from jitad.testing.uncompiled import Uncompiled, uncompiled_value_and_grad

__all__ = [
    "Uncompiled",
    "check_grads",
    "finite_difference_gradient",
    "uncompiled_value_and_grad",
    "zero_order_gradient",
]

_HOMES = {
    "Uncompiled": "jitad.testing.uncompiled",
    "check_grads": "jitad.testing.check",
    "finite_difference_gradient": "jitad.testing.estimators",
    "uncompiled_value_and_grad": "jitad.testing.uncompiled",
    "zero_order_gradient": "jitad.testing.estimators",
}


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used."""
    if name not in __all__:
        raise AttributeError(f"module 'jitad.testing' has no attribute {name!r}")
    value = getattr(importlib.import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
