"""How a module of this package lists the NumPy functions that it defines."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np

from jitad.primitives.composites.examples import EXAMPLES
from jitad.primitives.spec import CompositePrimitive

Definition = Callable[..., Any]


class Collection(list[CompositePrimitive]):
    """The composite primitives of one module."""

    def define(
        self, *names: str, name: str = "", kink: str = "", is_expression: bool = False, takes_complex: bool = False
    ) -> Callable[[Definition], Definition]:
        """Decorator: this kernel is NumPy's function of the first name; further names are its aliases.

        Names that this NumPy doesn't have are left out. ``name`` is the primitive's, if it can't be the function's.
        """

        def add(definition: Definition) -> Definition:
            found = [function for function in map(_find, names) if function is not None]
            self.append(
                CompositePrimitive(
                    name=name or names[0],
                    callables=tuple(dict.fromkeys(found)),
                    definition=definition,
                    doc=(inspect.getdoc(definition) or "").partition("\n")[0],
                    kink=kink,
                    is_expression=is_expression,
                    takes_complex=takes_complex,
                    cases=tuple(EXAMPLES.get(name or names[0], ())),
                )
            )
            return definition

        return add


def _find(name: str) -> Any:
    """The object of a dotted name in NumPy; None when this NumPy has none."""
    found: Any = np
    for part in name.split("."):
        found = getattr(found, part, None)
    return found
