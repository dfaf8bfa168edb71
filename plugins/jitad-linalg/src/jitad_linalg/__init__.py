"""Linear algebra with derivatives, for jitad: NumPy's decompositions and solvers, and some of SciPy's."""

from __future__ import annotations

from importlib import import_module
from types import ModuleType

from jitad.plugin import CompositeDefinition, hookimpl

_MODULES = (
    *("lu", "triangular", "cholesky", "qr", "svd", "eigh", "eig"),
    *("least_squares", "powers", "sylvester", "factored", "structured"),
)


@hookimpl
def jitad_primitives() -> list[CompositeDefinition]:
    """The functions that this package differentiates."""
    modules = [import_module(f"jitad_linalg.{name}") for name in _MODULES]
    return [definition for module in modules for definition in _definitions(module)]


def _definitions(module: ModuleType) -> list[CompositeDefinition]:
    return [
        value
        for value in vars(module).values()
        if isinstance(value, CompositeDefinition) and value.__module__ == module.__name__
    ]
