"""Statements of random kernels about loops of terms: totals, buffers that iterations fill, counters, chosen arrays."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.random_programs import Writer

RANGES = ("range(3)", "range(n)", "range(1, 4)", "range(3, -1, -1)", "range(0, 4, 2)", "range(n - 1)", "range(4)")
"""Ranges of indices below 4."""

COUNTERS = ((0, "1"), (-4, "1"), (-2, "1"), (3, "-1"), (1, "-1"), (0, "(n - 2)"), (0, "(n - 4)"))
"""Where counters start, and their steps: they stay indices of 4 elements for as many iterations as ``RANGES`` have."""


def choose_array(w: Writer) -> None:
    """Another name for one of two vectors."""
    name = w.fresh("v")
    one, other = w.one_of(*w.names.vectors), w.one_of(*w.names.vectors)
    w.write(f"{name} = {one} if {w.condition()} else {other}")
    w.names.vectors.append(name)


def sum_into_elements(w: Writer) -> None:
    """A loop that adds to fixed elements of a vector."""
    name, index = w.fresh("v"), w.fresh("i")
    w.write(f"{name} = np.zeros(4)")
    with w.block(f"for {index} in {w.one_of(*RANGES)}:"):
        w.names.indices.append(index)
        for _ in range(w.one_of(1, 2)):
            w.write(f"{name}[{w.one_of(0, 1, -1)}] {w.one_of('+=', '-=')} {w.number()}")
    w.names.vectors.append(name)


def add_terms(w: Writer) -> None:
    """A loop that adds terms to a total, which it seldom reads otherwise, and a use of the total."""
    total, index, power = w.fresh("s"), w.fresh("i"), w.fresh("p")
    w.write(f"{total} = {w.one_of('0.0', '1.0', w.number(1))}")
    w.write(f"{power} = {w.one_of('1.0', '0.5', 'math.sin(x)')}")
    with w.block(f"for {index} in {w.one_of(*RANGES)}:"):
        w.names.indices.append(index)
        w.names.numbers.append(power)
        if w.one_of(True, False, False, False):
            w.names.numbers.append(total)
        if w.one_of(True, False):
            _name_number(w, w.number(1))
        _add_term(w, total)
        if w.one_of(True, False):
            inner = w.fresh("j")
            with w.block(w.one_of(f"for {inner} in range({index} + 1):", f"if {w.condition()}:")):
                if w.lines[-1].lstrip().startswith("for"):
                    w.names.indices.append(f"({inner} % 4)")
                _add_term(w, total)
        w.write(w.one_of(f"{power} *= 0.75", f"{power} = 0.5 * {power} + 0.25"))
    w.names.numbers.append(total)
    if w.one_of(True, False):
        scale = w.one_of("0.5", "math.sin(y)", f"math.cos({w.element()})", f"math.tanh({total})")
        _name_number(w, w.one_of(f"{total} * {scale}", f"{total} / (2.0 + {scale})"))


def _add_term(w: Writer, total: str) -> None:
    w.write(f"{total} {w.one_of('+=', '+=', '-=')} {w.number(w.one_of(0, 1, 1, 2))}")


def _name_number(w: Writer, number: str) -> None:
    name = w.fresh("s")
    w.write(f"{name} = {number}")
    w.names.numbers.append(name)


def fill_buffer(w: Writer) -> None:
    """A loop with a buffer from outside, all or most of which it writes, before it reads it or after."""
    buffer, index = w.fresh("v"), w.fresh("i")
    w.write(f"{buffer} = {w.one_of('np.zeros(4)', 'np.ones(a.size)', '0.5 * b')}")
    with _loop(w, f"for {index} in {w.one_of(*RANGES)}:"):
        w.names.indices.append(index)
        if w.one_of(True, False, False):
            w.names.vectors.append(buffer)
            w.statements(1)
        _fill(w, buffer)
        w.names.vectors.append(buffer)
        w.statements(w.one_of(1, 2))
    if w.one_of(True, False):
        w.names.vectors.append(buffer)


def _fill(w: Writer, buffer: str) -> None:
    if w.one_of(True, False, False):
        w.write(f"{buffer}[:] = {w.vector()}")
        return
    inner, length = w.fresh("j"), w.one_of("4", "4", "a.size", f"{buffer}.size", f"{buffer}.shape[0]", "3", "n")
    with w.block(f"for {inner} in range({length}):"):
        w.names.indices.append(inner)
        w.write(f"{buffer}[{inner}] {w.one_of('=', '=', '=', '+=')} {w.number()}")
        if w.one_of(True, False):
            w.write(f"{buffer}[{w.one_of(inner, inner, 0)}] *= 0.5")


def count(w: Writer) -> None:
    """A loop with a counter, which is an index in it and, within bounds, after it."""
    counter, index = w.fresh("c"), w.fresh("i")
    start, step = w.one_of(*COUNTERS)
    w.write(f"{counter} = {start}")
    with _loop(w, f"for {index} in {w.one_of(*RANGES)}:"):
        w.names.indices += [index, counter]
        w.statements(w.one_of(1, 2))
        if w.one_of(True, False, False):
            with w.block(f"if {w.condition()}:"):
                w.write(f"{counter} += {step}")
        else:
            w.write(f"{counter} += {step}")
            w.names.indices.remove(counter)
            w.names.indices.append(f"({counter} - {step})")
            w.statements(1)
    w.names.indices.append(f"({counter} % 4)")


@contextmanager
def _loop(w: Writer, header: str) -> Iterator[None]:
    w.loops += 1
    with w.block(header):
        yield
    w.loops -= 1


SIMPLE = {"choose_array": choose_array, "sum_into_elements": sum_into_elements, "add_terms": add_terms}
"""What may be written in any place."""

NESTING = {"fill_buffer": fill_buffer, "count": count}
"""What has other statements in loops of its own."""
