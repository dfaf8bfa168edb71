"""Random kernels as source text, for property-based tests.

Every kernel is ``kernel(x, y, a, b, m, n)``: two numbers, two vectors of 4, a 3 by 4 matrix and the integer 3. Values
stay bounded whatever is drawn, since products only occur inside functions with bounded results, and every loop ends.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from tests import random_statements, random_terms
from tests.random_expressions import NUMBERS, VECTORS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

LENGTH = 4
PARAMETERS = "x, y, a, b, m, n"
SIMPLE = {**random_terms.SIMPLE, **random_statements.SIMPLE}
TERMS = {**SIMPLE, **random_terms.NESTING, **random_statements.NESTING}


@dataclass
class _Names:
    """What is bound at a place.

    Numbers, vectors of 4, shorter or strided views, integers below 4, functions of two numbers, functions of a vector.
    """

    numbers: list[str] = field(default_factory=lambda: ["x", "y"])
    vectors: list[str] = field(default_factory=lambda: ["a", "b"])
    views: dict[str, int] = field(default_factory=dict)
    indices: list[str] = field(default_factory=list)
    functions: list[str] = field(default_factory=list)
    losses: list[str] = field(default_factory=list)

    def copy(self) -> _Names:
        return _Names(
            [*self.numbers], [*self.vectors], dict(self.views), [*self.indices], [*self.functions], [*self.losses]
        )


class Writer:
    """Draws statements and writes them down."""

    def __init__(self, draw: Callable[[Any], Any], size: int, derivatives: int = 0) -> None:
        self.draw = draw
        self.left = size
        self.derivatives = derivatives
        self.lines: list[str] = []
        self.depth = 1
        self.names = _Names()
        self.made = 0
        self.loops = 0

    # Draws

    def one_of(self, *choices: Any) -> Any:
        return self.draw(st.sampled_from(choices))

    def fresh(self, kind: str) -> str:
        self.made += 1
        return f"{kind}{self.made}"

    def write(self, line: str) -> None:
        self.lines.append("    " * self.depth + line)

    @contextmanager
    def block(self, header: str) -> Iterator[None]:
        """Statements inside are indented, and names bound there are forgotten after it."""
        self.write(header)
        saved, self.names = self.names, self.names.copy()
        self.depth += 1
        try:
            yield
        finally:
            self.depth -= 1
            self.names = saved

    # Expressions

    def index(self, length: int) -> str:
        choices = [str(k) for k in range(-length, length)]
        for name in self.names.indices:
            choices += [f"({name} + {k}) % {length}" for k in range(3)]
            if length >= LENGTH:
                choices.append(name)
        return self.one_of(*choices)

    def array(self) -> tuple[str, int]:
        choices = [(name, LENGTH) for name in self.names.vectors]
        choices += list(self.names.views.items())
        return self.one_of(*choices)

    def element(self) -> str:
        if self.one_of(True, True, False):
            name, length = self.array()
            return f"{name}[{self.index(length)}]"
        return f"m[{self.index(3)}, {self.index(LENGTH)}]"

    def atom(self) -> str:
        kind = self.one_of("number", "element", "element", "constant")
        if kind == "constant":
            return self.one_of("0.5", "-0.75", "1.25", "2", "n")
        return self.one_of(*self.names.numbers) if kind == "number" else self.element()

    def number(self, depth: int = 2) -> str:
        """An expression of a bounded number."""
        if depth == 0:
            return self.atom()
        u, v = self.number(depth - 1), self.number(depth - 1)
        if self.one_of(True, False, False):
            return self.one_of(*NUMBERS).format(u=u, v=v, a=self.one_of(*self.names.vectors))
        forms = [
            u,
            f"math.sin({u} * {v})",
            f"math.tanh({u} * {u} + {v})",
            f"0.5 * ({u} - {v})",
            f"({u} / (1.5 + ({v}) ** 2))",
            f"(math.cos({u}) * 0.25 + math.exp(-abs({v})))",
            f"(math.sin({u}) if {self.condition(0)} else 0.5 * {v})",
            f"min(0.5 * {u}, {v})",
        ]
        if self.names.functions:
            forms.append(f"{self.one_of(*self.names.functions)}({u}, {v})")
        if self.derivatives > 0 and self.one_of(True, False, False):
            return self.derivative(u, v)
        return self.one_of(*forms)

    def derivative(self, u: str, v: str) -> str:
        """A bounded number made from a derivative of a function, which may be written before the current statement."""
        self.derivatives -= 1
        if self.names.losses and self.one_of(True, False):
            return f"math.tanh(np.sum({self.slope()} * {self.one_of(*self.names.vectors)}))"
        if self.names.functions and self.one_of(True, False):
            f, pair = self.one_of(*self.names.functions), f"1.0 * {u}, 1.0 * {v}"
            return self.one_of(
                f"math.tanh(jitad.grad({f})({pair}))",
                f"math.tanh(jitad.grad({f}, argnums=1)({pair}))",
                f"math.tanh(jitad.jvp({f}, ({pair}), (0.5, 1.0 * {v}))[1])",
                f"math.tanh(jitad.grad(jitad.grad({f}))({pair}))",
            )
        name = self.fresh("h")
        saved, self.names = self.names, self.names.copy()
        self.names.numbers.append("t")
        self.write(f"def {name}(t): return math.sin(t * {self.number(1)} + 0.5 * {u})")
        self.names = saved
        return self.one_of(
            f"math.tanh(jitad.grad({name})(1.0 * {v}))",
            f"math.tanh(jitad.jvp({name}, (1.0 * {v},), (0.5 * {u},))[1])",
            f"math.tanh(jitad.hvp({name}, (1.0 * {v},), 1.0))",
        )

    def slope(self) -> str:
        """An expression of a gradient of a function of a vector, or of its Hessian times a vector."""
        f, u, v = self.one_of(*self.names.losses), self.one_of(*self.names.vectors), self.one_of(*self.names.vectors)
        return self.one_of(
            f"jitad.grad({f})({u})",
            f"jitad.grad({f})(np.sin({u}))",
            f"jitad.value_and_grad({f})({u})[1]",
            f"jitad.hvp({f}, ({u},), {v})",
        )

    def vector(self) -> str:
        """An expression of 4 bounded numbers."""
        u, v = self.one_of(*self.names.vectors), self.one_of(*self.names.vectors)
        s = self.one_of(*self.names.numbers)
        if self.derivatives > 0 and self.names.losses and self.one_of(True, False):
            self.derivatives -= 1
            return f"np.tanh({self.slope()})"
        if self.one_of(True, False):
            return self.one_of(*VECTORS).format(u=u, v=v, s=s)
        return self.one_of(
            f"np.sin({u} * {v})",
            f"0.5 * {u} + 0.25 * {v}",
            f"np.tanh({s} * {u})",
            f"{u}[::-1] * 0.5",
            f"np.where({u} > {v}, np.cos({u}), 0.5 * {v})",
            f"0.5 * m[{self.index(3)}]",
            f"np.sin(np.cumsum({u}))",
            f"0.1 * (m.T @ m @ np.sin({u}))",
        )

    def condition(self, depth: int = 1) -> str:
        u, v = self.number(depth), self.number(depth)
        return self.one_of(f"{u} > {v}", f"{u} < 0.3", f"-0.5 < {u} < 0.9", f"({u} > 0.1 or {v} > 0.2)")

    # Statements

    def statements(self, count: int) -> None:
        for _ in range(count):
            self.left -= 1
            kind = self.one_of(*self.kinds())
            if kind in TERMS:
                TERMS[kind](self)
            else:
                getattr(self, kind)()

    def kinds(self) -> list[str]:
        simple = ["assign", "assign", "store", "store", "update", "make", "rebind", "alias", "slice_store", "swap"]
        if self.left <= 0 or self.depth > 4:
            return simple
        if self.derivatives > 0 and not self.loops:
            simple += ["loss", "loss"]
        nesting = ["for_loop", "for_loop", "branch", "branch", "while_loop", "local_function", "leave"]
        terms = [*SIMPLE] if self.loops >= 2 else [*TERMS]
        return [*simple, *nesting, *terms, *terms]

    def assign(self) -> None:
        value = self.number()
        name = self.one_of(*self.names.numbers, self.fresh("s"))
        self.write(f"{name} {self.one_of('=', '=', '+=') if name in self.names.numbers else '='} {value}")
        if name not in self.names.numbers:
            self.names.numbers.append(name)

    def store(self) -> None:
        self.write(f"{self.element()} = {self.number()}")

    def update(self) -> None:
        self.write(f"{self.element()} {self.one_of('+=', '-=', '*=')} math.sin({self.number(1)})")

    def make(self) -> None:
        name = self.fresh("v")
        self.write(f"{name} = " + self.one_of("np.zeros(4)", "np.ones_like(a)", "b.copy()", self.vector()))
        self.names.vectors.append(name)

    def rebind(self) -> None:
        self.write(f"{self.one_of(*self.names.vectors)} = {self.vector()}")

    def alias(self) -> None:
        name, length = self.array()
        view = self.fresh("w")
        text, size = self.one_of(
            (f"{name}[::-1]", length),
            (f"{name}[1:]", length - 1),
            (f"{name}[::2]", (length + 1) // 2),
            (f"m[{self.index(3)}]", LENGTH),
            (f"m[:, {self.index(LENGTH)}]", 3),
            (name, length),
        )
        if size > 0:
            self.write(f"{view} = {text}")
            self.names.views[view] = size

    def slice_store(self) -> None:
        u, v = self.one_of(*self.names.vectors), self.one_of(*self.names.vectors)
        s = self.one_of(*self.names.numbers)
        self.write(
            self.one_of(
                f"{u}[1:] = 0.5 * {v}[:-1]",
                f"{u}[1:3] += np.sin({v}[:2] * {s})",
                f"{u}[:] = {self.vector()}",
                f"{u}[::2] *= np.cos({v}[1::2])",
                f"{u} *= 0.5",
                f"{u} += 0.25 * np.sin({v})",
                f"m[{self.index(3)}, :] = np.sin({u} * {s})",
                f"m[1:, 1:] = 0.5 * m[:-1, :-1] + 0.1 * {s}",
                f"{u}[{v} > 0.2] = math.sin({s})",
            )
        )

    def swap(self) -> None:
        u, v = self.one_of(*self.names.vectors), self.one_of(*self.names.vectors)
        self.write(f"{u}, {v} = {v}, {u}")

    def for_loop(self) -> None:
        index = self.fresh("i")
        self.loop(f"for {index} in {self.one_of(*random_terms.RANGES)}:", index)

    def while_loop(self) -> None:
        count = self.fresh("k")
        self.write(f"{count} = 0")
        self.loop(f"while {count} < 3 and {self.condition()}:", count, f"{count} += 1")

    def loop(self, header: str, index: str, first: str = "") -> None:
        if self.loops >= 2:
            return self.assign()
        self.loops += 1
        with self.block(header):
            if first:
                self.write(first)
            self.names.indices.append(f"({index} - 1)" if first else index)
            self.statements(self.one_of(1, 2, 3))
            if self.one_of(False, False, True):
                with self.block(f"if {self.condition()}:"):
                    self.statements(1)
                    self.write(self.one_of("break", "continue"))
                self.statements(1)
        self.loops -= 1
        return None

    def branch(self) -> None:
        with self.block(f"if {self.condition()}:"):
            self.statements(self.one_of(1, 2))
        if self.one_of(True, False):
            with self.block("else:"):
                self.statements(self.one_of(1, 2))

    def local_function(self) -> None:
        if self.loops:
            return self.assign()
        name = self.fresh("f")
        with self.block(f"def {name}(u, v):"):
            outer, self.names.numbers = self.names.numbers, ["u", "v"]
            self.write(f"t = {self.number()}")
            self.names.numbers.append("t")
            if self.one_of(True, False):
                with self.block(f"if {self.condition(0)}:"):
                    self.write(f"return {self.number(1)}")
            self.names.numbers += outer
            self.write(f"return math.sin(t + {self.number(1)})")
        self.names.functions.append(name)
        return None

    def loss(self) -> None:
        """A function of a vector, which it may overwrite."""
        name = self.fresh("g")
        with self.block(f"def {name}(p):"):
            self.write("t = math.sin(p[1] * x)")
            names = _Names(["t"], ["p"], {}, [], [*self.names.functions], [*self.names.losses])
            captured, self.names = self.names, names
            self.statements(self.one_of(1, 2))
            self.names.numbers += captured.numbers
            self.names.vectors += captured.vectors
            self.write(f"return math.sin({self.number(1)} + t) + math.tanh(np.sum({self.vector()} * p))")
        self.names.losses.append(name)

    def leave(self) -> None:
        with self.block(f"if {self.condition()} and x > 0.0:"):
            self.write(f"return {self.total()}")

    def total(self) -> str:
        parts = [*self.names.numbers, *(f"np.sum({name} * b)" for name in self.names.vectors), "np.sum(m * m)"]
        parts += [f"{name}[0]" for name in self.names.views]
        return " + ".join(parts)


@st.composite
def kernels(draw: Callable[[Any], Any], derivatives: int = 0) -> str:
    """The source of a module that defines ``kernel``, which takes up to so many derivatives of functions of its own."""
    writer = Writer(draw, size=12, derivatives=derivatives)
    if derivatives and draw(st.booleans()):
        writer.loss()
    writer.statements(draw(st.integers(2, 6)))
    writer.write(f"return {writer.total()}")
    imports = ["import math", "", "import numpy as np", *(["", "import jitad"] if derivatives else [])]
    return "\n".join([*imports, "", "", f"def kernel({PARAMETERS}):", *writer.lines, ""])
