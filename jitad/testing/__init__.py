"""Tools that judge derivatives: differences, an evaluator that compiles nothing, and estimators to compare with.

``check_grads`` compares a kernel's derivatives with differences, and ``check_primitive`` all that a primitive states;
``finite_difference_gradient`` and ``zero_order_gradient`` estimate gradients from values alone; ``Uncompiled`` and
``uncompiled_value_and_grad`` run a kernel's program statement by statement.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jitad.testing.check import check_grads
    from jitad.testing.estimators import finite_difference_gradient, zero_order_gradient
    from jitad.testing.primitive import cases_of, check_primitive, primitives_of
    from jitad.testing.uncompiled import Uncompiled, uncompiled_value_and_grad

__all__ = [
    "Uncompiled",
    "cases_of",
    "check_grads",
    "check_primitive",
    "finite_difference_gradient",
    "primitives_of",
    "uncompiled_value_and_grad",
    "zero_order_gradient",
]

_HOMES = {
    "Uncompiled": "jitad.testing.uncompiled",
    "cases_of": "jitad.testing.primitive",
    "check_grads": "jitad.testing.check",
    "check_primitive": "jitad.testing.primitive",
    "finite_difference_gradient": "jitad.testing.estimators",
    "primitives_of": "jitad.testing.primitive",
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
