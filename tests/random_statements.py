"""Statements of random kernels about sums of neighbours, choices, integer arrays, slices and ways out of loops."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from tests.random_terms import RANGES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.random_programs import Writer

SLICES = (
    "{v}[::-1][1:] = 0.5 * {u}[:-1]",
    "{v}[-1:0:-1] = np.sin({u}[:3])",
    "{v}[3::-2] += 0.3 * {u}[n - 3:2]",
    "{v}[1:n] *= {v}[:n - 1]",
    "{v}.reshape(2, 2)[:, 0] = {u}[1::2]",
    "{v}.reshape(2, 2).T[1] += 0.5 * {u}[:2]",
    "m[:, ::-1][1] = {u}",
    "m.T[1:3] *= math.sin({s})",
    "m[::2, 1] = 0.7 * {u}[:2]",
    "m[:, 0] += 0.4 * m[:, 3]",
    "m[[0, 2]] = m[[2, 0]]",
    "{v}[np.array([0, 2])] += {u}[np.array([1, 1])]",
    "{v}[np.array([2, 2, 0])] = {u}[1:]",
    "{v}.fill({s})",
    "{v}[n - 4] = {u}[n - 5]",
    "m[:] -= 0.1 * {u}[:3].reshape(3, 1)",
    "{v}[:2], {v}[2:] = {v}[2:].copy(), {v}[:2].copy()",
)
"""Stores into views: ``u`` and ``v`` are vectors, which may be the same, and ``s`` is a number."""

INTEGERS = (
    "{q}[{e}] = ({q}[1] + 1) % 4",
    "{q}[{e}] = int(abs({s}) * 2.0) % 4",
    "{q}[{e}] = {q}[{q}[0]]",
    "{q} = {q}[::-1]",
    "{q} = np.argsort({v})",
    "{v}[{q}[{e}]] += math.sin({s})",
    "{v}[{q}] = 0.5 * {u}",
    "{v}[{q}] += np.sin({u})",
)
"""What is done with an array ``q`` of indices; ``e`` is one, too."""

EMPTY = ("4:", "2:2", "3:1", "n + 1:n", "-1:0", "5:")
"""Slices of 4 elements that have none."""


def slice_stores(w: Writer) -> None:
    """A store into part of an array, which may read another part of it."""
    v, u = w.one_of(*w.names.vectors), w.one_of(*w.names.vectors)
    w.write(w.one_of(*SLICES).format(v=v, u=u, s=w.one_of(*w.names.numbers)))


def integer_array(w: Writer) -> None:
    """An array of indices, which is overwritten and read in between."""
    q = w.fresh("q")
    w.write(f"{q} = np.array([{', '.join(str(w.one_of(0, 1, 2, 3)) for _ in range(4))}])")
    for _ in range(w.one_of(1, 2, 3)):
        v, u = w.one_of(*w.names.vectors), w.one_of(*w.names.vectors)
        w.write(w.one_of(*INTEGERS).format(q=q, e=w.one_of(0, 1, 2, 3), v=v, u=u, s=w.one_of(*w.names.numbers)))
    w.names.indices.append(f"{q}[{w.one_of(0, 1, 2, 3)}]")


def array_of_no_axes(w: Writer) -> None:
    """A number in an array without axes, and sums of no elements."""
    z, s = w.fresh("z"), w.fresh("s")
    w.write(f"{z} = np.zeros(())")
    w.write(f"{z}[()] = {w.number(1)}")
    w.write(f"{z} {w.one_of('+=', '-=')} {w.number(0)}")
    w.write(f"{s} = math.sin({z}[()]) + np.sum({w.one_of(*w.names.vectors)}[{w.one_of(*EMPTY)}] * {w.number(0)})")
    w.names.numbers.append(s)


def running_value(w: Writer) -> None:
    """A loop that carries a number, through memory as well."""
    t, i, v = w.fresh("s"), w.fresh("i"), w.one_of(*w.names.vectors)
    w.write(f"{t} = {w.number(0)}")
    with w.block(f"for {i} in {w.one_of(*RANGES)}:"):
        w.names.indices.append(i)
        for _ in range(w.one_of(1, 2, 3)):
            step = w.one_of(
                f"{t} = math.sin({t}) + {w.number(1)}",
                f"{t} = {v}[{i}] * math.cos({t}) + 0.1",
                f"{v}[{i}] = 0.5 * {t}",
                f"{t} -= {v}[{i} - 1]",
                f"{t} = max({t}, {v}[{i}])",
                f"{v}[{i}], {t} = {t}, {v}[{i}]",
                f"{t} = {w.number(1)}",
            )
            w.write(step)
    w.names.numbers.append(t)


def neighbours(w: Writer) -> None:
    """A loop that adds to neighbouring elements, or stores into them."""
    u, y, i, z = w.one_of(*w.names.vectors), w.fresh("v"), w.fresh("i"), w.fresh("v")
    w.write(f"{y} = np.zeros(6)")
    ranges = ("range(4)", "range(1, 4)", "range(n)", "range(3, -1, -1)", "range(n - 3)", "range(n, 1, -1)")
    with _loop(w, f"for {i} in {w.one_of(*ranges, 'range(0, 4, 2)')}:"):
        w.names.indices.append(i)
        for _ in range(w.one_of(2, 3, 4)):
            value = w.one_of(f"math.sin({u}[{i}])", f"0.3 * {u}[{i}] ** 2", f"{u}[{i}] * {u}[{i} - 1]", w.number(1))
            w.write(f"{y}[{i}{w.one_of('', ' + 1', ' + 2')}] {w.one_of('+=', '+=', '-=', '=')} {value}")
    w.write(f"{z} = {w.one_of(f'np.tanh({y}[1:5])', f'np.sin({y}[:4] + {y}[-4:])')}")
    w.names.vectors.append(z)


def neighbours_in_the_plane(w: Writer) -> None:
    """Two loops that add to neighbouring elements of a matrix."""
    i, j, grid, s = w.fresh("i"), w.fresh("j"), w.fresh("g"), w.fresh("s")
    w.write(f"{grid} = np.zeros((5, 6))")
    with (
        _loop(w, f"for {i} in range({w.one_of('3', 'n', '1, 3', '2, -1, -1')}):"),
        _loop(w, f"for {j} in range({w.one_of('4', '1, 4', 'n', '3, -1, -1')}):"),
    ):
        w.names.indices.append(j)
        for _ in range(w.one_of(2, 3, 4)):
            value = w.one_of(f"math.sin(m[{i}, {j}])", f"m[{i}, {j}] * m[{i}, {j} - 1]", w.number(1))
            down, right = w.one_of("", " + 1", " + 2"), w.one_of("", " + 1", " + 2")
            w.write(f"{grid}[{i}{down}, {j}{right}] += {value}")
    w.write(f"{s} = math.tanh(np.sum(np.sin({grid}) * {grid}))")
    w.names.numbers.append(s)


def choose_best(w: Writer) -> None:
    """A loop that keeps the least or the greatest of its values, with what belongs to it."""
    best, other, i, k = w.fresh("s"), w.fresh("s"), w.fresh("i"), w.fresh("q")
    better = w.one_of("<", ">", "<=", ">=")
    w.write(f"{best} = {w.one_of('2.0' if better[0] == '<' else '-2.0', 'x', w.number(1))}")
    w.write(f"{k}, {other} = 0, 0.5 * y")
    with _loop(w, f"for {i} in {w.one_of(*RANGES)}:"):
        w.names.indices.append(i)
        value = w.fresh("s")
        w.write(f"{value} = {w.number()}")
        form = w.one_of("branch", "branch", "expression", "second", "otherwise", "continue")
        if form == "expression":
            w.write(f"{best} = {value} if {value} {better} {best} else {best}")
        elif form == "continue":
            w.write(f"if {best} {better} {value}: continue")
            w.write(f"{best} = 0.9 * {value}")
        else:
            with w.block(f"if {value} {better} {best}:"):
                w.write(f"{other} = {best if form == 'second' else w.number(1)}")
                w.write(f"{best}, {k} = {value}, {i}")
        if form == "second":
            with w.block(f"elif {value} {better} {other}:"):
                w.write(f"{other} = {value}")
        elif form == "otherwise":
            with w.block("else:"):
                w.write(f"{other} += 0.2 * {value}")
    w.names.numbers += [best, other]
    w.names.indices.append(f"({k} % 4)")


def triangle(w: Writer) -> None:
    """Two loops, the range of the inner one of which depends on the outer one, or on data."""
    i, j = w.fresh("i"), w.fresh("j")
    with _loop(w, f"for {i} in {w.one_of('range(4)', 'range(n, 0, -1)', 'range(1, 4)')}:"):
        w.names.indices.append(i)
        upwards = (f"range({i})", f"range({i}, 4)", f"range({i} + 1, 4)")
        other = (f"range({i} - 1, -1, -1)", f"range(int(abs({w.number(0)}) * 3.0) % 4)")
        with _loop(w, f"for {j} in {w.one_of(*upwards, *other)}:"):
            w.names.indices.append(j)
            w.statements(1)
            _maybe_leave(w)


def over_elements(w: Writer) -> None:
    """A loop over the elements of arrays, which it may change."""
    v, u = w.one_of(*w.names.vectors), w.one_of(*w.names.vectors)
    e, f, i = w.fresh("s"), w.fresh("s"), w.fresh("i")
    header, numbers, indices = w.one_of(
        (f"for {e} in {v}:", [e], []),
        (f"for {e} in {v}[::-1]:", [e], []),
        (f"for {i}, {e} in enumerate({v}):", [e], [i]),
        (f"for {e}, {f} in zip({v}, {u}):", [e, f], []),
        (f"for {i}, ({e}, {f}) in enumerate(zip({v}[1:], {u})):", [e, f], [i]),
    )
    with _loop(w, header):
        w.names.numbers += numbers
        w.names.indices += indices
        w.statements(w.one_of(1, 2))


def endless(w: Writer) -> None:
    """A loop that ends by ``break`` alone."""
    k = w.fresh("k")
    w.write(f"{k} = 0")
    with _loop(w, "while True:"):
        w.write(f"{k} += 1")
        w.write(f"if {k} > {w.one_of(1, 2, 4)}: break")
        w.names.indices.append(f"({k} - 1)")
        w.statements(1)
        _maybe_leave(w)
        _maybe_leave(w)


def with_else(w: Writer) -> None:
    """A loop with what is run unless it breaks."""
    i = w.fresh("i")
    with _loop(w, f"for {i} in {w.one_of(*RANGES)}:"):
        w.names.indices.append(i)
        w.statements(1)
        w.write(f"if {w.condition(0)}: break")
        w.statements(1)
    with w.block("else:"):
        w.statements(1)


def _maybe_leave(w: Writer) -> None:
    if w.one_of(True, False):
        w.write(f"if {w.condition(0)}: {w.one_of('break', 'continue')}")
        w.statements(1)


@contextmanager
def _loop(w: Writer, header: str) -> Iterator[None]:
    w.loops += 1
    with w.block(header):
        yield
    w.loops -= 1


SIMPLE = {f.__name__: f for f in (slice_stores, integer_array, array_of_no_axes, running_value)}
"""What may be written in any place."""

LOOPS = (neighbours, neighbours_in_the_plane, choose_best, triangle, over_elements, endless, with_else)
NESTING = {f.__name__: f for f in LOOPS}
"""What has loops with other statements or numbers in them."""
