"""How the modules of this package define SciPy's functions as primitives."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from scipy import special

from jitad.plugin import ScalarDefinition, scalar
from jitad_special import compiled

Points = tuple[tuple[tuple[Any, ...], tuple[Any, ...]], ...]


class Collection(list[Any]):
    """The primitives of one module, in order."""

    def function(
        self,
        name: str,
        *,
        argnum: int = 0,
        cost: int = 60,
        kink: str = "",
        cases: Iterable[Any] = (),
        points: Points = (),
    ) -> Callable[[Callable[..., Any]], ScalarDefinition]:
        """Decorator of the partial derivative of ``scipy.special``'s function ``name`` by the argument ``argnum``.

        ``points`` are where the derivatives are pinned to exact values: pairs of the arguments and the derivatives.
        """
        define = scalar(
            getattr(special, name),
            name=name,
            argnum=argnum,
            implementation=getattr(compiled, name),
            plain=getattr(compiled, name),
            cost=cost,
            kink=kink,
            cases=cases,
            special=points,
            doc=f"scipy.special.{name} of real numbers",
        )

        def add(rule: Callable[..., Any]) -> ScalarDefinition:
            definition = define(rule)
            self.append(definition)
            return definition

        return add


def internal(
    implementation: Callable[..., Any], *, argnum: int = 0
) -> Callable[[Callable[..., Any]], ScalarDefinition]:
    """Decorator of the partial derivative of a function of this package's own by the argument ``argnum``.

    Rules call it by the name that it has here; it isn't among the plugin's primitives.
    """
    return scalar(
        implementation,
        argnum=argnum,
        implementation=implementation,
        plain=implementation,
        cost=2000,
        doc=implementation.__doc__ or "",
    )
