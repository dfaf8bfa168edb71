"""The corpus: kernels that every part of jitad is tried on. Adding a kernel adds its tests."""

from __future__ import annotations

from importlib import import_module

from tests.corpus.case import CASES, Case

THEMES = (
    "scalars",
    "control_flow",
    "loops",
    "terms",
    "arrays_inplace",
    "views",
    "indexing",
    "expressions",
    "reductions",
    "creation_shape",
    "functions_calls",
    "structures",
    "numeric_programs",
    "numeric_routines",
    "factorizations",
    "hard_cases",
    "library",
    "inner_gradients",
    "inner_functions",
    "inner_memory",
    "inner_modes",
    "complex_numbers",
    "lists",
    "statements",
)


def cases(*, compiled: bool = False, without: tuple[str, ...] = ()) -> list[Case]:
    """Every case in the order of its file, or the compiled ones; ``without`` leaves out those with a tag."""
    for theme in THEMES:
        import_module(f"tests.corpus.{theme}")
    return [c for c in CASES.values() if (c.compiled or not compiled) and not c.tags & set(without)]


__all__ = ["CASES", "THEMES", "Case", "cases"]
