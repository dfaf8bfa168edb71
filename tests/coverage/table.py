"""What jitad makes of each NumPy function that Numba can call; the table in README.md.

``python -m tests.coverage.table`` writes the table into README.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from jitad.primitives import registry
from jitad.primitives.spec import CompositePrimitive, ScalarPrimitive
from jitad.reading.arrays import HANDLERS
from jitad.reading.arrays.methods import FUNCTION_METHODS, METHODS
from jitad.reading.arrays.refusals import Refusal
from jitad.reading.complexes.handlers import ALWAYS

FEATURES = Path(__file__).with_name("numpy_features.txt")
README = Path(__file__).parents[2] / "README.md"
START, END = "<!-- start of the table of NumPy functions -->", "<!-- end of the table of NumPy functions -->"
SECTIONS = {
    "rule": "a rule, elementwise",
    "definition": "defined by a kernel",
    "operation": "an operation of the reader's",
    "array": "an attribute or method of arrays",
    "zero": "no derivative: integers, truth values, constants",
    "linalg": "with the plugin jitad-linalg, refused without",
    "signal": "with the plugin jitad-signal, refused without",
    "random": "refused: random numbers, to be drawn outside",
    "complex": "refused: complex eigenvalues",
    "bytes": "refused: bytes, memory, dates",
}


@dataclass(frozen=True)
class Feature:
    """A NumPy function: what it is to a derivative, and its names, of which this NumPy has at least one."""

    kind: str
    names: tuple[str, ...]

    @property
    def function(self) -> Any:
        """The function itself."""
        return find(self.names[0])

    @property
    def is_method(self) -> bool:
        return self.names[0].startswith("ndarray.")

    @property
    def section(self) -> str:
        """The row of the table that it is in, as the registry and the reader have it now."""
        if self.kind == "zero" or self.is_in_plugin:
            return self.kind
        if self.is_method:
            return "array" if self.kind == "smooth" else self.kind
        primitive = registry.lookup(self.function)
        if isinstance(primitive, ScalarPrimitive):
            return "rule"
        if isinstance(primitive, CompositePrimitive):
            return "definition"
        handler = HANDLERS.get(self.function, ALWAYS.get(self.function))
        if handler is None or isinstance(handler, Refusal):
            return self.kind
        return "operation"

    @property
    def is_in_plugin(self) -> bool:
        """True when it is left to a plugin."""
        return self.kind in ("linalg", "signal")

    @property
    def is_smooth(self) -> bool:
        """True when it has a derivative, whether jitad knows that or not."""
        return self.kind == "smooth" or self.is_in_plugin

    @property
    def is_covered(self) -> bool:
        """True when kernels can call it and be differentiated, by the plugins that are installed too."""
        if self.is_in_plugin:
            return registry.lookup(self.function) is not None
        return self.section in ("rule", "definition", "operation", "array")


def find(name: str) -> Any:
    """The object of a dotted name in NumPy; None when there is none."""
    found: Any = np
    for part in name.split("."):
        found = getattr(found, part, None)
    return found


def features() -> list[Feature]:
    """Every function of the list that this NumPy has."""
    rows = [line.split() for line in FEATURES.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    known = ((kind, tuple(name for name in names if find(name) is not None)) for kind, *names in rows)
    return [Feature(kind, names) for kind, names in known if names]


def knows_method(name: str) -> bool:
    """True when arrays in kernels have this method or attribute."""
    return name in METHODS or name in FUNCTION_METHODS


def table() -> str:
    """The table, with a row for each section."""
    listed = features()
    lines = ["| functions | in jitad |", "|---|---|"]
    for section, title in SECTIONS.items():
        rows = [feature for feature in listed if feature.section == section]
        names = ", ".join(_show(feature) for feature in rows)
        lines.append(f"| {title} ({len(rows)}) | {names} |")
    return "\n".join(lines)


def _show(feature: Feature) -> str:
    first, *others = feature.names
    short = first.removeprefix("ndarray")
    return f"`{short}`" + (f" ({', '.join(f'`{name}`' for name in others)})" if others else "")


def in_readme() -> str:
    """The table that README.md has."""
    return README.read_text(encoding="utf-8").partition(START)[2].partition(END)[0].strip()


def write() -> None:
    """Put the table into README.md."""
    text = README.read_text(encoding="utf-8")
    before, _, rest = text.partition(START)
    README.write_text(f"{before}{START}\n{table()}\n{END}{rest.partition(END)[2]}", encoding="utf-8")


if __name__ == "__main__":
    write()
