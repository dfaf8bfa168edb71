"""Python names for the variables of a program."""

from __future__ import annotations

import builtins
import keyword
import re

from jitad.program.statements import Var

_RESERVED = frozenset(keyword.kwlist) | frozenset(dir(builtins)) | {"_"}


class Names:
    """Hands out names that don't clash with each other, with builtins, or with ``reserved`` ones."""

    def __init__(self, reserved: set[str]) -> None:
        self._taken = set(_RESERVED | reserved)
        self._names: dict[Var, str] = {}
        self._next: dict[str, int] = {}

    def __getitem__(self, var: Var) -> str:
        return self._names[var]

    def __contains__(self, var: Var) -> bool:
        return var in self._names

    def bind(self, var: Var) -> str:
        """A fresh name for ``var``, close to its hint."""
        name = self.fresh(var.name)
        self._names[var] = name
        return name

    def share(self, var: Var, other: Var) -> None:
        """``var`` is the same Python variable as ``other``."""
        self._names[var] = self._names[other]

    def fresh(self, hint: str) -> str:
        """A fresh name that no variable has."""
        base = re.sub(r"\W", "_", hint) or "x"
        if base[0].isdigit() or base.startswith("__"):
            base = f"x{base}"
        name = base
        while name in self._taken:
            self._next[base] = self._next.get(base, 0) + 1
            name = f"{base}{self._next[base]}" if not base[-1].isdigit() else f"{base}_{self._next[base]}"
        self._taken.add(name)
        return name
